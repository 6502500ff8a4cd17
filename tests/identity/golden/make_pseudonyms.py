"""Makes `pseudonyms.json`: pseudonyms, lots' codes and commitments computed from the definitions, without Lodd.

    python tests/identity/golden/make_pseudonyms.py > tests/identity/golden/pseudonyms.json

The keys are those of simulation 2014. The numbers are synthetic ones that the Tax Administration and NAV published.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import sys

SEED = 2014
NUMBERS = ["17912099997", "57912075186", "12905299938", "21929774873", "41814061033", "15507600333", "69422056629"]
MESSAGE = "lodd golden message"


def key(kind: str) -> bytes:
    return hashlib.sha256(b"lodd/simulation-key/v1\x00" + kind.encode() + b"\x00" + str(SEED).encode()).digest()


def pseudonym(kind: str, label: bytes, digits: str) -> str:
    code = hmac.new(key(kind), label + b"\x00no\x00" + digits.encode(), hashlib.sha256).digest()
    bits = int.from_bytes(code, "big") >> (256 - 130)
    alphabet = "abcdefghijklmnopqrstuvwxyz234567"
    return "".join(alphabet[bits >> (5 * place) & 31] for place in reversed(range(26)))


def commitment(kind: str) -> str:
    return hashlib.sha256(b"lodd/commitment/v1\x00" + kind.encode() + b"\x00" + key(kind)).hexdigest()


def main() -> None:
    golden = {
        "seed": SEED,
        "message": MESSAGE,
        "lot_mac": base64.b16encode(hmac.new(key("draw"), MESSAGE.encode(), hashlib.sha256).digest()).decode().lower(),
        "commitments": {kind: commitment(kind) for kind in ("draw", "lot_pseudonym", "person_pseudonym")},
        "pseudonyms": {
            digits: {
                "lot_id": pseudonym("lot_pseudonym", b"lodd/lot-id/v1", digits),
                "person_id": pseudonym("person_pseudonym", b"lodd/person-id/v1", digits),
            }
            for digits in NUMBERS
        },
    }
    json.dump(golden, sys.stdout, indent=2)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
