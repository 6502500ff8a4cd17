"""The panel from files and tables: what is read, counted, kept and told."""

from __future__ import annotations

import gzip
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from lodd.locale import Text
from lodd.protocol.months import MonthRange
from lodd.registers import build_panel, build_panel_from
from tests.registers.small import (
    ABROAD,
    DEATHS,
    IN_WORK,
    JOBS,
    PAY,
    notes,
    panel_of,
    people_of,
    table,
    trial_of,
    values,
)

DAY = date(2015, 3, 7)
IN_JOBS = {"in_work": {"register": "jobs"} | IN_WORK, "hours": {"register": "jobs", "measure": {"sum": "hours"}}}


def test_the_frame_is_sorted_as_the_participants_and_typed() -> None:
    outcomes = IN_JOBS | {"jobs": {"register": "jobs", "measure": {"count": True}}}
    rows = table("person_id start stop hours", ("b", date(2015, 2, 1), date(2015, 2, 28), 30.5))
    panel = panel_of(trial_of({"jobs": JOBS}, outcomes), people_of(b=DAY, a=date(2015, 1, 31)), jobs=rows)
    assert panel.frame.schema == {
        "person_id": pl.String, "month": pl.Date, "event_month": pl.Int32, "dead": pl.Boolean, "abroad": pl.Boolean,
        "in_work": pl.UInt8, "hours": pl.Float64, "jobs": pl.Int64,
    }  # fmt: skip
    assert panel.frame["person_id"].to_list() == ["b"] * 4 + ["a"] * 4
    assert panel.frame["month"].to_list() == [
        *(date(2015, m, 1) for m in (2, 3, 4, 5)), date(2014, 12, 1), *(date(2015, m, 1) for m in (1, 2, 3)),
    ]  # fmt: skip
    assert values(panel, "hours", "b") == [30.5, 0, 0, 0]
    assert values(panel, "hours", "a") == [None, 0, 0, 0]  # nothing is covered before 2015; no records, so zeros
    assert panel.window == MonthRange(-1, 2)
    assert panel.matrix("jobs").shape == (2, 4)


def test_what_was_left_out_is_counted() -> None:
    register = JOBS | {
        "record": ["id"], "registered": "seen", "columns": {"hours": {"decimals": 1, "missing": "exclude"}},
    }  # fmt: skip
    seen, later = date(2015, 1, 1), date(2015, 2, 1)
    rows = table(
        "person_id start stop hours id seen",
        ("a", DAY, None, 5.0, 1, seen),
        ("a", DAY, None, 5.0, 1, seen),  # equal
        ("a", DAY, None, 6.0, 1, later),
        ("a", DAY, None, 7.0, 1, later),  # registered as late
        ("a", None, None, 7.0, 2, later),
        ("a", DAY, date(2015, 3, 6), 7.0, 3, later),
        ("a", DAY, None, None, 4, later),
        ("y", DAY, None, 1.0, 5, later),
        ("z", DAY, None, 1.0, 6, later),
        ("z", DAY, None, 1.0, 7, later),
        (None, DAY, None, 1.0, 8, later),
    )
    panel = panel_of(trial_of({"jobs": register}, IN_JOBS), people_of(a=DAY, b=DAY), jobs=rows)
    assert notes(panel, "jobs") == {
        "rows": 11, "not_drawn": 4, "not_drawn_people": 2, "duplicates": 1, "superseded": 1, "version_ties": 1,
        "missing_start": 1, "start_after_stop": 1, "missing_excluded:hours": 1, "people_with_records": 1,
    }  # fmt: skip
    assert values(panel, "hours") == [0, 6, 6, 6]


def test_a_row_without_its_record_number_is_no_version_of_another() -> None:
    register = JOBS | {"record": ["id"], "registered": "seen"}
    rows = table(
        "person_id start stop hours id seen", ("a", DAY, None, 5.0, None, DAY), ("a", DAY, None, 6.0, None, DAY)
    )
    panel = panel_of(trial_of({"jobs": register}, IN_JOBS), people_of(a=DAY), jobs=rows)
    assert values(panel, "hours") == [0, 11, 11, 11]


def test_equal_rows_may_be_kept() -> None:
    rows = table("person_id start stop hours", ("a", DAY, None, 5.0), ("a", DAY, None, 5.0))
    panel = panel_of(trial_of({"jobs": JOBS | {"duplicates": "keep"}}, IN_JOBS), people_of(a=DAY), jobs=rows)
    assert values(panel, "hours") == [0, 10, 10, 10]
    assert "duplicates" not in notes(panel, "jobs")


def test_people_without_any_record_are_kept_with_zeros() -> None:
    rows = table("person_id start stop hours", ("z", DAY, None, 5.0))
    panel = panel_of(trial_of({"jobs": JOBS}, IN_JOBS), people_of(a=DAY, b=DAY), jobs=rows)
    assert values(panel, "in_work", "b") == [0, 0, 0, 0]
    assert notes(panel, "jobs")["people_with_records"] == 0


