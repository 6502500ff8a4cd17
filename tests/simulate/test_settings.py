"""The settings say what they rest on, and what is wrong with them is told with file and line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import lodd.examples
from lodd.errors import ProtocolError, UsageError
from lodd.protocol import Trial, load_trial
from lodd.simulate import SimulationSettings, check_settings, load_settings

EXAMPLES = Path(lodd.examples.__file__).parent


@pytest.mark.parametrize("example", ["se", "se-klar"])
def test_the_examples_are_sound_and_say_what_they_rest_on(example: str):
    settings = load_settings(EXAMPLES / example)
    check_settings(load_trial(EXAMPLES / example).trial, settings)
    bases = dict(settings.bases())
    assert {"work", "effects[0]", "benefits.AAP", "measures.PRAKSIS", "take_up.control", "dirt"} <= set(bases)
    assert all(basis.startswith(("source: ", "assumption")) for basis in bases.values())
    assert "source" in bases["effects[0]"]


def test_the_hash_does_not_depend_on_comments_or_order(tmp_path: Path, settings: SimulationSettings):
    text = (EXAMPLES / "se" / "simulation.toml").read_text(encoding="utf-8")
    blocks = text.split("\n\n")
    (tmp_path / "simulation.toml").write_text("# more\n" + "\n\n".join(reversed(blocks)), encoding="utf-8")
    assert load_settings(tmp_path).sha256 == settings.sha256
    (tmp_path / "simulation.toml").write_text(text.replace("people = 3737", "people = 3738"), encoding="utf-8")
    assert load_settings(tmp_path).sha256 != settings.sha256


def written(folder: Path, old: str, new: str) -> Path:
    text = (EXAMPLES / "se" / "simulation.toml").read_text(encoding="utf-8")
    assert old in text
    (folder / "simulation.toml").write_text(text.replace(old, new), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("people = 3737", "peopel = 3737", r"simulation\.toml:8 intake\.peopel"),
        ("people = 3737", 'people = "many"', r"simulation\.toml:8 intake\.people: found"),
        ('basis = "source: 3,737 people were drawn"', 'basis = "I think so"', r"simulation\.toml:7 intake\.basis"),
        ("returns = 0.4", "returns = 4", "exits.returns"),
        ("[intake]", "[intake", "not valid TOML"),
    ],
)
def test_mistakes_in_the_file_are_told_with_their_line(tmp_path: Path, old: str, new: str, said: str):
    with pytest.raises(ProtocolError, match=said):
        load_settings(written(tmp_path, old, new))


def test_no_file_and_no_text(tmp_path: Path):
    with pytest.raises(UsageError, match=r"no simulation\.toml"):
        load_settings(tmp_path)
    (tmp_path / "simulation.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ProtocolError, match="UTF-8"):
        load_settings(tmp_path)


def _change(settings: SimulationSettings, part: str, **update: Any) -> SimulationSettings:
    return settings.model_copy(update={part: getattr(settings, part).model_copy(update=update)})


CONTRADICTIONS: list[tuple[str, Callable[[SimulationSettings], SimulationSettings]]] = [
    (r"offices\.weights", lambda s: _change(s, "offices", weights={"oslo": 1.0})),
    ("intake_profile", lambda s: s.model_copy(update={"intake_profile": None})),
    ("take_up", lambda s: s.model_copy(update={"take_up": {"x": s.take_up["se"]}})),
    (r"effects\[0\]\.arm", lambda s: s.model_copy(update={"effects": (_with(s, arm="control"),)})),
    (r"effects\[0\]\.state", lambda s: s.model_copy(update={"effects": (_with(s, state="happiness"),)})),
    (r"effects\[0\]\.only_while", lambda s: s.model_copy(update={"effects": (_with(s, only_while=("moon",)),)})),
    ("increasing order", lambda s: s.model_copy(update={"effects": (_with(s, points=((3, 1.0), (2, 1.0))),)})),
    ("below 0 or above 100", lambda s: _change(s, "work", level=((0, 120.0),))),
    (r"measures\.MENTOR\.level", lambda s: _measures(s, {"se": ((0, 1.0),)})),
    (r"facts\.education", lambda s: _change(s, "facts", education={"none": 1.0})),
]


def _with(settings: SimulationSettings, **update: Any) -> Any:
    return settings.effects[0].model_copy(update=update)


def _measures(settings: SimulationSettings, level: Any) -> SimulationSettings:
    mentor = settings.measures["MENTOR"].model_copy(update={"level": level})
    return settings.model_copy(update={"measures": {"MENTOR": mentor}})


@pytest.mark.parametrize(("said", "change"), CONTRADICTIONS, ids=[said for said, _ in CONTRADICTIONS])
def test_settings_that_do_not_fit_the_protocol(trial: Trial, settings: SimulationSettings, said: str, change: Any):
    with pytest.raises(ProtocolError, match=said) as caught:
        check_settings(trial, change(settings))
    assert caught.value.render("nb") != caught.value.render("en")


def test_registers_that_nobody_knows_how_to_simulate(trial: Trial, settings: SimulationSettings):
    stranger = trial.model_copy(update={"registers": {"cars": trial.registers["benefits"]}})
    with pytest.raises(ProtocolError, match='"cars" cannot be simulated'):
        check_settings(stranger, settings)


def test_batches_are_for_complete_designs_and_inside_enrolment(trial: Trial, settings: SimulationSettings):
    batches = load_settings(EXAMPLES / "se-klar").nomination
    with pytest.raises(ProtocolError, match="batches"):
        check_settings(trial, settings.model_copy(update={"nomination": batches}))
    klar, its = load_trial(EXAMPLES / "se-klar").trial, load_settings(EXAMPLES / "se-klar")
    earlier = klar.enrolment.model_copy(update={"closes": klar.enrolment.opens})
    with pytest.raises(ProtocolError, match=r"nomination\.batches\[0\]\.drawn_on"):
        check_settings(klar.model_copy(update={"enrolment": earlier}), its)
