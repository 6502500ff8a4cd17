"""Checks of the analysis plan: known outcomes, months inside the window, nothing that the draw can have changed used
as a covariate, and summaries that somebody can complete."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from lodd.locale import Text
from lodd.protocol.analysis import Margin, group_names
from lodd.protocol.checks.finding import Finding, Path, unknown
from lodd.protocol.covariate import Baseline
from lodd.protocol.model import Trial
from lodd.protocol.months import MonthRange, first_day, month_index
from lodd.protocol.types import coverage_months, in_year_of_draw

_ROUNDING: Final = Decimal("0.0005")
"""What a sum of shares may miss one by: seven sevenths with four decimals."""
_OUTCOME = Text(nb="utfallet", en="outcome")


def check_plan(trial: Trial) -> Iterator[Finding]:
    """The whole plan. Assumes that the outcomes themselves are sound."""
    plan = trial.analysis
    for i, primary in enumerate(plan.primary):
        path = ("analysis", "primary", i)
        if primary.outcome not in trial.outcomes:
            yield unknown((*path, "outcome"), _OUTCOME, primary.outcome, trial.outcomes)
        else:
            yield from check_summary(trial, (*path, "months"), primary.months, primary.outcome)
        if primary.margin is None:
            yield _no_margin(path)
    for i, months in enumerate(plan.periods):
        yield from _inside_window(trial, ("analysis", "periods", i), months)
    yield from _cumulative(trial)
    yield from _families(trial)
    for i, written in enumerate(plan.covariates):
        yield from _baseline(trial, ("analysis", "covariates", i), written)
    for i, subgroup in enumerate(plan.subgroups):
        yield from _baseline(trial, ("analysis", "subgroups", i, "by"), subgroup.by)
    for i, target in enumerate(plan.targets):
        for j, margin in enumerate(target.margins):
            place = ("analysis", "targets", i, "margins", j)
            yield from _baseline(trial, (*place, "by"), margin.by)
            yield from _margin(place, margin)
    yield from _same_twice(trial)
    if not plan.primary:
        found = Text(nb="planen har ingen primærutfall", en="the plan has no primary outcome")
        yield Finding(("analysis",), found, warning=True)


def _no_margin(path: Path) -> Finding:
    found = Text(
        nb="ingen margin: om virkningen er for liten til å bety noe, kan da ikke prøves som forhåndsregistrert",
        en="no margin: whether the effect is too small to matter can then not be tested as pre-registered",
    )
    return Finding(path, found, warning=True)


def _inside_window(trial: Trial, path: Path, months: MonthRange) -> Iterator[Finding]:
    window = trial.analysis.window.months
    if months.first < window.first or months.last > window.last:
        found = Text(nb=f"månedene {months} går utenfor vinduet", en=f"months {months} reach outside the window")
        todo = Text(nb="Endre månedene eller analysis.window.", en="Change the months or analysis.window.")
        yield Finding(path, found, Text.same(str(window)), todo)


def check_summary(trial: Trial, path: Path, months: MonthRange, outcome: str) -> Iterator[Finding]:
    """Inside the window, and completed by somebody (and how many enrolment months that leaves out)."""
    yield from _inside_window(trial, path, months)
    first_covered, last_covered = coverage_months(trial, outcome)
    opens, closes = month_index(trial.enrolment.opens), month_index(trial.enrolment.closes)
    complete = [
        m for m in range(opens, closes + 1) if first_covered <= m + months.first and m + months.last <= last_covered
    ]
    allowed = Text(
        nb=f"registrene dekker {first_day(first_covered):%Y-%m} til {first_day(last_covered):%Y-%m}",
        en=f"the registers cover {first_day(first_covered):%Y-%m} to {first_day(last_covered):%Y-%m}",
    )
    if not complete:
        found = Text(
            nb=f"ingen kan følges gjennom alle månedene {months} for «{outcome}»",
            en=f'nobody can be followed through all of months {months} for "{outcome}"',
        )
        yield Finding(path, found, allowed, Text(nb="Velg færre måneder.", en="Choose fewer months."))
    elif len(complete) < closes - opens + 1:
        every = closes - opens + 1
        lost = every - len(complete)
        found = Text(
            nb=f"de som trekkes i {lost} av {every} trekningsmåneder kan ikke følges gjennom {months}",
            en=f"people drawn in {lost} of {every} months of enrolment cannot be followed through {months}",
        )
        yield Finding(path, found, allowed, warning=True)


def _cumulative(trial: Trial) -> Iterator[Finding]:
    for i, name in enumerate(trial.analysis.cumulative):
        if name not in trial.outcomes:
            yield unknown(("analysis", "cumulative", i), _OUTCOME, name, trial.outcomes)
    if trial.analysis.cumulative and trial.analysis.window.after < 1:
        found = Text(nb="summen løper fra måned 1", en="the running total starts in month 1")
        yield Finding(("analysis", "cumulative"), found, Text(nb="window.after minst 1", en="window.after at least 1"))


def _families(trial: Trial) -> Iterator[Finding]:
    home: dict[str, str] = {}
    for i, family in enumerate(trial.analysis.families):
        for j, name in enumerate(family.outcomes):
            path = ("analysis", "families", i, "outcomes", j)
            if name not in trial.outcomes:
                yield unknown(path, _OUTCOME, name, trial.outcomes)
            elif name in home:
                found = Text(
                    nb=f"«{name}» er alt i familien «{home[name]}»", en=f'"{name}" is already in family "{home[name]}"'
                )
                yield Finding(path, found, Text(nb="én familie per utfall", en="one family per outcome"))
            home.setdefault(name, family.id)


def _baseline(trial: Trial, path: Path, written: str) -> Iterator[Finding]:
    try:
        baseline = Baseline.parse(written)
    except ValueError:
        found = Text(nb=f"«{written}» kan ikke leses", en=f'"{written}" cannot be read')
        example = Text(nb="en kolonne, eller utfall@-12..-1", en="a column, or outcome@-12..-1")
        yield Finding(path, found, example)
        return
    if baseline.months is None:
        return
    if baseline.name not in trial.outcomes:
        yield unknown(path, _OUTCOME, baseline.name, trial.outcomes)
        return
    if baseline.months.last >= 0:
        found = Text(
            nb=f"månedene {baseline.months} er ikke bare før trekningen; det som måles da, kan trekningen ha endret",
            en=f"months {baseline.months} are not all before the draw; what is measured then may be its effect",
        )
        yield Finding(path, found, Text(nb="måneder til og med -1", en="months up to -1"))
    elif in_year_of_draw(trial, baseline.name, baseline.months.last):
        found = Text(
            nb=f"«{baseline.name}» er en tolvdel av årets beløp: månedene {baseline.months} har med det som ble tjent "
            "etter trekningen samme år, og det kan trekningen ha endret",
            en=f'"{baseline.name}" is a twelfth of the year\'s amount: months {baseline.months} hold what came after '
            "the draw in the same year, which may be its effect",
        )
        todo = Text(nb="Bruk måneder til og med -12.", en="Use months up to -12.")
        yield Finding(path, found, None, todo, warning=True)
    yield from check_summary(trial, path, baseline.months, baseline.name)


def _margin(path: Path, margin: Margin) -> Iterator[Finding]:
    """Shares that are shares of something, or a mean."""
    if bool(margin.shares) == (margin.mean is not None):
        found = Text(
            nb="har både andeler og et gjennomsnitt" if margin.shares else "har verken andeler eller et gjennomsnitt",
            en="has both shares and a mean" if margin.shares else "has neither shares nor a mean",
        )
        yield Finding(path, found, Text(nb="enten shares eller mean", en="either shares or mean"))
        return
    total = sum(margin.shares.values(), Decimal(0))
    if margin.shares and (min(margin.shares.values()) < 0 or abs(total - 1) > _ROUNDING):
        found = Text(nb=f"andelene summerer seg til {total}", en=f"the shares sum to {total}")
        allowed = Text(nb="andeler fra 0 til 1 som til sammen er 1", en="shares from 0 to 1 that sum to 1")
        yield Finding((*path, "shares"), found, allowed)
    groups = group_names(margin.split)
    for name in margin.shares if groups else ():
        if name not in groups:
            yield unknown((*path, "shares", name), Text(nb="gruppen", en="group"), name, groups)


def _same_twice(trial: Trial) -> Iterator[Finding]:
    plan = trial.analysis
    lists: list[tuple[str, list[object]]] = [
        ("primary", [(p.outcome, p.months, p.summary) for p in plan.primary]),
        ("periods", list(plan.periods)),
        ("families", [family.id for family in plan.families]),
        ("subgroups", [subgroup.id for subgroup in plan.subgroups]),
        ("targets", [target.id for target in plan.targets]),
        ("covariates", list(plan.covariates)),
        ("cumulative", list(plan.cumulative)),
    ]
    for key, items in lists:
        for i, item in enumerate(items):
            if item in items[:i]:
                yield Finding(("analysis", key, i), Text(nb="står to ganger", en="stands twice"))
