"""Intervals by test inversion: the constant effects that the redraws do not reject.

If drawing somebody to the arm shifted their outcome by exactly ``c``, then ``y - c D`` would not depend on the draw,
and redraws tell how unusual its t is. The interval holds every ``c`` that is not rejected. It needs no normal
distribution, but it does assume that the effect is the same for everybody.

Estimate and variance are a linear and a quadratic form in the outcome, so for every redraw three columns give them for
all shifts at once: ``y``, the actual draw ``z`` in the outcome's scale, and ``y + z``.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Final

import numpy as np

from lodd.evaluation.design import Booleans, Floats
from lodd.evaluation.randomisation.counting import bar_of

_GRID: Final = 60
_DOUBLINGS: Final = 40
_HALVINGS: Final = 25


def shift_columns(outcome: Floats, treated: Booleans, people: Booleans) -> tuple[Floats, float]:
    """(n, 3) the columns ``y, z, y + z`` of an outcome (n,), and the scale of ``z``."""
    scale = float(np.std(outcome[people])) or 1.0
    z = treated * scale
    return np.column_stack([outcome, z, outcome + z]), scale


@dataclass(frozen=True, slots=True)
class Shifted:
    """Estimate and variance of ``y - c D`` in the actual draw (first) and every redraw, for any shift c.

    ``estimate`` (2, 1 + R): of ``y`` and of ``D``. ``variance`` (3, 1 + R): of ``y``, with ``D``, and of ``D``.
    """

    estimate: Floats
    variance: Floats

    @classmethod
    def of(cls, estimate: Floats, variance: Floats, scale: float) -> Shifted:
        """From the moments (3, 1 + R) of the columns of :func:`shift_columns`."""
        cross = (variance[2] - variance[0] - variance[1]) / 2.0
        return cls(
            np.vstack([estimate[0], estimate[1] / scale]),
            np.vstack([variance[0], cross / scale, variance[1] / scale**2]),
        )

    def absolute_t(self, shift: float) -> Floats:
        """(1 + R,) absolute t of ``y - shift D``; 0 where its variance is 0."""
        variance = self.variance[0] - 2.0 * shift * self.variance[1] + shift**2 * self.variance[2]
        possible = variance > 1e-12 * (self.variance[0] + shift**2 * self.variance[2])
        error = np.sqrt(np.where(possible, variance, 1.0))
        return np.where(possible, np.abs(self.estimate[0] - shift * self.estimate[1]) / error, 0.0)

    def p_value(self, shift: float) -> float:
        """The add-one p-value of the constant effect ``shift``."""
        t = self.absolute_t(shift)
        return float(np.mean(t >= bar_of(t[:1])))

    def interval(self, level: float) -> tuple[float, float]:
        """The smallest interval that holds every shift with a p-value above ``level``; ends may be infinite."""
        return self._end(-1.0, level), self._end(1.0, level)

    def _end(self, side: float, level: float) -> float:
        """Go out until shifts are rejected for good, come back to the last that is not, and halve the step between."""
        unit, moved = float(np.sqrt(max(self.variance[0, 0], 0.0))), float(self.estimate[1, 0])
        if unit == 0.0 or moved == 0.0:
            return side * inf
        centre = float(self.estimate[0, 0]) / moved  # t is 0 there; covariates may take part of the arm itself
        reach = 4.0 * unit
        for _ in range(_DOUBLINGS):
            if all(self.p_value(centre + side * far * reach) <= level for far in (1.0, 2.0, 8.0)):
                break
            reach *= 2.0
        else:
            return side * inf
        distances = np.linspace(0.0, reach, _GRID + 1)
        last = max(i for i, d in enumerate(distances) if i == 0 or self.p_value(centre + side * d) > level)
        inside, outside = float(distances[last]), float(distances[min(last + 1, _GRID)])
        for _ in range(_HALVINGS):
            middle = (inside + outside) / 2.0
            accepted = self.p_value(centre + side * middle) > level
            inside, outside = (middle, outside) if accepted else (inside, middle)
        return centre + side * inside
