"""The fast panel equals the slow truth, whatever the registers hold and the protocol declares.

Odd corners are looked for here; ``test_panel_crowd.py`` goes through the rules one by one. Few, fixed examples by
default; ``LODD_EXAMPLES=50`` runs fifty times as many, new ones each time, ``LODD_EXAMPLES=0.2`` a fifth.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from lodd.errors import DataError
from lodd.protocol.model import Trial
from lodd.protocol.types import Participants
from lodd.registers import build_panel_from, reference_panel
from lodd.registers.reference import RefusedError
from tests.registers.small import people_of, trial_of

MORE = float(os.environ.get("LODD_EXAMPLES", "1"))
PEOPLE = "abcd"
ENDLESS = date(9999, 12, 31)
CODES = ("x", "y", "z")
AGGREGATES = ("any", "count", "sum", "count_distinct")
DISTINCT = ("employer", "rank", "hours", "share")


def examples(count: int) -> settings:
    return settings(max_examples=max(1, round(count * MORE)), deadline=None, derandomize=MORE <= 1)


def assert_panel_is_true(trial: Trial, tables: Mapping[str, pl.DataFrame], participants: Participants) -> None:
    rows = {name: table.to_dicts() for name, table in tables.items()}
    try:
        expected = reference_panel(trial, rows, participants)
    except RefusedError:
        event("refused")
        with pytest.raises(DataError):
            build_panel_from(trial, tables, participants)
        return
    panel = build_panel_from(trial, tables, participants)
    assert panel.frame.columns == expected.columns
    assert_frame_equal(panel.frame, expected, check_exact=True)


# What registers hold ------------------------------------------------------------------------------------------------

EDGES = st.sampled_from(
    [date(2016, m, d) for m in range(1, 7) for d in (1, 2, 15, 16, 17, 28)]
    + [date(2016, 2, 29), date(2016, 1, 31), date(2016, 3, 31), date(2016, 4, 30), date(2015, 12, 31)]
)
DAYS = EDGES | st.dates(date(2015, 11, 1), date(2016, 7, 31))
PERSON = st.sampled_from(PEOPLE + "?")  # "?" was never drawn


@st.composite
def spells(draw: st.DrawFn) -> tuple[date | None, date | None]:
    start = draw(DAYS | DAYS | DAYS | st.just(date(1990, 1, 1)))
    days = st.integers(-1, 120) | st.integers(0, 5)
    stop = draw(days.map(lambda n: start + timedelta(days=n)) | st.sampled_from([None, ENDLESS, date(2030, 1, 1)]))
    return (start if draw(st.integers(0, 12)) else None), stop


def tenths(least: int, most: int) -> st.SearchStrategy[Decimal | None]:
    number = st.integers(least, most).map(lambda n: Decimal(n) / 10)
    return number | number | number | number | st.none()


KINDS: Mapping[str, Any] = {
    "start": pl.Date, "stop": pl.Date, "registered": pl.Date, "day": pl.Date, "rank": pl.Int64, "full": pl.Boolean,
    "share": pl.Float64, "hours": pl.Decimal(12, 1), "amount": pl.Decimal(12, 1),
}  # fmt: skip


@st.composite
def tables(draw: st.DrawFn, columns: Mapping[str, st.SearchStrategy[Any]], **kinds: Any) -> pl.DataFrame:
    """Rows of these columns (``spell`` is spread over ``start`` and ``stop``), some of them twice."""
    # long lists: a property that most examples leave untouched tests nothing
    rows = draw(st.lists(st.tuples(*columns.values()), min_size=draw(st.sampled_from([0, 20, 20, 20])), max_size=40))
    if rows:
        rows += draw(st.lists(st.sampled_from(rows), max_size=3))
    held: dict[str, list[Any]] = {name: [row[i] for row in rows] for i, name in enumerate(columns)}
    if "spell" in held:
        spell = held.pop("spell")
        held |= {"start": [start for start, _ in spell], "stop": [stop for _, stop in spell]}
    known = {name: {**KINDS, **kinds}.get(name, pl.String) for name in held}
    table = pl.DataFrame({name: pl.Series(name, column, dtype=known[name]) for name, column in held.items()})
    numbers = [name for name in held if isinstance(known[name], pl.Decimal)]
    return table.with_columns(stored(pl.col(n), draw(st.sampled_from(["float", "text", "exact"]))) for n in numbers)


def stored(column: pl.Expr, how: str) -> pl.Expr:
    if how == "exact":
        return column
    return column.cast(pl.Float64) if how == "float" else column.cast(pl.String)


JOBS_HOLD: Mapping[str, st.SearchStrategy[Any]] = {
    "person_id": PERSON,
    "spell": spells(),
    "employer": st.sampled_from([*CODES, None]),
    "hours": tenths(-5, 60),
    "share": st.sampled_from([0.1, 0.25, 0.3, 1.0, None]),
    "rank": st.sampled_from([1, 2, 3, None]),
    "full": st.sampled_from([True, False, None]),
    "record": st.sampled_from(["1", "2", "3", "4", "5", "6", None]),
    "registered": st.sampled_from([date(2016, 1, 1), date(2016, 2, 1), date(2016, 3, 1), None]),
}

# What protocols declare ---------------------------------------------------------------------------------------------

COVERS = st.builds(
    lambda since, until: {"from": since, "until": until},
    st.sampled_from([date(2015, 1, 1), date(2016, 1, 1), date(2016, 2, 2), date(2016, 2, 1)]),
    st.sampled_from([date(2017, 12, 31), date(2016, 5, 31), date(2016, 5, 30), date(2016, 4, 30)]),
)
MISSING = st.sampled_from(["exclude", "exclude", "2.5", "2.5", "0", "0", "error"])
DUPLICATES = st.sampled_from(["drop", "drop", "drop", "keep", "keep", "keep", "error"])
VERSIONS = st.sampled_from([{}, {"record": ["record"], "registered": "registered"}, {"registered": "registered"}])
MERGE = st.sampled_from([None, *({"by": ["employer"], "overlap": how} for how in ("latest", "sum", "max")),
                         {"by": ["employer", "rank"], "overlap": "latest"}])  # fmt: skip
WHERE = st.sampled_from(
    [
        {},
        {},
        {"employer": "x"},
        {"employer": ["x", "y"]},
        {"employer": {"not_in": ["x"]}},
        {"hours": {"at_least": "2.05"}},
        {"hours": {"at_least": "1", "below": "4.5"}},
        {"hours": [Decimal("2.5"), 3, Decimal("0.05")]},
        {"share": Decimal("0.1")},
        {"share": {"at_least": "0.25", "not_in": [1]}},
        {"rank": {"below": "2.5"}},
        {"rank": [1, 3]},
        {"full": True},
        {"full": False, "employer": ["x", "z"]},
    ]
)
EXIT = st.sampled_from(["missing", "zero"])


@st.composite
def outcomes(
    draw: st.DrawFn, register: str, aggregate: str, *, number: str, columns: tuple[str, ...], status: bool
) -> dict[str, Any]:
    measured: dict[str, Any] = {
        "any": True,
        "count": True,
        "sum": number,
        "count_distinct": draw(st.sampled_from(columns)),
    }
    measure = {aggregate: measured[aggregate], "where": draw(WHERE if status else st.just({}))}
    if aggregate != "any" and draw(st.booleans()):
        measure["at_least"] = draw(st.sampled_from([Decimal(1), Decimal(2), Decimal("3.5"), Decimal("4.0")]))
    outcome = {"register": register, "measure": measure, "after_death": draw(EXIT), "after_emigration": draw(EXIT)}
    if status:
        outcome["counts"] = draw(st.sampled_from([None, "any day", "any day", "first day", "last day", "day 16"]))
    return outcome


@st.composite
def jobs(draw: st.DrawFn) -> dict[str, Any]:
    declared = {"file": "r.parquet", "temporality": "status", "start": "start", "stop": "stop"}
    columns = {"hours": {"decimals": 1, "missing": draw(MISSING)}}
    return declared | draw(VERSIONS) | {
        "covers": draw(COVERS), "merge": draw(MERGE), "duplicates": draw(DUPLICATES), "columns": columns,
    }  # fmt: skip


def drawn(dates: tuple[date, ...]) -> Participants:
    return people_of(**dict(zip(PEOPLE, dates, strict=True)))


DRAWN = st.tuples(*(st.dates(date(2016, 3, 1), date(2016, 5, 31)) for _ in PEOPLE)).map(drawn)

# The properties -----------------------------------------------------------------------------------------------------


@examples(12)
@given(
    jobs(),
    st.tuples(*(outcomes("jobs", a, number="hours", columns=DISTINCT, status=True) for a in AGGREGATES)),
    tables(JOBS_HOLD),
    DRAWN,
)
def test_status_registers(
    register: dict[str, Any], declared: tuple[dict[str, Any], ...], table: pl.DataFrame, participants: Participants
) -> None:
    trial = trial_of({"jobs": register}, {f"y{i}": y for i, y in enumerate(declared)}, window=(2, 2))
    assert_panel_is_true(trial, {"jobs": table}, participants)


MONTHS = {
    "dates": DAYS,
    "text": st.sampled_from(["2016-01", "2016-02", "2016-04", "2016-05-31", "201603", ""]),
    "numbers": st.sampled_from([201512, 201601, 201602, 201604, 201606]),
}
YEARS = {"dates": DAYS, "text": st.sampled_from(["2015", "2016", "2016-05"]), "numbers": st.sampled_from([2015, 2016])}


@st.composite
def amounts(draw: st.DrawFn) -> tuple[dict[str, Any], pl.DataFrame]:
    period, how = draw(st.sampled_from(["month", "year"])), draw(st.sampled_from(["dates", "text", "numbers"]))
    month = (MONTHS if period == "month" else YEARS)[how] | st.none()
    columns = {
        "person_id": PERSON,
        "month": month,
        "amount": tenths(-50, 500),
        "source": st.sampled_from([*CODES, None]),
    }
    register = {
        "file": "r.parquet", "temporality": "accumulated", "start": "month", "period": period, "covers": draw(COVERS),
        "duplicates": draw(DUPLICATES), "columns": {"amount": {"decimals": 1, "missing": draw(MISSING)}},
    }  # fmt: skip
    return register, draw(tables(columns, month={"dates": pl.Date, "text": pl.String, "numbers": pl.Int64}[how]))


@st.composite
def events(draw: st.DrawFn) -> tuple[dict[str, Any], pl.DataFrame]:
    columns = {"person_id": PERSON, "day": DAYS | st.none(), "amount": tenths(-50, 500)}
    named = {
        "source": st.sampled_from([*CODES, None]),
        "record": JOBS_HOLD["record"],
        "registered": JOBS_HOLD["registered"],
    }
    register = {
        "file": "r.parquet", "temporality": "event", "start": "day", "covers": draw(COVERS), **draw(VERSIONS),
        "duplicates": draw(DUPLICATES), "columns": {"amount": {"decimals": 1, "missing": draw(MISSING)}},
    }  # fmt: skip
    return register, draw(tables(columns | named))


@examples(8)
@given(
    amounts() | events(),
    st.tuples(*(outcomes("r", a, number="amount", columns=("source", "amount"), status=False) for a in AGGREGATES)),
    DRAWN,
)
def test_accumulated_and_event_registers(
    register: tuple[dict[str, Any], pl.DataFrame], declared: tuple[dict[str, Any], ...], participants: Participants
) -> None:
    trial = trial_of({"r": register[0]}, {f"y{i}": y for i, y in enumerate(declared)}, window=(2, 2))
    assert_panel_is_true(trial, {"r": register[1]}, participants)


def rules(draw: st.DrawFn) -> dict[str, Any]:
    return {"after_death": draw(EXIT), "after_emigration": draw(EXIT)}


@st.composite
def trials_with_population(draw: st.DrawFn) -> tuple[Trial, dict[str, pl.DataFrame]]:
    """Jobs, deaths, stays abroad, programmes with dated codes, and combinations of combinations."""
    spell = {"file": "r.parquet", "temporality": "status", "start": "start", "stop": "stop"}
    day = {"file": "r.parquet", "temporality": "event", "start": "day"}
    registers = {name: kind | {"covers": draw(COVERS)} for name, kind in
                 {"jobs": spell, "programmes": spell, "abroad": spell, "deaths": day}.items()}  # fmt: skip
    outcomes = {
        "outer": {"any_of": ["inner", "taught"], "none_of": ["none"]} | rules(draw),
        "work": {"register": "jobs", "measure": {"any": True}} | rules(draw),
        "taught": {"register": "programmes", "measure": {"any": True, "where": {"code": "x"}}} | rules(draw),
        "inner": {"all_of": ["work", "taught"]} | rules(draw),
        "none": {"none_of": ["work", "taught"]} | rules(draw),
    }
    codes = st.builds(lambda code, since, until: {"code": code, "from": since, "until": until},
                      st.sampled_from(CODES), DAYS | st.none(), DAYS | st.none())  # fmt: skip
    programmes = {arm: draw(st.lists(codes, max_size=2)) for arm in ("control", "se")}
    trial = trial_of(registers, outcomes, window=(2, 2), programmes=programmes,
                     population={"deaths": "deaths", "emigrations": "abroad"},
                     participation={"register": "programmes", "code": "code"})  # fmt: skip
    columns = {"person_id": PERSON, "spell": spells()}
    held = {"jobs": columns, "abroad": columns, "programmes": columns | {"code": st.sampled_from(CODES)},
            "deaths": {"person_id": PERSON, "day": DAYS}}  # fmt: skip
    return trial, {name: draw(tables(column)) for name, column in held.items()}


@examples(6)
@given(trials_with_population(), DRAWN)
def test_population_participation_and_combinations(
    trial: tuple[Trial, dict[str, pl.DataFrame]], participants: Participants
) -> None:
    assert_panel_is_true(*trial, participants)
