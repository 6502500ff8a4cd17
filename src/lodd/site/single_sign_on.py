"""OpenID Connect providers of agencies (Entra ID, ID-porten), from a file that the installation names."""

from __future__ import annotations

from typing import Any, Final

from lodd.site.config import SiteConfig

PROVIDERS: Final = ("allauth.socialaccount.providers.openid_connect",)


def social_providers(config: SiteConfig) -> dict[str, Any]:
    """allauth's setting; empty without a file."""
    return {}
