"""Exports of trials whose lots depend on facts about the person and on earlier lots."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lodd.allocation.simulated import factor_columns
from lodd.site.actions.draw import draw_person
from lodd.site.actions.exports import write_export
from lodd.site.installation import installation, use_installation
from lodd.study import open_study
from tests.site.other_trials import another_trial
from tests.site.world import World

DRAWINGS = {
    "blocks": 'method = "blocks"\nblock_sizes = [4]\nstrata = ["office", "female"]',
    "minimisation": 'method = "minimisation"\nfactors = ["female", "age"]\nstrata = ["office"]',
}


@pytest.fixture(params=DRAWINGS.values(), ids=DRAWINGS.keys())
def drawn(request: pytest.FixtureRequest, world: World, tmp_path: Path) -> Iterator[World]:
    (tmp_path / "trial").mkdir()
    another_trial(world, tmp_path / "trial", request.param, "0.5", "")
    here = installation()
    for seed in range(1, 13):
        draw_person(
            world.number(seed),
            "n1",
            actor=world.actor("operator"),
            confirmed=[condition.id for condition in here.trial.enrolment.eligibility],
            factors=dict.fromkeys(factor_columns(here.service.live.replay.design), "ab"[seed % 2]),
            caseworker=None,
        )
    yield world
    use_installation(None)


def test_facts_strata_and_probabilities_are_the_draws_own(drawn: World, tmp_path: Path) -> None:
    written = write_export(tmp_path)
    with zipfile.ZipFile(written) as archive:
        archive.extractall(tmp_path)
    study = open_study(tmp_path / written.stem)
    frame = study.participants.frame.sort("draw_order")
    assert study.participants_agree() is True
    assert frame["female"].to_list() == ["b", "a"] * 6
    minimised = installation().trial.draw.method == "minimisation"
    strata = {"n1:2020-01-01"} if minimised else {"n1:2020-01-01:a", "n1:2020-01-01:b"}
    assert set(frame["stratum"]) == strata
    assert frame["marginal_coaching"].is_between(0.3, 0.7).all()
    assert study.evaluate().estimates.height > 0
