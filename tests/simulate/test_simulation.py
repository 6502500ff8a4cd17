"""A whole simulated trial: deterministic, with the declared truth, and dirt that the protocol's rules undo."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import lodd.examples
from lodd.allocation import UnsupportedMethodError
from lodd.errors import ProtocolError
from lodd.protocol import Panel, Trial, load_trial
from lodd.registers import build_panel_from
from lodd.simulate import (
    TRUTH_SCHEMA,
    Simulation,
    SimulationSettings,
    estimand_weights,
    load_settings,
    simulate,
    work_histories,
    write_simulation,
)
from lodd.simulate.histories import History
from lodd.simulate.processes import path
from lodd.simulate.simulation import clean_tables, history_of

EXAMPLES = Path(lodd.examples.__file__).parent


@pytest.fixture(scope="module")
def panel(simulation: Simulation, short: Trial) -> Panel:
    """What the evaluation would see."""
    return build_panel_from(short, simulation.tables, simulation.participants)


@pytest.fixture(scope="module")
def clean(history: History, short: Trial) -> dict[str, Panel]:
    participants = history.people.participants
    return {arm: build_panel_from(short, clean_tables(history, arm), participants) for arm in short.arm_ids}


def own(panels: dict[str, Panel], simulation: Simulation, column: str) -> np.ndarray:
    """Everybody's clean values in the arm that they were drawn to."""
    arms = simulation.participants.arms
    chosen = simulation.participants.arm_index[:, None]
    return np.choose(chosen, [panels[arm].matrix(column) for arm in arms])


def test_in_work_in_clean_registers_is_the_latent_state(clean: dict[str, Panel], short: Trial, few: SimulationSettings):
    """Before the break of January 2015 and after it, in both arms."""
    latent = work_histories(short, few, seed=11)
    for arm in short.arm_ids:
        assert np.array_equal(clean[arm].matrix("in_work"), latent.in_work[arm], equal_nan=True)
    assert np.isnan(latent.observed).sum() > 0
    months = clean["control"].frame["month"]
    assert months.min() < date(2014, 6, 1)


def test_the_rules_of_the_protocol_undo_the_dirt(panel: Panel, clean: dict[str, Panel], simulation: Simulation):
    """Except for missing hours: a few person-months where people seem to work less."""
    for column in ("earnings", "in_programme", "aap", "higher_education"):
        assert np.array_equal(panel.matrix(column), own(clean, simulation, column), equal_nan=True), column
    seen, true = panel.matrix("in_work"), own(clean, simulation, "in_work")
    differs = (seen != true) & np.isfinite(true)
    assert simulation.counts["employment"]["missing_hours"] > 0
    assert (seen[differs] == 0).all()
    assert differs.mean() < 0.003
    notes = {(note.register, note.kind) for note in panel.notes}
    assert len(notes) > 4


def test_dirt_comes_at_the_declared_rates(simulation: Simulation, few: SimulationSettings):
    counts, dirt = simulation.counts["employment"], few.dirt
    for kind in ("late_corrections", "duplicates", "never_drawn"):
        expected = getattr(dirt, kind) * counts["clean"]
        assert abs(counts[kind] - expected) < 5 * expected**0.5, kind
    table = simulation.tables["employment"]
    drawn = simulation.participants.frame["person_id"].to_list()
    stray = table.filter(~pl.col("person_id").is_in(drawn))
    assert counts["never_drawn"] <= stray.height <= counts["never_drawn"] * 1.3
    assert table.filter(pl.col("stop_date") == date(9999, 12, 31)).height >= counts["far_ends"] > 0
    assert table.filter(pl.col("stop_date").is_null()).height > 0
    assert table.filter(pl.col("start_date") > pl.col("stop_date")).height >= counts["start_after_stop"] > 0
    assert table.height - table.unique().height == counts["duplicates"]
    assert table.select(pl.struct("record_id", "person_id").n_unique()).item() < table.unique().height


