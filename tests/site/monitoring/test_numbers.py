"""Monitoring's numbers, by hand on few people and against slow counts on many."""

from __future__ import annotations

import math
from datetime import date, timedelta
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter

from lodd.protocol import month_index
from lodd.site.monitoring import shares
from lodd.site.monitoring.enrolment import draws_by_month, planned_draws
from lodd.site.monitoring.evidence import log_path, raised
from lodd.site.monitoring.inputs import FollowUpDates, Records, Selection
from lodd.site.monitoring.participation import missing_referrals, participation
from lodd.site.monitoring.requests import requests_by_arm, requests_by_stream
from lodd.site.monitoring.shares import stream_shares
from lodd.site.monitoring.waiting import share_by_day, waiting_times
from tests.site.monitoring.worlds import crowd, draw, request, trial

WHOLE = Selection()
TODAY = date(2020, 12, 1)


# Shares and the alarm -------------------------------------------------------------------------------------------------


def test_every_stream_is_counted_and_the_tilted_office_alarms() -> None:
    draws = crowd().draws
    rows = {(row.level, row.id): row for row in stream_shares(trial(), draws)}
    assert {level for level, _ in rows} == {"trial", "site", "office", "caseworker"}
    office = rows["office", "n2"]
    inside = [d for d in draws if d.office == "n2"]
    assert office.draws == len(inside)
    assert office.drawn == sum(d.arm == "se" for d in inside)
    assert office.declared == pytest.approx(0.4)
    assert office.by_chance == pytest.approx(math.sqrt(len(inside) * 0.24))
    path = log_path(np.array([d.arm == "se" for d in inside]), np.full(len(inside), 0.4))
    assert office.log_evidence == pytest.approx(path[-1])
    assert office.anytime_p == pytest.approx(math.exp(-max(path)))
    assert office.alarm
    assert not rows["office", "n1"].alarm
    assert not rows["office", "s1"].alarm


def test_no_alarm_where_lots_fall_as_declared() -> None:
    alarms = [any(r.alarm for r in stream_shares(trial(), crowd(300, None, seed).draws)) for seed in range(20)]
    assert sum(alarms) <= 2


def test_each_treated_arm_is_set_against_the_rest() -> None:
    shares = (Fraction(2, 5), Fraction(2, 5), Fraction(1, 5))
    given_ = {"conditional": shares, "marginal": shares}
    draws = [draw(i, arm, **given_) for i, arm in enumerate(["control", "se", "se", "work"])]
    rows = {r.arm: r for r in stream_shares(trial(("control", "se", "work")), draws) if r.id == "n1"}
    assert {arm: r.drawn for arm, r in rows.items()} == {"se": 2, "work": 1}
    assert {arm: r.declared for arm, r in rows.items()} == {"se": 0.4, "work": 0.2}


def test_without_marginals_the_conditional_probabilities_are_the_declared_and_certain_lots_say_nothing() -> None:
    draws = [draw(1, conditional=(0.0, 1.0), marginal=None), draw(2, conditional=(0.5, 0.5), marginal=None)]
    row = next(r for r in stream_shares(trial(), draws) if r.level == "office")
    assert (row.declared, row.informative, row.share) == (0.75, 1, 1.0)


def test_evidence_follows_the_conditional_probabilities_and_shares_the_schedules() -> None:
    """In blocks of two every second lot is certain: the schedule's halves would take them for open ones."""
    blocks = [
        draw(i, arm, conditional=(0.5, 0.5) if i % 2 else (0.0, 1.0), marginal=(0.5, 0.5))
        for i, arm in enumerate(["se", "control"] * 20)
    ]
    row = next(r for r in stream_shares(trial(), blocks) if r.id == "n1")
    path = log_path(np.zeros(20, dtype=bool), np.full(20, 0.5))
    assert (row.informative, row.declared) == (20, 0.5)
    assert row.log_evidence == pytest.approx(path[-1])


