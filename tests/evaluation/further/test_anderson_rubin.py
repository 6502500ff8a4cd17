"""Anderson-Rubin sets against a grid of effects, each tested by itself."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lodd.evaluation.further.anderson_rubin import AcceptedSet, Moments, accepted_set

GRID = np.concatenate([-np.geomspace(1e6, 1e-3, 400), [0.0], np.geomspace(1e-3, 1e6, 400)])


def not_rejected(m: Moments, effect: float, critical: float) -> float:
    """How far inside (positive) or outside an effect is, by the test itself."""
    variance = m.outcome_variance - 2 * effect * m.covariance + effect**2 * m.participation_variance
    return critical**2 * variance - (m.outcome - effect * m.participation) ** 2


MOMENTS = st.builds(
    lambda y, d, sy, sd, r: Moments(y, d, sy**2, sd**2, r * sy * sd),
    st.floats(-5, 5),
    st.floats(-2, 2),
    st.floats(0.01, 3),
    st.floats(0.01, 3),
    st.floats(-0.99, 0.99),
)


@given(MOMENTS, st.floats(0.5, 3))
def test_the_set_is_what_a_grid_of_tests_accepts(m: Moments, c: float) -> None:
    sy, sd = m.outcome_variance**0.5, m.participation_variance**0.5
    found = accepted_set(m, c)
    for effect in GRID:
        inside = not_rejected(m, float(effect), c)
        scale = c**2 * (sy + abs(effect) * sd) ** 2 + (abs(m.outcome) + abs(effect * m.participation)) ** 2
        if abs(inside) > 1e-6 * scale:
            assert found.holds(float(effect)) == (inside > 0)


@given(MOMENTS)
def test_the_estimate_itself_is_never_rejected(m: Moments) -> None:
    assume(abs(m.participation) > 0.01)
    found = accepted_set(m, 1.96)
    assert found.kind != "empty"
    if abs(m.outcome) > 1e-6:
        assert found.holds(m.outcome / m.participation)


@pytest.mark.parametrize(
    ("moments", "kind"),
    [
        (Moments(1.0, 1.0, 0.01, 0.01, 0.0), "interval"),
        (Moments(5.0, 0.1, 0.01, 1.0, 0.0), "two_pieces"),
        (Moments(0.1, 0.1, 1.0, 1.0, 0.0), "unbounded"),
        (Moments(0.0, 0.0, 1.0, 1.0, 0.0), "unbounded"),
    ],
)
def test_every_kind_there_is(moments: Moments, kind: str) -> None:
    assert accepted_set(moments, 2.0).kind == kind


def test_a_first_stage_on_the_edge_gives_a_half_line() -> None:
    half = accepted_set(Moments(3.0, 2.0, 1.0, 1.0, 0.0), 2.0)
    assert half == AcceptedSet("interval", 5.0 / 12.0, inf)
    assert accepted_set(Moments(-3.0, 2.0, 1.0, 1.0, 0.0), 2.0) == AcceptedSet("interval", -inf, -5.0 / 12.0)
    assert accepted_set(Moments(1.0, 0.0, 1.0, 0.0, 0.0), 2.0).kind == "unbounded"
    nothing = accepted_set(Moments(1.0, 0.0, 0.0, 0.0, 0.0), 2.0)
    assert nothing.kind == "empty"
    assert not nothing.holds(0.0)
    assert AcceptedSet("unbounded", -inf, inf).holds(1e9)


def test_without_noise_the_set_is_one_number() -> None:
    found = accepted_set(Moments(3.0, 1.5, 0.0, 0.0, 0.0), 2.0)
    assert (found.kind, found.low, found.high) == ("interval", 2.0, 2.0)
