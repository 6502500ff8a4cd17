"""Statistics of the arms alone: how many, how evenly, and in which order. All are given the probabilities declared.

With D = 1 for the arm and p its declared probability, z = (D - p) / sqrt(p (1 - p)) has mean 0 and variance 1 for
independent lots. None of the statistics assumes that lots are independent: each is compared with its own distribution
over redraws by the design, for which blocks and minimisation are even and alternate by intention.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from lodd.evaluation.design import Floats, Integers
from lodd.evaluation.integrity.drawn import Drawn, Groups
from lodd.evaluation.integrity.tails import Lots, Measure

WINDOW: Final = 10
"""Consecutive draws at one office that are counted together."""


class ArmMeasures:
    """The statistics of one arm against all others."""

    def __init__(self, drawn: Drawn, k: int) -> None:
        p = drawn.history.probability[drawn.rows, k]
        self._drawn, self._k = drawn, k
        self._p = p.astype(np.float32)
        with np.errstate(divide="ignore"):
            scale = np.where((p > 0) & (p < 1), 1.0 / np.sqrt(p * (1.0 - p)), 0.0)
        self._scale = scale.astype(np.float32)

    def measures(self) -> dict[str, Measure]:
        """By check; those of several columns have one for each office or caller."""
        office, caller = self._drawn.office, self._drawn.caller
        found: dict[str, Measure] = {
            "count_total": lambda lots: self._in_order(lots).sum(axis=1, keepdims=True, dtype=np.float64),
            "count_strata": self._dispersion(self._drawn.stratum),
            "count_windows": self._dispersion(windows(office)),
            "runs": self._runs,
            "serial": lambda lots: _neighbours(self._standardised(lots)).sum(axis=1, keepdims=True, dtype=np.float64),
            "drift": self._drift,
            "office_counts": self._excess(office),
            "office_serial": self._serial_within(office),
        }
        if caller is not None:
            found |= {"caller_counts": self._excess(caller), "caller_serial": self._serial_within(caller)}
        return found

    def _in_order(self, lots: Lots) -> NDArray[np.bool_]:
        return np.asarray(lots[:, self._drawn.rows] == self._k)

    def _deviation(self, lots: Lots) -> NDArray[np.float32]:
        return np.asarray(self._in_order(lots).astype(np.float32) - self._p)

    def _standardised(self, lots: Lots) -> NDArray[np.float32]:
        return self._deviation(lots) * self._scale

    def _excess(self, groups: Groups) -> Measure:
        """Drawn minus expected, by group."""
        members = membership(groups)
        return lambda lots: np.asarray(self._deviation(lots) @ members, dtype=np.float64)

    def _dispersion(self, groups: Groups) -> Measure:
        """(r, 1) sum over groups of (drawn - expected)^2 / variance: large if uneven, small if too even."""
        members = membership(groups)
        variance = np.bincount(groups.codes, weights=(self._p * (1.0 - self._p)).astype(float))
        weight = np.where(variance > 0, 1.0 / np.where(variance > 0, variance, 1.0), 0.0)

        def measure(lots: Lots) -> Floats:
            excess = np.asarray(self._deviation(lots) @ members, dtype=np.float64)
            return np.asarray((excess**2 @ weight)[:, None])

        return measure

    def _runs(self, lots: Lots) -> Floats:
        """(r, 1) stretches of the same side of the comparison."""
        ordered = self._in_order(lots)
        changes = (ordered[:, 1:] != ordered[:, :-1]).sum(axis=1, keepdims=True)
        return np.asarray(1.0 + changes)

    def _drift(self, lots: Lots) -> Floats:
        """(r, 1) furthest that the running sum of z gets from a straight line between its ends."""
        path = np.cumsum(self._standardised(lots), axis=1, dtype=np.float32)
        path -= path[:, -1:] * np.linspace(1.0 / len(self._p), 1.0, len(self._p), dtype=np.float32)
        return np.asarray(np.abs(path).max(axis=1, keepdims=True), dtype=np.float64)

    def _serial_within(self, groups: Groups) -> Measure:
        """(r, groups) sum of z times the z before it in the same group."""
        order = np.argsort(groups.codes, kind="stable")
        same = groups.codes[order][1:] == groups.codes[order][:-1]
        members = membership(Groups(groups.codes[order][1:][same], groups.names))

        def measure(lots: Lots) -> Floats:
            products = _neighbours(self._standardised(lots)[:, order])[:, same]
            return np.asarray(products @ members, dtype=np.float64)

        return measure


def windows(groups: Groups) -> Groups:
    """Every ten consecutive draws of a group."""
    place = np.empty(len(groups.codes), dtype=np.int64)
    for code in range(len(groups.names)):
        inside = groups.codes == code
        place[inside] = np.arange(inside.sum())
    return Groups.of([f"{code}:{position // WINDOW}" for code, position in zip(groups.codes, place, strict=True)])


def membership(groups: Groups) -> sparse.csc_array:
    """(n, groups) of zeros and ones."""
    n = len(groups.codes)
    columns: Integers = groups.codes
    ones = np.ones(n, dtype=np.float32)
    return sparse.csc_array((ones, (np.arange(n), columns)), shape=(n, len(groups.names)))


def _neighbours(z: NDArray[np.float32]) -> NDArray[np.float32]:
    return z[:, 1:] * z[:, :-1]
