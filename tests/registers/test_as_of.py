"""Corrections: the panel as known on a day, records taken back, and what the panel says of both."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from lodd.errors import DataError
from lodd.protocol.model import Trial
from lodd.registers import build_panel, reference_panel
from lodd.registers.provenance import definitions_sha256
from tests.registers.small import DEATHS, JOBS, notes, panel_of, people_of, table, trial_of, values

DAY = date(2015, 3, 7)
VERSIONED = JOBS | {"record": ["id"], "registered": "seen"}
HOURS = {"hours": {"register": "jobs", "measure": {"sum": "hours"}}}
COLUMNS = "person_id start stop hours id seen"
CORRECTED = table(
    COLUMNS,
    ("a", date(2015, 1, 1), None, 30.0, 1, date(2015, 1, 10)),
    ("a", date(2015, 1, 1), date(2015, 2, 28), 30.0, 1, date(2015, 5, 1)),  # it had ended
    ("a", date(2015, 4, 1), None, 10.0, 2, date(2015, 4, 20)),
)


def trial(as_of: date | None, registers: dict[str, Any] | None = None, outcomes: Any = HOURS, **parts: Any) -> Trial:
    analysis = {"window": {"before": 1, "after": 3}, "as_of": as_of}
    return trial_of(registers or {"jobs": VERSIONED}, outcomes, analysis=analysis, **parts)


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        (None, [30, 0, 10, 10, 10]),  # February to June
        (date(2015, 5, 1), [30, 0, 10, None, None]),  # May was not over
        (date(2015, 4, 30), [30, 30, 40, None, None]),  # nobody knew that it had ended
        (date(2015, 4, 19), [30, 30, None, None, None]),
        (date(2015, 1, 10), [None] * 5),
    ],
)
def test_the_panel_as_known_on_a_day(as_of: date | None, expected: list[float | None]) -> None:
    assert values(panel_of(trial(as_of), people_of(a=DAY), jobs=CORRECTED), "hours") == expected


def test_a_day_before_the_first_registration_is_refused() -> None:
    with pytest.raises(DataError) as caught:
        panel_of(trial(date(2015, 1, 9)), people_of(a=DAY), jobs=CORRECTED)
    assert "nothing was registered by 9 January 2015: the first was registered on 10 January 2015" in str(caught.value)
    assert "ingenting var registrert 9. januar 2015" in caught.value.render("nb")


def test_that_nobody_had_died_yet_is_no_mistake() -> None:
    registers = {"jobs": VERSIONED, "deaths": DEATHS | {"registered": "seen"}}
    known = trial(date(2015, 4, 30), registers, population={"deaths": "deaths"})
    died = table("person_id day seen", ("a", date(2015, 4, 29), date(2015, 5, 2)))
    panel = panel_of(known, people_of(a=DAY), jobs=CORRECTED, deaths=died)
    assert values(panel, "hours") == [30, 30, 40, None, None]
    assert not any(values(panel, "dead"))
    rows = {"jobs": CORRECTED.to_dicts(), "deaths": died.to_dicts()}
    assert reference_panel(known, rows, people_of(a=DAY))["hours"].to_list() == values(panel, "hours")


def test_that_the_people_drawn_were_not_known_yet_is_no_mistake() -> None:
    other = CORRECTED.with_columns(person_id=pl.lit("b"), seen=pl.lit(date(2015, 1, 1)))
    both = pl.concat([CORRECTED, other])
    assert values(panel_of(trial(date(2015, 1, 9)), people_of(a=DAY), jobs=both), "hours") == [None] * 5


def test_what_is_not_known_is_counted_and_leaves_no_mistakes_behind() -> None:
    later = CORRECTED.with_columns(
        hours=pl.when(pl.col("seen") == date(2015, 5, 1)).then(None).otherwise("hours"),  # would be refused
        seen=pl.when(pl.col("id") == 2).then(None).otherwise("seen"),
    )
    panel = panel_of(trial(date(2015, 4, 30)), people_of(a=DAY), jobs=pl.concat([later, later]))
    assert values(panel, "hours") == [30, 30, 40, None, None]
    assert notes(panel, "jobs") == {
        "rows": 6, "registered_later": 2, "duplicates": 2, "untimed": 1, "people_with_records": 1,
    }  # fmt: skip
    with pytest.raises(DataError, match="hours"):
        panel_of(trial(None), people_of(a=DAY), jobs=later)


def test_registers_without_registration_are_used_as_they_are_and_named() -> None:
    registers = {"jobs": VERSIONED, "deaths": DEATHS}
    dead = table("person_id day", ("a", date(2015, 3, 31)))
    known = trial(date(2015, 4, 30), registers, population={"deaths": "deaths"})
    panel = panel_of(known, people_of(a=DAY), jobs=CORRECTED, deaths=dead)
    assert values(panel, "hours") == [30, 30, None, None, None]
    assert notes(panel, "deaths")["not_rebuilt"] == 1
    assert "not_rebuilt" not in notes(panel, "jobs")
    today = panel_of(trial(None, registers, population={"deaths": "deaths"}), people_of(a=DAY), jobs=CORRECTED,
                     deaths=dead)  # fmt: skip
    assert "not_rebuilt" not in notes(today, "deaths")


def test_the_day_is_among_the_definitions_and_in_the_provenance() -> None:
    panel = panel_of(trial(date(2015, 4, 30)), people_of(a=DAY), jobs=CORRECTED)
    assert panel.provenance["as_of"] == "2015-04-30"
    assert "as_of" not in panel_of(trial(None), people_of(a=DAY), jobs=CORRECTED).provenance
    hashes = {definitions_sha256(trial(day)) for day in (None, date(2015, 4, 30), date(2015, 5, 1))}
    assert len(hashes) == 3


def test_a_version_that_takes_a_record_back() -> None:
    register = VERSIONED | {"withdrawn": {"column": "status", "values": ["VOID", "9"]}}
    rows = table(
        COLUMNS + " status",
        ("a", date(2015, 1, 1), None, 30.0, 1, date(2015, 1, 10), "OK"),
        ("a", date(2015, 1, 1), None, 30.0, 1, date(2015, 5, 1), " VOID "),
        ("a", date(2015, 1, 1), None, 7.0, 2, date(2015, 1, 10), "VOID"),
        ("a", date(2015, 1, 1), None, 7.0, 2, date(2015, 2, 10), None),  # and put back
        ("a", None, None, None, 3, date(2015, 1, 10), "9"),  # nothing of it matters
    )
    panel = panel_of(trial(None, {"jobs": register}), people_of(a=DAY), jobs=rows)
    assert values(panel, "hours") == [7, 7, 7, 7, 7]
    assert notes(panel, "jobs") == {"rows": 5, "superseded": 2, "withdrawn": 2, "people_with_records": 1}
    before = panel_of(trial(date(2015, 4, 30), {"jobs": register}), people_of(a=DAY), jobs=rows)
    assert values(before, "hours") == [37, 37, 37, None, None]
    numbers = rows.with_columns(status=pl.when(pl.col("status") == "OK").then(1).otherwise(9))
    assert values(panel_of(trial(None, {"jobs": register}), people_of(a=DAY), jobs=numbers), "hours") == [0] * 5


def test_registration_that_cannot_be_read_is_refused_also_in_a_version_that_is_replaced(tmp_path: Path) -> None:
    """As text, 31.12.2014 would be later than 2015-05-01."""
    register = VERSIONED | {"file": "jobs.csv"}
    CORRECTED.with_columns(
        seen=pl.when(pl.col("seen") == date(2015, 1, 10)).then(pl.lit("31.12.2014")).otherwise(pl.col("seen").cast(str))
    ).write_csv(tmp_path / "jobs.csv")
    with pytest.raises(DataError) as caught:
        build_panel(trial(None, {"jobs": register}), tmp_path, people_of(a=DAY))
    assert "1 row (no. 1: «31.12.2014») cannot be read as moments" in str(caught.value)
    assert "registers.jobs (jobs.csv), seen" in str(caught.value)


def test_moments_with_and_without_a_zone_are_not_put_in_order() -> None:
    mixed = CORRECTED.with_columns(seen=pl.Series(["2015-01-10", "2015-05-01T10:00:00Z", "2015-04-20T10:00+02:00"]))
    with pytest.raises(DataError) as caught:
        panel_of(trial(None), people_of(a=DAY), jobs=mixed)
    assert "2 moments say a zone, and 1 do not" in str(caught.value)


def test_the_moment_decides_and_not_how_it_is_written() -> None:
    """10:30 by the clock in Norway is before 09:45 in universal time; as text it would be after."""
    seen = pl.Series(["2015-05-01T10:30:00+02:00", "2015-05-01T09:45:00Z", None])
    panel = panel_of(trial(None), people_of(a=DAY), jobs=CORRECTED.with_columns(seen=seen))
    assert values(panel, "hours") == [30, 0, 10, 10, 10]


def test_amounts_registered_late_without_versions() -> None:
    paid = JOBS | {"temporality": "accumulated", "start": "start", "registered": "seen"}
    register = {key: value for key, value in paid.items() if key != "stop"}
    known = trial(date(2015, 4, 30), {"jobs": register})
    rows = table("person_id start hours seen", ("a", date(2015, 2, 1), 5.0, datetime(2015, 4, 30, 23, 59)),
                 ("a", date(2015, 2, 1), 7.0, datetime(2015, 5, 1)))  # fmt: skip
    assert values(panel_of(known, people_of(a=DAY), jobs=rows), "hours") == [5, 0, 0, None, None]
