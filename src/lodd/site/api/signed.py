"""Signed tokens (JWT, RFC 7519; practices of RFC 8725): asymmetric signatures against keys that the installation names.

The algorithm follows from the key, never from the token. A token is for this trial, short-lived, and good once.
"""

from __future__ import annotations

import hashlib
import re
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.core.cache import cache

from lodd.site.installation import installation

LONGEST: Final = 600
"""Seconds that a token may live."""
_LEEWAY: Final = 30
_ISSUER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")
_CASEWORKER: Final = re.compile(r"cw-[a-z2-7]{8}\Z")
_SHORTEST_RSA: Final = 2048
_REQUIRED: Final = ["aud", "exp", "iat", "iss", "jti"]


@dataclass(frozen=True, slots=True)
class Claims:
    """What a good token says besides who signed it."""

    caseworker: str


def issuer_of(token: str) -> str:
    """``iss`` as the token claims it, to find the key by; empty if that cannot be a system's."""
    try:
        claimed = jwt.decode(token, options={"verify_signature": False}).get("iss")
    except (jwt.PyJWTError, ValueError):
        return ""
    return claimed if isinstance(claimed, str) and _ISSUER.match(claimed) else ""


def claims_of(token: str, issuer: str) -> Claims | None:
    """The claims of a token that is signed by the issuer's key, for this trial, now, and not seen before."""
    folder = installation().config.api_keys
    key = _key(folder / f"{issuer}.pem") if folder is not None else None
    if key is None:
        return None
    audience = installation().trial.trial.id
    try:
        claims = jwt.decode(
            token,
            key[1],
            algorithms=[key[0]],
            audience=audience,
            issuer=issuer,
            leeway=_LEEWAY,
            options={"require": _REQUIRED},
        )
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError):
        return None
    subject = claims.get("sub", "")
    sound = _short(claims) and (not subject or _CASEWORKER.match(subject)) and _first_use(issuer, claims["jti"])
    return Claims(subject) if sound else None


def _short(claims: dict[str, Any]) -> bool:
    if not all(isinstance(claims[name], int | float) for name in ("exp", "iat")):
        return False
    return claims["exp"] - time.time() <= LONGEST + _LEEWAY and claims["exp"] - claims["iat"] <= LONGEST


def _first_use(issuer: str, jti: str) -> bool:
    """Nobody showed this token before, to any process of the site."""
    named = hashlib.sha256(f"{issuer}\0{jti}".encode()).hexdigest()
    return cache.add(f"lodd-jti-{named}", 1, LONGEST + 2 * _LEEWAY)


def _key(file: Path) -> tuple[str, Any] | None:
    try:
        return _read(file, file.stat().st_mtime_ns)
    except (OSError, ValueError):
        return None


@lru_cache(maxsize=64)
def _read(file: Path, _changed: int) -> tuple[str, Any] | None:
    """A public key, and the one algorithm that it is for."""
    key = load_pem_public_key(file.read_bytes())
    if isinstance(key, Ed25519PublicKey):
        return "EdDSA", key
    if isinstance(key, RSAPublicKey) and key.key_size >= _SHORTEST_RSA:
        return "RS256", key
    if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
        return "ES256", key
    return None
