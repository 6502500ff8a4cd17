"""Deaths and stays abroad after the draw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lodd.simulate.calendar import OPEN, Calendar, Days
from lodd.simulate.processes import State
from lodd.simulate.settings import Exits as ExitSettings

_YEAR = 365.25
_MONTH = 30.4375


@dataclass(frozen=True, slots=True)
class Exits:
    """(n,) day numbers of death, of emigration and of return; ``OPEN`` where there is none."""

    death: Days
    emigrated: Days
    returned: Days

    def present(self, calendar: Calendar) -> State:
        """(n, months) alive and in the country on the first day of each month."""
        first = calendar.starts[:-1]
        abroad = (self.emigrated[:, None] <= first) & (first <= self.returned[:, None])
        return (self.death[:, None] >= first) & ~abroad


def exits_after_draw(settings: ExitSettings, drawn: Days, calendar: Calendar, rng: np.random.Generator) -> Exits:
    """Draw exits at constant rates from the day after the draw. Nobody dies abroad (the register would not tell)."""
    people, end = len(drawn), int(calendar.starts[-1])
    death = drawn + _waits(rng, people, settings.deaths)
    emigrated = drawn + _waits(rng, people, settings.emigrations)
    stay = 1 + (rng.exponential(settings.months_abroad * _MONTH, people)).astype(np.int64)
    returned = np.where(rng.random(people) < settings.returns, emigrated + stay, OPEN)
    returned = np.where(returned < end, returned, OPEN)
    leaves = (emigrated < end) & (emigrated < death)
    death = np.where((death < end) & ~(leaves & (death <= returned)), death, OPEN)
    return Exits(death, np.where(leaves, emigrated, OPEN), np.where(leaves, returned, OPEN))


def _waits(rng: np.random.Generator, people: int, per_year: float) -> Days:
    """Whole days until the event, at least one; beyond every calendar where the rate is zero."""
    unit = rng.exponential(size=people)
    if per_year == 0:
        return np.full(people, OPEN, dtype=np.int64)
    return 1 + np.minimum(unit / per_year * _YEAR, OPEN).astype(np.int64)