def test_a_register_without_rows() -> None:
    panel = panel_of(
        trial_of({"jobs": JOBS}, IN_JOBS),
        people_of(a=DAY),
        jobs=table("person_id start stop hours", ("a", DAY, None, 5.0)).clear(),
    )
    assert values(panel, "hours") == [0, 0, 0, 0]


def test_csv_means_what_the_protocol_says(tmp_path: Path) -> None:
    lines = [
        "person_id;start;stop;hours;kind;level;full",
        "007;2015-03-01;;4.50;0219;3;true",
        "007;2015-04-01;9999-12-31; 1;x;5;",
    ]
    (tmp_path / "jobs.csv").write_text("\n".join(lines))
    where = {"numbers": {"level": [3, 4]}, "texts": {"kind": "0219"}, "truths": {"full": True}}
    counted = {name: {"register": "jobs", "measure": {"count": True, "where": w}} for name, w in where.items()}
    distinct = {"kinds": {"register": "jobs", "measure": {"count_distinct": "kind"}}}
    trial = trial_of({"jobs": JOBS | {"file": "jobs.csv"}}, IN_JOBS | counted | distinct)
    panel = build_panel(trial, tmp_path, people_of(**{"007": DAY}))
    assert values(panel, "hours", "007") == [0, 4.5, 5.5, 5.5]
    for name in where:
        assert values(panel, name, "007") == [0, 1, 1, 1], name
    assert values(panel, "kinds", "007") == [0, 1, 2, 2]


def test_csv_may_be_compressed_quoted_and_marked(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "jobs.csv.gz", "wt", encoding="utf-8-sig") as file:
        file.write('person_id\t"start"\tstop\thours\r\n"a"\t2015-03-01\t\t"30.5"\r\n')
    trial = trial_of({"jobs": JOBS | {"file": "jobs.csv.gz"}}, IN_JOBS)
    assert values(build_panel(trial, tmp_path, people_of(a=DAY)), "hours") == [0, 30.5, 30.5, 30.5]


def test_several_files_are_one_register(tmp_path: Path) -> None:
    rows = table("person_id start stop hours", ("a", DAY, None, 5.0), ("a", date(2015, 4, 1), None, 1.5))
    rows[:1].write_parquet(tmp_path / "jobs-1.parquet")
    rows[1:].write_parquet(tmp_path / "jobs-2.parquet")
    rows.write_parquet(tmp_path / "jobs.parquet")
    many = trial_of({"jobs": JOBS | {"file": "jobs-*.parquet"}}, IN_JOBS)
    one = trial_of({"jobs": JOBS | {"file": "jobs.parquet"}}, IN_JOBS)
    people = people_of(a=DAY)
    found, expected = build_panel(many, tmp_path, people), build_panel(one, tmp_path, people)
    assert found.frame.equals(expected.frame)
    assert found.provenance["extract:jobs"] != expected.provenance["extract:jobs"]


@pytest.mark.parametrize("kind", [pl.Int32, pl.Float32, pl.Float64, pl.Decimal(9, 3), pl.String, pl.Decimal(30, 0)])
def test_numbers_of_any_type_are_the_same(kind: Any) -> None:
    rows = table("person_id start stop hours", ("a", DAY, None, 5.0), ("a", date(2015, 4, 1), None, 12345.0))
    rows = rows.with_columns(pl.col("hours").cast(kind))
    panel = panel_of(trial_of({"jobs": JOBS}, IN_JOBS), people_of(a=DAY), jobs=rows)
    assert values(panel, "hours") == [0, 5, 12350, 12350]


def test_a_32_bit_float_is_the_decimal_that_it_is_shown_as() -> None:
    rows = table("person_id start stop hours share", ("a", DAY, None, 7.3, 0.1))
    rows = rows.with_columns(pl.col("hours", "share").cast(pl.Float32))
    outcomes = IN_JOBS | {"tenth": {"register": "jobs", "measure": {"any": True, "where": {"share": Decimal("0.1")}}}}
    panel = panel_of(trial_of({"jobs": JOBS}, outcomes), people_of(a=DAY), jobs=rows)
    assert values(panel, "hours") == [0, 7.3, 7.3, 7.3]
    assert values(panel, "tenth") == [0, 1, 1, 1]


def test_nan_and_empty_text_are_missing() -> None:
    register = JOBS | {"columns": {"hours": {"decimals": 1, "missing": Decimal("2.5")}}}
    trial = trial_of({"jobs": register}, IN_JOBS)
    for missing in (float("nan"), "", None):
        panel = panel_of(trial, people_of(a=DAY), jobs=table("person_id start stop hours", ("a", DAY, None, missing)))
        assert values(panel, "hours") == [0, 2.5, 2.5, 2.5]
        assert notes(panel, "jobs")["missing_replaced:hours"] == 1


