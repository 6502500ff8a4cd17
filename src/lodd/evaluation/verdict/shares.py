"""Weighted shares and their differences with intervals that hold also where everybody or nobody does it."""

from __future__ import annotations

from math import sqrt

import numpy as np
from scipy import special

from lodd.evaluation.conclusions import Number
from lodd.evaluation.design import Booleans, Floats
from lodd.evaluation.further.balancing import effective_number
from lodd.evaluation.setting import Setting
from lodd.evaluation.verdict.comparing import Compared


def weighted_share(setting: Setting, name: str, values: Floats, people: Booleans) -> Number | None:
    """Mean of (n,) values in [0, 1] among those known, weighted by the draw; None if nobody is.

    The interval is Wilson's (1927) for the effective number of people (Kish 1965); for values between 0 and 1 it is
    conservative.
    """
    known = people & ~np.isnan(values)
    if not known.any():
        return None
    weights = 1.0 / setting.own_probability[known]
    share = float(weights @ values[known] / weights.sum())
    n, z = effective_number(weights), float(special.ndtri(0.5 + setting.confidence / 2.0))
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * sqrt(max(0.0, share * (1 - share)) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return Number(name, share, min(share, max(0.0, middle - half)), max(share, min(1.0, middle + half)))


def share_difference(setting: Setting, k: int, name: str, values: Floats, *, of: str = "") -> Number | None:
    """Arm ``k``'s share less the reference's: Newcombe's (1998, method 10) interval from the two Wilson intervals."""
    pair = setting.pair(k)
    treated = weighted_share(setting, name, values, pair & (setting.arm == k))
    control = weighted_share(setting, name, values, pair & (setting.arm == 0))
    if treated is None or control is None:
        return None
    difference = treated.value - control.value
    below = sqrt((treated.value - treated.low) ** 2 + (control.high - control.value) ** 2)
    above = sqrt((treated.high - treated.value) ** 2 + (control.value - control.low) ** 2)
    return Number(name, difference, difference - below, difference + above, of=of)


def difference_in(setting: Setting, k: int, name: str, compared: Compared, values: Floats, *, of: str = "") -> Number:
    """A comparison's difference in (n,) shares; where nobody differs from the rest of the arm, so that it has no
    standard error, with :func:`share_difference`'s interval.
    """
    if compared.difference.std_error > 0:
        return compared.difference.number(name, setting.confidence, of=of)
    exact = share_difference(setting, k, name, values, of=of)
    return exact or Number(name, compared.difference.value, of=of)
