"""What was drawn, as far as redraws need it: probabilities, urns, and for minimisation order and factors."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lodd.allocation.rules import PLACES, DrawRules
from lodd.errors import DataError, Problem
from lodd.locale import Text
from lodd.protocol.types import DRAW_ORDER, SLIP, Participants

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
_FILE: Final = "participants.parquet"


@dataclass(frozen=True, slots=True)
class Urn:
    """People who draw without replacement from the same urn, in the order that they drew.

    ``rows`` (m,) index the people. The urn is filled anew whenever it is empty, with one of ``sizes`` (s,) lots, each
    equally likely; ``counts`` (s, arms) are the lots of each arm in it. A batch is an urn that is filled once.
    """

    rows: Integers
    sizes: Integers
    counts: Integers


@dataclass(frozen=True, slots=True)
class Sequence:
    """People drawn by minimisation, in the order of ``rows`` (m,).

    ``levels`` (m, factors) numbers the level of each factor, no number shared by two factors; ``slips`` (m,) marks
    those whose arm came from a slip, by the declared probabilities alone.
    """

    rows: Integers
    levels: Integers
    slips: NDArray[np.bool_]
    coin: float


@dataclass(frozen=True, slots=True)
class DrawHistory:
    """The actual participants as their mechanism met them.

    Attributes:
        arms: how many arms.
        arm: (n,) the arm drawn, in the participants' order.
        probability: (n, arms) declared: the schedule's, the batch's shares, the block's ratio, the strata's shares.
        independent: rows drawn by a lot of their own with ``probability``.
        urns: rows drawn without replacement.
        sequence: rows drawn by minimisation.
    """

    arms: int
    arm: NDArray[np.uint8]
    probability: Floats = field(repr=False)
    independent: Integers = field(repr=False)
    urns: tuple[Urn, ...] = field(default=(), repr=False)
    sequence: Sequence | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.arm)


def history_of(rules: DrawRules, participants: Participants) -> DrawHistory:
    """See :meth:`Design.history`."""
    rows = _in_order(participants)
    slips = _slips(participants)
    if rules.method == "keyed":
        return _independent(participants, _declared(participants))
    if rules.method == "complete":
        return _permuted(participants, _names(participants, "batch"))
    if rules.method == "blocks":
        return _blocks(rules, participants, rows, slips)
    if rules.method == "minimisation":
        return _minimised(rules, participants, rows, slips)
    marginal = participants.marginal
    if marginal is not None:
        return _independent(participants, marginal)
    return _permuted(participants, _names(participants, "stratum"))


def _independent(participants: Participants, probability: Floats) -> DrawHistory:
    everybody = np.arange(len(participants))
    return DrawHistory(len(participants.arms), _arm(participants), probability, everybody)


def _permuted(participants: Participants, groups: list[str]) -> DrawHistory:
    """Within each group the arms as they came out, in random order."""
    arm, arms = _arm(participants), len(participants.arms)
    probability = np.empty((len(arm), arms))
    urns = []
    for rows in _rows_by(groups, np.arange(len(arm))).values():
        counts = np.bincount(arm[rows], minlength=arms)
        probability[rows] = counts / len(rows)
        urns.append(Urn(rows, np.array([len(rows)]), counts[None, :]))
    return DrawHistory(arms, arm, probability, _nobody(), tuple(urns))


def _blocks(rules: DrawRules, participants: Participants, order: Integers, slips: NDArray[np.bool_]) -> DrawHistory:
    """A stratum's blocks; a new urn where the ratio changes, as an amendment closes the block that is open."""
    ratio = _declared(participants)
    sizes = np.array(rules.block_sizes)
    keys = [f"{stratum}\n{p}" for stratum, p in zip(_names(participants, "stratum"), ratio.tolist(), strict=True)]
    urns = tuple(
        Urn(rows, sizes, np.rint(sizes[:, None] * ratio[rows[0]]).astype(np.int64))
        for rows in _rows_by(keys, order[~slips[order]]).values()
    )
    return DrawHistory(len(participants.arms), _arm(participants), ratio, np.flatnonzero(slips), urns)


def _minimised(rules: DrawRules, participants: Participants, order: Integers, slips: NDArray[np.bool_]) -> DrawHistory:
    frame = participants.frame
    places = [rules.place(office, day) for office, day in frame.select("office", "drawn_at").iter_rows()]
    probability = np.array([[float(p) for p in place.probability] for place in places])
    levels = np.empty((len(participants), len(rules.factors)), dtype=np.int64)
    used = 0
    for column, factor in enumerate(rules.factors):
        _, codes = np.unique(np.array(_names(participants, factor)), return_inverse=True)
        levels[:, column] = codes + used
        used += int(codes.max()) + 1
    sequence = Sequence(order, levels[order], slips[order], float(rules.biased_coin))
    return DrawHistory(len(participants.arms), _arm(participants), probability, _nobody(), (), sequence)


def _in_order(participants: Participants) -> Integers:
    """Rows in the order of the draws: by ``draw_order`` where it is known, else by day and then as they stand."""
    column = DRAW_ORDER if DRAW_ORDER in participants.frame.columns else "drawn_at"
    return np.argsort(participants.frame[column].to_numpy(), kind="stable").astype(np.int64)


def _slips(participants: Participants) -> NDArray[np.bool_]:
    if SLIP not in participants.frame.columns:
        return np.zeros(len(participants), dtype=bool)
    return participants.frame[SLIP].fill_null(value=False).to_numpy().astype(bool)


def _declared(participants: Participants) -> Floats:
    marginal = participants.marginal
    if marginal is None:
        raise DataError(_missing(f"marginal_{participants.arms[0]}", participants))
    return marginal


def _names(participants: Participants, column: str) -> list[str]:
    if column not in participants.frame.columns:
        raise DataError(_missing(column, participants))
    values = participants.frame[column]
    if column in PLACES and values.null_count():
        raise DataError(_missing(column, participants))
    return [str(value) for value in values.to_list()]


def _missing(column: str, participants: Participants) -> Problem:
    return Problem(
        Text(
            nb=f"loddene kan ikke trekkes om igjen uten kolonnen «{column}»",
            en=f'the lots cannot be redrawn without the column "{column}"',
        ),
        _FILE,
        next_step=Text(
            nb="Ta kolonnen med når deltakerne hentes ut; den må ha en verdi for alle.",
            en="Take the column along when participants are exported; everybody must have a value.",
        ),
    )


def _rows_by(names: list[str], order: Integers) -> dict[str, Integers]:
    rows: dict[str, list[int]] = {}
    for row in order.tolist():
        rows.setdefault(names[row], []).append(row)
    return {name: np.array(members) for name, members in rows.items()}


def _arm(participants: Participants) -> NDArray[np.uint8]:
    return participants.arm_index.astype(np.uint8)


def _nobody() -> Integers:
    return np.zeros(0, dtype=np.int64)
