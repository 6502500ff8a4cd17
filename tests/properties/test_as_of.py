"""The panel as known on a day equals the slow truth, however versions are dated, and later versions leave no trace."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from lodd.errors import DataError
from lodd.protocol.types import Participants
from lodd.registers import build_panel_from
from lodd.registers.reference_versions import is_known
from tests.properties.test_panel import AGGREGATES, DISTINCT, DRAWN, JOBS_HOLD, assert_panel_is_true, examples, jobs
from tests.properties.test_panel import outcomes as outcomes_of
from tests.properties.test_panel import tables as tables_of
from tests.registers.small import trial_of

NORWAY = ZoneInfo("Europe/Oslo")
MOMENTS = [
    datetime(2016, month, day, hour, minute, second)
    for month, day in ((1, 31), (3, 26), (3, 27), (4, 1), (7, 1))
    for hour, minute, second in ((0, 0, 0), (0, 30, 0), (22, 30, 1), (23, 59, 59))
]
AS_OF = st.sampled_from([None, *(date(2016, m, d) for m, d in ((1, 30), (1, 31), (3, 26), (3, 27), (4, 1), (6, 30)))])
WAYS: Mapping[str, Any] = {
    "days": lambda at: at.date(),
    "moments": lambda at: at + timedelta(microseconds=at.second),
    "universal": lambda at: at.replace(tzinfo=UTC),
    "text": lambda at: at.date().isoformat() if at.second else at.isoformat(sep=" ", timespec="minutes"),
    "text with a zone": lambda at: at.replace(tzinfo=UTC if at.second else NORWAY).isoformat(),
}
KINDS = {"days": pl.Date, "moments": pl.Datetime("us"), "universal": pl.Datetime("us", "UTC")}


@st.composite
def versions(draw: st.DrawFn) -> pl.DataFrame:
    """Jobs registered at some moment, in one of the ways that registers say it, and some of them taken back."""
    way = draw(st.sampled_from(sorted(WAYS)))
    registered = st.sampled_from(MOMENTS).map(WAYS[way]) | st.none()
    columns = JOBS_HOLD | {"registered": registered, "status": st.sampled_from(["OK", "OK", " VOID ", "void", None])}
    return draw(tables_of(columns, registered=KINDS.get(way, pl.String)))


TAKEN_BACK = st.sampled_from([None, {"column": "status", "values": ["VOID", "GONE"]}])


@examples(3)
@given(
    jobs(),
    st.tuples(*(outcomes_of("jobs", a, number="hours", columns=DISTINCT, status=True) for a in AGGREGATES)),
    versions(),
    DRAWN,
    st.tuples(AS_OF, TAKEN_BACK),
)
def test_as_known_on_a_day(
    register: dict[str, Any],
    declared: tuple[dict[str, Any], ...],
    table: pl.DataFrame,
    participants: Participants,
    known: tuple[date | None, dict[str, Any] | None],
) -> None:
    as_of, withdrawn = known
    outcomes = {f"y{i}": outcome for i, outcome in enumerate(declared)}
    analysis = {"window": {"before": 2, "after": 2}, "as_of": as_of}
    trial = trial_of({"jobs": register | {"withdrawn": withdrawn}}, outcomes, analysis=analysis)
    assert_panel_is_true(trial, {"jobs": table}, participants)
    if as_of is None or "registered" not in register:
        return
    then = table.filter(pl.Series([is_known(at, as_of) for at in table["registered"]], dtype=pl.Boolean))
    if then.height and not _refused(trial, table, participants):
        found = build_panel_from(trial, {"jobs": table}, participants).frame
        assert_frame_equal(found, build_panel_from(trial, {"jobs": then}, participants).frame)


def _refused(trial: Any, table: pl.DataFrame, participants: Participants) -> bool:
    try:
        build_panel_from(trial, {"jobs": table}, participants)
    except DataError:
        return True
    return False
