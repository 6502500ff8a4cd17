"""Two versions of a panel compared: what later corrections of the registers changed, for whom and when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lodd.protocol.types import PARTICIPATES, Panel, Participants

CHANGES_SCHEMA: Final = pl.Schema(
    {
        "outcome": pl.String,
        "arm": pl.String,  # null: everybody
        "people": pl.Int64,
        "people_changed": pl.Int64,
        "person_months": pl.Int64,
        "changed": pl.Int64,
        "share": pl.Float64,
        "share_above_reference": pl.Float64,
        "up": pl.Int64,
        "down": pl.Int64,
        "to_missing": pl.Int64,
        "from_missing": pl.Int64,
        "mean_before": pl.Float64,
        "mean_after": pl.Float64,
        "mean_difference": pl.Float64,
        "not_compared": pl.Int64,
    }
)
MONTHS_SCHEMA: Final = pl.Schema(
    {"outcome": pl.String, "arm": pl.String, "event_month": pl.Int64}
    | {name: CHANGES_SCHEMA[name] for name in ("person_months", "changed", "share", "mean_difference")}
)
_COUNTS: Final = ("person_months", "changed", "up", "down", "to_missing", "from_missing", "not_compared")

Sums = Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed from one version of a panel to another.

    ``changes`` has a row for each outcome (and ``participates_<arm>``) and arm, and one with ``arm`` null for everybody
    (``CHANGES_SCHEMA``); ``months`` a row for each of them and event month (``MONTHS_SCHEMA``).

    - ``person_months``: those that both versions cover, with a value in at least one of them.
    - ``changed``: of these, with another value, a value that became missing, or a missing one that became known;
      ``share``: their share; ``share_above_reference``: less the reference arm's (null for that arm and everybody).
    - ``up``, ``down``: the value became larger or smaller; ``people_changed``: with any change.
    - ``mean_before``, ``mean_after``, ``mean_difference``: over person-months with a value in both.
    - ``not_compared``: person-months that only one of the versions covers.

    ``other_people`` are those in one version only, who are not compared.
    """

    changes: pl.DataFrame
    months: pl.DataFrame
    other_people: int


def compare_panels(before: Panel, after: Panel, participants: Participants) -> Comparison:
    """Compare two versions of a panel over the people, event months and columns that both have.

    Args:
        participants: the people, whose arms the comparison is split by; people of the panels who are not among them
            are left out.
    """
    people = _People.of(before, after, participants)
    columns = [name for name in _columns(after) if name in before.frame.columns]
    rows: list[dict[str, Any]] = []
    months: list[dict[str, Any]] = []
    for name in columns:
        sums, changed = _sums(people, name)
        rows += _rows(people, name, sums, changed)
        months += _months(people, name, sums)
    changes = pl.DataFrame(rows, schema=CHANGES_SCHEMA, orient="row")
    return Comparison(changes, pl.DataFrame(months, schema=MONTHS_SCHEMA, orient="row"), people.others)


def _columns(panel: Panel) -> list[str]:
    return [name for name in panel.frame.columns if name in panel.coverage or name.startswith(PARTICIPATES)]


