"""Synthetic numbers: distinct, reproducible, valid where they are asked for and nowhere else."""

from __future__ import annotations

from datetime import date
from math import gcd

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lodd.identity import parse_identity_number, synthetic_number, synthetic_numbers
from lodd.identity.generate import _STEP, COUNT
from lodd.identity.rules import Kind, Reading, Synthetic, judge, remainders
from tests.identity.reference import read

KINDS = st.sampled_from(["fødselsnummer", "D-number"])
SOURCES = st.sampled_from(["tax_administration", "nav", "health_network"])


@settings(deadline=None)
@given(st.integers(0, COUNT - 1), KINDS, SOURCES)
def test_valid_by_both_rules_in_test_and_refused_in_production(index: int, kind: Kind, source: Synthetic) -> None:
    number = synthetic_number(index, kind=kind, source=source)  # type: ignore[arg-type]
    assert (number.kind, number.synthetic, number.control_rule) == (kind, source, "current")
    assert remainders(number.digits()) == (0, 0)
    assert number == parse_identity_number(number.digits(), "test")
    assert read(number.digits(), "test") == (kind, source, "current", number.birth_date)
    in_production = judge(number.digits(), "production", date(2040, 1, 1))
    if isinstance(in_production, Reading):
        assert (in_production.kind, source) == ("H-number", "nav")
    else:
        assert in_production == "synthetic_in_production"


@settings(deadline=None)
@given(st.integers(0, COUNT - 1), KINDS, SOURCES)
def test_numbers_that_only_the_rule_of_2032_accepts(index: int, kind: Kind, source: Synthetic) -> None:
    number = synthetic_number(index, kind=kind, source=source, control_rule="2032")  # type: ignore[arg-type]
    assert number.control_rule == "2032"
    assert remainders(number.digits())[0] in (1, 2, 3)


def test_every_index_has_its_own_number() -> None:
    assert gcd(_STEP, COUNT) == 1
    numbers = list(synthetic_numbers(5000))
    assert len(set(numbers)) == 5000
    assert numbers[1234] == synthetic_number(1234)
    assert list(synthetic_numbers(10, start=20)) == numbers[20:30]
    assert not set(numbers) & set(synthetic_numbers(5000, source="nav"))


def test_neighbouring_indexes_have_nothing_in_common() -> None:
    numbers = [number.digits() for number in synthetic_numbers(2000)]
    decades = [sum(digits[4] == decade for digits in numbers) for decade in "456789"]
    assert min(decades) > 250
    assert 0.40 < sum(int(digits[8]) % 2 for digits in numbers) / 2000 < 0.49


@settings(deadline=None)
@given(st.dates(date(1858, 1, 1), date(2039, 12, 31)), st.integers(0, 29), KINDS)
def test_a_wanted_date_of_birth(born: date, index: int, kind: Kind) -> None:
    number = synthetic_number(index, born=born, kind=kind)  # type: ignore[arg-type]
    assert number.birth_date == born


@pytest.mark.parametrize("index", [-1, COUNT])
def test_no_number_beyond_the_last(index: int) -> None:
    with pytest.raises(IndexError):
        synthetic_number(index)


def test_a_day_has_so_many_numbers_and_no_more() -> None:
    day = date(1990, 5, 17)
    assert len({synthetic_number(index, born=day) for index in range(180)}) == 180
    with pytest.raises(IndexError, match="180"):
        synthetic_number(180, born=day)