def test_dirt_of_zero_is_no_dirt(short: Trial, few: SimulationSettings, history: History):
    from lodd.simulate.dirt import with_dirt

    none = few.dirt.model_copy(update=dict.fromkeys(set(type(few.dirt).model_fields) - {"basis"}, 0.0))
    tables = clean_tables(history, "se")
    soiled, counts = with_dirt(tables, none, history.streams)
    for register, table in tables.items():
        assert soiled[register].sort(table.columns).equals(table.sort(table.columns)), register
    assert all(count == 0 for kinds in counts.values() for kind, count in kinds.items() if kind != "clean")


def test_the_truth_is_the_declared_path(simulation: Simulation, few: SimulationSettings):
    truth = simulation.truth
    assert dict(truth.schema) == dict(TRUTH_SCHEMA)
    curve = truth.filter(role="curve", outcome="in_work", estimand="ate").sort("event_month")
    declared = path(few.effects[0].points, curve["event_month"].to_numpy(), outside=0.0)
    assert np.abs(curve["effect"].to_numpy() - declared).max() <= 0.51 / 230
    combined = truth.filter(role="curve", outcome="in_work_in_programme", estimand="ate").sort("event_month")
    assert (combined["effect"] - curve["effect"]).filter(curve["event_month"] >= 6).mean() > 0
    period = truth.filter(outcome="in_work", months="6..18", estimand="ate")
    assert period["effect"].item() == pytest.approx(declared[18 + 6 : 18 + 19].mean(), abs=0.004)
    assert truth.filter(outcome="higher_education")["effect"].abs().max() == 0
    assert truth.filter(role="primary").select("outcome", "months").unique().row(0) == ("in_work", "1..36")


def test_the_truth_of_weighted_strata(simulation: Simulation, clean: dict[str, Panel]):
    """By a loop over strata: n_s p_s (1 - p_s)."""
    column = 12 + 18
    values = {arm: clean[arm].matrix("hours")[:, column] for arm in clean}
    effect, weights = 0.0, 0.0
    for (_,), people in simulation.participants.frame.with_row_index().group_by("stratum"):
        rows = people["index"].to_numpy()
        rows = rows[np.isfinite(values["se"][rows])]
        p = people["marginal_se"][0]
        if len(rows):
            weight = len(rows) * p * (1 - p)
            effect += weight * float((values["se"] - values["control"])[rows].mean())
            weights += weight
    row = simulation.truth.filter(role="curve", outcome="hours", estimand="strata_weighted", event_month=12)
    assert row["effect"].item() == pytest.approx(effect / weights, abs=1e-12)


def test_cumulative_truth_adds_up(simulation: Simulation, clean: dict[str, Panel]):
    difference = clean["se"].matrix("earnings") - clean["control"].matrix("earnings")
    total = difference[:, 19 : 19 + 24].sum(axis=1)
    row = simulation.truth.filter(role="cumulative", event_month=24, estimand="ate")
    assert row["effect"].item() == pytest.approx(np.nanmean(total))
    assert row["months"].item() == "1..24"


def test_no_effect_means_none_for_anyone(short: Trial, few: SimulationSettings):
    history = history_of(short, few, seed=3, effect="none")
    for register in ("employment", "earnings", "benefits", "education", "deaths", "emigrations"):
        control, treated = (clean_tables(history, arm)[register] for arm in short.arm_ids)
        assert control.equals(treated), register
    assert not clean_tables(history, "control")["programmes"].equals(clean_tables(history, "se")["programmes"])


def test_lives_before_the_draw_do_not_depend_on_it(clean: dict[str, Panel]):
    before = slice(0, 18)
    for column in ("in_work", "hours", "earnings", "aap", "in_programme"):
        control, treated = (clean[arm].matrix(column)[:, before] for arm in ("control", "se"))
        assert np.array_equal(control, treated, equal_nan=True), column


def test_a_change_of_the_effect_moves_nothing_else(short: Trial, few: SimulationSettings):
    without = few.model_copy(update={"effects": ()})
    one, other = (history_of(short, s, seed=5) for s in (few, without))
    assert np.array_equal(one.work("control"), other.work("control"))
    assert one.people.participants.frame.equals(other.people.participants.frame)
    assert not np.array_equal(one.work("se"), other.work("se"))


