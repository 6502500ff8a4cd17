"""What a prepared regression is: the frozen values that the estimators make and the batched core uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]
ErrorKind = Literal["classical", "HC1", "HC2", "HC3", "CR1", "CR2"]


class NotEstimableError(Exception):
    """An estimate cannot be made from these people; ``reason`` is a note's kind (see ``lodd.evaluation.notes``)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Dropped:
    """People who were left out before estimation, because they cannot inform it.

    ``singletons``: alone in their stratum. ``without_contrast``: others in strata that lack one of the arms.
    ``leverage_one``: fitted exactly whatever their outcome. ``strata``: how many strata that emptied.
    """

    singletons: int = 0
    without_contrast: int = 0
    leverage_one: int = 0
    strata: int = 0

    @property
    def people(self) -> int:
        return self.singletons + self.without_contrast + self.leverage_one


@dataclass(frozen=True, slots=True)
class Design:
    """One prepared regression.

    - ``rows`` (m,): positions of the people used.
    - ``weights`` (m,): regression weights.
    - ``group`` (m,): absorbed group, 0 .. ``groups`` - 1 (strata, stratum x arm, or one group: the intercept).
    - ``basis`` (m, k): orthonormal basis of the regressors net of the groups, in units of the root of the weight.
    - ``functional`` (m, T): ``a``; the estimate is ``functional.T @ y``.
    - ``leverage`` (m,): diagonal of the weighted hat matrix, absorbed groups included.
    - ``treated`` (m,): in a pairwise design, who is in the arm (else in the reference).
    - ``kept`` (p,): which of the covariates given were used; the others are constant or collinear.
    """

    rows: Integers
    weights: Floats
    group: Integers
    groups: int
    basis: Floats
    functional: Floats
    leverage: Floats
    treated: Booleans
    kept: Booleans
    dropped: Dropped = Dropped()

    @property
    def rank(self) -> int:
        return self.groups + int(self.basis.shape[1])

    @property
    def degrees_of_freedom(self) -> int:
        """People minus rank: what t has with HC1, HC2, HC3 and classical standard errors."""
        return len(self.rows) - self.rank

    @property
    def n_treated(self) -> int:
        return int(self.treated.sum())

    @property
    def n_control(self) -> int:
        return len(self.rows) - self.n_treated


@dataclass(frozen=True, slots=True)
class Effects:
    """Estimates and standard errors, (T, C); degrees of freedom, (T,); levels of a pairwise design, (C,).

    ``mean_treated - mean_control`` is the estimate: each arm's mean is taken with the weights that the estimator
    implies (Chattopadhyay and Zubizarreta 2023), so with covariates it is an adjusted mean. A standard error is
    exactly 0 where the outcome is fitted exactly, as a constant is.
    """

    estimate: Floats
    std_error: Floats
    df: Floats
    mean_control: Floats
    mean_treated: Floats


class GroupMeans:
    """Subtracts weighted group means from (m, c) columns."""

    def __init__(self, group: Integers, groups: int, weights: Floats) -> None:
        m = len(group)
        totals = np.bincount(group, weights=weights, minlength=groups)
        self._group = group
        self._averages = sparse.csc_array((weights / totals[group], group, np.arange(m + 1)), shape=(groups, m))

    def subtract(self, columns: Floats) -> Floats:
        means: Floats = np.asarray(self._averages @ columns)
        return np.subtract(columns, means[self._group])