@dataclass(frozen=True, slots=True)
class _People:
    """Where in both versions the people are, and the event months, that are compared; ``members`` is (arms, n)."""

    before: Panel
    after: Panel
    places: tuple[NDArray[np.int64], NDArray[np.int64]]
    months: tuple[NDArray[np.int64], NDArray[np.int64]]
    arms: tuple[str, ...]
    members: NDArray[np.float64]
    others: int

    @classmethod
    def of(cls, before: Panel, after: Panel, participants: Participants) -> _People:
        arm_of = dict(zip(participants.frame["person_id"].cast(pl.String), participants.arm_index, strict=True))
        held = [_names(panel) for panel in (before, after)]
        common = [person for person in held[1] if person in held[0] and person in arm_of]
        places = tuple(np.array([each[person] for person in common], dtype=np.int64) for each in held)
        both = np.intersect1d(before.event_months, after.event_months)
        months = tuple((both - panel.window.first).astype(np.int64) for panel in (before, after))
        arm = np.array([arm_of[person] for person in common], dtype=np.int64)
        members = np.stack([arm == position for position in range(len(participants.arms))]).astype(np.float64)
        others = len(held[0].keys() ^ held[1].keys())
        return cls(before, after, (places[0], places[1]), (months[0], months[1]), participants.arms, members, others)

    def values(self, column: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return self._of(self.before.matrix(column), 0), self._of(self.after.matrix(column), 1)

    def covered(self, column: str) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        return self._of(self.before.covered(column), 0), self._of(self.after.covered(column), 1)

    def _of(self, matrix: NDArray[Any], version: int) -> NDArray[Any]:
        return matrix[np.ix_(self.places[version], self.months[version])]


def _names(panel: Panel) -> dict[str, int]:
    """Each person's place in a panel."""
    people = panel.frame["person_id"].gather_every(len(panel.window)).to_list()
    return {person: place for place, person in enumerate(people)}


def _sums(people: _People, column: str) -> tuple[Sums, NDArray[np.float64]]:
    """(arms, months) counts and totals of a column, and (arms,) how many people have any change."""
    (old, new), (old_covers, new_covers) = people.values(column), people.covered(column)
    covered, was, is_now = old_covers & new_covers, ~np.isnan(old), ~np.isnan(new)
    both = covered & was & is_now
    flags = {
        "person_months": covered & (was | is_now),
        "up": both & (new > old),
        "down": both & (new < old),
        "to_missing": covered & was & ~is_now,
        "from_missing": covered & ~was & is_now,
        "not_compared": old_covers ^ new_covers,
        "in_both": both,
    }
    flags["changed"] = flags["up"] | flags["down"] | flags["to_missing"] | flags["from_missing"]
    sums = {name: people.members @ flag for name, flag in flags.items()}
    sums |= {
        "sum_before": people.members @ np.where(both, old, 0.0),
        "sum_after": people.members @ np.where(both, new, 0),
    }
    return sums, people.members @ flags["changed"].any(axis=1)


def _rows(people: _People, outcome: str, sums: Sums, changed: NDArray[np.float64]) -> Iterator[dict[str, Any]]:
    """The rows of an outcome: everybody first, then each arm."""
    size = people.members.sum(axis=1)
    by_arm = {name: total.sum(axis=1) for name, total in sums.items()}
    reference = _ratio(by_arm["changed"][0], by_arm["person_months"][0])
    for position in (None, *range(len(people.arms))):
        told = {name: _of_arm(each, position) for name, each in by_arm.items()}
        share = _ratio(told["changed"], told["person_months"])
        against = share is not None and reference is not None and position is not None and position > 0
        yield {
            "outcome": outcome,
            "arm": None if position is None else people.arms[position],
            "people": int(_of_arm(size, position)),
            "people_changed": int(_of_arm(changed, position)),
            **{name: int(told[name]) for name in _COUNTS},
            "share": share,
            "share_above_reference": _less(share, reference) if against else None,
            **_means(told),
        }


def _months(people: _People, outcome: str, sums: Sums) -> Iterator[dict[str, Any]]:
    """The rows of an outcome by event month."""
    event_months = people.months[1] + people.after.window.first
    for position in (None, *range(len(people.arms))):
        for place, event_month in enumerate(event_months.tolist()):
            told = {name: _of_arm(total[:, place], position) for name, total in sums.items()}
            yield {
                "outcome": outcome,
                "arm": None if position is None else people.arms[position],
                "event_month": event_month,
                "person_months": int(told["person_months"]),
                "changed": int(told["changed"]),
                "share": _ratio(told["changed"], told["person_months"]),
                "mean_difference": _means(told)["mean_difference"],
            }


def _of_arm(by_arm: NDArray[np.float64], position: int | None) -> float:
    return float(by_arm.sum() if position is None else by_arm[position])


def _means(told: Mapping[str, float]) -> dict[str, float | None]:
    before, after = (_ratio(told[name], told["in_both"]) for name in ("sum_before", "sum_after"))
    return {"mean_before": before, "mean_after": after, "mean_difference": _less(after, before)}


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _less(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other


def differential(comparison: Comparison, columns: Sequence[str]) -> dict[str, Any] | None:
    """Of these columns' rows the one in which an arm's share of changes is furthest from the reference arm's."""
    rows = comparison.changes.filter(pl.col("outcome").is_in(columns), pl.col("share_above_reference").is_not_null())
    if not rows.height:
        return None
    return rows.sort(pl.col("share_above_reference").abs(), descending=True, maintain_order=True).row(0, named=True)
