"""The design: made from the trial, it draws lots, is amended, and redraws them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lodd.allocation import problems
from lodd.allocation.amendment import amended_schedule, check_schedule
from lodd.allocation.history import DrawHistory, history_of
from lodd.allocation.lot import Mac
from lodd.allocation.redraw import redraw
from lodd.allocation.rules import DrawRules, exact
from lodd.allocation.sequencer import Sequencer
from lodd.allocation.simulated import allocate
from lodd.errors import UsageError
from lodd.protocol.draw import ScheduleRow
from lodd.protocol.model import Trial
from lodd.protocol.schedule import Period, office_periods
from lodd.protocol.types import Participants

METHODS: Final = ("keyed", "complete", "blocks", "minimisation", "external")


@dataclass(frozen=True, slots=True)
class Design(DrawRules):
    """How this trial's lots are drawn: a value, from which draws, probabilities and redraws all follow."""

    @classmethod
    def from_trial(cls, trial: Trial) -> Design:
        """The design that the trial declares; also of an ``external`` draw, which then refuses to draw.

        Raises:
            UsageError: blocks without sizes, or sizes in which the probabilities give no whole numbers of people;
                minimisation without factors, or a coin that prefers nobody; probabilities that are not one together.
        """
        drawn = trial.draw.method != "external"
        design = cls(
            trial=trial,
            method=trial.draw.method,
            arms=trial.arm_ids,
            strata=trial.draw.strata,
            periods={office: tuple(office_periods(trial, office)) for office in trial.office_site} if drawn else {},
            sites=trial.office_site,
            own_schedule=frozenset(row.office for row in trial.draw.schedule if row.office is not None),
            block_sizes=trial.draw.block_sizes,
            factors=trial.draw.factors,
            biased_coin=trial.draw.biased_coin,
        )
        _check(design)
        return design

    def with_schedule(self, schedule: Sequence[ScheduleRow]) -> Design:
        """The same design with another schedule.

        A period that begins on the same day as before with other probabilities gets a name of its own, so that no
        stratum ever mixes probabilities.

        Raises:
            UsageError: as :meth:`from_trial`.
            DataError: the schedule has gaps or overlaps, or names a site, office or arm that is not in the protocol.
        """
        draw = self.trial.draw.model_copy(update={"schedule": tuple(schedule)})
        trial = self.trial.model_copy(update={"draw": draw})
        check_schedule(trial)
        design = Design.from_trial(trial)
        return _revised(design, self)

    def with_amendment(self, rows: Sequence[ScheduleRow], since: date) -> Design:
        """The same design with new rows for some sites or offices from a day on; see :func:`amended_schedule`.

        Raises:
            UsageError, DataError: as :meth:`with_schedule`.
        """
        return self.with_schedule(amended_schedule(self.trial, rows, since))

    def sequencer(self, mac: Mac, context: bytes) -> Sequencer:
        """The mechanism that draws this trial's lots, one after the other, from its beginning.

        Args:
            mac: HMAC-SHA-256 under the draw key.
            context: the lock's hash, 32 bytes.

        Raises:
            UnsupportedMethodError: the lots of this trial are not drawn by Lodd.
        """
        return Sequencer(self, mac, context)

    def allocate(
        self,
        rng: np.random.Generator,
        enrolled: pl.DataFrame,
        numbers: Mapping[str, Sequence[int]] | None = None,
    ) -> pl.DataFrame:
        """Draw an arm for everybody in a simulation, by the real mechanism under a key made from ``rng``.

        Args:
            rng: where the key comes from; people are drawn by their ``lot_id`` if they have one, else by their row.
            enrolled: ``office``, ``site`` and ``drawn_at`` (date), in the order that people are drawn; ``batch`` for
                ``complete``; and the columns that ``strata`` and ``factors`` name.
            numbers: for ``complete``, how many of each batch go to each arm, in the trial's order.

        Returns:
            ``enrolled`` with ``arm``, ``stratum``, ``marginal_<arm>`` (the probability before any lot; for minimisation
            from 2,000 redraws) and ``conditional_<arm>`` (what the mechanism used at that moment) for every arm; and
            ``draw_order`` where lots depend on earlier ones.

        Raises:
            DataError: a day outside enrolment or the office's schedule, an unknown office, a missing column, or a batch
                whose numbers do not add up to its people.
            UnsupportedMethodError: the lots of this trial are not drawn by Lodd.
        """
        return allocate(self, rng, enrolled, numbers)

    def history(self, participants: Participants) -> DrawHistory:
        """What redraws need to know of the participants.

        Keyed lots take their recorded ``marginal_*``; blocks these too, as the ratio, and the recorded strata; batches
        the column ``batch``; minimisation the probabilities of this design, so ask the design as amended, and the
        columns of its factors. The order is that of ``draw_order`` if there is such a column, else by day and then as
        people stand. Where a column ``slip`` is true the arm came from a slip, by the declared probabilities alone.

        Of an ``external`` draw Lodd does not know the mechanism. Where probabilities are declared, lots are taken to be
        independent; else arms are taken to have been permuted within the strata.

        Raises:
            DataError: a column is missing; for minimisation, an office or day outside the schedule.
        """
        return history_of(self, participants)

    def redraw(
        self, history: DrawHistory, count: int, seed: int, *, first: int = 0, pair: tuple[int, int] | None = None
    ) -> NDArray[np.uint8]:
        """Hypothetical allocations of the actual participants by the actual mechanism.

        Keyed lots are redrawn with each person's recorded probabilities; batches are permuted; blocks are redrawn in
        the actual strata and order, their random sizes too; minimisation goes through the whole sequence in its order
        with the actual factors. Probabilities are met to within 2^-32.

        Args:
            history: from :meth:`history`.
            count, first: redraws ``first`` to ``first + count - 1``. Redraw i of a seed is always the same, whichever
                are asked for together.
            seed: 0 to 2^64 - 1.
            pair: two arms, for a null hypothesis about them alone: only their people are redrawn, among the two, given
                who the others are; the others are 255. Exact but for minimisation of three arms or more, where the
                others' later lots depend on the pair's: there each person of the pair is redrawn given those before.

        Returns:
            (count, n) arms, as indexes, in the participants' order.

        Raises:
            UsageError: the seed, the count or the pair cannot be.
            DataError: with a pair, blocks of the declared sizes cannot have given the others their places.
        """
        return redraw(history, count, seed, first=first, pair=pair)


