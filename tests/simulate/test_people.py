"""Who is enrolled."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import lodd.examples
from lodd.protocol import Trial, load_trial, participants_from
from lodd.simulate import SimulationSettings, load_settings
from lodd.simulate.people import enrol, pseudonyms
from lodd.simulate.processes import Streams

EXAMPLES = Path(lodd.examples.__file__).parent


def test_the_large_trial_has_its_people(trial: Trial, settings: SimulationSettings):
    people = enrol(trial, settings, Streams(1))
    frame = people.participants.frame
    assert frame.height == 3737
    assert frame["person_id"].n_unique() == 3737
    assert 0.34 < (frame["arm"] == "se").mean() < 0.38, "a little over one third"
    assert frame["office"].n_unique() == 23
    assert frame["drawn_at"].min() >= trial.enrolment.opens
    assert frame["drawn_at"].max() <= trial.enrolment.closes
    assert frame["drawn_at"].dt.weekday().max() <= 5
    assert frame["age"].is_between(18, 62).all()
    assert participants_from(trial, frame).frame.equals(frame), "as it is read back"
    assert people.participants.baseline_columns == (
        "age",
        "female",
        "education",
        "higher_education_before",
        "main_reason",
    )


def test_the_draw_follows_the_declared_probabilities(trial: Trial, settings: SimulationSettings):
    frame = enrol(trial, settings, Streams(2)).participants.frame
    by_stratum = frame.group_by("stratum").agg(
        pl.len().alias("n"), (pl.col("arm") == "se").sum().alias("drawn"), pl.col("marginal_se").first().alias("p")
    )
    z = ((pl.col("drawn") - pl.col("n") * pl.col("p")) ** 2 / (pl.col("n") * pl.col("p") * (1 - pl.col("p")))).sum()
    chi_squared, strata = by_stratum.select(z).item(), by_stratum.height
    assert abs(chi_squared - strata) < 4 * np.sqrt(2 * strata)


def test_se_klar_has_its_people_in_every_draw():
    trial, settings = load_trial(EXAMPLES / "se-klar").trial, load_settings(EXAMPLES / "se-klar")
    draws = [enrol(trial, settings, Streams(seed)).participants.frame for seed in (1, 2)]
    for frame in draws:
        assert Counter(frame["arm"]) == {"se-klar": 167, "control": 101}
        assert set(frame["office"]) == {"hurum", "royken", "rygge", "moss"}
        assert frame["stratum"].equals(frame["batch"].alias("stratum"))
    assert settings.nomination is not None
    for batch in settings.nomination.batches:
        assert Counter(draws[0].filter(stratum=batch.id)["arm"]) == batch.numbers


@pytest.mark.parametrize("count", [0, 1, 1000])
def test_pseudonyms_are_different_and_say_nothing(count: int):
    names = pseudonyms(np.random.default_rng(1), count)
    assert len(set(names)) == count
    assert all(len(name) == 13 and name[0] == "p" for name in names)


def test_the_facts_predict_by_their_score(trial: Trial, settings: SimulationSettings):
    people = enrol(trial, settings, Streams(3))
    frame = people.participants.frame
    assert people.score.std() == pytest.approx(1, abs=1e-5)
    assert np.corrcoef(people.score, frame["age"])[0, 1] < -0.2
    assert people.score[frame["higher_education_before"].to_numpy()].mean() > 0.5
