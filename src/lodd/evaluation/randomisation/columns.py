"""Outcome columns made ready for redraws: residualised without the draw, scaled, and laid out for matrix products.

Nothing here looks at who was drawn to what, so it is the same in every redraw.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import DTypeLike, NDArray

from lodd.evaluation.design import Booleans, Design, Floats, Integers, NotEstimableError
from lodd.evaluation.estimators import span
from lodd.evaluation.linear import EXACT_FIT, Residuals

Array = NDArray[np.floating[Any]]
NEAR_FULL: Final = 1e-4
"""Room below which a person's leverage counts as one, with or without the draw; single precision tells it from zero."""
ROUNDING: Final = 1e-12
"""Residuals below this, in standard deviations, are zero: sums of what is the same for a stratum leave no more."""
EXACT: Final = {np.dtype(np.float32): 2e-6, np.dtype(np.float64): 1e-13}
"""A variance below this share of what it is the difference of counts as zero: rounding makes no smaller one."""


@dataclass(frozen=True, slots=True)
class Columns:
    """C outcome columns of m people, in the order of their strata.

    - ``rows`` (m,): positions of the people. ``group`` (m,) and ``starts`` (S,): their stratum, and where it begins.
    - ``basis`` (m, q): orthonormal basis of the covariates net of the strata. ``room`` (m,): one minus the leverage of
      strata and covariates.
    - ``y``, ``y2`` (C, m): residuals in units of ``scale`` (C,), and their squares.
    """

    rows: Integers
    group: Integers
    starts: Integers
    basis: Array
    room: Array
    y: Array
    y2: Array
    scale: Floats

    @property
    def sizes(self) -> Integers:
        """(S,) people in each stratum."""
        return np.diff(self.starts, append=len(self.rows))


def columns_of(
    outcomes: Floats,
    people: Booleans,
    strata: Integers,
    *,
    covariates: Floats | None,
    dtype: DTypeLike,
    order: Integers | None = None,
) -> Columns:
    """What strata and covariates leave of (n, C) outcomes.

    People alone in their stratum, and those whom strata and covariates fit whatever their outcome, are left out. Within
    a stratum people stand by ``order`` (n,), if given.

    Raises:
        NotEstimableError: nobody is left.
    """
    design = _without_the_draw(people, strata, covariates)
    y = np.take(outcomes, design.rows, axis=0)
    y -= y[0].copy()  # a constant becomes exactly zero, and large means cost no digits
    squares = np.einsum("ij,ij->j", y, y)
    residual = Residuals(design).of(y)
    left = np.einsum("ij,ij->j", residual, residual)
    scale = np.where(left > EXACT_FIT * squares, np.sqrt(left / len(y)), 0.0)
    place = np.lexsort((np.zeros(len(y)) if order is None else order[design.rows], design.group))
    scaled = np.divide(residual[place], scale, out=np.zeros_like(residual), where=scale > 0).T
    scaled[np.abs(scaled) < ROUNDING] = 0.0  # a stratum without variation is exactly flat
    y = np.ascontiguousarray(scaled, dtype=dtype)
    group = design.group[place]
    return Columns(
        rows=design.rows[place],
        group=group,
        starts=np.flatnonzero(np.diff(group, prepend=-1)),
        basis=np.ascontiguousarray(design.basis[place], dtype=dtype),
        room=(1.0 - design.leverage[place]).astype(dtype),
        y=y,
        y2=y * y,
        scale=scale,
    )


def _without_the_draw(people: Booleans, strata: Integers, covariates: Floats | None) -> Design:
    """Strata and covariates as a regression of nobody's arm; people with no room to vary are dropped until none is."""
    kept = people.copy()
    while True:
        design = _strata_and_covariates(kept, strata, covariates)
        full = design.leverage >= 1.0 - NEAR_FULL
        if not full.any():
            return design
        kept[design.rows[full]] = False


def _strata_and_covariates(people: Booleans, strata: Integers, covariates: Floats | None) -> Design:
    if covariates is not None and covariates.shape[1]:
        try:
            return span(covariates, people, strata=strata)
        except NotEstimableError:
            pass  # no covariate varies within the strata
    rows = np.flatnonzero(people)
    if not len(rows):
        raise NotEstimableError("no_contrast")
    names, group = np.unique(strata[rows], return_inverse=True)
    m, nothing = len(rows), np.empty((len(rows), 0))
    return Design(
        rows=rows,
        weights=np.ones(m),
        group=group,
        groups=len(names),
        basis=nothing,
        functional=nothing,
        leverage=1.0 / np.bincount(group)[group],
        treated=np.zeros(m, dtype=bool),
        kept=np.empty(0, dtype=bool),
    )
