"""Checks of what findings on rival explanations look at: states that one is in or not, months that can be followed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lodd.locale import Text
from lodd.protocol.analysis import CatchUp, Explanations
from lodd.protocol.checks.finding import Finding, Path, unknown
from lodd.protocol.checks.plan import check_summary
from lodd.protocol.model import Trial

_PATH: Final[Path] = ("analysis", "explanations")


def check_explanations(trial: Trial) -> Iterator[Finding]:
    """Assumes that the outcomes themselves are sound."""
    declared = trial.analysis.explanations
    if declared is None:
        return
    for path, name in _named(declared):
        if name not in trial.outcomes:
            yield unknown(path, Text(nb="utfallet", en="outcome"), name, trial.outcomes)
        elif not trial.outcomes[name].binary:
            yield _not_a_state(path, name)
    if declared.target_group is not None and declared.target_group not in [t.id for t in trial.analysis.targets]:
        targets = [target.id for target in trial.analysis.targets]
        group = Text(nb="målgruppen", en="target group")
        yield unknown((*_PATH, "target_group"), group, declared.target_group, targets)
    if declared.catch_up is not None:
        yield from _catch_up(trial, declared, declared.catch_up)


def _named(declared: Explanations) -> Iterator[tuple[Path, str]]:
    for key in ("work", "work_practice"):
        name = getattr(declared, key)
        if name is not None:
            yield (*_PATH, key), name
    for i, name in enumerate(declared.instruments):
        yield (*_PATH, "instruments", i), name


def _not_a_state(path: Path, name: str) -> Finding:
    found = Text(
        nb=f"«{name}» er et beløp eller antall, ikke noe man er i eller ikke",
        en=f'"{name}" is an amount or a count, not something that one is in or not',
    )
    allowed = Text(
        nb="et utfall med any, at_least, all_of, any_of eller none_of",
        en="an outcome with any, at_least, all_of, any_of or none_of",
    )
    return Finding(path, found, allowed)


def _catch_up(trial: Trial, declared: Explanations, dates: CatchUp) -> Iterator[Finding]:
    path = (*_PATH, "catch_up")
    if dates.early.first < 1:
        found = Text(nb=f"månedene {dates.early} begynner før måned 1", en=f"months {dates.early} begin before month 1")
        yield Finding((*path, "early"), found, Text(nb="måneder etter trekningen", en="months after the draw"))
    if dates.late.first <= dates.early.last:
        found = Text(
            nb=f"månedene {dates.late} begynner ikke etter {dates.early}",
            en=f"months {dates.late} do not begin after {dates.early}",
        )
        yield Finding((*path, "late"), found, Text(nb="senere måneder", en="later months"))
    outcome = declared.work or next((primary.outcome for primary in trial.analysis.primary), None)
    if outcome is not None and outcome in trial.outcomes:
        for key, months in (("early", dates.early), ("late", dates.late)):
            yield from check_summary(trial, (*path, key), months, outcome)
