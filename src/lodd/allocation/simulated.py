"""Draws of invented people, by the real mechanism under a key that anybody can make: for simulations only."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lodd.allocation.history import history_of
from lodd.allocation.lot import DrawRequest, Lot, Mac
from lodd.allocation.redraw import marginal_by_redraws
from lodd.allocation.rules import PLACES, DrawRules
from lodd.allocation.sequencer import Sequencer
from lodd.errors import DataError, Problem
from lodd.locale import Text
from lodd.protocol.types import CONDITIONAL, DRAW_ORDER, MARGINAL, Participants

_KEY_LABEL: Final = b"lodd/simulation-only/key/v1"
_BEACON_LABEL: Final = b"lodd/simulation-only/beacon/v1"
_REDRAWS: Final = 2_000
"""For the marginal probabilities of minimisation."""
SIMULATION_CONTEXT: Final = hashlib.sha256(b"lodd/simulation-only/context/v1").digest()


def simulation_mac(seed: bytes) -> Mac:
    """HMAC-SHA-256 under a key derived from a seed. Whoever knows the seed knows all lots: simulations only."""
    key = hashlib.sha256(_KEY_LABEL + seed).digest()
    return lambda message: hmac.digest(key, message, "sha256")


def allocate(
    rules: DrawRules,
    rng: np.random.Generator,
    enrolled: pl.DataFrame,
    numbers: Mapping[str, Sequence[int]] | None = None,
) -> pl.DataFrame:
    """Draw everybody enrolled; see ``Design.allocate``."""
    rules.refuse_external()
    _check_columns(rules, enrolled)
    sequencer = Sequencer(rules, simulation_mac(rng.bytes(32)), SIMULATION_CONTEXT)
    requests = list(requests_of(rules, enrolled))
    if rules.method == "complete":
        _nominate(sequencer, requests, numbers or {})
    lots = [_draw(sequencer, request, row) for row, request in enumerate(requests)]
    return with_lots(rules, enrolled, lots, int(rng.integers(2**63)))


def with_lots(rules: DrawRules, enrolled: pl.DataFrame, lots: Sequence[Lot], seed: int) -> pl.DataFrame:
    """The enrolled with their arms, strata and probabilities; ``seed`` is for the redraws of minimisation."""
    conditional = _matrix([lot.conditional for lot in lots], len(rules.arms))
    frame = enrolled.with_columns(
        pl.Series("arm", [rules.arms[lot.arm] for lot in lots], dtype=pl.String),
        pl.Series("stratum", [lot.stratum for lot in lots], dtype=pl.String),
        *_order(rules, len(lots)),
    )
    marginal = _marginal(rules, frame, lots, seed)
    return frame.with_columns(
        *(pl.Series(MARGINAL + arm, marginal[:, k]) for k, arm in enumerate(rules.arms)),
        *(pl.Series(CONDITIONAL + arm, conditional[:, k]) for k, arm in enumerate(rules.arms)),
    )


def _marginal(rules: DrawRules, frame: pl.DataFrame, lots: Sequence[Lot], seed: int) -> NDArray[np.float64]:
    if rules.method == "minimisation" and lots:
        return marginal_by_redraws(history_of(rules, Participants(frame, rules.arms)), _REDRAWS, seed)
    return _matrix([lot.marginal or () for lot in lots], len(rules.arms))


def _order(rules: DrawRules, people: int) -> list[pl.Series]:
    """The order of the draws, where later lots depend on earlier ones."""
    if rules.method in ("blocks", "minimisation"):
        return [pl.Series(DRAW_ORDER, range(1, people + 1), dtype=pl.Int64)]
    return []


def _matrix(vectors: Sequence[Sequence[Fraction]], arms: int) -> NDArray[np.float64]:
    return np.array([[float(p) for p in vector] for vector in vectors], dtype=float).reshape(len(vectors), arms)


def requests_of(rules: DrawRules, enrolled: pl.DataFrame) -> Iterator[DrawRequest]:
    """The enrolled as they are drawn, in their order; ``lot_id`` is invented where there is no such column."""
    names = factor_columns(rules)
    values = [enrolled[name].cast(pl.String).fill_null("").to_list() for name in names]
    batches = enrolled["batch"].cast(pl.String).to_list() if "batch" in enrolled.columns else [None] * enrolled.height
    lot_ids = enrolled["lot_id"].to_list() if "lot_id" in enrolled.columns else _invented(enrolled.height)
    rows = zip(lot_ids, enrolled["office"], enrolled["drawn_at"], batches, *values, strict=True)
    for lot_id, office, day, batch, *own in rows:
        yield DrawRequest(lot_id, office, day, dict(zip(names, own, strict=True)), batch)


def _invented(people: int) -> list[str]:
    return [f"simulated-{row:08d}" for row in range(people)]


def factor_columns(rules: DrawRules) -> list[str]:
    """The columns of the people that strata and factors are made of, beyond their place."""
    used = (*rules.strata, *(rules.factors if rules.method == "minimisation" else ()))
    return [name for name in dict.fromkeys(used) if name not in PLACES]


def _nominate(sequencer: Sequencer, requests: Sequence[DrawRequest], numbers: Mapping[str, Sequence[int]]) -> None:
    members: dict[str, list[str]] = {}
    for request in requests:
        members.setdefault(str(request.batch), []).append(request.lot_id)
    for batch, people in members.items():
        sequencer.nominate(batch, people, numbers.get(batch, ()))
        sequencer.batch_beacon(batch, hashlib.sha256(_BEACON_LABEL + batch.encode()).digest())


def _draw(sequencer: Sequencer, request: DrawRequest, row: int) -> Lot:
    try:
        return sequencer.draw(request)
    except DataError as error:
        raise DataError([replace(problem, where=f"enrolled:{row + 1}") for problem in error.problems]) from None


def _check_columns(rules: DrawRules, enrolled: pl.DataFrame) -> None:
    needed = {"office", "site", "drawn_at", *rules.strata, *factor_columns(rules)}
    needed |= {"batch"} if rules.method == "complete" else set()
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
                    nb="Legg til kolonnen, eller ta den ut av draw.strata eller draw.factors.",
                    en="Add the column, or take it out of draw.strata or draw.factors.",
                ),
            )
        )
