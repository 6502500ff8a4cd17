"""What every section of the report needs: the trial and its results, in one language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from lodd import locale
from lodd.allocation import Verification
from lodd.evaluation.results import Evaluation
from lodd.locale import Language, Text
from lodd.protocol.analysis import Family, Primary
from lodd.protocol.model import Trial
from lodd.protocol.months import MonthRange
from lodd.protocol.types import Participants, RegisterNote
from lodd.report import disclosure
from lodd.report.estimates import Estimates
from lodd.report.units import Unit, decimals_for
from lodd.report.words import Words, words


@dataclass(frozen=True)
class Context:
    """One evaluation, seen in one language."""

    language: Language
    trial: Trial
    participants: Participants
    evaluation: Evaluation
    estimates: Estimates
    panel_notes: Sequence[RegisterNote] = ()
    truth: Mapping[tuple[str, str], Mapping[int, float]] = field(default_factory=dict)
    """True effect by (outcome, arm) and event month; empty for real data."""
    verification: Verification | None = None
    """Of the ledger; None where there is none."""
    agrees: bool | None = None
    """Are the participants those of the ledger?"""

    @cached_property
    def words(self) -> Words:
        return words(self.language)

    def text(self, text: Text) -> str:
        return text[self.language]

    # Arms ------------------------------------------------------------------------------------------------------------

    @property
    def reference(self) -> str:
        return self.trial.reference

    @property
    def treated_arms(self) -> tuple[str, ...]:
        """Every arm that is compared with the reference."""
        return self.trial.arm_ids[1:]

    def arm(self, arm: str) -> str:
        return self.text(self.trial.arms[arm].label)

    def group(self, arm: str) -> str:
        """An arm in running text as a group: "the control group", "the Supported Employment group"."""
        label = self.arm(arm)
        plain = label.lower() == self.words("group.control_label")
        return self.words("group.control") if plain else self.words("group.named", arm=label)

    def drawn_to(self, arm: str) -> str:
        """What people were drawn to, in running text: "the control group", "Supported Employment"."""
        label = self.arm(arm)
        return self.words("group.control") if label.lower() == self.words("group.control_label") else label

    def arm_class(self, arm: str) -> str:
        """The style of an arm's lines and dots."""
        return f"arm-{self.trial.arm_ids.index(arm)}"

    @property
    def several_arms(self) -> bool:
        return len(self.treated_arms) > 1

    # Outcomes --------------------------------------------------------------------------------------------------------

    def outcome(self, outcome: str) -> str:
        return self.text(self.trial.outcomes[outcome].label)

    @property
    def primaries(self) -> tuple[Primary, ...]:
        return self.trial.analysis.primary

    @cached_property
    def primary_outcomes(self) -> tuple[str, ...]:
        """The outcomes of the primary list, each once."""
        return tuple(dict.fromkeys(p.outcome for p in self.primaries))

    @cached_property
    def outcome_groups(self) -> tuple[tuple[Family | None, tuple[str, ...]], ...]:
        """Every outcome once, by family (an outcome in several is in its first); those in none come last."""
        seen: set[str] = set()
        groups: list[tuple[Family | None, tuple[str, ...]]] = []
        for family in self.trial.analysis.families:
            own = tuple(o for o in family.outcomes if o not in seen)
            seen.update(own)
            groups.append((family, own))
        rest = tuple(o for o in self.trial.outcomes if o not in seen)
        return tuple((family, own) for family, own in (*groups, (None, rest)) if own)

    def family(self, family: Family | None) -> str:
        if family is None:
            return self.words("effects.no_family" if self.trial.analysis.families else "effects.outcomes")
        return self.text(family.label) if family.label else family.id

    def unit(self, outcome: str, summary: str = "mean") -> Unit:
        """How an outcome's numbers are shown; ``sum`` is the unit of totals over months."""
        if self.trial.outcomes[outcome].binary:
            return self._months_unit() if summary == "sum" else self._share_unit()
        named = self.trial.outcomes[outcome].unit
        name = self.text(named) if named else self.words("unit.none")
        decimals = decimals_for(self._largest_level.get(outcome, 0.0) * (10 if summary == "sum" else 1))
        axis = self.words("unit.axis_of", unit=name) if named else self.words("unit.axis_plain")
        return Unit(self.language, 1.0, decimals, name, axis, self.words("unit.axis_difference_of", unit=name))

    @cached_property
    def _largest_level(self) -> Mapping[str, float]:
        return self.estimates.largest_level

    def _share_unit(self) -> Unit:
        w = self.words
        return Unit(
            self.language, 100.0, 1, w("unit.points"), w("unit.percent_axis"), w("unit.points_axis"), is_share=True
        )

    def _months_unit(self) -> Unit:
        w = self.words
        return Unit(self.language, 1.0, 1, w("unit.months"), w("unit.months_axis"), w("unit.months_difference_axis"))

    # Words and numbers -----------------------------------------------------------------------------------------------

    def number(self, value: float, decimals: int = 0) -> str:
        return locale.number(value, self.language, decimals)

    def percent(self, share: float, decimals: int = 0) -> str:
        return locale.percent(share, self.language, decimals)

    def people(self, count: int | None) -> str:
        return disclosure.people(count, self.language)

    def p(self, value: float | None) -> str:
        return locale.p_value(float("nan") if value is None else value, self.language)

    def p_phrase(self, value: float | None) -> str:
        """ "p = 0.034", "p < 0.001"."""
        shown = self.p(value)
        return (
            f"p\N{NO-BREAK SPACE}{shown}" if shown.startswith("<") else f"p\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{shown}"
        )

    def months(self, months: MonthRange | str) -> str:
        """ "months 1 to 36", "month 7", "the twelve months before the draw" stays "months −12 to −1"."""
        span = MonthRange.parse(months) if isinstance(months, str) else months
        if span.first == span.last:
            return self.words("months.one", month=self.number(span.first))
        return self.words("months.range", first=self.number(span.first), last=self.number(span.last))

    def join(self, items: Sequence[str]) -> str:
        return locale.join_words(list(items), self.language)

    @property
    def confidence(self) -> str:
        """The level of the intervals: "95%"."""
        level = float(self.trial.analysis.confidence)
        return self.percent(level, 0 if abs(level * 100 - round(level * 100)) < 1e-9 else 1)

    # The trial's state -----------------------------------------------------------------------------------------------

    @property
    def simulated(self) -> bool:
        return self.evaluation.provenance.get("simulated") == "yes"

    @property
    def external(self) -> bool:
        return self.trial.draw.method == "external"

    @property
    def lock_status(self) -> str:
        """ "locked" | "differs" | "unlocked"."""
        return self.evaluation.lock.get("status", "unlocked")

    @cached_property
    def drawn(self) -> Mapping[str, int]:
        """Number drawn by arm."""
        counts = self.participants.frame.group_by("arm").len()
        found = {str(arm): int(n) for arm, n in counts.iter_rows()}
        return {arm: found.get(arm, 0) for arm in self.trial.arm_ids}

    @property
    def source(self) -> str:
        """The source line of tables and figures."""
        return self.words("source.simulated" if self.simulated else "source.trial", trial=self.trial.trial.id)


def truth_by_month(frame: pl.DataFrame | None, estimand: str) -> Mapping[tuple[str, str], Mapping[int, float]]:
    """The true monthly effects of a simulation, for an estimand, from ``outcome, arm, event_month, effect``."""
    if frame is None or not {"outcome", "arm", "event_month", "effect"} <= set(frame.columns):
        return {}
    rows = frame.drop_nulls(["event_month", "effect"])
    for column, wanted in (("estimand", estimand), ("population", "all"), ("role", "curve")):
        if column in rows.columns:
            rows = rows.filter(pl.col(column).is_null() | (pl.col(column) == wanted))
    found: dict[tuple[str, str], dict[int, float]] = {}
    for outcome, arm, month, effect in rows.select("outcome", "arm", "event_month", "effect").iter_rows():
        found.setdefault((str(outcome), str(arm)), {})[int(month)] = float(effect)
    return found
