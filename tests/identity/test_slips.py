"""What a caseworker hears when a number is wrong."""

from __future__ import annotations

import re
import traceback
from datetime import date
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lodd.errors import DataError
from lodd.identity import IdentityNumberError, Setting, Slip, parse_identity_number, synthetic_number
from tests.identity.real_looking import fh_number, real_looking
from tests.identity.reference import complete, first_control_digits, read, second_control_digit

BEFORE = date(2031, 12, 31)


def error_of(written: str, setting: Setting = "test") -> IdentityNumberError:
    with pytest.raises(IdentityNumberError) as caught:
        parse_identity_number(written, setting, on=BEFORE)
    return caught.value


def swapped(digits: str, place: int) -> str:
    return digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :]


@pytest.mark.parametrize(
    ("written", "slip"),
    [
        ("", "empty"),
        (" - ", "empty"),
        ("1791209999", "too_short"),
        ("1", "too_short"),
        ("179120999971", "too_long"),
        ("1791209999O", "characters"),
        ("17/9120/99997", "characters"),
        ("１７９１２０９９９９７", "other_digits"),
        ("١٧٩١٢٠٩٩٩٩٧", "other_digits"),
        ("²7912099997", "other_digits"),
    ],
)
def test_what_is_not_eleven_digits(written: str, slip: str) -> None:
    assert error_of(written).slip == slip


def test_lengths_are_told_in_words_that_fit() -> None:
    assert "bare ett siffer; 10 mangler" in error_of("1").render("nb")
    assert "only 9 digits; 2 missing" in str(error_of("179120999"))
    assert "12 sifre; det er 1 for mye" in error_of("179120999971").render("nb")


def test_a_lost_leading_zero_is_guessed() -> None:
    number = next(n for n in map(synthetic_number, range(200)) if n.digits()[0] == "0")
    error = error_of(number.digits()[1:])
    assert (error.slip, error.hint) == ("too_short", "leading_zero")
    assert "regneark" in error.render("nb")
    assert error_of("2345678901").hint is None


@pytest.mark.parametrize("index", range(40))
def test_which_control_digit_is_wrong(index: int) -> None:
    nine = synthetic_number(index).digits()[:9]
    wrong_first = next(k for k in range(10) if k not in first_control_digits(nine))
    right_second = second_control_digit(f"{nine}{wrong_first}")
    if right_second < 10:
        assert error_of(f"{nine}{wrong_first}{right_second}").slip == "control_digit_1"
    assert error_of(f"{nine}{wrong_first}{(right_second + 1) % 10}").slip == "control_digits"
    complete_number = synthetic_number(index).digits()
    last = error_of(f"{complete_number[:10]}{(int(complete_number[10]) + 1) % 10}")
    assert last.slip == "control_digit_2"
    assert last.hint in ("last_digit", "transposed")


@settings(deadline=None)
@given(st.integers(0, 20_000), st.integers(4, 9))
def test_a_swap_of_neighbours_is_guessed(index: int, place: int) -> None:
    digits = synthetic_number(index).digits()
    if digits[place] != digits[place + 1]:
        assert error_of(swapped(digits, place)).hint == "transposed"


@settings(deadline=None)
@given(st.integers(0, 20_000), st.integers(1, 9))
def test_only_numbers_of_today_are_guessed(index: int, shift: int) -> None:
    """Of any eleven digits, a swap is guessed exactly when the slow reference finds one that today's rule accepts."""
    digits = synthetic_number(index).digits()
    wrong = digits[:7] + str((int(digits[7]) + shift) % 10) + str((int(digits[8]) + 3) % 10) + digits[9:]
    readings = [read(swapped(wrong, place), "test") for place in range(10)]
    fits_today = any(reading and reading[2] == "current" for reading in readings)
    if not read(wrong, "test"):
        assert (error_of(wrong).hint == "transposed") == fits_today


def test_a_wrong_digit_is_guessed_and_random_digits_need_not_be() -> None:
    digits = synthetic_number(7).digits()
    hints = {error_of(digits[:6] + other + digits[7:]).hint for other in "0123456789" if other != digits[6]}
    assert "one_digit" in hints
    assert hints <= {"one_digit", "transposed"}


def test_a_synthetic_month_with_wrong_control_digits_is_an_impossible_month_in_production() -> None:
    digits = synthetic_number(3).digits()
    assert error_of(digits, "production").slip == "synthetic_in_production"
    assert error_of(digits[:-1] + str((int(digits[-1]) + 1) % 10), "production").slip == "impossible_month"


def test_a_number_in_the_form_of_a_real_one_is_refused_in_test_whatever_its_control_digits() -> None:
    digits = real_looking(5)
    for last in "0123456789":
        assert error_of(digits[:-1] + last).slip == "real_in_test"
    assert error_of(fh_number()).slip == "real_in_test"


@pytest.mark.parametrize("slip", get_args(Slip))
def test_every_slip_is_said_in_both_languages_with_a_next_step(slip: Slip) -> None:
    error = IdentityNumberError(slip, digits_found=9 if slip == "too_short" else 12)
    assert isinstance(error, DataError)
    (problem,) = error.problems
    assert problem.next_step
    for text in (problem.found, problem.next_step, *([problem.allowed] if problem.allowed else [])):
        assert text.nb != text.en
        assert text.nb.endswith(".") == text.en.endswith(".")
    assert str(error) == error.render("en")


def broken_numbers() -> list[tuple[str, Setting]]:
    digits = synthetic_number(11).digits()
    changed = [digits[:place] + other + digits[place + 1 :] for place in range(11) for other in "05"]
    made = [*changed, *(swapped(digits, place) for place in range(10)), digits[:10], digits + "4", f"{digits[:10]}O"]
    real = [real_looking(8), real_looking(8, month_added=20), fh_number(8)]
    outside = complete("018554751") or complete("018554752") or ""
    cases: list[tuple[str, Setting]] = [(each, "test") for each in [*made, *real, outside] if each != digits]
    return [*cases, (digits, "production")]


@pytest.mark.parametrize(("written", "setting"), broken_numbers())
def test_no_message_holds_the_number_or_a_corrected_one(written: str, setting: Setting) -> None:
    with pytest.raises(IdentityNumberError) as caught:
        parse_identity_number(written, setting, on=BEFORE)
    error = caught.value
    said = [error.render("nb"), error.render("en"), repr(error), *map(str, error.args)]
    said += traceback.format_exception(error)[-1:]
    right = synthetic_number(11).digits()
    for text in said:
        digits = re.sub(r"\D", "", text)
        for hidden in (written, right):
            assert hidden not in digits
            assert all(hidden[place : place + 5] not in digits for place in range(len(hidden) - 4))
