"""What the ledger tells about the draw beyond the participants: in which order, by whom, and what was asked again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import polars as pl

from lodd.allocation import Design, Details, Event, OutageUsed, Verification
from lodd.allocation.events import (
    Answer,
    ErrorNoted,
    NotAnEventError,
    RepeatedRequest,
    Withdrawal,
    parse_line,
)
from lodd.allocation.replay import Replay
from lodd.errors import LoddError
from lodd.protocol.model import Trial
from lodd.protocol.types import MARGINAL

ANSWER_SCHEMA: Final[Mapping[str, pl.DataType]] = {
    "seq": pl.Int64(),
    "at": pl.Datetime("us", "UTC"),
    "drawn_at": pl.Date(),
    "office": pl.String(),
    "arm": pl.String(),
    "by": pl.String(),
    "batch": pl.String(),
    "slip": pl.Boolean(),
    "withdrawn": pl.Boolean(),
    "error_noted": pl.Boolean(),
}
REQUEST_SCHEMA: Final[Mapping[str, pl.DataType]] = {"first": pl.Int64(), "by": pl.String(), "office": pl.String()}


@dataclass(frozen=True, slots=True)
class DrawRecord:
    """The ledger as tests of the draw need it.

    - ``answers``: one row a person given an arm, in the order of the draws: ``seq`` (the event), ``at`` (UTC; of a slip
      when it was opened), ``drawn_at``, ``office``, ``arm``, ``by`` (who asked: a pseudonym; on whose behalf, where the
      details are at hand), ``batch``, ``slip``, ``withdrawn``, ``error_noted``, and ``marginal_<arm>`` (null where only
      redraws tell it).
    - ``requests``: one row a repeated request: ``first`` (the answer's event), ``by``, ``office``.
    - ``verification``: of the ledger against lock and revealed key; None if it was not made.
    - ``agrees``: are the participants those of the ledger? None if unknown.
    - ``design``: the mechanism with the schedule as the ledger amended it; None: as the protocol declares it.
    """

    answers: pl.DataFrame
    requests: pl.DataFrame
    verification: Verification | None = None
    agrees: bool | None = None
    design: Design | None = None


def read_draw_record(
    trial: Trial,
    ledger: Path,
    details: Details | None = None,
    *,
    verification: Verification | None = None,
    agrees: bool | None = None,
) -> DrawRecord:
    """The record of a ledger file. Lines that are no events are left out: the verification speaks of them."""
    return draw_record(trial, _events(ledger), details, verification=verification, agrees=agrees)


def draw_record(
    trial: Trial,
    events: Iterable[Event],
    details: Details | None = None,
    *,
    verification: Verification | None = None,
    agrees: bool | None = None,
) -> DrawRecord:
    """The record of a ledger's events."""
    kept = details or Details()
    answers: dict[int, dict[str, Any]] = {}
    requests: list[dict[str, Any]] = []
    replay = Replay(trial, None, "")
    for event in events:
        match event.payload:
            case RepeatedRequest(first=first, office=office, details=sha256):
                requests.append({"first": first, "by": _who(event, kept, sha256), "office": office})
            case Withdrawal(about=about) if about in answers:
                answers[about]["withdrawn"] = True
            case ErrorNoted(about=about) if about in answers:
                answers[about]["error_noted"] = True
            case payload if isinstance(payload, Answer):
                answers[event.seq] = _answer(trial, event, payload, kept)
            case _:
                with suppress(LoddError):  # an amendment that cannot be: the verification speaks of it
                    replay.follow(event)
    schema = {**ANSWER_SCHEMA, **{MARGINAL + arm: pl.Float64() for arm in trial.arm_ids}}
    return DrawRecord(
        answers=pl.DataFrame(list(answers.values()), schema=schema).sort("at", "seq"),
        requests=pl.DataFrame(requests, schema=REQUEST_SCHEMA),
        verification=verification,
        agrees=agrees,
        design=replay.design,
    )


def _answer(trial: Trial, event: Event, payload: Answer, details: Details) -> dict[str, Any]:
    slip = isinstance(payload, OutageUsed)
    marginal = payload.marginal or (None,) * len(trial.arm_ids)
    return {
        "seq": event.seq,
        "at": _moment(event, payload),
        "drawn_at": payload.day,
        "office": payload.office,
        "arm": payload.arm,
        "by": _who(event, details, payload.details),
        "batch": None if isinstance(payload, OutageUsed) else payload.batch,
        "slip": slip,
        "withdrawn": False,
        "error_noted": False,
        **{
            MARGINAL + arm: None if p is None else float(Fraction(p))
            for arm, p in zip(trial.arm_ids, marginal, strict=True)
        },
    }


def _moment(event: Event, payload: Answer) -> datetime:
    return payload.opened_at if isinstance(payload, OutageUsed) else event.at


def _who(event: Event, details: Details, sha256: str | None) -> str:
    outside = details.content(sha256) or {}
    return str(outside.get("on_behalf_of") or event.by)


def _events(ledger: Path) -> Iterator[Event]:
    for line in ledger.read_bytes().split(b"\n"):
        try:
            yield parse_line(line)
        except NotAnEventError:
            continue
