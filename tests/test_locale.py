"""Numbers, dates and lists as readers of each language expect them."""

from __future__ import annotations

import math
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodd.errors import DataError, LockError, LoddError, Problem, ProtocolError, UsageError, VerificationError
from lodd.locale import (
    Text,
    interval,
    join_words,
    long_date,
    long_moment,
    month_year,
    number,
    p_value,
    percent,
    preferred_language,
    signed,
)

NBSP = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"


def test_numbers() -> None:
    assert number(1234567.25, "en", 1) in {"1,234,567.2", "1,234,567.3"}
    assert number(1234567, "nb").replace("\u202f", NBSP) == f"1{NBSP}234{NBSP}567"
    assert number(-0.04, "nb", 1) == "0,0"
    assert number(-1.5, "en", 1) == f"{MINUS}1.5"
    assert number(math.nan, "en") == "\N{EN DASH}"
    assert number(-math.inf, "nb") == f"{MINUS}\N{INFINITY}"


def test_differences_have_their_sign() -> None:
    assert signed(1.25, "nb", 1) in {"+1,2", "+1,3"}
    assert signed(-1, "en") == f"{MINUS}1"
    assert signed(0.04, "en", 1) == "0.0"


def test_percent_p_and_interval() -> None:
    assert percent(0.348, "nb", 1) == f"34,8{NBSP}%"
    assert percent(0.348, "en", 1) == "34.8%"
    assert percent(math.nan, "en") == "\N{EN DASH}"
    assert p_value(0.0004, "nb") == f"<{NBSP}0,001"
    assert p_value(0.0456, "en") == "0.046"
    assert p_value(math.nan, "en") == "\N{EN DASH}"
    assert interval(-1, 2.5, "nb", 1) == f"{MINUS}1,0 til 2,5"
    assert interval(-1, 2.5, "en", 1) == f"{MINUS}1.0 to 2.5"


@given(st.floats(-1e9, 1e9), st.integers(0, 4))
def test_shown_numbers_read_back(value: float, decimals: int) -> None:
    english = number(value, "en", decimals).replace(",", "").replace(MINUS, "-")
    norwegian = "".join(number(value, "nb", decimals).split()).replace(",", ".").replace(MINUS, "-")
    assert float(english) == pytest.approx(value, abs=0.51 * 10**-decimals)
    assert english == norwegian


def test_dates_and_lists() -> None:
    assert long_date(date(2014, 5, 1), "nb") == "1. mai 2014"
    assert long_date(date(2014, 5, 1), "en") == "1 May 2014"
    assert long_moment(datetime(2014, 5, 1, 9, 12), "nb") == "1. mai 2014 kl. 09.12"
    assert long_moment(datetime(2014, 5, 1, 21, 2), "en") == "1 May 2014, 21:02"
    assert month_year(date(2014, 5, 1), "nb") == "mai 2014"
    assert join_words(["a", "b", "c"], "nb") == "a, b og c"
    assert join_words([], "en") == ""


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "nb_NO.UTF-8"}, "nb"),
        ({"LANG": "nn_NO"}, "nb"),
        ({"LANG": "nb_NO", "LODD_LANG": "en"}, "en"),
    ],
)
def test_language_of_the_terminal(environment: dict[str, str], language: str) -> None:
    assert preferred_language(environment) == language


def test_error_says_found_allowed_and_next() -> None:
    problem = Problem(Text(nb="fant", en="found"), "file:3", Text(nb="lov", en="may"), Text(nb="gjør", en="do"))
    error = DataError([problem, Problem(Text.same("x"))])
    assert error.render("nb") == "file:3: fant\n  tillatt: lov\n  gjør dette: gjør\nx"
    assert str(error) == "file:3: found\n  allowed: may\n  do this: do\nx"


def test_exit_codes_are_those_of_the_manual() -> None:
    kinds = (LoddError, UsageError, ProtocolError, DataError, LockError, VerificationError)
    assert [kind.exit_code for kind in kinds] == [1, 2, 3, 4, 5, 6]
