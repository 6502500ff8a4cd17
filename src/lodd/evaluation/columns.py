"""Outcome columns: what is estimated, with its label, and the grouping of columns by who is observed.

One factorisation per mask: columns in which the same people are observed share designs, so they are estimated together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from lodd.evaluation.design import Booleans, Floats


@dataclass(frozen=True, slots=True)
class Label:
    """What one outcome column is; the fields are columns of ``estimates``."""

    outcome: str
    role: str
    months: str
    summary: str = "month"
    event_month: int | None = None
    population: str = "all"
    subgroup: str | None = None
    rule: str = "declared"
    margin: float | None = None
    prespecified: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """(n, c) values of c outcome columns, NaN where missing; only people in ``keep`` (n,) count, if given."""

    values: Floats
    labels: tuple[Label, ...]
    keep: Booleans | None = None

    @property
    def observed(self) -> Booleans:
        present = ~np.isnan(self.values)
        return present if self.keep is None else present & self.keep[:, None]


@dataclass(slots=True)
class MaskGroup:
    """Columns (block, position) in which exactly ``observed`` (n,) have a value."""

    observed: Booleans
    columns: list[tuple[int, int]] = field(default_factory=list)

    def values(self, blocks: Sequence[Block]) -> Floats:
        """(n, c) values of the group's columns."""
        parts = [blocks[b].values[:, positions] for b, positions in self._by_block()]
        return parts[0] if len(parts) == 1 else np.hstack(parts)

    def labels(self, blocks: Sequence[Block]) -> list[Label]:
        return [blocks[b].labels[position] for b, position in self.columns]

    def _by_block(self) -> Iterator[tuple[int, list[int]]]:
        order: dict[int, list[int]] = {}
        for b, position in self.columns:
            order.setdefault(b, []).append(position)
        return iter(order.items())


def by_mask(blocks: Sequence[Block]) -> list[MaskGroup]:
    """Group all columns by who is observed, in order of first appearance."""
    groups: dict[bytes, MaskGroup] = {}
    for b, block in enumerate(blocks):
        observed = block.observed
        packed = np.packbits(observed, axis=0).T
        for position in range(observed.shape[1]):
            key = packed[position].tobytes()
            if key not in groups:
                groups[key] = MaskGroup(observed[:, position].copy())
            groups[key].columns.append((b, position))
    return list(groups.values())