def test_dates_may_be_moments_or_text_and_columns_may_be_empty() -> None:
    starts: list[Any] = [DAY, datetime(2015, 3, 7, 14, 30), "2015-03-07"]
    for start in starts:
        rows = pl.DataFrame({"person_id": ["a"], "start": [start], "stop": [None], "hours": [4.0], "kind": [None]})
        outcomes = IN_JOBS | {"kind": {"register": "jobs", "measure": {"any": True, "where": {"kind": "x"}}}}
        panel = panel_of(trial_of({"jobs": JOBS}, outcomes), people_of(a=DAY), jobs=rows)
        assert values(panel, "in_work") == [0, 1, 1, 1]
        assert values(panel, "kind") == [0, 0, 0, 0]


def test_tables_may_be_arrow_and_hold_categories_and_odd_names() -> None:
    rows = table("person row since hours", ("a", DAY, None, 5.0)).with_columns(pl.col("person").cast(pl.Categorical))
    register = JOBS | {"person": "person", "start": "row", "stop": "since"}
    panel = build_panel_from(trial_of({"jobs": register}, IN_JOBS), {"jobs": rows.to_arrow()}, people_of(a=DAY))
    assert values(panel, "hours") == [0, 5, 5, 5]
    dictionary = rows.to_arrow().set_column(0, "person", pa.array(["a"]).dictionary_encode())
    again = build_panel_from(trial_of({"jobs": register}, IN_JOBS), {"jobs": dictionary}, people_of(a=DAY))
    assert again.frame.equals(panel.frame)


def test_pseudonyms_may_be_whole_numbers_in_the_extract() -> None:
    rows = table("person_id start stop hours", (17, DAY, None, 5.0))
    panel = panel_of(trial_of({"jobs": JOBS}, IN_JOBS), people_of(**{"17": DAY}), jobs=rows)
    assert values(panel, "hours", "17") == [0, 5, 5, 5]


def test_only_registers_in_use_are_read() -> None:
    trial = trial_of({"jobs": JOBS, "pay": PAY}, IN_JOBS)
    panel = panel_of(trial, people_of(a=DAY), jobs=table("person_id start stop hours", ("a", DAY, None, 5.0)))
    assert "extract:pay" not in panel.provenance


def test_nothing_is_covered() -> None:
    """Registers that end before anyone's window: every value is missing, none is zero."""
    covers = {"from": date(2001, 1, 1), "until": date(2001, 12, 31)}
    registers = {"jobs": JOBS | {"covers": covers}, "programmes": ABROAD | {"covers": covers}}
    trial = trial_of(registers, IN_JOBS, programmes={"se": [{"code": "SE"}]},
                     participation={"register": "programmes", "code": "code"})  # fmt: skip
    panel = panel_of(
        trial,
        people_of(a=DAY),
        jobs=table("person_id start stop hours", ("a", date(2000, 1, 1), None, 5.0)),
        programmes=table("person_id start stop code", ("a", date(2000, 1, 1), None, "SE")),
    )
    assert values(panel, "hours") == values(panel, "in_work") == values(panel, "participates_se") == [None] * 4


def test_states_are_known_beyond_the_coverage_of_their_registers() -> None:
    covers = {"from": date(2015, 1, 1), "until": date(2015, 2, 28)}
    registers = {"deaths": DEATHS | {"covers": covers}, "abroad": ABROAD | {"covers": covers}}
    trial = trial_of(registers, {}, population={"deaths": "deaths", "emigrations": "abroad"})
    panel = panel_of(
        trial,
        people_of(a=DAY, b=DAY),
        deaths=table("person_id day", ("a", date(2015, 2, 20))),
        abroad=table("person_id start stop", ("b", date(2015, 2, 20), None)),
    )
    assert values(panel, "dead", "a") == [False, True, True, True]
    assert values(panel, "abroad", "b") == [False, True, True, True]


def test_progress_is_told_of_every_register_and_column() -> None:
    told: list[tuple[Text, int, int]] = []
    rows = table("person_id start stop hours", ("a", DAY, None, 5.0))
    trial = trial_of({"jobs": JOBS}, IN_JOBS, programmes={"se": [{"code": "5.0"}]},
                     participation={"register": "jobs", "code": "kind"})  # fmt: skip
    build_panel_from(trial, {"jobs": rows.with_columns(kind=pl.lit("5.0"))}, people_of(a=DAY),
                     progress=lambda label, done, total: told.append((label, done, total)))  # fmt: skip
    assert [(done, total) for _, done, total in told] == [(i, 4) for i in range(4)]
    assert told[0][0]["nb"] == "Leser registeret jobs"
    assert "hours" in told[2][0]["en"]
