"""Keyed lots: an independent lot per person, with exactly the probabilities of the office and day."""

from __future__ import annotations

from bisect import bisect_right
from typing import Final

from lodd.allocation.lot import DrawRequest, Lot
from lodd.allocation.rules import Place
from lodd.allocation.tickets import LotSource

LABEL: Final = b"lodd/lot/v1"


class Keyed:
    """A lot depends on the key, the lock, the beacons and the person's ``lot_id``; never on order or other people."""

    recomputable: Final = True

    def __init__(self, source: LotSource) -> None:
        self._source = source

    def draw(self, request: DrawRequest, place: Place, stratum: str) -> Lot:
        ticket = self._source.ticket(LABEL, request.lot_id)
        return Lot(bisect_right(place.limits, ticket), stratum, place.probability, place.probability)

    def observe(self, request: DrawRequest, place: Place, arm: int) -> None:
        """Nothing is remembered."""

    def lose(self, request: DrawRequest) -> None:
        """Nothing was remembered."""

    def withdraw(self, lot_id: str) -> None:
        """Nothing was remembered."""
