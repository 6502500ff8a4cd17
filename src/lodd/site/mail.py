"""How invitations are sent: by SMTP, or written to the log's place in a rehearsal."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

from lodd.site.config import SiteConfig


def mail_settings(config: SiteConfig) -> dict[str, Any]:
    """Django's settings for mail from ``smtp://user:password@host:port`` or ``smtps://…``; without: kept in memory."""
    if not config.email_url:
        return {
            "EMAIL_BACKEND": "django.core.mail.backends.locmem.EmailBackend",
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
