"""Identities at rest: sealed so that a copy of the database tells nobody who took part.

The cipher is AES-256-GCM-SIV (RFC 8452) from ``cryptography``, with a random 96-bit nonce. AES-GCM would do as well
until the day a nonce repeats, as it may when a virtual machine is restored from a snapshot: then it gives away both
texts and its authentication key. GCM-SIV then tells only that two sealed texts are equal. Speed is of no matter here.

A token is text: ``lodd-seal.v1.<key id>.<nonce and ciphertext, base64url>``, as long whoever it hides. Version, key
id and *context* (the record that the token stands in) are authenticated with it, so that a token moved to another
record does not open. To rotate, add a key, reseal every token with the newest, then take the old key away.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from typing import Final, Literal, NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

from lodd.errors import DataError, Problem
from lodd.identity.numbers import IdentityNumber, check_setting, parse_identity_number
from lodd.identity.rules import Setting
from lodd.locale import Text

_PREFIX: Final = "lodd-seal.v1"
_NONCE_BYTES: Final = 12
SealProblem = Literal["malformed", "unknown_key", "does_not_open"]


class SealError(DataError):
    """A sealed identity cannot be opened: ``problem`` says which way. The token itself is not repeated."""

    def __init__(self, problem: SealProblem, context: str, key_id: str = "") -> None:
        self.problem = problem
        found, next_step = _SAID[problem]
        if key_id:
            found = Text(nb=f"{found.nb} ({key_id})", en=f"{found.en} ({key_id})")
        super().__init__(Problem(found, context, next_step=next_step))


_SAID: Final[Mapping[SealProblem, tuple[Text, Text]]] = {
    "malformed": (
        Text(nb="dette er ikke en forseglet identitet", en="this is not a sealed identity"),
        Text(nb="Hent posten tilbake fra sikkerhetskopien.", en="Restore the record from the backup."),
    ),
    "unknown_key": (
        Text(
            nb="identiteten er forseglet med en nøkkel som ikke er her",
            en="the identity is sealed with a key that is not here",
        ),
        Text(nb="Legg nøkkelfilen tilbake i nøkkelmappen.", en="Put the key file back into the key folder."),
    ),
    "does_not_open": (
        Text(
            nb="den forseglede identiteten lar seg ikke åpne: den er endret, eller flyttet fra en annen post",
            en="the sealed identity does not open: it was changed, or moved from another record",
        ),
        Text(
            nb="Hent posten tilbake fra sikkerhetskopien, og finn ut hvem som har skrevet i databasen.",
            en="Restore the record from the backup, and find out who wrote to the database.",
        ),
    ),
}


class Sealer:
    """Seals and opens identities with the newest of its keys and the older ones. Keeps ciphers, not keys."""

    __slots__ = ("_ciphers", "_newest", "_setting")

    def __init__(self, ciphers: Mapping[str, AESGCMSIV], newest: str, setting: Setting) -> None:
        self._ciphers = dict(ciphers)
        self._newest = newest
        self._setting = setting

    @property
    def key_ids(self) -> tuple[str, ...]:
        """The keys that it can open with, the newest last."""
        return (*(key for key in self._ciphers if key != self._newest), self._newest)

    def seal(self, number: IdentityNumber, context: str) -> str:
        """A token that only opens with the same ``context``: say, table and primary key of the record.

        Raises:
            IdentityNumberError: the number does not belong to the setting that the keys were made for.
        """
        check_setting(number, self._setting)
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._ciphers[self._newest].encrypt(nonce, number.digits().encode(), _bound(self._newest, context))
        return f"{_PREFIX}.{self._newest}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def unseal(self, token: str, context: str) -> IdentityNumber:
        """The number in a token.

        Raises:
            SealError: no token; its key is not here; it was changed or moved from another context.
        """
        key_id, body = _parts(token, context)
        if key_id not in self._ciphers:
            raise SealError("unknown_key", context, key_id)
        try:
            digits = self._ciphers[key_id].decrypt(body[:_NONCE_BYTES], body[_NONCE_BYTES:], _bound(key_id, context))
        except InvalidTag:
            raise SealError("does_not_open", context) from None
        return parse_identity_number(digits.decode("ascii"), self._setting)

    def is_newest(self, token: str) -> bool:
        """Was the token sealed with the newest key?"""
        return token.startswith(f"{_PREFIX}.{self._newest}.")

    def reseal_with_newest(self, token: str, context: str) -> str:
        """The same identity sealed with the newest key; the token itself when it is sealed with it already.

        Raises:
            SealError: as :meth:`unseal`; a token of the newest key is opened too, so that a rotation finds damage.
        """
        number = self.unseal(token, context)
        return token if self.is_newest(token) else self.seal(number, context)

    def __repr__(self) -> str:
        return f"<Sealer: {', '.join(self.key_ids)}>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a sealer is not pickled or copied")


def _bound(key_id: str, context: str) -> bytes:
    """The associated data. The lengths are in it: no two pairs of key id and context give the same bytes."""
    return f"{_PREFIX}.{len(key_id)}.{key_id}.{context}".encode()


def _parts(token: str, context: str) -> tuple[str, bytes]:
    prefix, dot, rest = token.partition(f"{_PREFIX}.")
    key_id, second_dot, body = rest.partition(".")
    if prefix or not dot or not second_dot:
        raise SealError("malformed", context)
    try:
        decoded = base64.b64decode(body.encode("ascii"), altchars=b"-_", validate=True)
    except ValueError:
        raise SealError("malformed", context) from None
    if len(decoded) <= _NONCE_BYTES:
        raise SealError("malformed", context)
    return key_id, decoded
