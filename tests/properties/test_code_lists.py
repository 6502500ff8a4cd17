"""Conditions on code lists held to the slow truth, for lists whose codes change their meaning."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodd.errors import DataError
from lodd.registers import build_panel_from, reference_panel
from lodd.registers.reference_versions import RefusedError
from tests.properties.test_panel import examples
from tests.registers.small import ABROAD, PAY, VISITS, people_of, trial_of

PEOPLE = people_of(a=date(2015, 3, 7), b=date(2015, 4, 30))
FIRST = date(2015, 1, 30)
REGISTERS: list[Any] = [ABROAD, VISITS, PAY, PAY | {"period": "year"}]

days = st.integers(0, 120).map(lambda number: FIRST + timedelta(days=number))
groups = st.sampled_from(["x", "y", None])


@st.composite
def code_lists(draw: st.DrawFn) -> dict[str, Any]:
    """Codes whose periods follow each other, with gaps."""
    codes = []
    for code in draw(st.sets(st.sampled_from(["1", "01", "a b", "æ"]), min_size=1)):
        ends = sorted(draw(st.sets(days, min_size=2, max_size=6)))
        spans = list(zip(ends[::2], ends[1::2], strict=False))
        for i, (since, until) in enumerate(spans):
            entry = {"code": code, "group": draw(groups), "groups": {"other": "x"} if draw(st.booleans()) else {}}
            entry |= {"from": since} if i or draw(st.booleans()) else {}
            codes.append(entry | ({"until": until} if i < len(spans) - 1 or draw(st.booleans()) else {}))
    return {"codes": codes, "unknown": draw(st.sampled_from(["error", "excluded", "excluded"]))}


records = st.lists(
    st.fixed_dictionaries(
        {
            "person_id": st.sampled_from("abz"),
            "start": st.none() | days,
            "stop": st.none() | days,
            "code": st.sampled_from(["1", "01", "a b", "æ", "unknown", None]),
        }
    ),
    max_size=8,
)


@pytest.mark.long
@examples(40)
@given(register=st.sampled_from(REGISTERS), codes=code_lists(), rows=records)
def test_the_fast_panel_is_the_slow_one(register: Any, codes: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    conditions: dict[str, Any] = {
        "x": {"list": "codes", "group": "x"},
        "both": {"list": "codes", "group": ["x", "y"]},
        "other": {"list": "codes", "group": "x", "by": "other"},
    }
    counted = {
        name: {"register": "r", "measure": {"count": True, "where": {"code": wanted}}}
        for name, wanted in conditions.items()
    }
    trial = trial_of({"r": register | {"start": "start"}}, counted, code_lists={"codes": codes})
    schema = {"person_id": pl.String, "start": pl.Date, "stop": pl.Date, "code": pl.String, "amount": pl.Int64}
    table = pl.DataFrame([row | {"amount": 1} for row in rows], schema=schema)
    try:
        slow = reference_panel(trial, {"r": table.to_dicts()}, PEOPLE)
    except RefusedError:
        with pytest.raises(DataError, match="the code list codes does not have"):
            build_panel_from(trial, {"r": table}, PEOPLE)
        return
    assert build_panel_from(trial, {"r": table}, PEOPLE).frame.select(slow.columns).equals(slow)
