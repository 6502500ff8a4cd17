"""What passes through the sequencer, in which order, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from fractions import Fraction

import pytest

from lodd.allocation import Design, DrawRequest, Sequencer
from lodd.errors import DataError, UsageError
from lodd.protocol.draw import ScheduleRow
from lodd.protocol.model import Trial
from tests.allocation.cases import CONTEXT, mac_of

MakeTrial = Callable[..., Trial]
DAY = date(2020, 2, 3)
HALF = Fraction(1, 2)


def sequencer_of(trial: Trial, key: int = 1) -> Sequencer:
    return Design.from_trial(trial).sequencer(mac_of(key), CONTEXT)


def person(name: object, office: str = "n1", day: date = DAY, **factors: str) -> DrawRequest:
    return DrawRequest(str(name), office, day, factors)


def arms(sequencer: Sequencer, *names: object, **factors: str) -> list[int]:
    return [sequencer.draw(person(name, **factors)).arm for name in names]


# Bad input


def test_unknown_office_and_days_outside(make_trial: MakeTrial):
    sequencer = sequencer_of(make_trial())
    with pytest.raises(DataError, match='"x9" is not in the protocol'):
        sequencer.draw(person(1, "x9"))
    with pytest.raises(DataError, match="2021-01-01 is outside enrolment") as caught:
        sequencer.draw(person(1, day=date(2021, 1, 1)))
    assert "2020-01-01 til 2020-12-31" in caught.value.render("nb")


def test_a_day_that_the_schedule_leaves_out(make_trial: MakeTrial):
    row = {
        "site": "north",
        "from": date(2020, 1, 1),
        "until": date(2020, 1, 31),
        "probability": {"a": "0.5", "b": "0.1"},
    }
    sequencer = sequencer_of(make_trial(schedule=[row]))
    sequencer.draw(person(1, day=date(2020, 1, 31)))
    with pytest.raises(DataError, match="n1 has no probability on 2020-02-03"):
        sequencer.draw(person(1))


@pytest.mark.parametrize("draw", [{"method": "minimisation", "factors": ["female"]}, {"strata": ["female"]}])
def test_a_missing_factor_is_asked_for_and_nothing_is_remembered(make_trial: MakeTrial, draw: dict[str, object]):
    sequencer, untouched = sequencer_of(make_trial(**draw)), sequencer_of(make_trial(**draw))
    with pytest.raises(DataError, match='the value of "female" is missing'):
        sequencer.draw(person(1))
    assert arms(sequencer, *range(9), female="y") == arms(untouched, *range(9), female="y")


def test_batches_are_nominated_then_decided_then_drawn(make_trial: MakeTrial):
    sequencer = sequencer_of(make_trial(method="complete", strata=("batch",), schedule=()))
    request = DrawRequest("1", "n1", DAY, batch="x")
    with pytest.raises(DataError, match="which batch"):
        sequencer.draw(person(1))
    with pytest.raises(DataError, match='"x" has not been nominated'):
        sequencer.draw(request)
    with pytest.raises(DataError, match='"x" has not been nominated'):
        sequencer.batch_beacon("x", b"1")
    sequencer.nominate("x", ["1", "2", "3"], [1, 1, 1])
    with pytest.raises(DataError, match='"x" awaits'):
        sequencer.draw(request)
    with pytest.raises(DataError, match="nominated already"):
        sequencer.nominate("x", ["1", "2", "3"], [1, 1, 1])
    sequencer.batch_beacon("x", b"1")
    with pytest.raises(DataError, match="drawn already"):
        sequencer.batch_beacon("x", b"2")
    with pytest.raises(DataError, match='not in the batch "x"'):
        sequencer.draw(DrawRequest("4", "n1", DAY, batch="x"))
    lot = sequencer.draw(request)
    assert lot.stratum == "x"
    assert lot.marginal == lot.conditional == (Fraction(1, 3),) * 3


@pytest.mark.parametrize("counts", [[2, 1], [1, 1, 2], [2, 0, 1], [-1, 2, 2], []])
def test_numbers_that_are_not_the_batchs(make_trial: MakeTrial, counts: list[int]):
    sequencer = sequencer_of(make_trial(method="complete", strata=("batch",), schedule=()))
    with pytest.raises(DataError, match='the batch "x" has 3 people'):
        sequencer.nominate("x", ["1", "2", "3"], counts)


def test_a_person_twice_in_a_batch(make_trial: MakeTrial):
    sequencer = sequencer_of(make_trial(method="complete", strata=("batch",), schedule=()))
    with pytest.raises(DataError, match='in the batch "x" twice'):
        sequencer.nominate("x", ["1", "2", "1"], [1, 1, 1])


def test_only_complete_takes_batches(make_trial: MakeTrial):
    sequencer = sequencer_of(make_trial())
    with pytest.raises(UsageError, match="keyed"):
        sequencer.nominate("x", ["1"], [1])
    with pytest.raises(UsageError, match="keyed"):
        sequencer.batch_beacon("x", b"")


# Batches


def test_a_batch_depends_on_members_and_beacons_not_on_their_order(make_trial: MakeTrial):
    trial = make_trial(method="complete", strata=("batch",), schedule=())
    members = [str(i) for i in range(12)]

    def drawn(members: list[str], beacon: bytes = b"b", first: bytes = b"a", name: str = "x") -> tuple[int, ...]:
        sequencer = sequencer_of(trial)
        sequencer.mix(first)
        sequencer.nominate(name, members, [4, 4, 4])
        sequencer.batch_beacon(name, beacon)
        return tuple(sequencer.draw(DrawRequest(m, "n1", DAY, batch=name)).arm for m in sorted(members))

    assert drawn(members) == drawn(members[::-1])
    others = [drawn(members, b"c"), drawn(members, first=b"d"), drawn(members, name="y"), drawn([*members[:-1], "z"])]
    assert len({drawn(members), *others}) == 5


# Blocks


def test_blocks_conditional_is_what_remains(make_two_arm_trial: MakeTrial):
    sequencer = sequencer_of(make_two_arm_trial(method="blocks", block_sizes=[4]))
    for _ in range(3):
        left = [2, 2]
        for i in range(4):
            lot = sequencer.draw(person(i))
            assert lot.conditional == tuple(Fraction(n, sum(left)) for n in left)
            assert lot.marginal == (HALF, HALF)
            left[lot.arm] -= 1


def test_each_stratum_has_blocks_of_its_own(make_trial: MakeTrial):
    trial = make_trial(method="blocks", block_sizes=[4], strata=("office", "female"))
    alone, mixed = sequencer_of(trial), sequencer_of(trial)
    first = arms(alone, *range(8), female="y")
    second = []
    for i in range(8):
        second.append(mixed.draw(person(i, female="y")).arm)
        mixed.draw(person(100 + i, female="n"))
        mixed.draw(person(200 + i, "s1", female="y"))
    assert first == second
    assert len({tuple(arms(sequencer_of(trial, key), *range(8), female="y")) for key in range(30)}) > 20


def test_sizes_of_blocks_vary(make_two_arm_trial: MakeTrial):
    sequencer = sequencer_of(make_two_arm_trial(method="blocks", block_sizes=[2, 4]))
    lots = [sequencer.draw(person(i)) for i in range(400)]
    ends = [i for i, lot in enumerate(lots, 1) if max(lot.conditional) == 1 and _balanced(lots[:i])]
    sizes = [end - start for start, end in zip([0, *ends], ends, strict=False)]
    assert set(sizes) >= {2, 4}


def _balanced(lots: list[object]) -> bool:
    drawn = [lot.arm for lot in lots]  # type: ignore[attr-defined]
    return 2 * sum(drawn) == len(drawn)


def test_a_beacon_is_part_of_the_blocks_opened_after_it(make_two_arm_trial: MakeTrial):
    trial = make_two_arm_trial(method="blocks", block_sizes=[4])
    plain, mixed = sequencer_of(trial), sequencer_of(trial)
    start = arms(plain, 1, 2), arms(mixed, 1, 2)
    mixed.mix(b"late")
    rest = arms(plain, *range(3, 43)), arms(mixed, *range(3, 43))
    assert start[0] == start[1]
    assert rest[0][:2] == rest[1][:2], "the block was open"
    assert rest[0][2:] != rest[1][2:]


def test_a_slip_takes_no_place_in_a_block(make_two_arm_trial: MakeTrial):
    trial = make_two_arm_trial(method="blocks", block_sizes=[4])
    plain, slipped = sequencer_of(trial), sequencer_of(trial)
    slipped.observe(person("slip"), 1, factors_known=True)
    assert arms(plain, *range(12)) == arms(slipped, *range(12))


# Amendments


def amended(trial: Trial, *rows: dict[str, object], since: date) -> Design:
    return Design.from_trial(trial).with_amendment([ScheduleRow.model_validate(row) for row in rows], since)


ROW = {"site": "north", "from": DAY, "probability": {"a": "0.50"}}


def test_an_amendment_changes_probabilities_from_then_on(make_trial: MakeTrial):
    trial = make_trial()
    sequencer = sequencer_of(trial)
    before = sequencer.draw(person(1))
    design = amended(trial, {**ROW, "probability": {"a": "0.1", "b": "0.2"}}, since=DAY)
    sequencer.amend(design)
    after = sequencer.draw(person(1))
    assert (before.stratum, after.stratum) == ("n1:2020-01-01", "n1:2020-02-03")
    assert after.marginal == (Fraction(7, 10), Fraction(1, 10), Fraction(2, 10))
    assert sequencer.draw(person(2, day=date(2020, 2, 2))).marginal == before.marginal
    assert sequencer.design is design


def test_an_amendment_on_the_day_a_period_begins_makes_a_stratum_of_its_own(make_two_arm_trial: MakeTrial):
    trial = make_two_arm_trial(method="blocks", block_sizes=[4])
    sequencer = sequencer_of(trial)
    day = date(2020, 1, 1)
    row = {**ROW, "from": day}
    first = sequencer.draw(person(1, day=day))
    once = amended(trial, {**row, "probability": {"a": "0.25"}}, since=day)
    sequencer.amend(once)
    second = sequencer.draw(person(2, day=day))
    sequencer.amend(once.with_amendment([ScheduleRow.model_validate({**row, "probability": {"a": "0.5"}})], day))
    third = sequencer.draw(person(3, day=day))
    assert [lot.stratum for lot in (first, second, third)] == ["n1:2020-01-01", "n1:2020-01-01r2", "n1:2020-01-01r3"]
    assert [lot.conditional[1] for lot in (first, second, third)] == [HALF, Fraction(1, 4), HALF]


def test_an_amendment_cannot_change_the_method(make_trial: MakeTrial):
    with pytest.raises(UsageError, match="not blocks"):
        sequencer_of(make_trial()).amend(Design.from_trial(make_trial(method="blocks")))


# Minimisation


def test_minimisation_prefers_the_arm_that_balances(make_two_arm_trial: MakeTrial):
    """Two factors, by hand: after a in (y, k), a person in (y, m) shares one level, a person in (n, m) none."""
    trial = make_two_arm_trial(method="minimisation", factors=["female", "age"], biased_coin="0.8")
    sequencer = sequencer_of(trial)
    assert sequencer.draw(person(0, female="?", age="?")).conditional == (HALF, HALF), "all tied"
    sequencer.observe(person(1, female="y", age="k"), 1, factors_known=True)
    share = sequencer.draw(person(2, female="y", age="m"))
    assert share.conditional == (Fraction(4, 5), Fraction(1, 5))
    assert share.marginal is None
    assert sequencer.draw(person(3, female="n", age="r")).conditional == (HALF, HALF)


def test_minimisation_with_unequal_probabilities(make_trial: MakeTrial):
    """Han and others: 0.8 for the least probable arm when preferred; for the other 1 - 0.2 (1 - 1/2) / (1 - 1/4)."""
    trial = make_trial(method="minimisation", factors=["female"], biased_coin="0.8")
    sequencer = sequencer_of(trial)
    sequencer.observe(person(1, female="y"), 0, factors_known=True)
    sequencer.observe(person(2, female="y"), 1, factors_known=True)
    third = sequencer.draw(person(3, female="y"))
    assert third.conditional == (Fraction(2, 15), Fraction(1, 15), Fraction(4, 5))
    sequencer = sequencer_of(trial)
    sequencer.observe(person(1, female="y"), 1, factors_known=True)
    sequencer.observe(person(2, female="y"), 2, factors_known=True)
    assert sequencer.draw(person(3, female="y")).conditional == (Fraction(13, 15), Fraction(1, 15), Fraction(1, 15))


def test_erased_factors_leave_a_gap_until_the_withdrawal(make_two_arm_trial: MakeTrial):
    """Live: drawn, counted, withdrawn. Afterwards: the factors are gone, the lots after the withdrawal are the same."""
    trial = make_two_arm_trial(method="minimisation", factors=["female"], biased_coin="0.9")
    live, later = sequencer_of(trial), sequencer_of(trial)
    start = arms(live, *range(5), female="y"), arms(later, *range(5), female="y")
    assert start[0] == start[1]
    erased = live.draw(person("erased", female="y"))
    later.observe(person("erased"), erased.arm, factors_known=False)
    assert live.recomputable
    assert not later.recomputable
    for sequencer in (live, later):
        sequencer.withdraw("erased")
        assert sequencer.recomputable
    lots = [sequencer.draw(person(6, female="y")) for sequencer in (live, later)]
    assert lots[0] == lots[1]
    live.withdraw("nobody")


def test_erased_strata_leave_a_gap_until_the_withdrawal(make_two_arm_trial: MakeTrial):
    trial = make_two_arm_trial(method="blocks", block_sizes=[8], strata=("office", "female"))
    live, later = sequencer_of(trial), sequencer_of(trial)
    erased = live.draw(person("erased", female="y"))
    later.observe(person("erased"), erased.arm, factors_known=False)
    assert not later.recomputable
    for sequencer in (live, later):
        sequencer.withdraw("erased")
    assert later.recomputable
    assert arms(live, *range(20), female="y") == arms(later, *range(20), female="y")
    assert arms(live, *range(20), female="n") == arms(later, *range(20), female="n")


def test_blocks_after_a_withdrawal_are_not_the_first_ones_again(make_two_arm_trial: MakeTrial):
    sequencer = sequencer_of(make_two_arm_trial(method="blocks", block_sizes=[8], strata=("office", "female")))
    first = arms(sequencer, *range(40), female="y")
    sequencer.withdraw("somebody")
    assert arms(sequencer, *range(40), female="y") != first


def test_a_changed_ratio_closes_the_open_block(make_two_arm_trial: MakeTrial):
    """Whoever amends with a design that knows nothing of the one before: the stratum's name is the same."""
    trial = make_two_arm_trial(method="blocks", block_sizes=[4])
    row = {**ROW, "from": date(2020, 1, 1), "probability": {"a": "0.25"}}
    sequencer = sequencer_of(trial)
    sequencer.draw(person(1))
    sequencer.amend(Design.from_trial(make_two_arm_trial(method="blocks", block_sizes=[4], schedule=[row])))
    lots = [sequencer.draw(person(i)) for i in range(4)]
    assert lots[0].conditional == (Fraction(3, 4), Fraction(1, 4))
    assert sorted(lot.arm for lot in lots) == [0, 0, 0, 1]


