"""Power of the two-sided t-test of an estimate, and the smallest effect that it finds."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import optimize, special

from lodd.evaluation.design import Floats

POWERS: Final = (0.8, 0.9)


def power(effect: float, std_error: float, df: float, level: float = 0.05) -> float:
    """Chance that ``|t|`` exceeds its critical value if the effect is ``effect``: both tails of the noncentral t.

    Args:
        effect, std_error: in the outcome's unit.
        df: degrees of freedom of the t-test.
        level: two-sided significance level.
    """
    critical = float(special.stdtrit(df, 1.0 - level / 2.0))
    shift = abs(effect) / std_error
    near, far = 1.0 - special.nctdtr(df, shift, critical), special.nctdtr(df, shift, -critical)
    return float(near + np.nan_to_num(far))  # where the far tail is not computable it is below 1e-12


def smallest_effect(std_error: float, df: float, wanted: float = 0.8, level: float = 0.05) -> float:
    """The positive effect that the test finds with the power wanted, in the standard error's unit."""
    critical = float(special.stdtrit(df, 1.0 - level / 2.0))
    most = critical + float(special.ndtri(wanted)) + 10.0
    found: float = optimize.brentq(lambda shift: power(shift, 1.0, df, level) - wanted, 0.0, most, xtol=1e-10)
    return found * std_error


def smallest_in(estimates: Floats, std_errors: Floats, df: Floats, wanted: float, level: float = 0.05) -> float:
    """The same over simulated trials: the shift of all estimates by which that share of them becomes significant.

    Args:
        estimates, std_errors, df: (R,) of trials in which there was no effect.
    """
    critical = special.stdtrit(df, 1.0 - level / 2.0)
    needed = np.sort(critical * std_errors - estimates)
    return float(needed[min(len(needed) - 1, int(np.ceil(wanted * len(needed))) - 1)])


def power_in(effect: float, estimates: Floats, std_errors: Floats, df: Floats, level: float = 0.05) -> float:
    """Share of simulated trials whose t-test finds a constant effect of ``effect``."""
    critical = special.stdtrit(df, 1.0 - level / 2.0)
    return float((np.abs(estimates + effect) > critical * std_errors).mean())


def equivalence_power(margin: float, std_error: float, df: float, level: float = 0.05) -> float:
    """Chance that both one-sided tests reject, so that the effect is shown to be inside the margin, if it is zero.

    Schuirmann (1987); by the central t, which is a close approximation when the effect is zero.
    """
    reach = margin / std_error - float(special.stdtrit(df, 1.0 - level))
    return float(max(0.0, 2.0 * special.stdtr(df, reach) - 1.0))
