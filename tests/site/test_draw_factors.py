"""Trials whose lots depend on facts about the person: the facts are asked for, and nothing is kept of them twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lodd.allocation.simulated import factor_columns
from lodd.site.installation import installation, use_installation
from lodd.site.models import DrawRequest, LedgerDetail, Participant
from tests.site.draw_story import asked, drawn, problems, typed
from tests.site.world import World

FACTS = """
[facts.female]
label = { nb = "Kjønn", en = "Sex" }
categories = { yes = { nb = "Kvinne", en = "Woman" }, no = { nb = "Mann", en = "Man" } }
[facts.age]
label = { nb = "Alder", en = "Age" }
categories = { a = "18-24", b = "25-34", c = "35-44", d = "45-54", e = "55-" }
"""
METHODS = {
    "blocks": ('method = "blocks"\nstrata = ["office", "female", "age", "language"]\nblock_sizes = [10]', "0.40"),
    "minimisation": ('method = "minimisation"\nfactors = ["office", "female", "age", "language"]', "0.50"),
}


@pytest.fixture(params=METHODS)
def world_with_facts(request: pytest.FixtureRequest, world: World, tmp_path: Path) -> Iterator[World]:
    """The same people with another protocol. (Its lock is another, so its ledger begins anew.)"""
    from tests.site.other_trials import another_trial

    drawing, share = METHODS[request.param]
    yield another_trial(world, tmp_path, drawing, share, FACTS)
    use_installation(None)


def test_facts_are_asked_for_read_back_and_needed(world_with_facts: World) -> None:
    world = world_with_facts
    client = world.client("operator", headers={"accept-language": "en"})
    page = client.get("/draw/").content.decode()
    for said in ("Sex", "Woman", "Age", "18-24", "language"):
        assert said in page
    given = {"factor_female": "yes", "factor_age": "b", "factor_language": "norsk"}
    for name in given:
        response = client.post("/draw/", typed(world.number(1), **given | {name: ""}))
        assert "the lot depends on it" in problems(response)
    assert "not one of" in problems(client.post("/draw/", typed(world.number(1), **given | {"factor_age": "z"})))
    number = world.number(2).digits()
    assert problems(client.post("/draw/", typed(world.number(1), **given | {"factor_language": number})))
    there = asked(client, world.number(1), **given)
    read_back = client.get(there).content.decode()
    for said in ("Woman", "25-34", "norsk"):
        assert said in read_back
    changed = client.get(there + "change/").content.decode()
    assert 'value="norsk"' in changed
    assert client.post(there).status_code == 302
    assert Participant.objects.count() == 1
    assert DrawRequest.objects.get(state="answered").factors == {}
    assert '"female":"yes"' in LedgerDetail.objects.get().content.replace(" ", "")
    for seed in range(2, 6):
        drawn(client, world.number(seed), **given)
    assert Participant.objects.count() == 5


def test_the_columns_are_the_designs_own(world_with_facts: World) -> None:
    from lodd.allocation import Design

    assert factor_columns(Design.from_trial(installation().trial)) == ["female", "age", "language"]
