"""Pseudonyms are the same for ever: golden vectors, made from the definitions by `golden/make_pseudonyms.py`."""

from __future__ import annotations

import json
import runpy
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from lodd.identity import (
    IdentityNumberError,
    KeyRing,
    parse_identity_number,
    simulation_keys,
    synthetic_number,
    synthetic_numbers,
)
from tests.identity.real_looking import real_looking

GOLDEN: dict[str, Any] = json.loads((Path(__file__).parent / "golden/pseudonyms.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def ring() -> KeyRing:
    return simulation_keys(GOLDEN["seed"])


@pytest.mark.parametrize("digits", GOLDEN["pseudonyms"])
def test_the_golden_pseudonyms(ring: KeyRing, digits: str) -> None:
    number = parse_identity_number(digits, "test")
    assert {"lot_id": ring.lot_id(number), "person_id": ring.person_id(number)} == GOLDEN["pseudonyms"][digits]


def test_the_golden_code_and_commitments(ring: KeyRing) -> None:
    assert ring.lot_mac(GOLDEN["message"].encode()).hex() == GOLDEN["lot_mac"]
    commitments = ring.commitments()
    assert commitments.pop("checkpoint") == ring.public_checkpoint_key.hex()
    assert commitments == GOLDEN["commitments"]


def test_the_golden_file_is_what_its_script_makes(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(Path(__file__).parent / "golden/make_pseudonyms.py"), run_name="__main__")
    assert json.loads(capsys.readouterr().out) == GOLDEN


def test_twenty_six_letters_unrelated_to_each_other(ring: KeyRing) -> None:
    numbers = list(synthetic_numbers(2000))
    lots, people = [ring.lot_id(n) for n in numbers], [ring.person_id(n) for n in numbers]
    assert len({*lots, *people}) == 4000
    letters = Counter("".join([*lots, *people]))
    assert set(letters) == set("abcdefghijklmnopqrstuvwxyz234567")
    assert {len(each) for each in [*lots, *people]} == {26}
    expected = 4000 * 26 / 32
    assert all(abs(count - expected) < 6 * expected**0.5 for count in letters.values())


def test_other_keys_give_other_pseudonyms(ring: KeyRing) -> None:
    number, other = synthetic_number(1), simulation_keys(GOLDEN["seed"] + 1)
    assert len({ring.lot_id(number), other.lot_id(number), ring.person_id(number), other.person_id(number)}) == 4


def test_how_a_number_was_written_does_not_matter(ring: KeyRing) -> None:
    number = synthetic_number(5)
    assert ring.lot_id(parse_identity_number(number.grouped(), "test")) == ring.lot_id(number)


def test_keys_for_tests_refuse_real_people(ring: KeyRing) -> None:
    real = parse_identity_number(real_looking(), "production")
    for refusing in (ring.lot_id, ring.person_id):
        with pytest.raises(IdentityNumberError) as caught:
            refusing(real)
        assert caught.value.slip == "real_in_test"


def test_help_numbers_are_not_drawn(ring: KeyRing) -> None:
    helping = parse_identity_number(real_looking(month_added=40), "production")
    with pytest.raises(IdentityNumberError) as caught:
        ring.lot_id(helping)
    assert caught.value.slip == "not_drawable"
