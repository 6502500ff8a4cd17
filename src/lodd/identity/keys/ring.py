"""The keys of one trial, as the rest of the house sees them: something that computes, and shows nothing."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from typing import TYPE_CHECKING, NoReturn

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from lodd.identity.keys import problems
from lodd.identity.keys.record import KEY_KINDS, Key, KeyKind
from lodd.identity.numbers import IdentityNumber, check_drawable, check_setting
from lodd.identity.pseudonyms import Mac, lot_pseudonym, person_pseudonym
from lodd.identity.rules import Setting
from lodd.identity.sealing import Sealer
from lodd.identity.slips import IdentityNumberError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class KeyRing:
    """Opaque: no attribute gives a key, ``repr`` shows kinds and ids, pickling and copying are refused.

    Every method raises :class:`KeyMaterialError` (``missing``) when its key is not on the ring. Made by
    :func:`load_keys`, or by :func:`simulation_keys` for invented people.
    """

    __slots__ = ("_keys", "_sealing", "_setting")

    def __init__(self, keys: Iterable[Key], setting: Setting) -> None:
        by_age = sorted(keys, key=lambda key: key.serial)
        self._keys = {key.kind: key for key in by_age}
        self._sealing = [key for key in by_age if key.kind == "sealing"]
        self._setting = setting

    @property
    def setting(self) -> Setting:
        """Whom the keys were made for: real people (``production``) or synthetic ones (``test``)."""
        return self._setting

    @property
    def kinds(self) -> tuple[KeyKind, ...]:
        """The kinds of key that are here."""
        return tuple(kind for kind in KEY_KINDS if kind in self._keys)

    def has(self, kind: KeyKind) -> bool:
        return kind in self._keys

    def lot_id(self, number: IdentityNumber) -> str:
        """The person's pseudonym in the ledger: 26 characters a-z2-7.

        Raises:
            IdentityNumberError: a help number, or a number of the other setting.
        """
        check_drawable(number)
        check_setting(number, self._setting)
        return lot_pseudonym(number, self._mac("lot_pseudonym"))

    def person_id(self, number: IdentityNumber) -> str:
        """The person's pseudonym in the registers: 26 characters a-z2-7, unrelated to the lot's.

        Raises:
            IdentityNumberError: a number of the other setting.
        """
        check_setting(number, self._setting)
        return person_pseudonym(number, self._mac("person_pseudonym"))

    def person_ids(self, digits: NDArray[np.uint8]) -> NDArray[np.bytes_]:
        """:meth:`person_id` of many numbers: (n, 11) digits give (n,) pseudonyms of 26 bytes.

        Raises:
            IdentityNumberError: one of them is no number, or a number of the other setting.
        """
        from lodd.identity.columns import judged, person_ids_of  # NumPy and Arrow are slow to import

        slips = judged(digits, self._setting)
        if slips:
            raise IdentityNumberError(next(iter(slips.values())))
        return person_ids_of(digits, HMAC(self._key("person_pseudonym").secret.expose(), SHA256()))

    def lot_mac(self, message: bytes) -> bytes:
        """HMAC-SHA-256 of the message under the draw key: 32 bytes that nobody foresees without the key."""
        return hmac.digest(self._key("draw").secret.expose(), message, "sha256")

    def sign(self, message: bytes) -> bytes:
        """An Ed25519 signature (64 bytes) by the checkpoint key; :func:`verify_signature` checks it."""
        return self._signer().sign(message)

    @property
    def public_checkpoint_key(self) -> bytes:
        """The checkpoint key's public half: 32 bytes."""
        return self._signer().public_key().public_bytes_raw()

    @property
    def sealer(self) -> Sealer:
        """Seals identities with the newest sealing key, opens them with any."""
        newest = self._key("sealing").key_id
        return Sealer({key.key_id: AESGCMSIV(key.secret.expose()) for key in self._sealing}, newest, self._setting)

    def commitments(self) -> dict[str, str]:
        """What a trial publishes before the first draw, by kind, for the keys that are here.

        SHA-256 in hexadecimal for the draw key and the pseudonym keys; for the checkpoint key its public half. Sealing
        keys are not committed to: they decide nothing, and they rotate.
        """
        fixed: dict[str, str] = {
            kind: self._keys[kind].commitment for kind in self.kinds if kind not in ("sealing", "checkpoint")
        }
        return fixed | ({"checkpoint": self.public_checkpoint_key.hex()} if self.has("checkpoint") else {})

    def _key(self, kind: KeyKind) -> Key:
        if kind not in self._keys:
            raise problems.missing([kind])
        return self._keys[kind]

    def _mac(self, kind: KeyKind) -> Mac:
        secret = self._key(kind).secret
        return lambda message: hmac.digest(secret.expose(), message, "sha256")

    def _signer(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self._key("checkpoint").secret.expose())

    def __repr__(self) -> str:
        named = [f"{kind} {self._keys[kind].key_id}" for kind in self.kinds]
        return f"<KeyRing for {self._setting}: {', '.join(named) or 'no keys'}>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a key ring is not pickled or copied")
