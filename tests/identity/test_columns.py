"""Whole columns of numbers are read as each number is, one by one."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lodd.identity import (
    IdentityNumberError,
    generate_keys,
    load_keys,
    parse_identity_number,
    synthetic_number,
)
from lodd.identity.columns import plainly_good, read_numbers
from lodd.identity.rules import Reading, Setting, Slip, control_digits, judge

DAY = date(2026, 1, 1)
SETTINGS: tuple[Setting, Setting] = ("test", "production")


@st.composite
def nearly_numbers(draw: st.DrawFn) -> str:
    """Eleven digits that are a number, or would be but for a thing or two."""
    day = draw(st.integers(0, 99))
    month = draw(st.one_of(st.integers(0, 99), st.sampled_from((2, 42, 67, 82))))
    nine = f"{day:02}{month:02}{draw(st.integers(0, 99)):02}{draw(st.integers(0, 999)):03}"
    control = control_digits(nine, draw(st.sampled_from((0, 0, 0, 1, 5))))
    return nine + (control or f"{draw(st.integers(0, 99)):02}")


def digits_of(*numbers: str) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.array([[int(digit) for digit in number] for number in numbers], dtype=np.uint8)


@settings(max_examples=400, deadline=None)
@given(nearly_numbers(), st.sampled_from(SETTINGS))
@example("29820099635", "test")
def test_what_is_plainly_good_is_a_number(number: str, setting: Setting) -> None:
    if plainly_good(digits_of(number), setting)[0]:
        assert isinstance(judge(number, setting, DAY), Reading)


@pytest.mark.parametrize("source", ["tax_administration", "nav", "health_network"])
@pytest.mark.parametrize("kind", ["fødselsnummer", "D-number"])
def test_nearly_all_numbers_are_plain_to_see(source: Any, kind: Any) -> None:
    """Else a column would be as slow as its numbers one by one; leap days are not."""
    numbers = [synthetic_number(i, kind=kind, source=source).digits() for i in range(3_000)]
    assert plainly_good(digits_of(*numbers), "test").mean() > 0.99


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.one_of(nearly_numbers(), st.text("0123456789 .-xØ٣", max_size=13), st.none()), max_size=8),
    st.sampled_from(SETTINGS),
)
def test_text_is_read_as_each_one_is(written: list[str | None], setting: Setting) -> None:
    read = read_numbers(pa.array(["x", *written, "y"], pa.string())[1:-1], setting, on=DAY)
    for row, text in enumerate(written):
        digits, slip = one_by_one(text, setting)
        assert read.valid[row] == (slip is None)
        if digits is not None:
            assert "".join(map(str, read.digits[row])) == digits
        elif slip != "real_in_test":
            assert read.slips[row] == slip


def one_by_one(text: str | None, setting: Setting) -> tuple[str | None, Slip | None]:
    try:
        return parse_identity_number(text or "", setting, on=DAY).digits(), None
    except IdentityNumberError as error:
        return None, error.slip


def test_whole_numbers_have_lost_their_zeros() -> None:
    number = next(n for i in range(99) if (n := synthetic_number(i).digits()).startswith("0"))
    read = read_numbers(pa.array([int(number), None, -1, 10**11, 10**10 - 1], pa.int64()), "test", on=DAY)
    assert "".join(map(str, read.digits[0])) == number
    assert read.slips == {1: "empty", 2: "too_short", 3: "too_long", 4: "impossible_month"}


def test_numbers_of_the_other_setting_are_told_apart_from_wrong_ones() -> None:
    """Real digits are made here, and never written: the first nine of a synthetic number with another month."""
    synthetic = synthetic_number(5).digits()
    nine = next(
        n for i in range(999) if control_digits(n := f"{synthetic[:2]}01{synthetic[4:6]}{i:03}") and judge_ok(n)
    )
    real = nine + str(control_digits(nine))
    assert read_numbers(pa.array([real]), "test", on=DAY).slips == {0: "real_in_test"}
    assert (
        read_numbers(pa.array([real[:-1] + str((int(real[-1]) + 1) % 10)]), "test", on=DAY).slips[0] != "real_in_test"
    )
    assert read_numbers(pa.array([synthetic]), "production", on=DAY).slips == {0: "synthetic_in_production"}


def judge_ok(nine: str) -> bool:
    return isinstance(judge(nine + str(control_digits(nine)), "production", DAY), Reading)


def test_other_types_are_refused_and_nothing_is_shown() -> None:
    with pytest.raises(TypeError, match="double"):
        read_numbers(pa.array([1.5]), "test")
    number = synthetic_number(3).digits()
    assert number not in repr(read_numbers(pa.array([number]), "test"))


def test_pseudonyms_are_those_of_each_number(tmp_path: Any) -> None:
    generate_keys(tmp_path / "keys", setting="test")
    ring = load_keys(tmp_path / "keys")
    people = [synthetic_number(i) for i in range(40)]
    many = ring.person_ids(digits_of(*(person.digits() for person in people)))
    assert [code.decode() for code in many] == [ring.person_id(person) for person in people]
    assert len(ring.person_ids(np.zeros((0, 11), dtype=np.uint8))) == 0
    with pytest.raises(IdentityNumberError):
        ring.person_ids(digits_of("12345678901"))