@pytest.mark.parametrize("arms", [("control", "se"), ("control", "se", "work")])
def test_all_streams_together_have_no_more_than_the_whole_error_rate(
    arms: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[np.ndarray] = []

    def spy(log_evidence: np.ndarray, weight: np.ndarray, alpha: float) -> np.ndarray:
        seen.append(weight)
        return raised(log_evidence, weight, alpha)

    monkeypatch.setattr(shares, "raised", spy)
    even = (1 / len(arms),) * len(arms)
    stream_shares(trial(arms), [draw(i, caseworker=f"c{i}", conditional=even, marginal=even) for i in range(40)])
    assert seen[0].sum() <= 1
    assert seen[0][: len(arms) - 1].sum() == pytest.approx(1 / 4), "the trial's level"
    assert seen[0][-40:].sum() < 1 / 4, "the caseworkers'"


def test_a_trial_without_draws_has_streams_without_shares() -> None:
    rows = stream_shares(trial(), [])
    assert {row.level for row in rows} == {"trial", "site", "office"}
    assert all(math.isnan(row.share) and row.log_evidence == 0 and not row.alarm for row in rows)


def test_who_has_no_caseworker_is_in_no_caseworkers_stream() -> None:
    rows = stream_shares(trial(), [draw(1, caseworker=None)])
    assert not [row for row in rows if row.level == "caseworker"]


# Draws against plan ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("site", "month", "today", "planned"),
    [
        ("north", date(2020, 1, 1), TODAY, 17.0),
        ("north", date(2020, 2, 1), TODAY, 31.0),
        ("north", date(2020, 2, 1), date(2020, 2, 1), 31 / 29),
        ("north", date(2020, 2, 1), date(2020, 1, 31), 0.0),
        ("south", date(2020, 2, 1), TODAY, 0.0),
        ("south", date(2020, 3, 1), TODAY, 10.0),
    ],
)
def test_parts_of_months_are_planned_by_their_days(site: str, month: date, today: date, planned: float) -> None:
    assert planned_draws(trial(), site, month_index(month), today) == pytest.approx(planned)


def test_draws_are_counted_by_month_and_site() -> None:
    draws = [draw(1), draw(2, day=date(2020, 3, 31)), draw(3, office="s1"), draw(4, day=date(2020, 1, 2))]
    rows = draws_by_month(trial(), draws, date(2020, 4, 15), WHOLE)
    assert [(r.site, r.month.month) for r in rows] == [(s, m) for s in ("north", "south") for m in range(1, 5)]
    assert [r.drawn for r in rows] == [1, 0, 2, 0, 0, 0, 1, 0]
    assert rows[3].planned == pytest.approx(15.5)
    office = draws_by_month(trial(), draws, date(2020, 4, 15), Selection(office="n2"))
    assert {(r.site, r.planned, r.drawn) for r in office} == {("north", None, 0)}
    site = draws_by_month(trial(), draws, date(2020, 4, 15), Selection(site="south"))
    assert sum(r.drawn for r in site) == 1


def test_before_enrolment_opens_nothing_is_planned_and_nobody_drawn() -> None:
    rows = draws_by_month(trial(), [], date(2019, 5, 1), WHOLE)
    assert [(row.month, row.drawn, row.planned) for row in rows] == [(date(2020, 1, 1), 0, 0.0)] * 2


# Waiting --------------------------------------------------------------------------------------------------------------


def followed(*dates: FollowUpDates) -> Records:
    return Records([draw(i) for i in range(1, 6)], (), dates)


def day(n: int) -> date:
    return date(2020, 3, 1) + timedelta(days=n)


def test_time_to_each_step_with_those_who_wait() -> None:
    records = followed(
        FollowUpDates(1, day(2), "se", ((day(10), "se"),)),
        FollowUpDates(2, day(4), "se", ((day(-3), "se"), (day(40), "se"))),
        FollowUpDates(3, withdrawn=day(5)),
        FollowUpDates(4, erroneous=True),
    )
    found = {row.step: row for row in waiting_times(("se",), records, day(20))}
    referral = found["referral"]
    assert (referral.people, referral.happened, referral.waiting, referral.withdrawn) == (4, 2, 1, 1)
    assert referral.quartiles == (2, 4, None)
    assert referral.by_day[:5] == pytest.approx((0, 0, 0.25, 0.25, 0.5))
    assert len(referral.by_day) == 21
    start = found["start"]
    assert (start.happened, start.waiting, start.withdrawn, start.quartiles) == (1, 2, 1, (10, None, None))
    after = found["referral_to_start"]
    assert (after.people, after.happened, after.waiting, after.quartiles[0]) == (2, 1, 1, 8)


