"""From months to days: every month of a state has a day of a spell, and no other month has any."""

from __future__ import annotations

from datetime import date

import numpy as np
from hypothesis import given
from hypothesis import settings as with_settings
from hypothesis import strategies as st

from lodd.protocol.months import month_index
from lodd.simulate.calendar import OPEN, Calendar, dates, day_number
from lodd.simulate.exits import Exits, exits_after_draw
from lodd.simulate.settings import Exits as ExitSettings
from lodd.simulate.spells import DayFields, Spells, clip_to_exits, spells_of

CALENDAR = Calendar(month_index(date(2014, 11, 1)), 20)


def covered_months(spells: Spells, people: int) -> np.ndarray:
    """Slow: which months have a day of a spell."""
    covered = np.zeros((people, CALENDAR.months), dtype=bool)
    for person, start, stop in zip(spells.person, spells.start, spells.stop, strict=True):
        for month in range(CALENDAR.months):
            if start < CALENDAR.starts[month + 1] and stop >= CALENDAR.starts[month]:
                covered[person, month] = True
    return covered


@with_settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32), st.floats(0.1, 0.9), st.floats(0, 1), st.booleans())
def test_spells_cover_exactly_the_months_of_the_state(seed: int, share: float, edges: float, contracts: bool):
    rng = np.random.default_rng(seed)
    state = rng.random((12, CALENDAR.months)) < share
    contract = np.cumsum(rng.random(state.shape) < 0.3, axis=1) if contracts else None
    spells = spells_of(state, DayFields.drawn(rng, 12, CALENDAR, edges), CALENDAR, contract)
    assert (spells.start <= spells.stop).all()
    assert np.array_equal(covered_months(spells, 12), state)
    order = np.lexsort((spells.start, spells.person))
    same = spells.person[order][1:] == spells.person[order][:-1]
    gaps = spells.start[order][1:] - spells.stop[order][:-1]
    assert (gaps[same] >= 1).all() or contracts, "one person's spells of one state do not overlap"
    assert (gaps[same] >= 0).all()


def test_a_change_of_contract_follows_the_day_before():
    state = np.ones((1, CALENDAR.months), dtype=bool)
    contract = (np.arange(CALENDAR.months) >= 5).astype(int)[None, :]
    spells = spells_of(state, DayFields.drawn(np.random.default_rng(3), 1, CALENDAR, 0.0), CALENDAR, contract)
    assert len(spells.person) == 2
    assert spells.start[1] == spells.stop[0] + 1
    assert CALENDAR.position(spells.start)[1] == 5
    assert spells.start[0] <= CALENDAR.starts[0]
    assert spells.stop[1] == OPEN
    assert dates(spells.stop)[1] is None


@with_settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_nothing_happens_after_death_or_abroad(seed: int):
    rng = np.random.default_rng(seed)
    drawn = np.full(30, day_number(date(2014, 12, 3)))
    rates = ExitSettings(basis="assumption", deaths=0.6, emigrations=0.6, returns=0.6, months_abroad=2)
    exits = exits_after_draw(rates, drawn, CALENDAR, rng)
    state = (rng.random((30, CALENDAR.months)) < 0.7) & exits.present(CALENDAR)
    spells = clip_to_exits(spells_of(state, DayFields.drawn(rng, 30, CALENDAR, 0.3), CALENDAR), exits, CALENDAR)
    assert (spells.start <= spells.stop).all()
    assert np.array_equal(covered_months(spells, 30), state)
    assert (spells.stop <= exits.death[spells.person]).all()
    first_after_exit = CALENDAR.starts[CALENDAR.position(exits.emigrated.clip(max=CALENDAR.starts[-1] - 1)) + 1]
    long_stay = exits.returned >= first_after_exit
    inside = (spells.start > exits.emigrated[spells.person]) & (spells.stop < exits.returned[spells.person])
    assert not (inside & long_stay[spells.person]).any()


def test_present_is_judged_on_the_first_day_of_the_month():
    def days(*given: date | None) -> np.ndarray:
        return np.array([OPEN if day is None else day_number(day) for day in given])

    exits = Exits(
        death=days(date(2015, 1, 1), date(2014, 12, 31), None, None),
        emigrated=days(None, None, date(2015, 1, 1), date(2015, 1, 2)),
        returned=days(None, None, date(2015, 3, 1), date(2015, 1, 31)),
    )
    january = CALENDAR.position(days(date(2015, 1, 1)))[0]
    present = exits.present(CALENDAR)[:, january : january + 4]
    assert present.tolist() == [
        [True, False, False, False],
        [False, False, False, False],
        [False, False, False, True],
        [True, True, True, True],
    ]
