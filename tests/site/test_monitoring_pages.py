"""Monitoring's pages: read from the database, the reader's part only, as files, and quick the second time."""

from __future__ import annotations

import codecs
import csv
import io
import random
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from lodd.site import monitoring_cache, monitoring_layout, monitoring_records
from lodd.site.actions.draw import draw_person
from lodd.site.actions.follow_up import Entered, record, void
from lodd.site.actions.participants import note_error, withdraw
from lodd.site.forms import monitoring as forms
from lodd.site.installation import installation
from lodd.site.models import AuditEvent, Caseworker, Participant
from lodd.site.monitoring import Records, Selection
from lodd.site.monitoring_cache import Shelf, monitored
from lodd.site.monitoring_records import read_records
from lodd.site.participants.tasks import without_referral
from tests.site.monitoring.worlds import crowd
from tests.site.world import World

ELIGIBLE = ("wants_work", "needs_help")


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    monitoring_cache.forget()
    yield
    monitoring_cache.forget()


def drawn(world: World, seed: int, office: str = "n1", by: str = "operator", caller: Caseworker | None = None) -> Any:
    return draw_person(
        world.number(seed),
        office,
        actor=world.actor(by),
        confirmed=ELIGIBLE,
        factors={},
        caseworker=caller or Caseworker.objects.filter(office=office).first(),
    )


def page(world: World, name: str, language: str = "en", **asked: str) -> str:
    answer = world.client(name, headers={"accept-language": language}).get("/monitoring/", asked)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_the_records_say_what_happened(world: World) -> None:
    first, second, third = (drawn(world, seed).participant for seed in (1, 2, 3))
    south = drawn(world, 4, office="s1", by="operator_south").participant
    again = drawn(world, 1, office="n2")
    assert again.repeated
    today = installation().today
    programme = installation().trial.arms[first.arm].programmes[0].code
    referral = record(first, Entered("referral", today, programme), actor=world.actor("caseworker"))
    record(first, Entered("start", today, programme), actor=world.actor("caseworker"))
    gone = record(second, Entered("referral", today, "other"), actor=world.actor("caseworker"))
    void(gone, actor=world.actor("caseworker"))
    withdraw(third, actor=world.actor("caseworker"))
    note_error(south, "ineligible", actor=world.actor("operator_south"))

    records = read_records()
    assert [draw.seq for draw in records.draws] == [first.seq, second.seq, third.seq, south.seq]
    assert [draw.caseworker for draw in records.draws][2:] == [None, Caseworker.objects.get(office="s1").code]
    assert (
        {draw.conditional for draw in records.draws}
        == {draw.marginal for draw in records.draws}
        == {(0.6, 0.4), (0.5, 0.5)}
    )
    (request,) = records.requests
    assert (request.first, request.office, request.site) == (first.seq, "n2", "north")
    assert request.caseworker == Caseworker.objects.get(office="n2").code
    follow_up = {dates.seq: dates for dates in records.follow_up}
    assert set(follow_up) == {first.seq, third.seq, south.seq}
    assert follow_up[first.seq].referred == referral.day
    assert follow_up[first.seq].referred_to == first.arm
    assert follow_up[first.seq].started == ((today, first.arm),)
    assert follow_up[third.seq].withdrawn == today
    assert follow_up[south.seq].erroneous


