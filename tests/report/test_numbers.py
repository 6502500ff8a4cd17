"""Units and disclosure control: how numbers and counts of people are shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodd.report import disclosure
from lodd.report.units import Unit, decimals_for

NBSP = "\N{NO-BREAK SPACE}"
SHARE_NB = Unit("nb", 100.0, 1, "prosentpoeng", "Prosent", "Prosentpoeng", is_share=True)
SHARE_EN = Unit("en", 100.0, 1, "percentage points", "Per cent", "Percentage points", is_share=True)
KRONER = Unit("nb", 1.0, 0, "kroner", "Gjennomsnitt, kroner", "Differanse, kroner")


def test_shares_are_per_cent_and_their_differences_percentage_points() -> None:
    assert SHARE_NB.level(0.3478) == f"34,8{NBSP}%"
    assert SHARE_NB.signed_with_name(0.032) == "+3,2 prosentpoeng"
    assert SHARE_EN.signed_with_name(-0.0321) == "−3.2 percentage points"
    assert SHARE_EN.interval(-0.0121, 0.028) == "−1.2 to 2.8"
    assert SHARE_NB.interval(-0.0121, 0.028) == "−1,2 til 2,8"


def test_kroner_have_no_decimals() -> None:
    assert KRONER.level(22417.4) == f"22{NBSP}417"
    assert KRONER.difference(-1250.2) == f"−1{NBSP}250"


@pytest.mark.parametrize(("largest", "decimals"), [(24_000, 0), (100, 0), (37.5, 1), (10, 1), (2.4, 2), (0, 2)])
def test_decimals_follow_the_size_of_the_numbers(largest: float, decimals: int) -> None:
    assert decimals_for(largest) == decimals


def test_missing_numbers_are_a_dash() -> None:
    assert SHARE_EN.level(None) == SHARE_EN.level(float("nan")) == SHARE_EN.difference(None) == "–"
    assert SHARE_EN.interval(None, 0.1) == KRONER.plain(None) == "–"


def test_ticks_have_as_few_decimals_as_they_need() -> None:
    assert [SHARE_EN.tick(v) for v in (0, 0.1, 0.125)] == ["0%", "10%", "12.5%"]
    assert [SHARE_NB.difference_tick(v) for v in (-0.05, 0, 0.005)] == ["−5", "0", "+0,5"]


@given(st.integers(0, 20_000))
def test_no_count_of_one_to_four_people_is_shown(count: int) -> None:
    shown = disclosure.people(count, "en")
    assert (shown == "<5") == (1 <= count <= 4)
    assert disclosure.hidden(count) == (shown == "<5")


@given(st.integers(0, 30), st.integers(0, 30))
def test_no_share_of_a_hidden_count_is_shown(count: int, others: int) -> None:
    shown = disclosure.share(count, count + others, "en")
    assert (shown == "–") == (1 <= count <= 4 or count + others in range(5))
