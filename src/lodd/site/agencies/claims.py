"""What an agency says of somebody, and how little of it stays."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final

from lodd.site.models import User

_NATIONAL: Final = re.compile(r"(?<!\d)\d{6}[\s-]?\d{5}(?!\d)")
_NAMED: Final = frozenset(
    {"pid", "pnr", "ssn", "fnr", "personnummer", "fodselsnummer", "national_id", "personidentifier"}
)


def without_national_ids(claims: Mapping[str, Any]) -> dict[str, Any]:
    """The claims without what is, or looks like, a national identity number, at any depth."""
    return {
        name: _cleaned(value)
        for name, value in claims.items()
        if name.lower() not in _NAMED and not _is_national(value)
    }


def account_number(provider: str, subject: str) -> str:
    """The name under which a link to an account is kept: a hash, so that the agency's own number is not here.

    Raises:
        ValueError: the subject is an identity number: a hash of so few digits hides nothing.
    """
    if not subject or _is_national(subject):
        raise ValueError("the provider's subject is empty or an identity number")
    return hashlib.sha256(f"{provider}|{subject}".encode()).hexdigest()


def shows_second_factor(claims: Mapping[str, Any], trusted: Mapping[str, list[str]]) -> bool:
    """Does the signed token say that a second factor was used, in words that the settings trust?"""
    given = claims.get("amr", [])
    methods = {given} if isinstance(given, str) else set(given)
    return claims.get("acr") in trusted.get("acr", []) or not methods.isdisjoint(trusted.get("amr", []))


def account_for(sociallogin: Any) -> User | None:
    """The account of a verified address; None where the provider's addresses are not to be gone by."""
    for address in sociallogin.email_addresses:
        if address.verified:
            return User.objects.filter(email__iexact=address.email, is_active=True).first()
    return None


def _cleaned(value: Any) -> Any:
    if isinstance(value, Mapping):
        return without_national_ids(value)
    if isinstance(value, list | tuple):
        return [_cleaned(item) for item in value if not _is_national(item)]
    return value


def _is_national(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and _NATIONAL.search(str(value)) is not None
