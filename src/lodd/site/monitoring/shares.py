"""The share drawn to each arm against the declared probability, in every stream, with an alarm that may be looked at
every day."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from lodd.protocol import Trial
from lodd.site.monitoring.evidence import Evidence, Floats, Integers, arrival_weights, gather, raised
from lodd.site.monitoring.inputs import MonitoredDraw, Share

Level = Literal["trial", "site", "office", "caseworker"]
LEVELS: Final[tuple[Level, ...]] = ("trial", "site", "office", "caseworker")
ALPHA: Final = 0.05


@dataclass(frozen=True, slots=True)
class StreamShare:
    """The lots of a stream (the trial, a site, an office, a caseworker) that fell on one arm.

    ``expected`` is the sum of the declared probabilities; ``by_chance`` the standard deviation that the number would
    have if each lot were drawn by itself (designs that balance have less). ``log_evidence`` and ``log_peak`` are
    natural logarithms of the e-value now and at its highest; ``informative`` counts lots that were not certain.
    """

    level: Level
    id: str
    arm: str
    draws: int
    drawn: int
    expected: float
    by_chance: float
    informative: int
    log_evidence: float
    log_peak: float
    alarm: bool

    @property
    def share(self) -> float:
        """The share drawn, NaN without draws."""
        return self.drawn / self.draws if self.draws else math.nan

    @property
    def declared(self) -> float:
        """The mean declared probability, NaN without draws."""
        return self.expected / self.draws if self.draws else math.nan

    @property
    def anytime_p(self) -> float:
        """A p-value that holds however often one has looked: 1 / (largest e-value so far), by Ville's inequality."""
        return math.exp(-self.log_peak)


@dataclass(frozen=True, slots=True)
class _Streams:
    """The streams of a level: their ids, each lot's stream (-1: none) and each stream's part of the error rate."""

    level: Level
    ids: tuple[str, ...]
    of_lot: Integers
    weight: Floats


@dataclass(frozen=True, slots=True)
class _Lots:
    """The lots as arrays: arm (lots,), a position in ``arms``, and the probabilities (lots, arms)."""

    arms: tuple[str, ...]
    arm: Integers
    conditional: Floats
    declared: Floats


def stream_shares(trial: Trial, draws: Sequence[MonitoredDraw], alpha: float = ALPHA) -> tuple[StreamShare, ...]:
    """Every stream that the trial has, with every arm but the reference. ``draws`` are all of the trial's, by ``seq``.

    The alarm keeps the expected share of false alarms, over all streams and arms together, at most ``alpha`` at
    whatever moment somebody looks (:func:`~lodd.site.monitoring.evidence.raised`): a quarter of the weight for each
    level, evenly among the sites and offices that the protocol declares, by order of arrival among caseworkers.
    """
    lots, levels = _lots(trial, draws), _levels(trial, draws)
    arms = range(1, len(trial.arm_ids))
    found = [(streams, arm, _evidence(streams, lots, arm)) for streams in levels for arm in arms]
    evidence = np.concatenate([one.log_now for _, _, one in found])
    weight = np.concatenate([streams.weight for streams, _, _ in found]) / (len(LEVELS) * len(arms))
    alarms = iter(raised(evidence, weight, alpha).tolist())
    return tuple(row for streams, arm, one in found for row in _rows(lots, streams, arm, one, alarms))


def _evidence(streams: _Streams, lots: _Lots, arm: int) -> Evidence:
    return gather(streams.of_lot, len(streams.ids), lots.arm == arm, lots.conditional[:, arm])


def _rows(
    lots: _Lots, streams: _Streams, arm: int, evidence: Evidence, alarms: Iterator[bool]
) -> Iterator[StreamShare]:
    probability = lots.declared[:, arm]
    total = _sums(streams, np.ones(len(lots.arm)))
    drawn = _sums(streams, (lots.arm == arm).astype(float))
    expected = _sums(streams, probability)
    spread = np.sqrt(_sums(streams, probability * (1 - probability)))
    for i, name in enumerate(streams.ids):
        yield StreamShare(
            level=streams.level,
            id=name,
            arm=lots.arms[arm],
            draws=int(total[i]),
            drawn=int(drawn[i]),
            expected=float(expected[i]),
            by_chance=float(spread[i]),
            informative=int(evidence.informative[i]),
            log_evidence=float(evidence.log_now[i]),
            log_peak=float(evidence.log_peak[i]),
            alarm=next(alarms),
        )


def _sums(streams: _Streams, values: Floats) -> Floats:
    inside = streams.of_lot >= 0
    sums = np.bincount(streams.of_lot[inside], weights=values[inside], minlength=len(streams.ids))
    return sums.astype(np.float64)


def _levels(trial: Trial, draws: Sequence[MonitoredDraw]) -> tuple[_Streams, ...]:
    sites, offices = tuple(trial.sites), tuple(trial.office_site)
    caseworkers = tuple(dict.fromkeys(draw.caseworker for draw in draws if draw.caseworker is not None))
    return (
        _Streams("trial", (trial.trial.id,), np.zeros(len(draws), dtype=np.int64), np.ones(1)),
        _Streams("site", sites, _codes(sites, [draw.site for draw in draws]), _even(sites)),
        _Streams("office", offices, _codes(offices, [draw.office for draw in draws]), _even(offices)),
        _Streams(
            "caseworker",
            caseworkers,
            _codes(caseworkers, [draw.caseworker for draw in draws]),
            arrival_weights(len(caseworkers)),
        ),
    )


def _even(ids: Sequence[str]) -> Floats:
    return np.full(len(ids), 1 / max(len(ids), 1))


def _codes(ids: Sequence[str], values: Sequence[str | None]) -> Integers:
    position = {name: i for i, name in enumerate(ids)}
    return np.array([-1 if value is None else position.get(value, -1) for value in values], dtype=np.int64)


def _lots(trial: Trial, draws: Sequence[MonitoredDraw]) -> _Lots:
    arms = trial.arm_ids
    conditional = _matrix([draw.conditional for draw in draws], len(arms))
    declared = _matrix([draw.conditional if draw.marginal is None else draw.marginal for draw in draws], len(arms))
    return _Lots(arms, _codes(arms, [draw.arm for draw in draws]), conditional, declared)


def _matrix(vectors: Sequence[tuple[Share, ...]], width: int) -> Floats:
    """Exact shares as floats, (lots, arms). Each different vector is converted once: fractions are slow."""
    known = {vector: i for i, vector in enumerate(dict.fromkeys(vectors))}
    distinct = np.array([[float(share) for share in vector] for vector in known]).reshape(len(known), width)
    return distinct[[known[vector] for vector in vectors]] if known else distinct
