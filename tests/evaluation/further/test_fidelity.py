"""Effects by fidelity: whose score, and that the table says what it is not."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from lodd.errors import DataError
from lodd.evaluation.further.fidelity import score_of
from lodd.protocol import FIDELITY_FILE, fidelity_from, read_fidelity
from tests.evaluation.further.tables import further_of

World = Any
SCORES = pl.DataFrame(
    {
        "site": ["north", "north", "south"],
        "half_year": [date(2015, 1, 1), date(2015, 7, 1), date(2015, 1, 1)],
        "score": [60, 100, 80],
    }
)


def test_the_score_is_of_the_site_in_the_half_year_of_the_draw(small: World) -> None:
    found = score_of(small.participants, fidelity_from(small.trial, SCORES))
    frame = small.participants.frame
    for score, site, day in zip(found, frame["site"], frame["drawn_at"], strict=True):
        late = day >= date(2015, 7, 1)
        expected = {("north", False): 60, ("north", True): 100, ("south", False): 80}.get((site, late), np.nan)
        assert score == pytest.approx(expected, nan_ok=True)


def test_groups_and_slopes_are_set_apart(small: World) -> None:
    found = further_of(small, fidelity=fidelity_from(small.trial, SCORES))
    groups, slopes = found.tables["effects_by_fidelity"], found.tables["fidelity_slopes"]
    score = score_of(small.participants, fidelity_from(small.trial, SCORES))
    known = ~np.isnan(score)
    assert groups["median"].unique().to_list() == [np.median(score[known])]
    assert not groups["protected"].any()
    assert not slopes["protected"].any()
    assert not groups["prespecified"].any()
    rows = groups.filter(pl.col("outcome") == "work", pl.col("estimator") == "hajek", ~pl.col("adjusted"))
    assert rows["group"].to_list() == ["below", "above"]
    assert (rows["n_control"] + rows["n_treated"]).sum() == known.sum()
    assert slopes["n_control"].max() + slopes["n_treated"].max() == known.sum()
    assert slopes["moderator_low"].min() == 60
    assert [note.count for note in found.noted("fidelity_unknown")] == [(~known).sum()]


def test_an_effect_that_follows_fidelity_is_found(small: World) -> None:
    score = np.nan_to_num(score_of(small.participants, fidelity_from(small.trial, SCORES)))
    pay = np.random.default_rng(3).normal(size=(240, 7)) + (score / 10 * (small.participants.arm_index == 1))[:, None]
    found = further_of(small.with_values(pay=pay), fidelity=fidelity_from(small.trial, SCORES))
    slopes = found.tables["fidelity_slopes"].filter(pl.col("outcome") == "pay")
    assert slopes["estimate"].to_numpy() == pytest.approx(0.3, abs=0.06)
    assert (found.tables["effects_by_fidelity"].filter(pl.col("outcome") == "pay")["p_interaction"] < 0.01).all()


def test_without_scores_of_these_people_there_is_no_table(small: World) -> None:
    other = SCORES.with_columns(pl.lit(date(2030, 1, 1)).alias("half_year")).unique("site")
    found = further_of(small, fidelity=fidelity_from(small.trial, other))
    assert not {"effects_by_fidelity", "fidelity_slopes"} & set(found.tables)
    assert [note.count for note in found.noted("fidelity_unknown")] == [240]
    assert not {"effects_by_fidelity", "fidelity_slopes"} & set(further_of(small).tables)


def test_reading_a_folder(small: World, tmp_path: Path) -> None:
    assert read_fidelity(small.trial, tmp_path) is None
    SCORES.write_parquet(tmp_path / FIDELITY_FILE)
    found = read_fidelity(small.trial, tmp_path)
    assert found is not None
    assert found.frame["score"].to_list() == [60.0, 100.0, 80.0]
    (tmp_path / FIDELITY_FILE).write_bytes(b"PAR1 and nothing else")
    with pytest.raises(DataError, match="not readable Parquet"):
        read_fidelity(small.trial, tmp_path)


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ({"site": ["north", "north", "west"]}, "ukjent verdi i «site» (rad 3)"),
        ({"site": ["north", None, "south"]}, "en verdi mangler (rad 2)"),
        ({"score": [60.0, float("nan"), 80.0]}, "en verdi mangler (rad 2)"),
        ({"half_year": [date(2015, 1, 1), date(2015, 8, 1), date(2015, 1, 1)]}, "annen dag (rad 2)"),
        ({"half_year": [date(2015, 1, 1)] * 3}, "samme sted og halvår (rad 1, 2)"),
        ({"half_year": ["2015-01", "2015-07", "2015-01"]}, "«half_year» er String"),
        ({"score": ["60", "100", "80"]}, "«score» er String"),
    ],
)
def test_scores_that_contradict_the_protocol(small: World, column: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError) as caught:
        fidelity_from(small.trial, SCORES.with_columns(**{name: pl.Series(values) for name, values in column.items()}))
    assert said in caught.value.render("nb")
    assert caught.value.render("en") != caught.value.render("nb")


def test_columns_that_are_not_there(small: World) -> None:
    with pytest.raises(DataError) as caught:
        fidelity_from(small.trial, SCORES.select("site"))
    assert "«half_year» mangler" in caught.value.render("nb")
    assert "«score» mangler" in caught.value.render("nb")
