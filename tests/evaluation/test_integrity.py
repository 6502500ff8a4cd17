"""Was the draw free of manipulation? Fair draws pass as often as they should; doctored ones are caught."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from lodd.allocation import Design, Details, DrawHistory, Finding, Verification
from lodd.allocation.details import new_detail
from lodd.allocation.events import Draw, ErrorNoted, Event, OutageUsed, RepeatedRequest, Withdrawal
from lodd.allocation.ledger import Chain
from lodd.evaluation import DrawRecord, integrity_conclusion
from lodd.evaluation.integrity import (
    CHECKS,
    INTEGRITY_SCHEMA,
    MEMBER_SCHEMA,
    draw_record,
    integrity_tables,
    read_draw_record,
)
from lodd.evaluation.integrity.conclusion import CHECK_LABELS
from lodd.evaluation.integrity.drawn import Drawn, Groups
from lodd.evaluation.integrity.order import ArmMeasures
from lodd.evaluation.integrity.rows import benjamini_hochberg, holm
from lodd.evaluation.integrity.tails import Reference, references
from lodd.locale import Text
from lodd.protocol.model import Trial
from lodd.protocol.types import Participants

OPENS = date(2015, 1, 1)
OFFICE_CODES = {"n1": 0, "n2": 1, "s1": 2}


def tables(world: Any, record: DrawRecord | None = None, redraws: int = 999) -> dict[str, pl.DataFrame]:
    return integrity_tables(world.trial, world.participants, world.panel, record, redraws=redraws)


def row(found: dict[str, pl.DataFrame], check: str) -> dict[str, Any]:
    return found["integrity"].row(by_predicate=pl.col("check") == check, named=True)


def in_order(world: Any, arms: Any) -> Any:
    """The same people with these arms, in the order of their days."""
    frame = world.participants.frame.sort("drawn_at", "person_id").with_columns(
        pl.Series("arm", list(arms)), pl.int_range(1, pl.len() + 1).alias("draw_order")
    )
    ordered = world.participants.frame.select("person_id").join(frame, on="person_id", how="left")
    return replace(world, participants=Participants(ordered.select(frame.columns), world.participants.arms))


def fair_arms(world: Any, rng: np.random.Generator) -> list[str]:
    p = world.participants.frame.sort("drawn_at", "person_id")["marginal_se"].to_numpy()
    return ["se" if u < q else "control" for u, q in zip(rng.random(len(p)), p, strict=True)]


def ledger_of(world: Any, *, callers: Callable[[int], str] = lambda i: "line") -> list[Event]:
    """The world's draws as events, in the order of their days."""
    chain = Chain("0" * 64)
    frame = world.participants.frame.sort(
        "drawn_at", "draw_order" if "draw_order" in world.participants.frame.columns else "person_id"
    )
    for i, person in enumerate(frame.iter_rows(named=True)):
        p = "1/5" if person["marginal_se"] == 0.2 else "3/10" if person["marginal_se"] == 0.3 else "3/5"
        rest = {"1/5": "4/5", "3/10": "7/10", "3/5": "2/5"}[p]
        chain.add(
            Draw(
                arm=person["arm"],
                batch=None,
                conditional=(rest, p),
                day=person["drawn_at"],
                details=None,
                eligible=True,
                lot_id=lot_id(i),
                marginal=(rest, p),
                office=person["office"],
            ),
            at=datetime.combine(person["drawn_at"], time(9), tzinfo=UTC) + timedelta(seconds=i),
            by=callers(i),
        )
    return chain.events


