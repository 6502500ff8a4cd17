"""A covariate or a subgroup's variable: a participants' column, or an outcome averaged over months before the draw."""

from __future__ import annotations

from dataclasses import dataclass

from lodd.protocol.months import MonthRange


@dataclass(frozen=True, slots=True)
class Baseline:
    """``name`` alone is a participants' column; with ``months`` it is an outcome's mean over those event months."""

    name: str
    months: MonthRange | None = None

    @classmethod
    def parse(cls, written: str) -> Baseline:
        """Read ``"age"`` or ``"in_work@-12..-1"``.

        Raises:
            ValueError: the months are not of the form ``a..b``.
        """
        name, at, months = written.partition("@")
        return cls(name.strip(), MonthRange.parse(months) if at else None)

    def __str__(self) -> str:
        return self.name if self.months is None else f"{self.name}@{self.months}"
