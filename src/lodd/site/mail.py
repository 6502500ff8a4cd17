"""What the site sends by mail: invitations and new passwords. Without a mail server nothing is sent."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import unquote, urlsplit

from lodd.site.config import SiteConfig

_log = logging.getLogger("lodd.mail")


def mail_settings(config: SiteConfig) -> dict[str, Any]:
    """Django's settings for mail from ``smtp://user:password@host:port`` or ``smtps://…``; without: nothing is sent."""
    if not config.email_url:
        return {
            "EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend",
            "DEFAULT_FROM_EMAIL": config.mail_from,
        }
    url = urlsplit(config.email_url)
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": url.hostname or "localhost",
        "EMAIL_PORT": url.port or (465 if url.scheme == "smtps" else 587),
        "EMAIL_HOST_USER": unquote(url.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(url.password or ""),
        "EMAIL_USE_SSL": url.scheme == "smtps",
        "EMAIL_USE_TLS": url.scheme == "smtp" and bool(url.username),
        "EMAIL_TIMEOUT": 20,
        "DEFAULT_FROM_EMAIL": config.mail_from,
    }


def configured() -> bool:
    """Is there a mail server?"""
    from django.conf import settings

    return not str(settings.EMAIL_BACKEND).endswith("dummy.EmailBackend")


def send_invitation(name: str, email: str, language: str, link: str) -> bool:
    """Send somebody the link to a new account, in their language; False if it could not be sent."""
    from django.core.mail import send_mail
    from django.template.loader import render_to_string
    from django.utils.translation import gettext, override

    from lodd.site.installation import installation

    title = installation().trial.trial.title["nb" if language == "nb" else "en"]
    with override(language):
        body = render_to_string("accounts/invitation.txt", {"name": name, "link": link, "title": title})
        try:
            return send_mail(gettext("Your account in Lodd"), body, None, [email]) == 1
        except OSError:  # smtplib's errors are of this kind; they may hold the address, so only the kind is logged
            _log.error("mail not sent")
            return False