def lot_id(number: int) -> str:
    letters = "abcdefghijklmnopqrstuvwxyz"
    return "".join(letters[number // 26**place % 26] for place in range(26))


# The reference distribution -------------------------------------------------------------------------------------------


def test_tails_are_those_of_all_allocations() -> None:
    """Six independent lots: every measure's tails by redraws are those of enumeration, within Monte-Carlo error."""
    p = np.array([0.3, 0.3, 0.5, 0.5, 0.3, 0.5])
    office = Groups(np.array([0, 0, 1, 1, 0, 1]), ("a", "b"))
    arm = np.array([1, 0, 1, 1, 0, 0], dtype=np.uint8)
    history = DrawHistory(2, arm, np.column_stack([1 - p, p]), np.arange(6))
    design = Design.from_trial(_trial())
    drawn = Drawn(design, history, np.array([3, 0, 1, 4, 5, 2]), office, office, office, True, "ledger")
    measures, count = ArmMeasures(drawn, 1).measures(), 20_000
    found = references(design, history, measures, count)
    everything = np.array(list(product((0, 1), repeat=6)), dtype=np.uint8)
    chance = np.prod(np.where(everything == 1, p, 1 - p), axis=1)
    for name, measure in measures.items():
        values, actual = measure(everything), measure(arm[None, :])[0]
        upper = (chance[:, None] * (values >= actual - 1e-5)).sum(axis=0)
        lower = (chance[:, None] * (values <= actual + 1e-5)).sum(axis=0)
        for exact, by_redraws in ((upper, found[name].upper), (lower, found[name].lower)):
            error = 4 * np.sqrt(exact * (1 - exact) / count) + 1 / count
            assert np.all(np.abs(by_redraws - exact) <= error), name
        np.testing.assert_allclose(found[name].expected, chance @ values, atol=0.1)


@cache
def _trial() -> Trial:
    return _make_world(10).trial


_make_world: Any = None


@pytest.fixture(autouse=True, scope="module")
def _world_maker(world: Any) -> None:
    globals()["_make_world"] = world


def test_measures_by_hand() -> None:
    """Alternating arms with p = 1/2: z is 1 or -1, every neighbour's product -1, eight runs, no excess."""
    arm = np.array([1, 0] * 4, dtype=np.uint8)
    one = Groups(np.zeros(8, dtype=np.int64), ("a",))
    history = DrawHistory(2, arm, np.full((8, 2), 0.5), np.arange(8))
    drawn = Drawn(Design.from_trial(_trial()), history, np.arange(8), one, one, None, True, "ledger")
    values = {name: measure(arm[None, :]) for name, measure in ArmMeasures(drawn, 1).measures().items()}
    expected = {"count_total": 4, "count_strata": 0, "runs": 8, "serial": -7, "drift": 1, "office_serial": -7}
    for name, value in expected.items():
        assert values[name].item() == pytest.approx(value), name


def test_nothing_depends_on_how_redraws_are_cut(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from lodd.evaluation.integrity import tails

    small = world(60)
    whole = tables(small, redraws=150)
    monkeypatch.setattr(tails, "_AT_ONCE", 60 * 7)
    parts = tables(small, redraws=150)
    for name, table in whole.items():
        numbers = [c for c in table.columns if table.schema[c] == pl.Float64]
        np.testing.assert_allclose(
            table.select(numbers).to_numpy(), parts[name].select(numbers).to_numpy(), rtol=1e-5, atol=1e-9
        )


def test_joint_distance_leaves_out_collinear_columns() -> None:
    rng = np.random.default_rng(3)
    redrawn = rng.normal(size=(400, 2))
    actual = np.array([1.0, -0.5])
    plain = Reference(actual, redrawn).joint()
    doubled = Reference(np.append(actual, actual.sum()), np.column_stack([redrawn, redrawn.sum(axis=1)])).joint()
    np.testing.assert_allclose(plain.redrawn, doubled.redrawn, rtol=1e-8)
    everything = np.vstack([actual, redrawn])
    centred = everything - everything.mean(axis=0)
    distance = np.einsum("ij,jk,ik->i", centred, np.linalg.inv(centred.T @ centred / 401), centred)
    np.testing.assert_allclose(plain.actual, distance[:1], rtol=1e-8)


def test_adjustments_are_those_of_statsmodels() -> None:
    from statsmodels.stats.multitest import multipletests

    p = np.random.default_rng(1).random(20) ** 3
    np.testing.assert_allclose(holm(p), multipletests(p, method="holm")[1], rtol=1e-12)
    np.testing.assert_allclose(benjamini_hochberg(p), multipletests(p, method="fdr_bh")[1], rtol=1e-12)
    assert holm(np.array([])).size == 0


# Fair draws -----------------------------------------------------------------------------------------------------------


def test_fair_draws_give_uniform_p_values_or_larger(world: Any) -> None:
    """Over 150 fair ledgers of 60 people no check's p-value is small more often than it says."""
    small, rng, draws = world(60), np.random.default_rng(7), 150
    p: dict[str, list[float]] = {}
    for _ in range(draws):
        redrawn = in_order(small, fair_arms(small, rng))
        record = draw_record(small.trial, ledger_of(redrawn, callers=lambda i: "abc"[i % 3]))
        for found in tables(redrawn, record, redraws=99)["integrity"].iter_rows(named=True):
            if found["p_value"] is not None:
                p.setdefault(found["check"], []).append(found["p_value"])
    assert {"count_total", "count_strata", "runs", "serial", "covariates_joint", "caller_counts"} <= p.keys()
    for check, values in p.items():
        if check == "start":
            continue  # programmes really start by arm
        for level in (0.05, 0.2, 0.5):
            share = np.mean(np.array(values) <= level)
            assert share <= level + 4 * np.sqrt(level * (1 - level) / len(values)), (check, level, share)
    for check in ("covariates_joint", "serial", "drift"):  # and not far larger: continuous ones are uniform
        assert np.mean(np.array(p[check]) <= 0.5) > 0.35, check


@pytest.mark.parametrize("method", ["blocks", "minimisation"])
def test_designs_that_are_even_by_intention_are_not_suspicious(world: Any, method: str) -> None:
    draw = {
        "method": method,
        "schedule": [{"site": s, "from": OPENS, "probability": {"se": "0.5"}} for s in ("north", "south")],
    }
    draw |= {"block_sizes": [2, 4]} if method == "blocks" else {"factors": ["office"], "biased_coin": "0.95"}
    small = world(160, draw=draw)
    frame = small.participants.frame.drop("arm", "stratum", "marginal_control", "marginal_se").sort("drawn_at")
    drawn = Design.from_trial(small.trial).allocate(np.random.default_rng(5), frame)
    assert drawn["arm"].value_counts()["count"].min() >= 76
    found = tables(replace(small, participants=Participants(drawn, small.trial.arm_ids)))
    tested = found["integrity"].filter(about="draw").drop_nulls("p_value")
    assert {"count_strata", "runs", "serial_office"} <= set(tested["check"])
    assert not tested.filter(pl.col("verdict") == "alarm").height
    # ... where independent lots would not be that even:
    lucky = replace(
        small,
        trial=world(4, draw={"schedule": draw["schedule"]}).trial,
        participants=Participants(drawn, small.trial.arm_ids),
    )
    assert row(tables(lucky), "count_windows")["p_low"] < 0.01


def test_what_a_permutation_fixes_is_not_tested(world: Any) -> None:
    """Of an external draw without probabilities only who was drawn, and when, can be tested."""
    found = tables(world(80, draw={"method": "external", "schedule": []}).without("marginal_control", "marginal_se"))
    for check in ("count_total", "count_strata"):
        assert row(found, check)["verdict"] == "not_known"
        assert row(found, check)["detail"] == "fixed_by_design"
    assert row(found, "covariates_joint")["p_value"] is not None


# Doctored draws -------------------------------------------------------------------------------------------------------


def test_alternating_arms_are_caught(world: Any) -> None:
    """Each office gives every second person the programme, as probabilities of one half have it on average."""
    draw = {"schedule": [{"site": s, "from": OPENS, "probability": {"se": "0.5"}} for s in ("north", "south")]}
    small = world(240, draw=draw).with_column(marginal_control=[0.5] * 240, marginal_se=[0.5] * 240)
    turn = dict.fromkeys(OFFICE_CODES, 0)
    arms = []
    for office in small.participants.frame.sort("drawn_at", "person_id")["office"]:
        arms.append(("se", "control")[turn[office] % 2])
        turn[office] += 1
    found = tables(in_order(small, arms))
    assert row(found, "serial_office")["verdict"] == "alarm"
    assert row(found, "serial_office")["p_low"] == pytest.approx(1 / 1000)
    assert row(found, "count_windows")["verdict"] == "alarm"
    assert row(found, "count_windows")["p_low"] == pytest.approx(1 / 1000)
    assert row(found, "count_total")["verdict"] == "ok"
    said = integrity_conclusion(found["integrity"])
    assert "dependence on the office's draw before" in said.en
    assert "sammenheng med kontorets forrige trekning" in said.nb
    assert "looked into" in said.en
    assert "undersøkes" in said.nb


def test_an_office_that_draws_again_until_it_likes_the_answer_is_named(world: Any) -> None:
    small = world(300, seed=4)
    rng = np.random.default_rng(11)
    frame = small.participants.frame.sort("drawn_at", "person_id")
    arms = fair_arms(small, rng)
    for i, office in enumerate(frame["office"]):
        if office == "n2" and arms[i] == "control":
            arms[i] = fair_arms(small, rng)[i]
    found = tables(in_order(small, arms))
    assert row(found, "office_counts")["verdict"] == "alarm"
    assert row(found, "office_counts")["detail"] == "n2"
    assert found["integrity_members"].filter(flagged=True, check="office_counts")["group"].to_list() == ["n2"]


def test_choosing_the_employable_is_caught(world: Any) -> None:
    """At one office the arms keep their numbers, but those who had worked are given the programme."""
    small = world(300, seed=4)
    arms = np.array(fair_arms(small, np.random.default_rng(2)))
    frame = small.participants.frame.sort("drawn_at", "person_id")
    before = dict(
        zip(small.participants.frame["person_id"], small.panel.matrix("pay")[:, :2].mean(axis=1), strict=True)
    )
    at = np.flatnonzero(frame["office"].to_numpy() == "s1")
    fittest = at[np.argsort([-before[person] for person in frame["person_id"].gather(at)])]
    arms[fittest] = np.sort(arms[at])[::-1]
    found = tables(in_order(small, arms))
    assert row(found, "office_covariates")["verdict"] == "alarm"
    assert row(found, "office_covariates")["detail"] == "s1"
    assert row(found, "covariates_joint")["p_high"] < 0.05
    assert row(found, "office_counts")["verdict"] != "alarm"


def test_groups_that_are_too_alike_are_suspicious(world: Any) -> None:
    """Of 3,000 fair draws the most alike one, passed off as the only one."""
    small = world(120, seed=8)
    design = Design.from_trial(small.trial)
    history = design.history(small.participants)
    lots = design.redraw(history, 3_000, 99)
    pay = small.panel.matrix("pay")[:, :2].mean(axis=1)
    columns = np.column_stack(
        [small.participants.frame["age"].to_numpy(), pay, small.panel.matrix("work")[:, :2].mean(axis=1)]
    )
    for stratum in range(small.participants.stratum_index.max() + 1):
        inside = small.participants.stratum_index == stratum
        columns[inside] -= columns[inside].mean(axis=0)
    most_alike = ((lots @ (columns / columns.std(axis=0))) ** 2).sum(axis=1).argmin()
    arms = ["control" if k == 0 else "se" for k in lots[most_alike]]
    without_region = replace(
        small,
        participants=Participants(
            small.participants.frame.drop("region").with_columns(pl.Series("arm", arms)), small.trial.arm_ids
        ),
    )
    found = row(tables(without_region), "covariates_joint")
    assert found["p_low"] < 0.05
    assert found["verdict"] in ("look", "alarm")


# The ledger -----------------------------------------------------------------------------------------------------------


def test_the_record_of_a_ledger(world: Any) -> None:
    small = world(30)
    chain = Chain("0" * 64)
    chain.events = ledger_of(small, callers=lambda i: f"c{i % 2}")
    at = datetime(2016, 1, 1, tzinfo=UTC)
    lot = chain.events[4].payload.lot_id
    chain.add(RepeatedRequest(details=None, first=5, lot_id=lot, office="n1"), at=at, by="c1")
    chain.add(Withdrawal(about=7, lot_id=chain.events[6].payload.lot_id), at=at, by="c0")
    chain.add(ErrorNoted(about=9, details=None, kind="ineligible"), at=at, by="c0")
    slip = OutageUsed(
        arm="se",
        conditional=("2/5", "3/5"),
        day=date(2015, 3, 1),
        details=None,
        eligible=True,
        list_id="list",
        lot_id=lot_id(999),
        marginal=("2/5", "3/5"),
        number=1,
        office="n1",
        opened_at=datetime(2015, 3, 1, 8, tzinfo=UTC),
        salt="0" * 64,
    )
    chain.add(slip, at=at, by="c0")
    record = draw_record(small.trial, chain.events)
    assert record.answers.height == 31
    assert record.answers["at"].is_sorted()
    assert record.answers.filter("withdrawn")["seq"].to_list() == [7]
    assert record.answers.filter("error_noted")["seq"].to_list() == [9]
    assert record.answers.filter("slip")["marginal_se"].to_list() == [0.6]
    assert record.answers.filter("slip")["at"].item() == slip.opened_at
    assert record.requests.rows() == [(5, "c1", "n1")]


def marked_record(world: Any, arm: str, **columns: int) -> DrawRecord:
    """A ledger in which the first so many people of an arm are marked."""
    record = draw_record(world.trial, ledger_of(world, callers=lambda i: f"c{i % 4}"))
    answers = record.answers
    first = answers.filter(arm=arm)["seq"]
    marks = [
        pl.col("seq").is_in(first.head(count).to_list()).alias(name)
        for name, count in columns.items()
        if name != "again"
    ]
    again = first.head(columns.get("again", 0)).to_list()
    requests = pl.DataFrame(
        {"first": again, "by": ["c0"] * len(again), "office": ["n1"] * len(again)}, schema=record.requests.schema
    )
    return replace(record, answers=answers.with_columns(marks), requests=requests)


def test_shopping_for_an_arm_is_caught(world: Any) -> None:
    """Twenty people are asked for again, all of them drawn to the reference, all by one caseworker."""
    small = world(200)
    found = tables(small, marked_record(small, "control", again=20))
    assert row(found, "repeated")["verdict"] == "alarm"
    assert row(found, "repeated")["statistic"] == 0
    assert row(found, "repeated")["n"] == 20
    assert row(found, "repeated_caller")["detail"] == "c0"
    assert found["integrity_requests"].rows() == [("c0", "n1", "control", 20, 20)]
    said = integrity_conclusion(found["integrity"])
    assert "repeated requests by arm" in said.en
    assert "gjentatte forespørsler etter gruppe" in said.nb


def test_withdrawals_of_one_arm_are_caught(world: Any) -> None:
    small = world(200)
    found = tables(small, marked_record(small, "control", withdrawn=15, error_noted=1))
    assert row(found, "withdrawn")["verdict"] == "alarm"
    assert row(found, "withdrawn")["about"] == "after"
    assert row(found, "error_noted")["detail"] == "few"
    assert row(found, "missing")["verdict"] == "ok"
    said = integrity_conclusion(found["integrity"])
    assert "after the draw the arms differ by more than chance (withdrawals by arm)" in said.en
    assert "hvem som trakk seg" in said.nb


def test_people_left_out_of_one_arm_are_caught(world: Any) -> None:
    small = world(200)
    record = draw_record(small.trial, ledger_of(small))
    gone = small.participants.frame.filter(arm="se").head(14)["person_id"]
    kept = ~small.participants.frame["person_id"].is_in(gone.to_list())
    frame = small.participants.frame.filter(kept)
    rows = np.repeat(kept.to_numpy(), len(small.panel.window))
    fewer = replace(
        small,
        participants=Participants(frame, small.trial.arm_ids),
        panel=replace(small.panel, frame=small.panel.frame.filter(pl.Series(rows))),
    )
    found = tables(fewer, record)
    assert row(found, "missing")["verdict"] == "alarm"
    assert row(found, "missing")["statistic"] == row(found, "missing")["n"] == 14
    assert row(found, "count_total")["n"] == 200


def test_marks_are_judged_within_offices_where_only_participants_can_be_redrawn(world: Any) -> None:
    draw = {"method": "blocks", "block_sizes": [10]}
    draw["schedule"] = [{"site": s, "from": OPENS, "probability": {"se": "0.5"}} for s in ("north", "south")]
    small = world(120, draw=draw)
    found = tables(small, marked_record(small, "control", withdrawn=12))
    assert row(found, "withdrawn")["verdict"] == "alarm"


def test_one_caller_and_no_ledger_are_said(world: Any) -> None:
    small = world(60)
    without = tables(small)["integrity"].filter(verdict="not_known")
    assert {"verification", "agreement", "repeated", "withdrawn", "missing", "caller_counts", "referral"} <= set(
        without["check"]
    )
    one = tables(small, draw_record(small.trial, ledger_of(small)))
    assert row(one, "caller_counts")["detail"] == "one_caller"
    assert row(one, "repeated")["verdict"] == "ok"
    assert row(one, "verification")["detail"] == "not_verified"
    disagreeing = draw_record(small.trial, ledger_of(small), agrees=False)
    said = integrity_conclusion(tables(small, disagreeing)["integrity"])
    assert "not those of the ledger" in said.en


def test_a_draw_that_cannot_be_redrawn_is_not_tested(world: Any) -> None:
    found = tables(world(60, draw={"method": "complete"}))
    assert row(found, "count_total")["detail"] == "cannot_be_redrawn"
    assert "could not be tested" in integrity_conclusion(found["integrity"]).en


# The table and the sentence -------------------------------------------------------------------------------------------


def test_three_arms_are_each_compared(world: Any) -> None:
    found = tables(world(120, arms=("control", "se", "ips")), redraws=199)
    assert found["integrity"].filter(check="serial")["subject"].to_list() == ["se", "ips"]


def test_tables_have_their_schemas_and_every_check_its_words(world: Any) -> None:
    found = tables(world(60), redraws=99)
    assert dict(found["integrity"].schema) == dict(INTEGRITY_SCHEMA)
    assert dict(found["integrity_members"].schema) == dict(MEMBER_SCHEMA)
    assert set(found["integrity"]["check"]) <= set(CHECKS)
    assert CHECK_LABELS.keys() == CHECKS.keys()


def test_starts_are_counted_by_arm(world: Any) -> None:
    """In the small trial everybody starts the own arm's programme in month 1."""
    starts = tables(world(60), redraws=99)["integrity_starts"]
    assert starts["started"].to_list() == starts["n"].to_list()
    assert starts["median_months"].to_list() == [1.0, 1.0]
    assert starts["within_3_months"].to_list() == [1.0, 1.0]


def table_of(*rows: tuple[str, str, float | None, float | None, str]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {"check": c, "about": a, "p_value": p, "p_adjusted": q, "verdict": v, "statistic": 0.0, "n": 1000}
            for c, a, p, q, v in rows
        ],
        schema=INTEGRITY_SCHEMA,
    )


def test_the_sentence_says_what_the_tests_found() -> None:
    quiet = table_of(("runs", "draw", 0.4, 0.8, "ok"), ("serial", "draw", 0.3, 0.8, "ok"))
    said = integrity_conclusion(quiet)
    assert said.en == "Of 2 tests of the draw not one finds a sign that lots were steered (smallest p-value 0.300)."
    assert said.nb == "Ingen av 2 prøver av trekningen finner tegn til at loddene er styrt (minste p-verdi 0,300)."
    small = table_of(("runs", "draw", 0.03, 0.06, "look"), ("serial", "draw", 0.3, 0.3, "ok"))
    assert (
        "1 of 2 tests of the draw has a p-value below 5% (runs of equal outcomes), against 0.1"
        in integrity_conclusion(small).en
    )
    assert (
        "p-verdi under 5\N{NO-BREAK SPACE}% (serier av like utfall), mot 0,1 ventet" in integrity_conclusion(small).nb
    )
    sound = table_of(("verification", "ledger", None, None, "ok"), ("runs", "draw", 0.4, 0.4, "ok"))
    assert "; 1,000 lots were recomputed from the ledger" in integrity_conclusion(sound).en
    broken = table_of(("verification", "ledger", None, None, "alarm"), ("runs", "draw", 0.4, 0.4, "ok"))
    assert "gave findings" in integrity_conclusion(broken).en
    unknown = table_of(("referral", "after", None, None, "not_known"), ("runs", "draw", 0.4, 0.4, "ok"))
    assert integrity_conclusion(unknown).en.endswith("; not known: time from draw to referral.")
    for table in (quiet, small, sound, unknown):
        for word in ("proof", "proves", "fair", "bevis", "rettferdig"):
            assert word not in integrity_conclusion(table).en + integrity_conclusion(table).nb


# Where something is missing -------------------------------------------------------------------------------------------


def test_the_record_of_a_file(world: Any, tmp_path: Path) -> None:
    """On whose behalf somebody asked is outside the chain; what is no event is left out."""
    small = world(12)
    detail = new_detail({"on_behalf_of": "anna"})
    chain = Chain("0" * 64)
    chain.events = ledger_of(small)
    asked = {"first": 1, "lot_id": lot_id(0), "office": "n1"}
    for sha256 in (detail.sha256, None):
        chain.add(RepeatedRequest(details=sha256, **asked), at=datetime(2016, 1, 1, tzinfo=UTC), by="line")
    ledger = tmp_path / "ledger.ndjson"
    ledger.write_bytes(b"".join(event.line() + b"\n" for event in chain.events) + b"torn")
    record = read_draw_record(small.trial, ledger, Details(kept={detail.sha256: detail}))
    assert record.answers.height == 12
    assert record.requests["by"].to_list() == ["anna", "line"]


def test_the_verification_is_a_row(world: Any) -> None:
    small = world(30)
    finding = Finding("lot", 3, Text(nb="galt", en="wrong"))
    for findings, counts, verdict in (
        ((), {"recomputed": 30}, "ok"),
        ((), {}, "not_known"),
        ((finding,), {"recomputed": 30}, "alarm"),
    ):
        verified = Verification(True, findings, (), (), counts, "0" * 64, "0" * 64)
        record = draw_record(small.trial, ledger_of(small), verification=verified, agrees=True)
        found = row(tables(small, record, redraws=99), "verification")
        assert (found["verdict"], found["n"]) == (verdict, counts.get("recomputed", 0))
    outside = Verification(False, (), (), (), {}, "", "")
    record = draw_record(small.trial, [], verification=outside)
    assert row(tables(small, record, redraws=99), "verification")["verdict"] == "not_known"


def test_batches_are_permuted_as_the_ledger_has_them(world: Any) -> None:
    """Numbers are fixed, so they are not tested; the order within a batch is."""
    small = world(60, draw={"method": "complete", "strata": ["batch"]})
    batches = [f"b{i // 20}" for i in range(60)]
    arms = (["se"] * 12 + ["control"] * 8) * 3
    sorted_arms = in_order(small, arms).with_column(batch=batches)
    record = draw_record(small.trial, ledger_of(sorted_arms))
    record = replace(record, answers=record.answers.with_columns(pl.Series("batch", batches)))
    found = tables(sorted_arms, record)
    assert row(found, "count_strata")["detail"] == "fixed_by_design"
    assert row(found, "serial")["p_high"] == pytest.approx(1 / 1000)
    assert "number drawn" not in integrity_conclusion(found["integrity"]).en


def test_without_anything_known_before_or_a_register_of_programmes(world: Any) -> None:
    bare = world(60, window=(0, 4), covariates=[]).without("age", "region")
    columns = [name for name in bare.panel.frame.columns if not name.startswith("participates_")]
    bare = replace(bare, panel=replace(bare.panel, frame=bare.panel.frame.select(columns)))
    found = tables(bare, redraws=99)
    assert row(found, "covariates_joint")["detail"] == "nothing_known"
    assert row(found, "start")["detail"] == "not_recorded"
    assert found["integrity_starts"].is_empty()


def test_missing_facts_are_facts_too(world: Any) -> None:
    """Only the programme's people lack their age: nobody's age differs, but whose is known does."""
    small = world(120)
    treated = small.participants.frame["arm"] == "se"
    hidden = small.participants.frame["age"].zip_with(~treated, pl.Series([None] * 120, dtype=pl.Int64))
    found = tables(small.with_column(age=hidden))
    assert row(found, "covariates_largest")["verdict"] == "alarm"


def test_referrals_are_compared_where_they_are_known(world: Any) -> None:
    """The reference arm waits a month longer: worth a look, never an alarm."""
    small = world(120)
    frame = small.participants.frame
    waits = pl.when(pl.col("arm") == "se").then(10).otherwise(40)
    referred = frame.select(pl.col("drawn_at") + pl.duration(days=waits)).to_series().rename("referred_at")
    known = small.with_column(referred_at=referred.cast(pl.Date))
    assert "referred_at" not in known.participants.baseline_columns
    found = row(tables(known), "referral")
    assert (found["verdict"], found["n"]) == ("look", 120)
    assert found["p_low"] == pytest.approx(1 / 1000)
    alike = small.with_column(referred_at=pl.Series([None] * 120, dtype=pl.Date))
    assert row(tables(alike, redraws=99), "referral")["detail"] == "all_alike"
