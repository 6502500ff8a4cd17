"""What production must have, looked at one by one: `lodd serve --check`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from django.core import checks as django_checks
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from lodd.allocation.events import parse_line
from lodd.errors import LoddError, Problem
from lodd.locale import Text, number
from lodd.site.config import SiteConfig, weaknesses
from lodd.site.installation import Installation, load_installation
from lodd.site.integrity import check_ledger
from lodd.site.models import Grant, LedgerEvent
from lodd.site.permissions import Role

Level = Literal["ok", "warning", "error"]
_AHEAD: Final = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that was looked at. An ``error`` keeps a site in production from starting."""

    level: Level
    what: Text
    found: Text


def findings(config: SiteConfig) -> list[Finding]:
    """Everything, in the order that it is best put right."""
    found = [*_settings(config), *_django(), *_mail(config)]
    loaded = _loaded(config)
    found += loaded[0]
    if _answers(found) and loaded[1] is not None:
        found += [*_people(), *_ledger(loaded[1]), *_clock()]
    return found


def errors(found: list[Finding]) -> list[Finding]:
    return [finding for finding in found if finding.level == "error"]


def _settings(config: SiteConfig) -> Iterator[Finding]:
    weak = weaknesses(config)
    for problem in weak:
        yield Finding("error", Text.same(problem.where or ""), problem.found)
    if not weak:
        yield Finding("ok", Text(nb="Innstillinger", en="Settings"), _FINE)
    if not config.behind_proxy:
        direct = Text(
            nb="er ikke satt: uten en proxy foran svarer nettstedet bare med omdirigering til https",
            en="is not set: without a proxy in front, the site only answers with a redirect to https",
        )
        yield Finding("warning", Text.same("LODD_BEHIND_PROXY"), direct)
    if not config.production:
        yield Finding("error", Text.same("LODD_PRODUCTION"), Text(nb="er ikke satt til 1", en="is not set to 1"))


def _django() -> Iterator[Finding]:
    """Django's own checks, those for deployment among them."""
    found = django_checks.run_checks(include_deployment_checks=True)
    for message in found:
        yield Finding(
            "error" if message.is_serious() or message.id.startswith("security.") else "warning",
            Text.same(f"Django {message.id}"),
            Text.same(str(message.msg).split(". ")[0]),
        )
    if not found:
        yield Finding("ok", Text(nb="Djangos kontroller", en="Django’s checks"), _FINE)


def _mail(config: SiteConfig) -> Iterator[Finding]:
    found = Text(
        nb="ingen e-postserver: lenker må leveres for hånd", en="no mail server: links are handed over by hand"
    )
    yield (
        Finding("ok", Text.same("LODD_EMAIL"), _FINE)
        if config.email_url
        else Finding("warning", Text.same("LODD_EMAIL"), found)
    )


def _loaded(config: SiteConfig) -> tuple[list[Finding], Installation | None]:
    """Protocol, lock and keys; and whose numbers the keys are for."""
    what = Text(nb="Protokoll, lås og nøkler", en="Protocol, lock and keys")
    try:
        here = load_installation(config)
        assert here.service  # the keys are those that the lock commits to
    except LoddError as error:
        return [Finding("error", what, problem.found) for problem in error.problems], None
    found = [Finding("ok", what, _FINE)]
    if here.setting != "production":
        test = Text(nb="nøklene er for syntetiske numre", en="the keys are for synthetic numbers")
        found.append(Finding("error", Text.same("LODD_KEYS"), test))
    return [*found, *_database()], here


def _database() -> Iterator[Finding]:
    what = Text(nb="Databasen", en="The database")
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        kind = type(error).__name__
        yield Finding("error", what, Text(nb=f"{_NO_ANSWER.nb} ({kind})", en=f"{_NO_ANSWER.en} ({kind})"))
        return
    if waiting:
        yield Finding("error", what, _OLD)
    else:
        yield Finding("ok", what, _FINE)


def _answers(found: list[Finding]) -> bool:
    """Can the tables be read?"""
    database = [finding for finding in found if finding.what.en == "The database"]
    return bool(database) and database[-1].level == "ok"


def _people() -> Iterator[Finding]:
    held = Grant.objects.filter(approved_at__isnull=False, revoked_at=None, user__is_active=True)
    what = Text(nb="Forsøksledere", en="Trial managers")
    managers = held.filter(role=Role.MANAGER).values("user").distinct().count()
    few = Text(nb=f"{managers}; det trengs to: lodd site manager", en=f"{managers}; two are needed: lodd site manager")
    yield Finding("ok", what, Text.same(str(managers))) if managers >= 2 else Finding("error", what, few)
    if not held.filter(role=Role.ADMINISTRATOR).exists():
        none = Text(nb="ingen ennå: en forsøksleder foreslår en", en="none yet: a trial manager proposes one")
        yield Finding("warning", Text(nb="Administrator", en="Administrator"), none)


def _ledger(here: Installation) -> Iterator[Finding]:
    what = Text(nb="Trekningsloggen", en="The ledger")
    try:
        checked = check_ledger(here)
    except LoddError as error:
        yield from (Finding("error", what, _at(problem)) for problem in error.problems)
        return
    yield Finding(
        "ok",
        what,
        Text(
            nb=f"hel: {number(checked.events, 'nb')} hendelser, {number(checked.answers, 'nb')} trukket",
            en=f"whole: {number(checked.events, 'en')} events, {number(checked.answers, 'en')} drawn",
        ),
    )


def _clock() -> Iterator[Finding]:
    """The machine's clock against the database's and the ledger's last event."""
    what = Text(nb="Klokka", en="The clock")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXTRACT(EPOCH FROM now())" if connection.vendor == "postgresql" else "SELECT strftime('%s')"
        )
        theirs = datetime.fromtimestamp(float(cursor.fetchone()[0]), UTC)
    apart = abs(datetime.now(UTC) - theirs)
    if apart > _AHEAD:
        seconds = int(apart.total_seconds())
        off = Text(nb=f"{seconds} sekunder fra databasens klokke", en=f"{seconds} seconds from the database’s clock")
        yield Finding("error", what, off)
        return
    last = LedgerEvent.objects.order_by("-seq").values_list("line", flat=True).first()
    if last is not None and parse_line(last.encode()).at > datetime.now(UTC) + _AHEAD:
        ahead = Text(nb="går etter loggens siste hendelse", en="is behind the ledger’s last event")
        yield Finding("error", what, ahead)
    else:
        yield Finding("ok", what, _FINE)


def _at(problem: Problem) -> Text:
    where = f" ({problem.where})" if problem.where else ""
    return Text(nb=problem.found.nb + where, en=problem.found.en + where)


_FINE: Final = Text(nb="i orden", en="in order")
_NO_ANSWER: Final = Text(nb="svarer ikke", en="does not answer")
_OLD: Final = Text(
    nb="har tabeller fra en annen versjon: lodd site migrate", en="has the tables of another version: lodd site migrate"
)