def _revised(design: Design, before: Design) -> Design:
    old = {(p.office, p.since): p.probability for p in _all_periods(before)}
    revisions = dict(before.revisions)
    for period in _all_periods(design):
        place = (period.office, period.since)
        if place in old and old[place] != period.probability:
            revisions[place] = revisions.get(place, 0) + 1
    return replace(design, revisions=revisions)


def _check(design: Design) -> None:
    for period in _all_periods(design):
        vector = exact(period.probability)
        if sum(vector) != 1 or min(vector) <= 0:
            raise UsageError(problems.not_one(period.row, sum(period.probability)))
    if design.method == "blocks":
        _check_blocks(design)
    if design.method == "minimisation":
        _check_minimisation(design)


def _check_blocks(design: Design) -> None:
    if not design.block_sizes:
        raise UsageError(problems.no_block_sizes())
    for period in _all_periods(design):
        for size in design.block_sizes:
            if any((p * size) % 1 for p in period.probability):
                raise UsageError(problems.no_whole_block(period, size))


def _check_minimisation(design: Design) -> None:
    if not design.factors:
        raise UsageError(problems.no_factors())
    for period in _all_periods(design):
        if design.biased_coin <= min(period.probability):
            raise UsageError(problems.weak_coin(design.biased_coin, period))


def _all_periods(design: Design) -> Iterator[Period]:
    return (period for periods in design.periods.values() for period in periods)