def test_missing_referrals_are_those_of_the_home_page(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(5)
    people = [drawn(world, seed).participant for seed in range(1, 16)]
    later = installation().today + timedelta(days=30)
    monkeypatch.setattr(type(installation()), "today", property(lambda _: later))
    for one in people:
        match rng.randrange(4):
            case 0:
                record(one, Entered("referral", later, "other"), actor=world.actor("caseworker"))
            case 1:
                note_error(one, rng.choice(["ineligible", "wrong_office"]), actor=world.actor("operator"))
            case 2:
                record(one, Entered("start", later, "other"), actor=world.actor("caseworker"))
    shown = {row[0] for row in monitored(Selection()).monitoring.tables["missing-table"].rows}
    waiting = without_referral(Participant.objects.all(), installation())
    assert shown == {str(seq) for seq in waiting.values_list("pk", flat=True)} != set()


@pytest.mark.parametrize("language", ["nb", "en"])
def test_the_whole_page_is_in_the_readers_language(world: World, language: str) -> None:
    for seed in range(1, 8):
        drawn(world, seed, office=("n1", "n2")[seed % 2])
    said = page(world, "manager", language)
    other = {"nb": ("Show", "Download as CSV", "How this is", "Drawn by", "The whole trial"), "en": ("Vis", "Last ned")}
    assert not [words for words in other[language] if f">{words}" in said]
    assert said.count("<svg") >= 4
    assert 'style="' not in said


def test_caseworkers_have_names_on_the_page_and_codes_in_files_and_addresses(world: World) -> None:
    drawn(world, 1)
    caseworker = Caseworker.objects.get(office="n1")
    client = world.client("county_lead", headers={"accept-language": "en"})
    said = client.get("/monitoring/").content.decode()
    assert re.search(f'role="rowheader">{caseworker.name}\\s*</th>', said)
    assert f'role="rowheader">{caseworker.code}' not in said
    file = client.get("/monitoring/shares-by-caseworker.csv", {"caseworker": caseworker.code}).content.decode()
    assert caseworker.code in file
    assert caseworker.name not in file


def test_a_county_sees_itself_alone(world: World) -> None:
    for seed in range(1, 6):
        drawn(world, seed)
    for seed in range(6, 9):
        drawn(world, seed, office="s1", by="operator_south")
    for reader in ("county_lead", "operator"):
        said = page(world, reader)
        assert "NAV En" in said
        for other in ("Sør", "NAV Tre", "caseworker_south", Caseworker.objects.get(office="s1").code):
            assert other not in said
        assert "<dd>5</dd>" in said
        assert 'name="site"' not in said
    assert "NAV Tre" in page(world, "manager")
    assert "<dd>8</dd>" in page(world, "steward")


@pytest.mark.parametrize("asked", [{"site": "south"}, {"office": "s1"}, {"site": "south", "office": "s1"}])
def test_another_county_cannot_be_asked_for(world: World, asked: dict[str, str]) -> None:
    drawn(world, 6, office="s1", by="operator_south")
    client = world.client("county_lead", headers={"accept-language": "en"})
    said = client.get("/monitoring/", asked).content.decode()
    assert "NAV Tre" not in said
    file = client.get("/monitoring/draws-by-site.csv", asked)
    assert file.status_code == 404 or b"S\xc3\xb8r" not in file.content


def test_the_alarm_counts_the_whole_trial_whatever_is_looked_at(world: World) -> None:
    """Offices of one county are marked by a rule over all streams; a part shows the same evidence, not a new one."""
    for seed in range(1, 9):
        drawn(world, seed)
    whole = monitored(Selection()).monitoring.tables["shares-table"]
    part = monitored(Selection(site="north")).monitoring.tables["shares-table"]
    rows = {row[0].en: repr(row[3:]) for row in whole.rows}
    assert len(part.rows) < len(whole.rows)
    assert all(rows[row[0].en] == repr(row[3:]) for row in part.rows)


def tilted() -> Records:
    """Draws of which those of office n2 fall on coaching twice as often as they should."""
    made = crowd()
    arms = {"control": "control", "se": "coaching"}
    return Records(tuple(replace(draw, arm=arms[draw.arm]) for draw in made.draws), made.requests)


def test_an_alarm_is_said_first_and_marked(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitoring_records, "read_records", tilted)
    said = page(world, "manager")
    assert re.search(r'<div class="notice notice-warning">.*?<p>Alarm \(\d+\): [^<]*NAV To', said, re.DOTALL)
    assert re.search(r'<tr role="row" class="noticed"><th scope="row" role="rowheader">NAV To', said)
    assert re.search(r"<dt>alarms of tilted lots</dt><dd>[1-9]", said)
    assert "NAV To" not in page(world, "county_lead_south")


def test_of_a_long_table_the_alarms_are_shown_first(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitoring_records, "read_records", tilted)
    monkeypatch.setattr(monitoring_layout, "MOST_ROWS", 3)
    said = page(world, "manager")
    assert "Showing 3 of 6 rows. All are in the CSV file." in said
    assert re.search(r'<tr role="row" class="noticed"><th scope="row" role="rowheader">NAV To', said)
    assert len(monitored(Selection()).monitoring.tables["shares-table"].plain("en")) == 7


def test_what_does_not_belong_together_is_said_in_the_form(world: World) -> None:
    said = page(world, "manager", site="south", office="n1")
    assert "There is a problem" in said
    assert "The office is not in this county." in said
    assert "<figure" not in said
    assert "Choose one of the counties in the list." in page(world, "manager", site="west")


def test_a_table_is_a_file_and_taking_it_is_noted(world: World) -> None:
    drawn(world, 1)
    client = world.client("manager", headers={"accept-language": "en"})
    answer = client.get("/monitoring/draws-by-site.csv", {"site": "north"})
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.content.startswith(codecs.BOM_UTF8), "spreadsheets ask for it"
    assert 'filename="small-draws-by-site-' in answer["Content-Disposition"]
    heads, row = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert (heads[:2], row[:2]) == (["site", "drawn"], ["Nord", "1"])
    event = AuditEvent.objects.get(action="monitoring.exported")
    assert (event.subject, event.site, event.facts["rows"]) == ("table:draws-by-site", "north", 1)
    assert client.get("/monitoring/nothing.csv").status_code == 404
    assert client.get("/monitoring/draws-by-site.csv", {"site": "west"}).status_code == 404


def test_every_table_on_the_page_has_its_file(world: World) -> None:
    drawn(world, 1)
    client = world.client("manager")
    links = [f"/monitoring/{name}.csv" for name in monitored(Selection()).monitoring.tables]
    said = client.get("/monitoring/").content.decode()
    with_rows = [name for name, table in monitored(Selection()).monitoring.tables.items() if table.rows]
    assert len(with_rows) >= 7
    assert all((f'href="/monitoring/{name}.csv"' in said) == (name in with_rows) for name in map(_name, links))
    assert {client.get(link).status_code for link in links} == {200}


def _name(link: str) -> str:
    return link.removeprefix("/monitoring/").removesuffix(".csv")


def test_a_trial_without_draws_can_be_looked_at(world: World) -> None:
    assert "<dd>0</dd>" in page(world, "manager")


def test_many_caseworkers_are_chosen_after_an_office(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "MOST_CASEWORKERS", 1)
    assert 'name="caseworker"' not in page(world, "manager")
    assert 'name="caseworker"' in page(world, "manager", office="n1")


def test_the_second_look_reads_little(world: World) -> None:
    for seed in range(1, 5):
        drawn(world, seed)
    client = world.client("manager")
    client.get("/monitoring/")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        client.get("/monitoring/")
    assert len(queries) <= 10
    assert not [query for query in queries if "lodd_participant" in query["sql"]]


def test_what_was_recorded_is_seen_at_the_next_look(world: World) -> None:
    assert "<dd>0</dd>" in page(world, "manager")
    one = drawn(world, 1).participant
    assert monitored(Selection()).monitoring.tables["draws-by-site"].rows[0][1] == 1
    before = monitored(Selection(office="n1")).monitoring.tables["waiting-table"].rows
    record(one, Entered("referral", installation().today, "other"), actor=world.actor("caseworker"))
    assert monitored(Selection(office="n1")).monitoring.tables["waiting-table"].rows != before


def test_a_shelf_keeps_what_is_dear_for_a_while() -> None:
    now = [0.0]

    def make(seconds: float, value: str) -> Any:
        def made() -> str:
            now[0] += seconds
            return value

        return made

    shelf: Shelf[str] = Shelf(2, clock=lambda: now[0])
    assert shelf.get("a", 1, make(0.1, "quick")) == "quick"
    assert shelf.get("a", 1, make(0.1, "never")) == "quick"
    assert shelf.get("a", 2, make(2, "dear")) == "dear"
    now[0] += 150
    assert shelf.get("a", 3, make(2, "never")) == "dear"
    now[0] += 100
    assert shelf.get("a", 3, make(60, "very dear")) == "very dear"
    now[0] += 601
    assert shelf.get("a", 4, make(1, "new")) == "new"
    shelf.get("b", 1, make(1, "b"))
    shelf.get("c", 1, make(1, "c"))
    assert shelf.get("a", 4, make(1, "made again")) == "made again"


def test_everything_is_read_once_by_all_who_look_at_the_same_moment() -> None:
    from concurrent.futures import ThreadPoolExecutor
    from time import sleep

    made: list[int] = []
    shelf: Shelf[int] = Shelf(1)

    def slow() -> int:
        sleep(0.05)
        made.append(1)
        return len(made)

    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(lambda _: shelf.get("a", 1, slow), range(4))) == {1}


def test_days_are_those_where_the_trial_takes_place(world: World) -> None:
    drawn(world, 1)
    drawn(world, 1)
    records = read_records()
    assert (
        {draw.day for draw in records.draws} == {request.day for request in records.requests} == {installation().today}
    )
    assert isinstance(records.requests[0].day, date)
    with translation.override("nb"):
        assert monitored(Selection()).monitoring.tables["requests-by-arm"].rows
