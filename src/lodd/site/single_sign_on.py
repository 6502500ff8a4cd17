"""OpenID Connect providers of agencies (Entra ID, ID-porten), from a file that the installation names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lodd.errors import Problem, UsageError
from lodd.locale import Text
from lodd.site.config import SiteConfig

PROVIDERS: Final = ("lodd.site.agencies",)


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SecondFactorClaims(_Settings):
    """Values of ``acr`` and ``amr`` that say that the agency has asked for a second factor."""

    acr: list[str] = []
    amr: list[str] = []


class Provider(_Settings):
    """One agency's sign-in. ``server_url`` is the issuer's address, without ``/.well-known/…``.

    ``email`` says what an e-mail address in the token is worth: ``ignored`` (ID-porten; accounts are linked from *My
    account*), ``verified`` (opens the account with this address if the token says ``email_verified``), or ``trusted``
    (the same without that word: only for a tenant whose addresses your own agency hands out).
    """

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,30}$")]
    name: str
    client_id: str
    secret_file: Path
    server_url: Annotated[str, Field(pattern=r"^https://|^http://(localhost|127\.0\.0\.1)[:/]")]
    scope: list[str] = ["openid", "email"]
    acr_values: list[str] = []
    email: Literal["ignored", "verified", "trusted"] = "verified"
    userinfo: bool = False
    token_auth_method: Literal["client_secret_basic", "client_secret_post"] = "client_secret_basic"
    trusted_second_factor: SecondFactorClaims = SecondFactorClaims()


class Providers(_Settings):
    """The file: ``{"providers": [...]}``."""

    providers: list[Provider]


def social_providers(config: SiteConfig) -> dict[str, Any]:
    """allauth's setting; empty without a file.

    Raises:
        UsageError: the file or a secret cannot be read, or says what is not understood.
    """
    if config.oidc is None:
        return {}
    return {"openid_connect": {"APPS": [_app(provider) for provider in _read(config.oidc).providers]}}


def _read(file: Path) -> Providers:
    try:
        return Providers.model_validate(json.loads(_text(file)))
    except json.JSONDecodeError as error:
        raise UsageError(Problem(Text(nb="ikke gyldig JSON", en="not valid JSON"), f"{file}:{error.lineno}")) from None
    except ValidationError as error:
        places = (".".join(str(part) for part in wrong["loc"]) for wrong in error.errors())
        found = Text(nb="innstillingen forstås ikke", en="the setting is not understood")
        raise UsageError([Problem(found, f"{file}: {place}") for place in places]) from None


def _app(provider: Provider) -> dict[str, Any]:
    asked = {"acr_values": " ".join(provider.acr_values)} if provider.acr_values else {}
    return {
        "provider_id": provider.id,
        "name": provider.name,
        "client_id": provider.client_id,
        "secret": _text(provider.secret_file).strip(),
        "settings": {
            "server_url": provider.server_url,
            "scope": provider.scope,
            "auth_params": asked,
            "oauth_pkce_enabled": True,
            "fetch_userinfo": provider.userinfo,
            "token_auth_method": provider.token_auth_method,
            "email": provider.email,
            "trusted_second_factor": provider.trusted_second_factor.model_dump(),
        },
    }


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError):
        raise UsageError(
            Problem(
                Text(nb="kan ikke leses", en="cannot be read"),
                str(file),
                next_step=Text(nb="Se LODD_OIDC i docs/operations.md.", en="See LODD_OIDC in docs/operations.md."),
            )
        ) from None