def hashes(folder: Path) -> dict[str, str]:
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def test_the_same_seed_writes_the_same_bytes(
    simulation: Simulation, short: Trial, few: SimulationSettings, tmp_path: Path
):
    write_simulation(simulation, short, tmp_path / "one")
    write_simulation(simulate(short, few, seed=11), short, tmp_path / "two")
    assert hashes(tmp_path / "one") == hashes(tmp_path / "two")
    assert len(hashes(tmp_path / "one")) == 7 + len(short.registers)


def test_another_seed_gives_other_people(short: Trial, few: SimulationSettings, simulation: Simulation):
    other = work_histories(short, few, seed=12)
    assert not set(other.participants.frame["person_id"]) & set(simulation.participants.frame["person_id"])


def test_programmes_have_referral_and_dated_codes(simulation: Simulation):
    table = simulation.tables["programmes"]
    assert (table["referred_on"] <= table["start_date"]).all()
    assert table.filter(programme="AB")["start_date"].max() <= date(2015, 12, 31)
    assert table.filter(programme="AB")["stop_date"].max() == date(2015, 12, 31)
    assert table.filter(programme="OPPF")["start_date"].min() == date(2016, 1, 1)
    assert {"SE", "AB", "OPPF", "PRAKSIS", "TILSKUDD", "OPPLARING", "MENTOR"} == set(table["programme"])
    drawn = simulation.participants.frame
    started = table.filter(programme="SE").select("person_id").unique()
    share = drawn.join(started, on="person_id", how="semi").group_by("arm").len()
    by_arm = dict(share.iter_rows())
    assert by_arm["se"] / drawn.filter(arm="se").height > 0.8
    assert by_arm.get("control", 0) / drawn.filter(arm="control").height < 0.08


def test_the_break_in_the_employment_register(history: History, few: SimulationSettings):
    table, change = clean_tables(history, "se")["employment"], few.register_break
    assert change is not None
    old, new = table.filter(source=change.before), table.filter(source=change.after)
    assert old["stop_date"].max() < change.day
    assert set(old["hours_per_week"]) == set(change.bands)
    assert (new["hours_per_week"] < 4).any()
    assert new.filter(pl.col("start_date") == change.day).height > 20, "spells go on under new records"
    assert old.height > 100
    assert new.height > 100


def test_histories_look_like_the_real_thing(trial: Trial, settings: SimulationSettings):
    history = history_of(trial, settings, seed=1)
    months = work_histories(trial, settings, seed=1)
    mean = dict(zip(months.window, np.nanmean(months.in_work["control"], axis=0), strict=True))
    assert 0.16 < mean[0] < 0.23, "one in five in work at the draw"
    assert 0.33 < mean[36] < 0.41
    before = np.nanmean(months.in_work["control"][:, 48:60], axis=1)
    after = months.in_work["control"][:, 61:97].mean(axis=1)
    seen = np.isfinite(after)
    assert np.corrcoef(before[seen], after[seen])[0, 1] > 0.3, "what people did predicts what they do"
    exits = history.exits
    years = 3737 * 4.7
    assert 0.002 < (exits.death < history.calendar.starts[-1]).sum() / years < 0.006
    employment = clean_tables(history, "control")["employment"]
    together = employment.join(employment, on="person_id").filter(
        (pl.col("record_id") != pl.col("record_id_right"))
        & (pl.col("employer_id") != pl.col("employer_id_right"))
        & (pl.col("start_date") <= pl.col("start_date_right"))
        & (pl.col("start_date_right") <= pl.col("stop_date").fill_null(date(2021, 1, 1)))
    )
    assert together["person_id"].n_unique() > 100, "two jobs at once"
    assert employment["stop_date"].null_count() > 300, "ongoing"
    pension = history.benefit("UFORE", "control")
    kept = pension[:, :-1] & history.present[:, 1:]
    assert pension[:, 1:][kept].mean() == 1, "disability pension is never left"
    assert not (history.benefit("AAP", "control") & pension).any()


