"""The audit log as the auditor reads it, and the words of these pages in both languages."""

from __future__ import annotations

import csv
import re
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django.core.cache import cache
from django.urls import reverse

import lodd.site
from lodd.site.models import AuditEvent
from tests.site.world import World

SITE = Path(lodd.site.__file__).parent
CATALOGUE = SITE / "locale" / "accounts" / "nb" / "LC_MESSAGES"


def test_the_log_is_filtered_and_reading_it_is_noted(world: World) -> None:
    drawn = world.draw(1)
    client = world.client("auditor")
    page = client.get(reverse("audit"), {"subject": f"participant:{drawn.seq}", "actor": "operator"})
    assert "draw.made" in page.content.decode()
    assert "grant.approved" not in page.content.decode()
    read = AuditEvent.objects.latest("id")
    assert (read.action, read.actor) == ("audit.read", world.user("auditor").ledger_id)
    assert read.facts == {"filters": ["actor", "subject"], "page": 1}


def test_days_are_whole_and_in_the_trials_time(world: World) -> None:
    client = world.client("auditor")
    assert "grant.approved" not in client.get(reverse("audit"), {"until": "2000-01-01"}).content.decode()
    assert "grant.approved" in client.get(reverse("audit"), {"since": "2000-01-01"}).content.decode()


def test_the_export_has_every_event_that_the_filter_lets_through(world: World) -> None:
    cache.clear()
    world.draw(1)
    answer = world.client("auditor").get(reverse("audit_export"), {"action": "grant."})
    rows = list(csv.DictReader(b"".join(answer.streaming_content).decode().splitlines()))
    assert len(rows) == AuditEvent.objects.filter(action__startswith="grant.").count() > 0
    assert AuditEvent.objects.filter(action="audit.exported", facts__count=len(rows)).exists()


def words_of_the_templates() -> set[str]:
    folders = ("account", "accounts", "mfa", "socialaccount", "audit")
    files = [file for folder in folders for file in (SITE / "templates" / folder).rglob("*") if file.is_file()]
    found = set()
    for file in (*files, SITE / "templates" / "home.html", SITE / "templates" / "problem.html"):
        source = file.read_text()
        found |= set(re.findall(r'{% translate "(.*?)"', source))
        for block in re.findall(r"{% blocktranslate.*?%}(.*?){% endblocktranslate %}", source, re.DOTALL):
            found.add(re.sub(r"{{ (\w+) }}", r"%(\1)s", block.split("{% plural %}")[0]))
    return found


def test_every_word_of_the_templates_is_in_the_compiled_catalogue() -> None:
    written = {_one(m.id): m.string for m in read_po((CATALOGUE / "django.po").open("rb")) if m.id}
    assert words_of_the_templates() <= written.keys()
    assert all(written.values())
    compiled = {_one(m.id): m.string for m in read_mo(BytesIO((CATALOGUE / "django.mo").read_bytes())) if m.id}
    assert {words: _all(said) for words, said in compiled.items()} == {w: _all(said) for w, said in written.items()}


def _one(words: str | tuple[str, ...]) -> str:
    return words if isinstance(words, str) else words[0]


def _all(said: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (said,) if isinstance(said, str) else tuple(said)
