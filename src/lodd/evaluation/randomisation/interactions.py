"""Are effects equal in a subgroup's groups? Welch's statistic, redrawn, and family-wise over the declared subgroups.

The null hypothesis is that drawing somebody shifts the outcome by the same amount in every group, not that it does
nothing. So the common effect, the groups' precision-weighted mean, is first taken off the outcomes of those drawn to
the arm (a plug-in of the nuisance effect: Ding, Feller and Miratrix 2016); what is left would not depend on the draw.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import special

from lodd.evaluation.design import Floats
from lodd.evaluation.randomisation.counting import bar_of


def evidence(estimate: Floats, variance: Floats, df: Floats) -> Floats:
    """(R,) minus the log of Welch's p-value of equal effects, from (G, R) moments and the groups' (G,) freedom.

    On this scale subgroups with different numbers of groups can be compared. 0 where a group has no variance.
    """
    groups, possible = len(estimate), (variance > 0).all(axis=0)
    weight = 1.0 / np.where(variance > 0, variance, 1.0)
    share = weight / weight.sum(axis=0)
    spread = (weight * (estimate - (share * estimate).sum(axis=0)) ** 2).sum(axis=0) / (groups - 1)
    uncertainty = ((1.0 - share) ** 2 / df[:, None]).sum(axis=0)
    statistic = spread / (1.0 + 2.0 * (groups - 2) / (groups**2 - 1) * uncertainty)
    p_value = special.fdtrc(groups - 1, (groups**2 - 1) / (3.0 * uncertainty), statistic)
    return np.where(possible, -np.log(np.maximum(p_value, 1e-300)), 0.0)


def p_values(evidences: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Add-one and step-down p-values of subgroups, from (1 + R,) evidence of each, the actual draw first."""
    table = np.vstack(evidences)
    bar = bar_of(table[:, :1])
    single = (table >= bar).mean(axis=1)
    order = np.argsort(table[:, 0], kind="stable")
    stepped = (np.maximum.accumulate(table[order], axis=0) >= bar[order]).mean(axis=1)
    family = np.empty(len(table))
    family[order] = np.maximum.accumulate(stepped[::-1])[::-1]
    return single, family


def common_effect(estimate: Floats, std_error: Floats) -> float:
    """The precision-weighted mean of the groups' effects; of those with a standard error, if any has."""
    known = std_error > 0
    if not known.any():
        return 0.0
    weight = std_error[known] ** -2.0
    return float(weight @ estimate[known] / weight.sum())
