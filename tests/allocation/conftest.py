from __future__ import annotations

import tomllib
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl
import pytest

from lodd.protocol.model import Trial

PROTOCOL = """
[trial]
id = "small"
title = "Small"
arms = ["control", "a", "b"]
[arms.control]
label = "Control"
[arms.a]
label = "A"
[arms.b]
label = "B"
[enrolment]
opens = 2020-01-01
closes = 2020-12-31
[sites.north]
label = "North"
offices = [{ id = "n1", label = "N1" }, { id = "n2", label = "N2" }]
[sites.south]
label = "South"
offices = [{ id = "s1", label = "S1" }]
[draw]
method = "keyed"
strata = ["office"]
block_sizes = [4, 8]
schedule = [
  { site = "north", from = 2020-01-01, probability = { a = "0.25", b = "0.25" } },
  { site = "north", from = 2020-07-01, probability = { a = "0.50", b = "0.25" } },
  { site = "north", office = "n2", from = 2020-01-01, probability = { a = "0.25", b = "0.50" } },
  { site = "south", from = 2020-01-01, probability = { a = "0.25", b = "0.25" } },
]
[analysis]
window = { before = 1, after = 1 }
"""


@pytest.fixture
def make_trial() -> Callable[..., Trial]:
    def make(**draw: Any) -> Trial:
        values = tomllib.loads(PROTOCOL, parse_float=Decimal)
        values["draw"] |= draw
        return Trial.model_validate(values)

    return make


def two_arm_values() -> dict[str, Any]:
    """The protocol without arm b: one site, halves."""
    values = tomllib.loads(PROTOCOL, parse_float=Decimal)
    values["trial"]["arms"] = ["control", "a"]
    del values["arms"]["b"]
    del values["sites"]["south"]
    values["draw"]["schedule"] = [{"site": "north", "from": date(2020, 1, 1), "probability": {"a": "0.50"}}]
    return values


@pytest.fixture
def make_two_arm_trial() -> Callable[..., Trial]:
    def make(**draw: Any) -> Trial:
        values = two_arm_values()
        values["draw"] |= draw
        return Trial.model_validate(values)

    return make


@pytest.fixture
def enrolled() -> pl.DataFrame:
    rng = np.random.default_rng(5)
    office = rng.choice(np.array(["n1", "n2", "s1"]), 3000)
    days = sorted(int(day) for day in rng.integers(0, 366, 3000))
    return pl.DataFrame(
        {
            "office": office.tolist(),
            "site": ["south" if name == "s1" else "north" for name in office],
            "drawn_at": [date(2020, 1, 1) + timedelta(days=day) for day in days],
            "female": rng.random(3000) < 0.5,
        }
    )
