"""Checking what the checkpoint key signed: needs the public key only."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def verify_signature(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Is this the Ed25519 signature of the message by the key's holder? False also for malformed key or signature."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
