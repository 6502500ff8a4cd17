"""Everybody drawn, by the registers' pseudonym, as ``participants.parquet`` has them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, Final

import polars as pl

from lodd.allocation import Design, DrawRequest, OutageUsed, marginal_by_redraws
from lodd.allocation.details import Details
from lodd.allocation.events import Draw, Event, parse_line
from lodd.allocation.replay import Replay, factors_in
from lodd.allocation.simulated import factor_columns
from lodd.protocol.model import Trial
from lodd.protocol.types import CONDITIONAL, DRAW_ORDER, MARGINAL, SLIP, Participants

_REDRAWS: Final = 2_000
"""For the marginal probabilities of minimisation, which only redraws tell."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """One participant as the site has them, with the registers' pseudonym instead of the identity."""

    seq: int
    person_id: str
    arm: str
    site: str
    office: str
    day: date
    conditional: tuple[str, ...]
    marginal: tuple[str, ...] | None
    by_slip: bool


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What only the ledger tells of a draw: stratum, batch, and the values of factors."""

    stratum: str
    batch: str | None
    factors: Mapping[str, str]


def circumstances(
    trial: Trial, lock_sha256: str, lines: Iterable[bytes], details: Details
) -> tuple[dict[int, Circumstances], Design]:
    """The circumstances of every draw, by the design that was in force then; and the design at the end.

    Raises:
        LoddError: the mechanism refuses what an event says.
    """
    replay = Replay(trial, None, lock_sha256)
    found = {}
    for event in _events(lines):
        payload = event.payload
        if isinstance(payload, Draw | OutageUsed):
            found[event.seq] = _circumstances(replay, payload, details)
        else:
            replay.follow(event)
    return found, replay.design


def participants_frame(
    trial: Trial, drawn: Sequence[Drawn], known: Mapping[int, Circumstances], design: Design
) -> pl.DataFrame:
    """One row a person, in the order of the draws; the columns of :class:`lodd.protocol.types.Participants`.

    Factors and batches are columns too, where the design has any.
    """
    columns: dict[str, Any] = {
        "person_id": [person.person_id for person in drawn],
        "arm": [person.arm for person in drawn],
        "site": [person.site for person in drawn],
        "office": [person.office for person in drawn],
        "stratum": [known[person.seq].stratum for person in drawn],
        "drawn_at": pl.Series([person.day for person in drawn], dtype=pl.Date),
        DRAW_ORDER: pl.Series([person.seq for person in drawn], dtype=pl.Int64),
        SLIP: [person.by_slip for person in drawn],
    }
    for name in factor_columns(design):
        columns[name] = [known[person.seq].factors.get(name) for person in drawn]
    if trial.draw.method == "complete" or "batch" in trial.draw.strata:
        columns["batch"] = [known[person.seq].batch for person in drawn]
    frame = pl.DataFrame(columns)
    return frame.with_columns(
        *_probabilities(CONDITIONAL, trial, [person.conditional for person in drawn]),
        *_marginal(trial, drawn, frame, design),
    )


def _marginal(trial: Trial, drawn: Sequence[Drawn], frame: pl.DataFrame, design: Design) -> list[pl.Series]:
    if not drawn or all(person.marginal is not None for person in drawn):
        return _probabilities(MARGINAL, trial, [person.marginal or () for person in drawn])
    redrawn = marginal_by_redraws(design.history(Participants(frame, trial.arm_ids)), _REDRAWS, 1)
    return [pl.Series(MARGINAL + arm, redrawn[:, k]) for k, arm in enumerate(trial.arm_ids)]


def _probabilities(prefix: str, trial: Trial, vectors: Sequence[Sequence[str]]) -> list[pl.Series]:
    return [
        pl.Series(prefix + arm, [float(Fraction(vector[k])) for vector in vectors], dtype=pl.Float64)
        for k, arm in enumerate(trial.arm_ids)
    ]


def _circumstances(replay: Replay, answer: Draw | OutageUsed, details: Details) -> Circumstances:
    """A slip's by the design of the moment at which it was opened, which may be earlier than when it was recorded."""
    design = replay.design_then(answer.opened_at) if isinstance(answer, OutageUsed) else replay.design
    factors = factors_in(details.content(answer.details)) or {}
    batch = answer.batch if isinstance(answer, Draw) else None
    values = dict.fromkeys(factor_columns(design), "") | dict(factors)
    request = DrawRequest(answer.lot_id, answer.office, answer.day, values, batch)
    return Circumstances(design.stratum(design.place(answer.office, answer.day), request), batch, factors)


def _events(lines: Iterable[bytes]) -> Iterator[Event]:
    for many in lines:
        yield from map(parse_line, many.splitlines())
