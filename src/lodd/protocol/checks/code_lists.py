"""Checks of code lists: sound periods, no code that means two things on a day, and groups that are there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from lodd.locale import Text
from lodd.protocol.checks.finding import Finding, Path, unknown
from lodd.protocol.code_list import Code, CodeGroup, CodeList, overlapping
from lodd.protocol.model import Trial

_LIST = Text(nb="kodelisten", en="code list")
_GROUPING = Text(nb="grupperingen", en="grouping")
_GROUP = Text(nb="gruppen", en="group")


def check_code_lists(trial: Trial) -> Iterator[Finding]:
    """Each list by itself, and what the outcomes ask of it."""
    for name, code_list in trial.code_lists.items():
        yield from _list(("code_lists", name), code_list)
    for outcome_id, outcome in trial.outcomes.items():
        if outcome.measure is None:
            continue
        for column, wanted in outcome.measure.where.items():
            if isinstance(wanted, CodeGroup):
                yield from _asked(trial, ("outcomes", outcome_id, "measure", "where", column), wanted)


def _list(path: Path, code_list: CodeList) -> Iterator[Finding]:
    if not (code_list.codes or code_list.file or code_list.dataset):
        yield Finding(path, Text(nb="kodelisten er tom", en="the code list is empty"), Text.same("file, codes"))
    for code in code_list.codes:
        if (code.until or date.max) < (code.since or date.min):
            found = Text(
                nb=f"koden {_dated(code)}: «until» er før «from»", en=f"code {_dated(code)}: until before from"
            )
            yield Finding(path, found)
    for one, other in overlapping(code_list.codes):
        found = Text(
            nb=f"koden {one.code} betyr to ting på samme dag: {_period(one)} og {_period(other)}",
            en=f"the code {one.code} means two things on one day: {_period(one)} and {_period(other)}",
        )
        allowed = Text(nb="perioder som ikke overlapper", en="periods that do not overlap")
        yield Finding(path, found, allowed)


def _dated(code: Code) -> str:
    return f"{code.code} ({_period(code)})"


def _period(code: Code) -> str:
    return f"{code.since or ''}..{code.until or ''}"


def _asked(trial: Trial, path: Path, wanted: CodeGroup) -> Iterator[Finding]:
    code_list = trial.code_lists.get(wanted.list)
    if code_list is None:
        yield unknown((*path, "list"), _LIST, wanted.list, trial.code_lists)
    elif code_list.codes and wanted.by not in code_list.groupings():
        yield unknown((*path, "by"), _GROUPING, wanted.by, code_list.groupings())
    elif code_list.codes:
        groups = code_list.groups(wanted.by)
        for group in wanted.wanted:
            if group not in groups:
                yield unknown((*path, "group"), _GROUP, group, groups)
