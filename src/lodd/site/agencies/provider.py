"""The provider that django-allauth finds here: OpenID Connect with PKCE, a nonce and a token of proven origin."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.base import ProviderException
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import HttpRequest
from django.utils.crypto import get_random_string

from lodd.site.agencies.claims import account_number, shows_second_factor, without_national_ids
from lodd.site.agencies.tokens import claims_of


class AgencyAdapter(OpenIDConnectOAuth2Adapter):
    """Fetches and checks the token."""

    def _decode_id_token(self, app: Any, id_token: str) -> dict[str, Any]:
        """Its claims. The signature is checked also when it came directly: an agency's proxy may end the TLS."""
        with get_adapter().get_requests_session() as session:
            answer = session.get(self.openid_config["jwks_uri"])
            answer.raise_for_status()
        try:
            claims = claims_of(id_token, answer.json(), issuer=self.openid_config["issuer"], client_id=app.client_id)
        except ValueError as error:
            raise ProviderException(str(error)) from None
        self.nonce = claims.get("nonce")
        return claims

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> Any:
        login = super().complete_login(request, app, token, **kwargs)
        login.nonce = getattr(self, "nonce", None)
        return login


class AgencyProvider(OpenIDConnectProvider):
    """Reads the token's claims and lets go of nearly all of them."""

    oauth2_adapter_class = AgencyAdapter

    def get_redirect_from_request_kwargs(self, request: HttpRequest) -> dict[str, Any]:
        """As the settings say; nothing from the address, where anybody could ask for a weaker sign-in."""
        kwargs: dict[str, Any] = super().get_redirect_from_request_kwargs(request)
        nonce = get_random_string(32)
        return kwargs | {
            "process": "connect" if getattr(request, "links_account", False) else "login",
            "scope": self.get_scope(),
            "auth_params": {**self.get_auth_params(), "nonce": nonce},
            "nonce": nonce,
        }

    def extract_uid(self, data: dict[str, Any]) -> str:
        subjects = {str(claims.get("sub", "")) for claims in (data.get("id_token", {}), *_userinfo(data))}
        if len(subjects) != 1:
            raise ProviderException("another subject in the user's information than in the token")
        try:
            return account_number(self.app.provider_id, subjects.pop())
        except ValueError as error:
            raise ProviderException(str(error)) from None

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        return {"second_factor": shows_second_factor(data["id_token"], self.app.settings["trusted_second_factor"])}

    def extract_common_fields(self, data: dict[str, Any]) -> dict[str, Any]:
        return {}

    def extract_email_addresses(self, data: dict[str, Any]) -> list[EmailAddress]:
        claims = without_national_ids({**data.get("userinfo", {}), **data["id_token"]})
        trust = self.app.settings["email"]
        if trust == "ignored" or not isinstance(claims.get("email"), str):
            return []
        verified = trust == "trusted" or claims.get("email_verified") is True
        return [EmailAddress(email=claims["email"], verified=verified, primary=True)]


def _userinfo(data: dict[str, Any]) -> list[dict[str, Any]]:
    return [data["userinfo"]] if "userinfo" in data else []


provider_classes = [AgencyProvider]
