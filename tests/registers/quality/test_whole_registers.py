"""Registers as wholes: months, coverage, declared breaks, people drawn and not, facts, and files that are not there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from lodd.protocol import Trial
from lodd.registers.quality import Months, RegisterQuality, check_registers
from lodd.registers.quality.file_findings import month_findings
from tests.registers.small import PAY, people_of, trial_of

LONG = {"from": date(2010, 1, 1), "until": date(2016, 12, 31)}
MONTHS = 84
JANUARY_2010 = 12 * 2010
DRAWN = people_of(a=date(2015, 6, 1), b=date(2015, 6, 1))


def pay_trial(**changes: Any) -> Trial:
    register: Mapping[str, Any] = PAY | {"covers": LONG} | changes
    return trial_of({"pay": register}, {"pay": {"register": "pay", "measure": {"sum": "amount"}}})


def monthly(rows: list[int], amount: list[int] | None = None, first: int = JANUARY_2010) -> pl.DataFrame:
    """So many rows in each month, of people in turn: a, b, and eighteen who were not drawn."""
    months = np.repeat(np.arange(len(rows)), rows)
    at = first + months
    paid = np.array(amount or [100] * len(rows))[months]
    people = ["a", "b", *(f"n{i}" for i in range(18))]
    return pl.DataFrame(
        {
            "person_id": [people[i % 20] for i in range(len(at))],
            "month": [f"{m // 12}-{m % 12 + 1:02}" for m in at],
            "amount": paid,
            "id": range(len(at)),
        }
    )


def register_of(folder: Path, trial: Trial, rows: pl.DataFrame) -> RegisterQuality:
    (folder / "registers").mkdir(exist_ok=True)
    rows.write_parquet(folder / "registers/pay.parquet")
    (found,) = check_registers(trial, folder, DRAWN).registers
    return found


def test_months_are_counted_in_the_whole_file(tmp_path: Path) -> None:
    rows = [20] * MONTHS
    rows[3] = 41
    table = pl.concat([monthly(rows), monthly([5], first=JANUARY_2010 - 100), monthly([7], first=JANUARY_2010 + 84)])
    table = table.with_columns(amount=pl.when(pl.int_range(pl.len()) % 50 == 0).then(None).otherwise("amount"))
    found = register_of(tmp_path, pay_trial(columns={"amount": {"missing": "exclude"}}), table)
    months = found.months
    assert months is not None
    assert (months.month[0], len(months.month), months.before, months.after) == (JANUARY_2010, 85, 5, 0)
    assert months.rows == (*rows, 7)
    assert months.people[:5] == (20, 20, 20, 20, 20)
    assert months.people[-1] == 7
    assert months.means["amount"][0] == 100
    (missing,) = [column for column in found.missing if column.rows]
    assert (missing.column, missing.rows) == ("amount", table["amount"].null_count())
    assert sum(missing.by_month) in {missing.rows, missing.rows - 1}
    assert (found.rows, found.people, found.seen) == (table.height, 20, 2)
    assert found.covers == (JANUARY_2010, JANUARY_2010 + 83)


def months_of(rows: list[int], mean: list[float] | None = None) -> Months:
    month = tuple(range(JANUARY_2010, JANUARY_2010 + MONTHS))
    padded = tuple(rows + [0] * (MONTHS - len(rows)))
    means = {"amount": tuple(mean)} if mean else {}
    return Months(month, padded, padded, means, step=1, before=0, after=0, undated=0)


def test_an_extract_that_ends_before_it_should_is_an_error() -> None:
    """The panel would take its last months for zero."""
    (finding,) = month_findings(pay_trial(), "pay", months_of([30] * 80))
    assert (finding.kind, finding.severity, finding.handling) == ("gap", "error", "zero")
    assert finding.months == tuple(range(JANUARY_2010 + 80, JANUARY_2010 + 84))


def test_a_month_that_is_missing_among_monthly_records_is_an_error_in_a_register_of_spells_too() -> None:
    """Nothing that started before still counts there: the panel would take the month for zero."""
    parts = [
        {"file": "aa.parquet", "until": date(2013, 12, 31)},
        {"file": "a.parquet", "from": date(2014, 1, 1), "temporality": "accumulated", "start": "month"},
    ]
    spells = {"temporality": "status", "start": "start", "stop": "stop", "file": None, "parts": parts}
    trial = pay_trial(**spells, breaks=[{"from": date(2014, 1, 1), "label": "Monthly records"}])
    rows = [20] * 48 + [300] * 36
    rows[10] = rows[60] = 0
    gaps = [finding for finding in month_findings(trial, "pay", months_of(rows)) if finding.kind == "gap"]
    assert [(gap.months[0] - JANUARY_2010, gap.severity, gap.handling) for gap in gaps] == [
        (10, "warning", "no_starts"),
        (60, "error", "zero"),
    ]


def test_a_break_is_a_warning_until_it_is_declared() -> None:
    months = months_of([300] * 48 + [600] * 36)
    (finding,) = month_findings(pay_trial(), "pay", months)
    assert (finding.kind, finding.severity, finding.months) == ("break", "warning", (JANUARY_2010 + 48,))
    assert finding.ratio == pytest.approx(2, rel=0.05)
    declared = pay_trial(breaks=[{"from": date(2014, 1, 1), "label": "Another form"}])
    (known,) = month_findings(declared, "pay", months)
    assert (known.kind, known.severity) == ("declared_break", "note")


def test_amounts_in_another_unit_are_a_break_of_their_mean() -> None:
    """From kroner to øre in 2014."""
    (finding,) = month_findings(pay_trial(), "pay", months_of([30] * MONTHS, [100.0] * 48 + [10_000.0] * 36))
    assert (finding.kind, finding.column, finding.months) == ("break", "amount", (JANUARY_2010 + 48,))
    assert finding.ratio == pytest.approx(100, rel=0.05)


def test_the_trials_own_beginning_is_no_break_of_the_register() -> None:
    (finding,) = month_findings(pay_trial(), "pay", months_of([30] * 60 + [90] * 24))
    assert (finding.kind, finding.severity) == ("enrolment_break", "note")


def test_months_that_were_flooded_or_hardly_filled() -> None:
    rows = [60] * MONTHS
    rows[60], rows[30] = 400, 2
    trial = pay_trial(breaks=[{"from": date(2015, 2, 1), "label": "Another form"}])
    assert {(f.kind, f.severity, f.rows) for f in month_findings(trial, "pay", months_of(rows))} == {
        ("declared_spike", "note", 400),
        ("thin", "warning", 2),
    }
    assert "spike" in {finding.kind for finding in month_findings(pay_trial(), "pay", months_of(rows))}


def test_yearly_amounts_are_counted_by_year(tmp_path: Path) -> None:
    years = pl.DataFrame({"person_id": ["a"] * 6, "month": [2010, 2011, 2012, 2013, 2015, 2016], "amount": [1] * 6})
    found = register_of(tmp_path, pay_trial(period="year"), years)
    assert found.months is not None
    assert found.months.month == tuple(range(JANUARY_2010, JANUARY_2010 + 84, 12))
    assert found.months.rows == (1, 1, 1, 1, 0, 1, 1)


def test_pseudonyms_of_another_trial_are_an_error(tmp_path: Path) -> None:
    table = monthly([20] * MONTHS).with_columns(pl.lit("x").alias("person_id"))
    found = {finding.kind: finding for finding in register_of(tmp_path, pay_trial(), table).findings}
    assert (found["nobody_seen"].severity, found["nobody_seen"].people) == ("error", 2)


def test_people_without_a_row_are_told_of_register_by_register_and_in_all(tmp_path: Path) -> None:
    (tmp_path / "registers").mkdir()
    monthly([20] * MONTHS).filter(pl.col("person_id") != "b").write_parquet(tmp_path / "registers/pay.parquet")
    quality = check_registers(pay_trial(), tmp_path, people_of(**dict.fromkeys("abc", date(2015, 6, 1))))
    found = {finding.kind: finding for finding in quality.all_findings()}
    assert [example.person_id for example in found["never_seen"].examples] == ["b", "c"]
    assert (found["in_no_register"].people, found["in_no_register"].severity) == (2, "warning")


def test_an_empty_register(tmp_path: Path) -> None:
    found = register_of(tmp_path, pay_trial(), monthly([20]).clear())
    assert [(finding.kind, finding.severity) for finding in found.findings] == [("no_rows", "warning")]


def test_facts_that_differ(tmp_path: Path) -> None:
    trial = trial_of({"pay": {"file": "registers/pay.parquet", "temporality": "fixed"}}, {})
    facts = pl.DataFrame({"person_id": ["a", "a", "b", "b", "z"], "sex": ["f", "f", "m", "f", None]})
    found = register_of(tmp_path, trial, facts)
    findings = {finding.kind: finding for finding in found.findings}
    assert set(findings) == {"facts_differ", "not_drawn"}
    assert (findings["facts_differ"].severity, findings["facts_differ"].rows) == ("error", 2)
    assert [example.person_id for example in findings["facts_differ"].examples] == ["b"]
    assert [(column.column, column.rows) for column in found.missing] == [("sex", 1)]


def test_a_register_that_is_not_there_or_broken_does_not_keep_the_others_from_being_checked(tmp_path: Path) -> None:
    registers = {
        name: PAY | {"file": f"{name}.parquet", "covers": LONG} for name in ("gone", "broken", "lacking", "sound")
    }
    outcomes = {name: {"register": name, "measure": {"sum": "amount"}} for name in registers}
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 and no more")
    monthly([20] * MONTHS).drop("amount").write_parquet(tmp_path / "lacking.parquet")
    monthly([20] * MONTHS).write_parquet(tmp_path / "sound.parquet")
    quality = check_registers(trial_of(registers, outcomes), tmp_path, DRAWN)
    told = {
        one.register: [(f.kind, f.severity) for f in one.findings if f.severity == "error"] for one in quality.registers
    }
    assert told == {
        "gone": [("file_missing", "error")],
        "broken": [("unreadable", "error")],
        "lacking": [("unreadable", "error")],
        "sound": [],
    }
    assert [one.readable for one in quality.registers] == [False, False, False, True]
    assert quality.registers[2].findings[0].problem is not None


def test_before_the_draw_every_row_is_looked_at_and_nobody_is_shown(tmp_path: Path) -> None:
    table = pl.concat([monthly([20] * MONTHS), monthly([3])])
    table = table.with_columns(pl.lit(7).alias("id"))
    (tmp_path / "registers").mkdir()
    table.write_parquet(tmp_path / "registers/pay.parquet")
    quality = check_registers(pay_trial(), tmp_path, None)
    (register,) = quality.registers
    found = {finding.kind: finding for finding in register.findings}
    assert quality.drawn is None
    assert found["duplicates"].rows == table.height - table.unique().height > 0
    assert all(not finding.examples for finding in register.findings)
    assert not {"never_seen", "not_drawn", "nobody_seen"} & set(found)
    away = {"file": None, "table": "pay", "database": "duckdb:gone.duckdb"}
    for missing in ({"file": "gone.parquet"}, away):
        assert check_registers(pay_trial(**missing), tmp_path, None).count("error") == 0


def test_what_only_building_would_stop_at_is_an_error_too(tmp_path: Path) -> None:
    """Amounts of one person that add up to more than can be counted exactly."""
    table = monthly([20] * MONTHS, [2**49] * MONTHS)
    found = register_of(tmp_path, pay_trial(), table)
    assert [(finding.kind, finding.handling) for finding in found.findings if finding.severity == "error"] == [
        ("refused", "stops")
    ]
