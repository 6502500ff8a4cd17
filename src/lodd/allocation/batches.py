"""Complete randomisation: a nominated batch with fixed numbers per arm, decided by a beacon of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from lodd.allocation import problems
from lodd.allocation.lot import DrawRequest, Lot
from lodd.allocation.rules import Place
from lodd.allocation.tickets import LotSource, number
from lodd.errors import DataError

LABEL: Final = b"lodd/batch/v1"


@dataclass(frozen=True, slots=True)
class _Batch:
    members: tuple[str, ...]
    counts: tuple[int, ...]

    @property
    def probability(self) -> tuple[Fraction, ...]:
        return tuple(Fraction(count, len(self.members)) for count in self.counts)


class Batches:
    """Members, sorted, meet a random permutation of their batch's arms; so the order of nomination does not matter."""

    recomputable: Final = True

    def __init__(self, arms: Sequence[str], source: LotSource) -> None:
        self._arms = len(arms)
        self._source = source
        self._nominated: dict[str, _Batch] = {}
        self._drawn: dict[str, dict[str, int]] = {}

    def nominate(self, batch: str, members: Sequence[str], counts: Sequence[int]) -> None:
        if batch in self._nominated:
            raise DataError(problems.batch_again(batch))
        if len(set(members)) < len(members):
            raise DataError(problems.member_twice(batch))
        if len(counts) != self._arms or sum(counts) != len(members) or min(counts) < 1:
            raise DataError(problems.wrong_counts(batch, counts, len(members)))
        self._nominated[batch] = _Batch(tuple(sorted(members)), tuple(counts))

    def decide(self, batch: str, beacon: bytes) -> None:
        nominated = self._known(batch)
        if batch in self._drawn:
            raise DataError(problems.batch_drawn(batch))
        names = [member.encode() for member in nominated.members]
        numbers = self._source.numbers(LABEL, beacon, batch.encode(), number(len(names)), *names)
        arms = [arm for arm, count in enumerate(nominated.counts) for _ in range(count)]
        self._drawn[batch] = dict(zip(nominated.members, numbers.shuffled(arms), strict=True))

    def draw(self, request: DrawRequest, place: Place, stratum: str) -> Lot:
        batch = request.batch
        nominated = self._known(batch)
        if batch is None or batch not in self._drawn:
            raise DataError(problems.batch_without_beacon(str(batch)))
        if request.lot_id not in self._drawn[batch]:
            raise DataError(problems.not_in_batch(batch))
        probability = nominated.probability
        return Lot(self._drawn[batch][request.lot_id], stratum, probability, probability)

    def observe(self, request: DrawRequest, place: Place, arm: int) -> None:
        """A batch is whole from its nomination; nothing else moves it."""

    def lose(self, request: DrawRequest) -> None:
        """No batch depends on factors."""

    def withdraw(self, lot_id: str) -> None:
        """No batch depends on factors."""

    def _known(self, batch: str | None) -> _Batch:
        if batch is None or batch not in self._nominated:
            raise DataError(problems.no_batch(batch))
        return self._nominated[batch]