def test_without_strata_everybody_is_in_one(make_trial: MakeTrial):
    sequencer = sequencer_of(make_trial(method="complete", strata=(), schedule=()))
    sequencer.nominate("x", ["1", "2", "3"], [1, 1, 1])
    sequencer.batch_beacon("x", b"1")
    assert sequencer.draw(DrawRequest("1", "n1", DAY, batch="x")).stratum == "all"


@pytest.mark.parametrize("draw", [{"method": "keyed"}, {"method": "blocks", "block_sizes": [4]}])
def test_where_lots_need_no_factors_nothing_is_lost(make_two_arm_trial: MakeTrial, draw: dict[str, object]):
    trial = make_two_arm_trial(**draw)
    sequencer, untouched = sequencer_of(trial), sequencer_of(trial)
    sequencer.observe(person("erased"), 1, factors_known=False)
    sequencer.withdraw("erased")
    assert sequencer.recomputable
    assert arms(sequencer, *range(10)) == arms(untouched, *range(10))


def test_batches_need_no_factors(make_trial: MakeTrial):
    sequencer = sequencer_of(make_trial(method="complete", strata=("batch",), schedule=()))
    sequencer.observe(person("erased"), 1, factors_known=True)
    sequencer.observe(person("erased"), 1, factors_known=False)
    sequencer.withdraw("erased")
    assert sequencer.recomputable
