"""Everything that an installation can set, from environment variables, and what is too weak for production.

Secrets come from files or variables, never from arguments. A configuration is read once, when the process starts.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from lodd.errors import Problem, UsageError
from lodd.locale import Text

SQLITE: Final = "site.sqlite3"
LOCAL_HOSTS: Final = ("localhost", "127.0.0.1", "[::1]")
_SHORTEST_SECRET: Final = 50


@dataclass(frozen=True, slots=True)
class SiteConfig:
    """``database`` is a URL: ``sqlite:////var/lib/lodd/site.sqlite3`` or ``postgresql://user:password@host/name``."""

    trial: Path
    keys: tuple[Path, ...] = ()
    database: str = ""
    secret: str = field(default="", repr=False)
    hosts: tuple[str, ...] = LOCAL_HOSTS
    production: bool = False
    demo: bool = False
    behind_proxy: bool = False
    oidc: Path | None = None
    """JSON with the settings of OpenID Connect providers; see docs/operations.md."""
    api_keys: Path | None = None
    """Folder of public keys (PEM), one a system, that sign JWTs for the API."""
    erasures: Path | None = None
    """Journal of erasures, kept apart from the backups that it is replayed over."""
    email_url: str = field(default="", repr=False)
    mail_from: str = "lodd@localhost"
    session_minutes: int = 30
    referral_days: int = 14

    @property
    def state(self) -> Path:
        """Where the site keeps its own files."""
        return self.trial / "site"

    @property
    def database_url(self) -> str:
        return self.database or f"sqlite:///{(self.state / SQLITE).absolute()}"  # four slashes: an absolute path

    @property
    def erasure_journal(self) -> Path:
        return self.erasures or self.state / "erasures.ndjson"

    @property
    def on_postgresql(self) -> bool:
        return self.database_url.startswith(("postgresql://", "postgres://"))


def read_config(environment: Mapping[str, str] | None = None) -> SiteConfig:
    """The configuration in the environment: ``LODD_TRIAL``, ``LODD_KEYS``, ``LODD_DATABASE``, ``LODD_SECRET``, …

    Each secret can also be in a file named by the same variable with ``_FILE``.

    Raises:
        UsageError: no trial, a file that cannot be read, or a value that makes no sense.
    """
    given = os.environ if environment is None else environment
    if not given.get("LODD_TRIAL"):
        raise UsageError(_no_trial())
    return SiteConfig(
        trial=Path(given["LODD_TRIAL"]),
        keys=tuple(Path(part) for part in given.get("LODD_KEYS", "").split(os.pathsep) if part),
        database=_secret(given, "LODD_DATABASE"),
        secret=_secret(given, "LODD_SECRET"),
        hosts=tuple(part.strip() for part in given.get("LODD_HOSTS", "").split(",") if part.strip()) or LOCAL_HOSTS,
        production=_yes(given, "LODD_PRODUCTION"),
        demo=_yes(given, "LODD_DEMO"),
        behind_proxy=_yes(given, "LODD_BEHIND_PROXY"),
        oidc=_path(given, "LODD_OIDC"),
        api_keys=_path(given, "LODD_API_KEYS"),
        erasures=_path(given, "LODD_ERASURES"),
        email_url=_secret(given, "LODD_EMAIL"),
        mail_from=given.get("LODD_MAIL_FROM", "lodd@localhost"),
        session_minutes=_whole(given, "LODD_SESSION_MINUTES", 30),
        referral_days=_whole(given, "LODD_REFERRAL_DAYS", 14),
    )


def weaknesses(config: SiteConfig) -> list[Problem]:
    """What production must not run with. (Django's own deployment checks come besides.)"""
    found = []
    if config.demo:
        found.append(_weak("LODD_DEMO", "demo-modus", "demo mode"))
    if len(config.secret) < _SHORTEST_SECRET:
        found.append(_weak("LODD_SECRET", "hemmeligheten er kortere enn 50 tegn", "the secret is under 50 characters"))
    if set(config.hosts) <= set(LOCAL_HOSTS) or "*" in config.hosts:
        found.append(_weak("LODD_HOSTS", "nettstedets navn er ikke oppgitt", "the site's host name is not given"))
    if not config.on_postgresql:
        found.append(_weak("LODD_DATABASE", "SQLite i stedet for PostgreSQL", "SQLite instead of PostgreSQL"))
    if config.erasures is None:
        found.append(
            _weak(
                "LODD_ERASURES",
                "slettejournalen ligger sammen med det som sikkerhetskopieres",
                "the journal of erasures lies with what is backed up",
            )
        )
    return found


def _weak(variable: str, nb: str, en: str) -> Problem:
    return Problem(
        Text(nb=nb, en=en), variable, next_step=Text(nb="Se docs/operations.md.", en="See docs/operations.md.")
    )


def _secret(given: Mapping[str, str], name: str) -> str:
    file = given.get(f"{name}_FILE")
    if not file:
        return given.get(name, "")
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or ""
        raise UsageError(
            Problem(Text(nb=f"kan ikke lese {file}: {reason}", en=f"cannot read {file}: {reason}"), f"{name}_FILE")
        ) from None


def _path(given: Mapping[str, str], name: str) -> Path | None:
    return Path(given[name]) if given.get(name) else None


def _yes(given: Mapping[str, str], name: str) -> bool:
    value = given.get(name, "0").strip().lower()
    if value not in ("", "0", "1", "no", "yes", "false", "true"):
        raise UsageError(Problem(Text(nb="verken ja eller nei", en="neither yes nor no"), name, Text.same("0, 1")))
    return value in ("1", "yes", "true")


def _whole(given: Mapping[str, str], name: str, default: int) -> int:
    value = given.get(name, "") or str(default)
    if not value.isdecimal() or int(value) < 1:
        raise UsageError(Problem(Text(nb="ikke et helt tall over null", en="not a whole number above zero"), name))
    return int(value)


def _no_trial() -> Problem:
    return Problem(
        Text(nb="det er ikke sagt hvilket forsøk dette er", en="it is not said which trial this is"),
        "LODD_TRIAL",
        next_step=Text(nb="Start med: lodd serve MAPPE", en="Start with: lodd serve FOLDER"),
    )
