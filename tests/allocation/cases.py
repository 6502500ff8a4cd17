"""Small designs of every method, with the distribution that they truly have."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

import polars as pl

from lodd.allocation import Design, DrawRequest, Lot, Mac
from lodd.protocol.model import Trial
from lodd.protocol.types import CONDITIONAL, MARGINAL, Participants
from tests.allocation import exact

MakeTrial = Callable[..., Trial]
CONTEXT = hashlib.sha256(b"lock").digest()
BEACON = hashlib.sha256(b"beacon").digest()
NAMES = ("keyed", "complete", "blocks", "blocks of two arms", "minimisation", "minimisation of two arms")
DAY = date(2020, 2, 3)
QUARTERS = (Fraction(1, 2), Fraction(1, 4), Fraction(1, 4))
HALVES = (Fraction(1, 2), Fraction(1, 2))


@dataclass(frozen=True)
class Case:
    design: Design
    requests: tuple[DrawRequest, ...]
    truth: exact.Distribution
    counts: tuple[int, ...] = ()
    """Of the one batch, for ``complete``."""

    def draw(self, mac: Mac) -> list[Lot]:
        sequencer = self.design.sequencer(mac, CONTEXT)
        sequencer.mix(BEACON)
        if self.counts:
            sequencer.nominate("x", [request.lot_id for request in self.requests], self.counts)
            sequencer.batch_beacon("x", hashlib.sha256(b"fresh").digest())
        return [sequencer.draw(request) for request in self.requests]

    def participants(self, lots: Sequence[Lot]) -> Participants:
        """As they would be exported, and read back sorted by pseudonym."""
        arms = self.design.arms
        rows: list[dict[str, Any]] = []
        for number, (request, lot) in enumerate(zip(self.requests, lots, strict=True)):
            row = {"person_id": f"p{number:02d}", "arm": arms[lot.arm], "stratum": lot.stratum, "draw_order": number}
            row |= {"office": request.office, "site": self.design.sites[request.office], "drawn_at": request.day}
            row |= {"batch": request.batch, **request.factors}
            row |= {CONDITIONAL + arm: float(p) for arm, p in zip(arms, lot.conditional, strict=True)}
            row |= {MARGINAL + arm: float(p) for arm, p in zip(arms, lot.marginal or (), strict=False)}
            rows.append(row)
        return Participants(pl.DataFrame(rows), arms)


def mac_of(number: int) -> Mac:
    """A key for each number."""
    key = hashlib.sha256(b"test key" + number.to_bytes(8, "big")).digest()
    return lambda message: hmac.digest(key, message, "sha256")


def case_of(name: str, three: MakeTrial, two: MakeTrial) -> Case:
    """The case by its name, of trials made by the fixtures for three and for two arms."""
    return {
        "keyed": lambda: _keyed(three),
        "complete": lambda: _complete(three),
        "blocks": lambda: _blocks(three(method="blocks"), "s1", 6, QUARTERS, (4, 8)),
        "blocks of two arms": lambda: _blocks(two(method="blocks", block_sizes=[2, 4]), "n1", 7, HALVES, (2, 4)),
        "minimisation": lambda: _minimised(three, ("s1", QUARTERS), "0.7", 5),
        "minimisation of two arms": lambda: _minimised(two, ("n1", HALVES), "0.8", 7),
    }[name]()


def people(office: str, count: int, batch: str | None = None, factors: Sequence[str] = ()) -> tuple[DrawRequest, ...]:
    values = [{"female": "yn"[i % 2], "age": "abc"[i * i % 3]} for i in range(count)]
    return tuple(
        DrawRequest(f"lot{i}", office, DAY, {factor: values[i][factor] for factor in factors}, batch)
        for i in range(count)
    )


def _keyed(make: MakeTrial) -> Case:
    requests = (*people("n1", 2), *(DrawRequest(f"other{i}", "n2", DAY) for i in range(2)))
    other = (Fraction(1, 4), Fraction(1, 4), Fraction(1, 2))
    return Case(Design.from_trial(make()), requests, exact.independent([QUARTERS, QUARTERS, other, other]))


def _complete(make: MakeTrial) -> Case:
    design = Design.from_trial(make(method="complete", strata=("batch",), schedule=()))
    return Case(design, people("n1", 6, "x"), exact.batch((3, 1, 2)), (3, 1, 2))


def _blocks(trial: Trial, office: str, count: int, ratio: exact.Vector, sizes: Sequence[int]) -> Case:
    return Case(Design.from_trial(trial), people(office, count), exact.blocks(count, ratio, sizes))


def _minimised(make: MakeTrial, place: tuple[str, exact.Vector], coin: str, count: int) -> Case:
    office, ratio = place
    factors = ("office", "female", "age")
    design = Design.from_trial(make(method="minimisation", factors=factors, biased_coin=coin))
    requests = people(office, count, factors=("female", "age"))
    values = [(office, request.factors["female"], request.factors["age"]) for request in requests]
    return Case(design, requests, exact.minimisation(values, [ratio] * count, Fraction(coin)))
