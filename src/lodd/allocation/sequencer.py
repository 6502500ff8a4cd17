"""The one mechanism: sequential, recomputable, used by the live draw, the verifier and the simulator alike."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final, Protocol

from lodd.allocation import problems
from lodd.allocation.batches import Batches
from lodd.allocation.blocks import Blocks
from lodd.allocation.keyed import Keyed
from lodd.allocation.lot import DrawRequest, Lot, Mac
from lodd.allocation.minimisation import Minimisation
from lodd.allocation.rules import DrawRules, Place
from lodd.allocation.tickets import LotSource
from lodd.errors import UsageError


class Mechanism(Protocol):
    """One method of drawing, with what it remembers of earlier draws."""

    def draw(self, request: DrawRequest, place: Place, stratum: str) -> Lot: ...

    def observe(self, request: DrawRequest, place: Place, arm: int) -> None: ...

    def lose(self, request: DrawRequest) -> None: ...

    def withdraw(self, lot_id: str) -> None: ...

    @property
    def recomputable(self) -> bool: ...


class Sequencer:
    """Draws a trial's lots in the order of its ledger; the same ledger gives the same lots.

    Everything that a lot depends on passes through here in the ledger's order: beacons (:meth:`mix`), amendments
    (:meth:`amend`), batches (:meth:`nominate`, :meth:`batch_beacon`), draws (:meth:`draw`), and arms that were decided
    elsewhere (:meth:`observe`). It holds no key: it is given the key's ``mac``. It does not know who was drawn before:
    that a person's first draw stands is the ledger's to see to.
    """

    def __init__(self, design: DrawRules, mac: Mac, context: bytes) -> None:
        design.refuse_external()
        self._design = design
        self._source: Final = LotSource(mac, context)
        self._places: dict[tuple[str, date], Place] = {}
        self._batches: Final = Batches(design.arms, self._source) if design.method == "complete" else None
        self._mechanism: Final[Mechanism] = self._batches or _mechanism(design, self._source)

    @property
    def design(self) -> DrawRules:
        """The design in force, amendments included."""
        return self._design

    @property
    def recomputable(self) -> bool:
        """False after a person whose factors are lost, in a method whose later lots depend on them."""
        return self._mechanism.recomputable

    def mix(self, beacon: bytes) -> None:
        """A beacon is recorded, the first or an amendment's: every later lot depends on it."""
        self._source.mix(beacon)

    def amend(self, design: DrawRules) -> None:
        """Other probabilities from now on.

        What minimisation remembers is kept: each person weighs by the probability that was declared for them. A block
        is closed when the next person of its stratum has other probabilities; as strata are named by their period, that
        is a new stratum's first block.

        Raises:
            UsageError: the method or the arms are others.
        """
        if (design.method, design.arms) != (self._design.method, self._design.arms):
            raise UsageError(problems.other_design(f"{design.method} ({', '.join(design.arms)})"))
        self._design = design
        self._places = {}

    def nominate(self, batch: str, members: Sequence[str], counts: Sequence[int]) -> None:
        """A batch's members (their ``lot_id``) and its numbers per arm, before its beacon is known.

        Raises:
            UsageError: the method draws no batches.
            DataError: a person twice, a batch nominated before, or numbers that do not add up to its people.
        """
        self._complete().nominate(batch, members, counts)

    def batch_beacon(self, batch: str, beacon: bytes) -> None:
        """The beacon that decides a nominated batch.

        Raises:
            UsageError: the method draws no batches.
            DataError: the batch has not been nominated, or has its beacon already.
        """
        self._complete().decide(batch, beacon)

    def draw(self, request: DrawRequest) -> Lot:
        """The next lot.

        Raises:
            DataError: an unknown office; a day outside enrolment or the office's schedule; a missing factor; a batch
                that was not nominated, has no beacon, or does not hold the person. Nothing is drawn or remembered then.
        """
        place = self._place(request)
        return self._mechanism.draw(request, place, place.stratum or self._design.stratum(place, request))

    def observe(self, request: DrawRequest, arm: int, *, factors_known: bool) -> None:
        """Take note of an arm without drawing: that of a slip, or of a draw whose factors have been erased.

        Minimisation counts the person. Blocks do not: a slip takes no place in a block. Where the factors are lost and
        the method's later lots depend on them, :attr:`recomputable` is False until :meth:`withdraw`.

        Raises:
            DataError: as :meth:`draw`.
        """
        place = self._place(request)
        if factors_known:
            self._mechanism.observe(request, place, arm)
        else:
            self._mechanism.lose(request)

    def withdraw(self, lot_id: str) -> None:
        """The person's factors are erased: from here on no lot depends on them.

        Minimisation no longer counts the person; blocks in strata that are made of factors begin anew. So lots after
        the erasure can be recomputed without what was erased, and only those between the two cannot.
        """
        self._mechanism.withdraw(lot_id)

    def _place(self, request: DrawRequest) -> Place:
        key = (request.office, request.day)
        place = self._places.get(key)
        if place is None:
            period = self._design.period(*key)
            first = (request.office, period.since) if period else key  # all days of a period are one place
            place = self._places.get(first) or self._design.place(*key)
            self._places[first] = self._places[key] = place
        return place

    def _complete(self) -> Batches:
        if self._batches is None:
            raise UsageError(problems.only_complete(self._design.method))
        return self._batches


def _mechanism(design: DrawRules, source: LotSource) -> Mechanism:
    if design.method == "blocks":
        return Blocks(design, source)
    if design.method == "minimisation":
        return Minimisation(design, source)
    return Keyed(source)