def test_se_klar_has_its_declared_course():
    trial, settings = load_trial(EXAMPLES / "se-klar").trial, load_settings(EXAMPLES / "se-klar")
    history = history_of(trial, settings, seed=4)
    event, present = history.event_months, history.present

    def share(state: np.ndarray, month: int) -> float:
        return float(state[(event == month) & present].mean())

    work = {arm: history.work(arm) for arm in trial.arm_ids}
    assert share(work["se-klar"], 24) - share(work["control"], 24) == pytest.approx(0.12, abs=0.003)
    assert share(work["se-klar"], 36) == share(work["control"], 36)
    practice = {arm: np.mean([share(history.measures("PRAKSIS", arm), m) for m in range(3, 31)]) for arm in work}
    assert practice["se-klar"] == pytest.approx(0.5, abs=0.06)
    assert practice["se-klar"] > 2 * practice["control"]
    assert share(history.benefit("AAP", "se-klar"), 30) > share(history.benefit("AAP", "control"), 30)


def with_three_arms(trial: Trial) -> Trial:
    rows = [
        row.model_copy(update={"probability": {"se": row.probability["se"] / 2, "ips": row.probability["se"] / 2}})
        for row in trial.draw.schedule
    ]
    return trial.model_copy(
        update={
            "trial": trial.trial.model_copy(update={"arms": ("control", "se", "ips")}),
            "arms": {**trial.arms, "ips": trial.arms["se"]},
            "draw": trial.draw.model_copy(update={"schedule": tuple(rows)}),
        }
    )


def test_any_number_of_arms(short: Trial, few: SimulationSettings):
    """The third arm has an effect of its own, and nobody said how its programme is taken up."""
    own = few.effects[0].model_copy(update={"arm": "ips", "only_while": (), "points": ((1, 10.0), (36, 10.0))})
    history = history_of(with_three_arms(short), few.model_copy(update={"effects": (*few.effects, own)}), seed=6)
    assert set(history.people.participants.frame["arm"]) == {"control", "se", "ips"}
    year = (history.event_months == 30) & history.present
    work = {arm: history.work(arm)[year].mean() for arm in ("control", "se", "ips")}
    assert work["ips"] - work["control"] == pytest.approx(0.1, abs=0.003)
    assert work["se"] == work["control"]
    assert not history.in_own_programme("ips").any()
    assert "SE" not in set(clean_tables(history, "ips")["programmes"]["programme"])
    weights = estimand_weights(history.people.participants, "ips")["strata_weighted"]
    p0, pk = history.people.participants.frame.select("marginal_control", "marginal_ips").row(0)
    assert weights[0] == pytest.approx((p0 + pk) * (pk / (p0 + pk)) * (p0 / (p0 + pk)))


def test_rates_of_zero_and_registers_without_a_break(short: Trial, few: SimulationSettings):
    exits = few.exits.model_copy(update={"deaths": 0.0, "emigrations": 0.0})
    calm = few.model_copy(update={"exits": exits, "register_break": None})
    tables = clean_tables(history_of(short, calm, seed=2), "control")
    assert tables["deaths"].height == tables["emigrations"].height == 0
    assert set(tables["employment"]["source"]) == {""}
    assert (tables["employment"]["hours_per_week"] < 4).any()


def test_an_effect_that_nobody_can_carry_is_told(short: Trial, few: SimulationSettings):
    huge = few.effects[0].model_copy(update={"points": ((6, 95.0), (8, 95.0))})
    history = history_of(short, few.model_copy(update={"effects": (huge,)}), seed=1)
    with pytest.raises(ProtocolError, match=r"month 6.*larger|effects\[0\]"):
        history.work("se")


def test_draws_made_elsewhere_are_not_simulated(trial: Trial, settings: SimulationSettings):
    external = trial.model_copy(update={"draw": trial.draw.model_copy(update={"method": "external"})})
    with pytest.raises(UnsupportedMethodError):
        simulate(external, settings, seed=1)
