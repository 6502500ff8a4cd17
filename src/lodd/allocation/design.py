"""The design: made from the trial, asked for arms."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import polars as pl

from lodd.allocation.methods import Lots, draw_batches, draw_blocks, draw_keyed
from lodd.errors import DataError, Problem, UsageError
from lodd.locale import Text
from lodd.protocol.model import Trial
from lodd.protocol.schedule import Period, office_periods
from lodd.protocol.types import CONDITIONAL, MARGINAL

METHODS: Final = ("keyed", "complete", "blocks")
_PLACES: Final = ("office", "site", "batch")


class UnsupportedMethodError(UsageError):
    """The trial declares a method that this version cannot draw by."""


@dataclass(frozen=True, slots=True)
class Design:
    """How this trial's lots are drawn.

    ``periods`` holds each office's periods in order of their first day; empty where batches bring their own numbers.
    """

    method: str
    arms: tuple[str, ...]
    strata: tuple[str, ...]
    periods: Mapping[str, tuple[Period, ...]]
    sites: Mapping[str, str]
    own_schedule: frozenset[str]
    """Offices whose schedule is their own and not their site's."""
    block_sizes: tuple[int, ...]

    @classmethod
    def from_trial(cls, trial: Trial) -> Design:
        """The design that the trial declares.

        Raises:
            UnsupportedMethodError: minimisation, or a draw that Lodd does not make (``external``).
            UsageError: blocks without sizes, or sizes in which the probabilities give no whole numbers of people.
        """
        if trial.draw.method not in METHODS:
            raise UnsupportedMethodError(_unsupported(trial.draw.method))
        design = cls(
            method=trial.draw.method,
            arms=trial.arm_ids,
            strata=trial.draw.strata,
            periods={office: tuple(office_periods(trial, office)) for office in trial.office_site},
            sites=trial.office_site,
            own_schedule=frozenset(row.office for row in trial.draw.schedule if row.office is not None),
            block_sizes=trial.draw.block_sizes,
        )
        if design.method == "blocks":
            _check_blocks(design)
        return design

    def allocate(
        self,
        rng: np.random.Generator,
        enrolled: pl.DataFrame,
        numbers: Mapping[str, Sequence[int]] | None = None,
    ) -> pl.DataFrame:
        """Draw an arm for everybody enrolled.

        Args:
            rng: where the lots come from.
            enrolled: ``office``, ``site`` and ``drawn_at`` (date), in the order that people are drawn; ``batch`` for
                ``complete``; and the columns that ``strata`` names.
            numbers: for ``complete``, how many of each batch go to each arm, in the trial's order.

        Returns:
            ``enrolled`` with ``arm``, ``stratum``, ``marginal_<arm>`` (the probability before any lot) and
            ``conditional_<arm>`` (what the mechanism used at that moment) for every arm.

        Raises:
            DataError: a day outside the office's schedule, an unknown office, a missing column, or a batch whose
                numbers do not add up to its people.
        """
        self._check_columns(enrolled)
        strata, lots = self._drawn(rng, enrolled, numbers or {})
        names = np.array(self.arms)
        return enrolled.with_columns(
            pl.Series("arm", names[lots.arm].tolist(), dtype=pl.String),
            pl.Series("stratum", strata, dtype=pl.String),
            *(pl.Series(MARGINAL + arm, lots.marginal[:, k]) for k, arm in enumerate(self.arms)),
            *(pl.Series(CONDITIONAL + arm, lots.conditional[:, k]) for k, arm in enumerate(self.arms)),
        )

    def period(self, office: str, day: date) -> Period | None:
        """The period of an office that contains a day; None outside the schedule or for an unknown office."""
        periods = self.periods.get(office, ())
        position = bisect_right([period.since for period in periods], day) - 1
        return periods[position] if position >= 0 and day <= periods[position].until else None

    def _drawn(
        self, rng: np.random.Generator, enrolled: pl.DataFrame, numbers: Mapping[str, Sequence[int]]
    ) -> tuple[list[str], Lots]:
        if not enrolled.height:
            return [], Lots.nobody(len(self.arms))
        if self.method == "complete":
            strata = self._stratum_names(enrolled, [""] * enrolled.height)
            return strata, draw_batches(rng, enrolled["batch"].to_list(), numbers, len(self.arms))
        periods = self._periods_of(enrolled)
        strata = self._stratum_names(enrolled, [self._period_name(period) for period in periods])
        exact = [period.probability for period in periods]
        if self.method == "keyed":
            return strata, draw_keyed(rng, exact)
        return strata, draw_blocks(rng, strata, exact, self.block_sizes)

    def _periods_of(self, enrolled: pl.DataFrame) -> list[Period]:
        found = []
        for row, (office, day) in enumerate(enrolled.select("office", "drawn_at").iter_rows()):
            period = self.period(office, day)
            if period is None:
                raise DataError(_outside(office, day, row, known=office in self.sites))
            found.append(period)
        return found

    def _period_name(self, period: Period) -> str:
        """Unique within the stratum's place, so that everybody in a stratum has the same probabilities."""
        if "office" in self.strata:
            return period.id
        if period.office in self.own_schedule:
            return f"{period.office}-{period.id}"
        return period.id if "site" in self.strata else f"{period.site}-{period.id}"

    def _stratum_names(self, enrolled: pl.DataFrame, periods: Sequence[str]) -> list[str]:
        """Places first, then the period, then other declared columns, joined by a colon."""
        places = [name for name in self.strata if name in _PLACES]
        others = [name for name in self.strata if name not in _PLACES]
        columns = [enrolled[name].cast(pl.String).fill_null("").to_list() for name in places]
        columns += [list(periods), *(enrolled[name].cast(pl.String).fill_null("").to_list() for name in others)]
        return [":".join(part for part in parts if part) for parts in zip(*columns, strict=True)]

    def _check_columns(self, enrolled: pl.DataFrame) -> None:
        needed = {"office", "site", "drawn_at", *self.strata} | ({"batch"} if self.method == "complete" else set())
        if missing := sorted(needed - set(enrolled.columns)):
            names = ", ".join(missing)
            raise DataError(
                Problem(
                    Text(
                        nb=f"de som skal trekkes, mangler kolonnen {names}",
                        en=f"the people to draw lack the column {names}",
                    ),
                    allowed=Text.same(", ".join(enrolled.columns)),
                    next_step=Text(
                        nb="Legg til kolonnen, eller ta den ut av draw.strata.",
                        en="Add the column, or take it out of draw.strata.",
                    ),
                )
            )


