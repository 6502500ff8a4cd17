"""Identities at rest: they open with their key in their place, and nowhere else."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lodd.identity import (
    IdentityNumberError,
    Sealer,
    SealError,
    add_sealing_key,
    generate_keys,
    load_keys,
    parse_identity_number,
    simulation_keys,
    synthetic_number,
)
from tests.identity.real_looking import real_looking

SEALER = simulation_keys(1).sealer


def problem_of(sealer: Sealer, token: str, context: str) -> str:
    with pytest.raises(SealError) as caught:
        sealer.unseal(token, context)
    assert not token or token not in str(caught.value)
    assert caught.value.render("nb") != caught.value.render("en")
    return caught.value.problem


@settings(deadline=None)
@given(st.integers(0, 100_000), st.text(st.characters(codec="utf-8"), max_size=40))
def test_round_trip(index: int, context: str) -> None:
    number = synthetic_number(index)
    assert SEALER.unseal(SEALER.seal(number, context), context) == number


@settings(deadline=None)
@given(st.sampled_from(["2032", "current"]), st.integers(0, 1000))
def test_a_number_of_the_rule_of_2032_opens_again(rule: str, index: int) -> None:
    number = synthetic_number(index, control_rule=rule)  # type: ignore[arg-type]
    assert SEALER.unseal(SEALER.seal(number, ""), "").control_rule == rule


def test_equal_identities_do_not_look_equal_and_all_have_one_length() -> None:
    tokens = [SEALER.seal(synthetic_number(index % 5), f"enrolment/{index}") for index in range(200)]
    assert len(set(tokens)) == 200
    assert {len(token) for token in tokens} == {78}
    assert not any(synthetic_number(index).digits() in token for token in tokens for index in range(5))


@settings(deadline=None)
@given(st.integers(0, 77), st.sampled_from("AZaz09-_.=~é"))
def test_no_changed_token_opens(place: int, character: str) -> None:
    token = SEALER.seal(synthetic_number(3), "enrolment/1")
    changed = token[:place] + character + token[place + 1 :]
    if changed != token:
        assert problem_of(SEALER, changed, "enrolment/1") in ("malformed", "unknown_key", "does_not_open")


@pytest.mark.parametrize("cut", range(0, 78, 3))
def test_no_shortened_token_opens(cut: int) -> None:
    assert problem_of(SEALER, SEALER.seal(synthetic_number(3), "a")[:cut], "a") in ("malformed", "does_not_open")


def test_a_token_moved_to_another_record_does_not_open() -> None:
    token = SEALER.seal(synthetic_number(3), "enrolment/1")
    assert problem_of(SEALER, token, "enrolment/2") == "does_not_open"
    assert problem_of(SEALER, token, "") == "does_not_open"


def test_a_token_of_another_key_is_told_apart_from_a_damaged_one() -> None:
    assert problem_of(SEALER, simulation_keys(2).sealer.seal(synthetic_number(3), "a"), "a") == "unknown_key"


def test_a_token_relabelled_with_another_key_does_not_open(tmp_path: Path) -> None:
    generate_keys(tmp_path / "keys", setting="test")
    old = load_keys(tmp_path / "keys").sealer
    new_id = add_sealing_key(tmp_path / "keys")
    both = load_keys(tmp_path / "keys").sealer
    relabelled = old.seal(synthetic_number(3), "a").replace(old.key_ids[0], new_id)
    assert problem_of(both, relabelled, "a") == "does_not_open"


def test_rotation(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    generate_keys(folder, setting="test")
    first = load_keys(folder).sealer
    number, token = synthetic_number(9), first.seal(synthetic_number(9), "enrolment/9")
    assert first.is_newest(token)
    newest = add_sealing_key(folder)
    both = load_keys(folder).sealer
    assert both.key_ids == (*first.key_ids, newest)
    assert both.unseal(token, "enrolment/9") == number
    assert not both.is_newest(token)
    resealed = both.reseal_with_newest(token, "enrolment/9")
    assert both.is_newest(resealed)
    assert both.reseal_with_newest(resealed, "enrolment/9") == resealed
    (folder / "sealing-1.key").unlink()
    only_new = load_keys(folder).sealer
    assert only_new.unseal(resealed, "enrolment/9") == number
    assert problem_of(only_new, token, "enrolment/9") == "unknown_key"
    with pytest.raises(SealError):
        both.reseal_with_newest(resealed, "enrolment/8")


def test_a_real_number_is_not_sealed_in_a_test() -> None:
    with pytest.raises(IdentityNumberError) as caught:
        SEALER.seal(parse_identity_number(real_looking(), "production"), "a")
    assert caught.value.slip == "real_in_test"


def test_a_sealer_shows_and_gives_nothing() -> None:
    assert repr(SEALER) == f"<Sealer: {SEALER.key_ids[0]}>"
    for way in (pickle.dumps, copy.copy):
        with pytest.raises(TypeError):
            way(SEALER)
