"""Secrets of second factors, encrypted where they rest.

The key is derived from the site's secret, not taken from the trial's keys: a key that opens identities should open
nothing else, and the secrets of the staff must survive a rotation of the sealing key. Who has the database or a backup,
but not the site's secret, has no second factor. A new ``LODD_SECRET`` needs the old one among
``SECRET_KEY_FALLBACKS`` until everybody has signed in, or new factors for all.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

_LABEL: Final = b"lodd site: secrets of second factors, version 1"
_PREFIX: Final = "v1."
_NONCE_BYTES: Final = 12


class FactorSecretError(RuntimeError):
    """A stored secret does not open: it was made under another site's secret, or altered."""


def encrypt(text: str) -> str:
    """A token that only this site's secret opens (AES-256-GCM-SIV)."""
    nonce = os.urandom(_NONCE_BYTES)
    sealed = next(_ciphers()).encrypt(nonce, text.encode(), _LABEL)
    return _PREFIX + base64.urlsafe_b64encode(nonce + sealed).decode()


def decrypt(token: str) -> str:
    """What :func:`encrypt` was given.

    Raises:
        FactorSecretError: no such token.
    """
    if not token.startswith(_PREFIX):
        raise FactorSecretError("not encrypted")
    body = base64.urlsafe_b64decode(token.removeprefix(_PREFIX))
    for cipher in _ciphers():
        try:
            return cipher.decrypt(body[:_NONCE_BYTES], body[_NONCE_BYTES:], _LABEL).decode()
        except InvalidTag:
            continue
    raise FactorSecretError("made under another secret, or altered")


def _ciphers() -> Iterator[AESGCMSIV]:
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        yield AESGCMSIV(HKDF(hashes.SHA256(), 32, None, _LABEL).derive(secret.encode()))