def _check_blocks(design: Design) -> None:
    if not design.block_sizes:
        raise UsageError(
            Problem(
                Text(nb="blokkenes størrelser er ikke oppgitt", en="the sizes of the blocks are not given"),
                "draw.block_sizes",
                next_step=Text(nb="Skriv for eksempel block_sizes = [4, 6].", en="Write block_sizes = [4, 6], say."),
            )
        )
    for period in (period for periods in design.periods.values() for period in periods):
        for size in design.block_sizes:
            if any((p * size) % 1 for p in period.probability):
                raise UsageError(_no_whole_block(period, size))


def _no_whole_block(period: Period, size: int) -> Problem:
    shares = ", ".join(str(p) for p in period.probability)
    return Problem(
        Text(
            nb=f"en blokk på {size} kan ikke deles i {shares} med hele personer",
            en=f"a block of {size} cannot be split into {shares} with whole people",
        ),
        f"draw.schedule[{period.row}]",
        Text(
            nb="størrelser der hver sannsynlighet gir et helt tall",
            en="sizes in which every probability gives a whole number",
        ),
        Text(nb="Endre draw.block_sizes eller sannsynligheten.", en="Change draw.block_sizes or the probability."),
    )


def _outside(office: str, day: date, row: int, *, known: bool) -> Problem:
    if not known:
        return Problem(
            Text(
                nb=f"kontoret «{office}» finnes ikke i protokollen", en=f'the office "{office}" is not in the protocol'
            ),
            f"enrolled:{row + 1}",
            next_step=Text(nb="Legg kontoret til under sites.", en="Add the office under sites."),
        )
    return Problem(
        Text(
            nb=f"{office} har ingen sannsynlighet {day.isoformat()}",
            en=f"{office} has no probability on {day.isoformat()}",
        ),
        f"enrolled:{row + 1}",
        Text(nb="dager innenfor kontorets rader i draw.schedule", en="days within the office's rows in draw.schedule"),
    )


def _unsupported(method: str) -> Problem:
    allowed = Text.same(", ".join(METHODS))
    if method == "external":
        return Problem(
            Text(
                nb="loddene i dette forsøket er trukket utenfor Lodd (external), og kan derfor ikke trekkes eller "
                "simuleres her",
                en="the lots of this trial were drawn outside Lodd (external), and cannot be drawn or simulated here",
            ),
            "draw.method",
            allowed,
        )
    return Problem(
        Text(
            nb=f"denne versjonen av Lodd kan ikke trekke eller simulere med metoden «{method}»",
            en=f'this version of Lodd cannot draw or simulate by the method "{method}"',
        ),
        "draw.method",
        allowed,
        Text(
            nb="Velg en annen metode, eller vent på en nyere versjon.", en="Choose another, or await a newer version."
        ),
    )
