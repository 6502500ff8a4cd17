"""The months that are simulated, and their days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lodd.protocol.model import Trial
from lodd.protocol.months import first_day, month_index

Days = NDArray[np.int64]
EPOCH: Final = date(1970, 1, 1)
OPEN: Final = 10_000_000
"""A stop beyond every calendar: ongoing."""
FAR_END: Final = date(9999, 12, 31)


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH).days


def dates(days: Days) -> pl.Series:
    """Day numbers as dates; ``OPEN`` as null."""
    series = pl.Series(values=days, dtype=pl.Int64)
    return series.set(series >= OPEN, None).cast(pl.Int32).cast(pl.Date)


@dataclass(frozen=True, slots=True)
class Calendar:
    """``months`` calendar months from ``first`` (``12 * year + month - 1``)."""

    first: int
    months: int

    @classmethod
    def of(cls, trial: Trial) -> Calendar:
        """From the first month that any register covers to the last; at least the trial's window."""
        spans = [register.covers for register in trial.registers.values() if register.covers is not None]
        first = min((month_index(span.since) for span in spans), default=month_index(trial.enrolment.opens))
        last = max((month_index(span.until) for span in spans), default=month_index(trial.enrolment.closes))
        first = min(first, month_index(trial.enrolment.opens))
        return cls(first, max(last, month_index(trial.enrolment.closes)) - first + 1)

    @property
    def starts(self) -> Days:
        """(months + 1,) day number of the first of each month, and of the month after the last."""
        return np.array([day_number(first_day(self.first + i)) for i in range(self.months + 1)], dtype=np.int64)

    @property
    def lengths(self) -> Days:
        """(months,) days in each month."""
        return np.diff(self.starts)

    def position(self, days: Days) -> NDArray[np.int64]:
        """The position of the month that contains each day: -1 before the first, ``months`` after the last."""
        return np.searchsorted(self.starts, days, side="right") - 1

    def event_months(self, draw_month: NDArray[np.int64]) -> NDArray[np.int64]:
        """(n, months) event month of every calendar month, for people drawn in ``draw_month``."""
        return self.first + np.arange(self.months) - draw_month[:, None]
