"""The audit log as the auditor reads it, and the words of these pages in both languages."""

from __future__ import annotations

import ast
import csv
import json
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django.core.cache import cache
from django.http import HttpResponse
from django.urls import reverse
from lxml import html

import lodd.site
from lodd.site import audit_words
from lodd.site.actions.participants import note_error, show_identity
from lodd.site.installation import installation
from lodd.site.models import AuditEvent, ScheduleProposal
from tests.site.world import World

SITE = Path(lodd.site.__file__).parent
CATALOGUE = SITE / "locale" / "accounts" / "nb" / "LC_MESSAGES"


def said(page: HttpResponse) -> set[str]:
    """What the page says was done."""
    return {row.xpath("normalize-space(td[2])") for row in html.fromstring(page.content).xpath("//tbody/tr")} - {""}


def test_the_log_is_filtered_and_reading_it_is_noted(world: World) -> None:
    drawn = world.draw(1)
    client = world.client("auditor")
    page = client.get(reverse("audit"), {"subject": f"participant:{drawn.seq}", "actor": "operator"})
    assert said(page) == {"Trakk en person"}
    read = AuditEvent.objects.latest("id")
    assert (read.action, read.actor) == ("audit.read", world.user("auditor").ledger_id)
    assert read.facts == {"filters": ["actor", "subject"], "page": 1}


def test_days_are_whole_and_in_the_trials_time(world: World) -> None:
    client = world.client("auditor")
    assert said(client.get(reverse("audit"), {"until": "2000-01-01"})) == set()
    assert "Godkjente en rolle" in said(client.get(reverse("audit"), {"since": "2000-01-01"}))


def test_the_export_has_every_event_that_the_filter_lets_through(world: World) -> None:
    cache.clear()
    world.draw(1)
    answer = world.client("auditor").get(reverse("audit_export"), {"action": "grant."})
    rows = list(csv.DictReader(b"".join(answer.streaming_content).decode().splitlines()))
    assert len(rows) == AuditEvent.objects.filter(action__startswith="grant.").count() > 0
    assert AuditEvent.objects.filter(action="audit.exported", facts__count=len(rows)).exists()


def test_an_action_is_chosen_alone_or_with_all_of_its_kind(world: World) -> None:
    world.draw(1)
    client = world.client("auditor")
    assert said(client.get(reverse("audit"), {"action": "sign_in"})) == {"Logget inn"}
    assert said(client.get(reverse("audit"), {"action": "grant."})) >= {"Foreslo en rolle", "Godkjente en rolle"}
    assert said(client.get(reverse("audit"), {"action": "grant.proposed"})) == {"Foreslo en rolle"}


def test_an_event_is_told_in_words_and_leads_to_everything_about_the_same(world: World) -> None:
    drawn = world.draw(1)
    show_identity(drawn, actor=world.actor("operator"), why="call_back")
    row = html.fromstring(world.client("auditor").get(reverse("audit"), {"action": "identity.shown"}).content)
    cells = [" ".join(cell.text_content().split()) for cell in row.xpath("//tbody/tr[1]/td")]
    office = installation().office_labels[drawn.office]
    who = world.user("operator").name
    assert cells == [who, "Så et fødselsnummer", f"Deltaker nr. {drawn.seq}", office, "hvorfor: Jeg skal ringe tilbake"]
    assert row.xpath("//tbody/tr[1]//a/@href") == [f"/audit/?subject=participant%3A{drawn.seq}"]


def test_the_export_has_what_else_is_known_as_json(world: World) -> None:
    cache.clear()
    show_identity(world.draw(1), actor=world.actor("operator"), why="refer")
    answer = world.client("auditor").get(reverse("audit_export"), {"action": "identity.shown"})
    rows = list(csv.DictReader(b"".join(answer.streaming_content).decode().splitlines()))
    assert json.loads(rows[0]["facts"]) == {"why": "refer"}


def codes() -> Iterator[tuple[str, set[str]]]:
    """Every code that an action writes, and the names of the facts beside it."""
    for file in (*(SITE / "actions").glob("*.py"), SITE / "backup.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Constant) and CODE.fullmatch(str(node.value)):
                yield str(node.value), set()
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in NOTERS:
                yield "", {word.arg for word in node.keywords if word.arg}


CODE = re.compile(r"[a-z_]+\.(?!(?:json|ndjson|toml|parquet|db|csv)$)[a-z_]+")  # not a file's name
NOTERS = {"audit", "_audit", "note"}
NOT_FACTS = {"actor", "site", "office", "note"}


def test_every_code_that_is_written_has_words_in_both_languages_and_no_other_has() -> None:
    found = {code for code, _ in codes()} - {""}
    by_state = {f"schedule.{state}" for state in ScheduleProposal.State.values if state != "proposed"}
    assert found | by_state | {"sign_in", "sign_out"} == audit_words.ACTIONS.keys()
    assert {name for _, names in codes() for name in names} - NOT_FACTS <= audit_words.FACTS.keys() | {"kind"}
    assert {code.partition(".")[0] for code in audit_words.ACTIONS} == audit_words.AREAS.keys()


def test_everything_in_a_busy_log_is_in_words(world: World) -> None:
    drawn = world.draw(1)
    note_error(drawn, "wrong_office", actor=world.actor("operator"))
    client = world.client("auditor")
    client.get(reverse("audit"), {"subject": f"participant:{drawn.seq}"})
    for event in AuditEvent.objects.all():
        told = audit_words.facts(event, "nb")
        assert event.action in audit_words.ACTIONS
        assert event.subject.partition(":")[0] in {*audit_words.SUBJECTS, ""}
        assert all(part.partition(":")[0] in LABELS for part in told.split("; ") if part), told
    assert "hva: Feil kontor ble oppgitt" in page_of(client.get(reverse("audit")))
    assert "avgrenset etter: om" in page_of(client.get(reverse("audit")))


LABELS = {label["nb"] for label in audit_words.FACTS.values()}


def page_of(answer: HttpResponse) -> str:
    return html.fromstring(answer.content).text_content()


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