def test_nobody_gives_no_curve() -> None:
    row = waiting_times(("se",), Records(()), TODAY)[0]
    assert (row.people, row.quartiles, row.by_day) == (0, (None, None, None), ())


@given(st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=1, max_size=40))
def test_the_share_by_day_is_kaplan_and_meiers(spans: list[tuple[int, bool]]) -> None:
    days, happened = np.array([d for d, _ in spans]), np.array([h for _, h in spans])
    share = share_by_day(days, happened)
    oracle = KaplanMeierFitter().fit(days, happened).survival_function_at_times(range(int(days.max()) + 1))
    np.testing.assert_allclose(share, 1 - oracle.to_numpy(), atol=1e-12)


# Participation and referrals ------------------------------------------------------------------------------------------


def test_participation_against_allocation() -> None:
    records = Records(
        [draw(i, "se" if i < 6 else "control") for i in range(1, 8)],
        (),
        (
            FollowUpDates(1, started=((day(1), "se"),)),
            FollowUpDates(2, started=((day(1), "control"),), referred_to="control"),
            FollowUpDates(3, started=((day(1), "se"), (day(9), "control")), withdrawn=day(2)),
            FollowUpDates(4, started=((day(-1), "se"), (day(3), ""))),
            FollowUpDates(6, started=((day(1), "se"),), erroneous=True),
        ),
    )
    control, se = participation(("control", "se"), records)
    assert (se.drawn, se.own, se.other, se.both, se.none) == (5, 1, 1, 1, 2)
    assert (se.started_in, se.referred_elsewhere, se.withdrawn) == ((2, 2), 1, 1)
    assert (control.drawn, control.other, control.none, control.erroneous) == (2, 1, 1, 1)


def test_participation_adds_up() -> None:
    records = crowd(200)
    for row in participation(("control", "se"), records):
        assert row.drawn == row.own + row.other + row.both + row.none
        assert sum(row.started_in) == row.own + row.other + 2 * row.both
    assert sum(row.drawn for row in participation(("control", "se"), records)) == 200


def test_missing_referrals_are_those_older_than_the_declared_days() -> None:
    records = Records(
        [draw(1), draw(2, day=day(-5)), draw(3), draw(4), draw(5), draw(6), draw(7, day=day(1))],
        (),
        (
            FollowUpDates(3, referred=day(9)),
            FollowUpDates(4, withdrawn=day(3)),
            FollowUpDates(5, erroneous=True),
            FollowUpDates(6, started=((day(2), "se"),)),
        ),
    )
    late = missing_referrals(("control", "se"), records, day(15), 14)
    assert [(one.seq, one.days) for one in late] == [(2, 20), (1, 15)]
    assert [one.seq for one in missing_referrals(("control", "se"), records, day(14), 14)] == [2]


# Repeated requests ----------------------------------------------------------------------------------------------------


def test_repeated_requests_by_stream_and_by_first_answer() -> None:
    records = Records(
        [draw(1), draw(2, "control"), draw(3, "control", office="s1")],
        [request(4, 2), request(5, 2, "s1", None), request(6, 3, "s1", "s1-a")],
    )
    control, se = requests_by_arm(("control", "se"), records, WHOLE)
    assert (control.drawn, control.people, control.requests) == (2, 2, 3)
    assert (se.drawn, se.people, se.requests) == (1, 0, 0)
    rows = {(r.level, r.id): r for r in requests_by_stream(records, WHOLE)}
    south = rows["site", "south"]
    assert (south.draws, south.requests, south.people, south.drawn_elsewhere) == (1, 2, 2, 1)
    assert rows["caseworker", "s1-a"].requests == 1
    north = requests_by_stream(records, Selection(site="north"))
    assert {row.id for row in north} == {"north", "n1", "n1-a"}
    part = requests_by_arm(("control", "se"), records, Selection(site="north"))
    assert part[0].requests == 2, "asked for anywhere, of those drawn here"


def test_a_part_has_its_own_follow_up() -> None:
    records = crowd(100)
    part = records.part(Selection(office="s1"))
    assert {d.office for d in part.draws} == {"s1"}
    assert {f.seq for f in part.follow_up} <= {d.seq for d in part.draws}
    assert records.part(WHOLE) is records
    assert len(records.part(Selection(caseworker="s1-a")).draws) < len(part.draws)
