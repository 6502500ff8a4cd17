"""The signed token in which an agency says who has signed in (OpenID Connect Core 1.0, section 3.1.3.7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import jwt

ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA")
"""Signatures with a private key. Never ``none``, never one with a secret that both sides hold."""
_LEEWAY_SECONDS: Final = 30


class TokenError(ValueError):
    """Not a token that this provider gave to this installation, or too old."""


def claims_of(token: str, keys: Mapping[str, Any], *, issuer: str, client_id: str) -> dict[str, Any]:
    """What a token says, once its signature, issuer, audience and time have been checked.

    ``keys`` is the provider's JSON Web Key Set. A token that does not name its key is tried with the only one.

    Raises:
        TokenError: it is not to be believed.
    """
    try:
        named = jwt.get_unverified_header(token).get("kid")
        known = jwt.PyJWKSet.from_dict(dict(keys)).keys
        fitting = [key for key in known if key.key_id == named] if named is not None else known
        if len(fitting) != 1:
            raise TokenError("signed with an unknown key")
        claims: dict[str, Any] = jwt.decode(
            token,
            fitting[0].key,
            algorithms=list(ALGORITHMS),
            audience=client_id,
            issuer=issuer,
            leeway=_LEEWAY_SECONDS,
            options={"require": ["exp", "iat", "sub", "iss", "aud"]},
        )
    except jwt.PyJWTError as error:
        raise TokenError(type(error).__name__) from None
    return claims
