"""The draws as the tests see them: who was drawn after whom, where, at whose request, and by which mechanism."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import polars as pl

from lodd.allocation import Design, DrawHistory
from lodd.allocation.history import Urn
from lodd.evaluation.design import Booleans, Integers
from lodd.evaluation.integrity.record import DrawRecord
from lodd.protocol.model import Trial
from lodd.protocol.types import DRAW_ORDER, MARGINAL, SLIP, Participants

_FROM_LEDGER: Final = ("keyed", "complete")
"""Methods whose redraws need nothing that only the participants tell (strata of facts, factors)."""


@dataclass(frozen=True, slots=True)
class Groups:
    """(n,) which group each draw belongs to, and the groups' names."""

    codes: Integers
    names: tuple[str, ...]

    @classmethod
    def of(cls, labels: Sequence[str]) -> Groups:
        names, codes = np.unique(np.array(labels, dtype=str), return_inverse=True)
        return cls(codes.astype(np.int64), tuple(names.tolist()))

    @property
    def sizes(self) -> Integers:
        return np.bincount(self.codes, minlength=len(self.names)).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Drawn:
    """All draws, in the order that they were made; arrays are (n,).

    ``rows`` are their places in ``history``. ``caller`` is None where the ledger names nobody, or one person only.
    ``within_days`` is False where only the days are known, not the order within a day.
    """

    design: Design
    history: DrawHistory
    rows: Integers
    office: Groups
    stratum: Groups
    caller: Groups | None
    within_days: bool
    source: Literal["ledger", "participants"]

    def __len__(self) -> int:
        return len(self.rows)


def drawn_of(trial: Trial, design: Design, participants: Participants, record: DrawRecord | None) -> Drawn:
    """From the ledger where it tells enough, for it holds everybody and their order; else from the participants.

    Raises:
        DataError: a column that redraws need is missing.
    """
    if record is not None and trial.draw.method in _FROM_LEDGER and _complete(trial, record.answers):
        return _from_ledger(trial, design, record.answers)
    frame = participants.frame
    known = DRAW_ORDER in frame.columns
    rows = np.argsort(frame[DRAW_ORDER if known else "drawn_at"].to_numpy(), kind="stable").astype(np.int64)
    return Drawn(
        design=design,
        history=design.history(participants),
        rows=rows,
        office=Groups.of(frame["office"].gather(rows).to_list()),
        stratum=Groups.of(frame["stratum"].gather(rows).to_list()),
        caller=None,
        within_days=known,
        source="participants",
    )


def ledger_history(trial: Trial, design: Design, answers: pl.DataFrame) -> DrawHistory:
    """How everybody in the ledger was drawn; where only participants tell, arms permuted within office and chances."""
    if trial.draw.method in _FROM_LEDGER and _complete(trial, answers):
        return design.history(_as_participants(trial, answers))
    position = {arm: k for k, arm in enumerate(trial.arm_ids)}
    arm = np.array([position[name] for name in answers["arm"]], dtype=np.uint8)
    cells = Groups.of(_cells(trial, answers))
    probability = np.empty((len(arm), len(position)))
    urns = []
    for code in range(len(cells.names)):
        rows = np.flatnonzero(cells.codes == code)
        counts = np.bincount(arm[rows], minlength=len(position))
        probability[rows] = counts / len(rows)
        urns.append(Urn(rows, np.array([len(rows)]), counts[None, :]))
    return DrawHistory(len(position), arm, probability, np.zeros(0, dtype=np.int64), tuple(urns))


def missing_from(participants: Participants, answers: pl.DataFrame) -> Booleans:
    """(answers,) who was drawn and is not among the participants; told apart by office, day and arm only."""
    frame = participants.frame
    present = Counter(zip(frame["office"], frame["drawn_at"], frame["arm"], strict=True))
    missing = np.zeros(answers.height, dtype=bool)
    for row, place in enumerate(zip(answers["office"], answers["drawn_at"], answers["arm"], strict=True)):
        missing[row] = present[place] <= 0
        present[place] -= 1
    return missing


def _from_ledger(trial: Trial, design: Design, answers: pl.DataFrame) -> Drawn:
    callers = Groups.of(answers["by"].to_list())
    return Drawn(
        design=design,
        history=design.history(_as_participants(trial, answers)),
        rows=np.arange(answers.height),
        office=Groups.of(answers["office"].to_list()),
        stratum=Groups.of(_cells(trial, answers)),
        caller=callers if len(callers.names) > 1 else None,
        within_days=True,
        source="ledger",
    )


def _complete(trial: Trial, answers: pl.DataFrame) -> bool:
    if not answers.height:
        return False
    needed = ["batch"] if trial.draw.method == "complete" else [MARGINAL + arm for arm in trial.arm_ids]
    return not any(answers[name].null_count() for name in needed)


def _as_participants(trial: Trial, answers: pl.DataFrame) -> Participants:
    return Participants(
        answers.with_columns(
            pl.col("seq").cast(pl.String).alias("person_id"),
            pl.col("office").replace_strict(dict(trial.office_site)).alias("site"),
            pl.Series("stratum", _cells(trial, answers)),
            pl.int_range(1, pl.len() + 1).alias(DRAW_ORDER),
            pl.col("slip").alias(SLIP),
        ),
        trial.arm_ids,
    )


def _cells(trial: Trial, answers: pl.DataFrame) -> list[str]:
    """Office (or batch) and chances: what the draws of a cell have in common."""
    if trial.draw.method == "complete" and not answers["batch"].null_count():
        return answers["batch"].to_list()
    chances = answers.select(MARGINAL + arm for arm in trial.arm_ids).rows()
    return [f"{office}:{chance}" for office, chance in zip(answers["office"], chances, strict=True)]
