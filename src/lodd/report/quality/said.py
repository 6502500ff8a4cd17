"""A finding in words: what it is, what the panel does about it, and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from lodd.locale import Language, join_words, long_date, month_year, number
from lodd.protocol.months import first_day
from lodd.registers.quality import Finding
from lodd.report.words import Words, words

_OF_PEOPLE: Final = frozenset({"never_seen", "nobody_seen", "in_no_register"})
_SAID_ALONE: Final = frozenset({"stops", "partly", "as_dead", "as_abroad", "nobody_gone", "no_facts"})
"""What is said of these ways of handling goes before what is said of the kind."""
_MOST_RUNS: Final = 4


@dataclass(frozen=True, slots=True)
class Said:
    """A finding in one language; parts that there is nothing to say of are empty."""

    what: str
    people: str
    does: str
    next_step: str

    @property
    def sentences(self) -> str:
        """All but the first, as running text."""
        return " ".join(part for part in (self.people, self.does, self.next_step) if part)


def said(finding: Finding, language: Language) -> Said:
    """The finding's sentences."""
    w = words(language)
    if finding.problem is not None and finding.kind != "file_missing":
        return _problem(finding, w)
    kind = finding.kind
    about_rows = finding.people and kind not in _OF_PEOPLE
    return Said(
        what=_what(finding, w),
        people=w.counted("register_check.of_people", finding.people or 0) if about_rows else "",
        does=_does(finding, w),
        next_step="" if finding.handling == "merged" else w.optional(f"register_check.next_step.{kind}", ""),
    )


def months_said(months: Sequence[int], language: Language) -> str:
    """Calendar months as runs in words: "January 2015, and March to May 2016"."""
    w = words(language)
    runs = list(_runs(months))
    shown = [_run(first, last, w) for first, last in runs[:_MOST_RUNS]]
    if len(runs) > _MOST_RUNS:
        shown.append(w("register_check.and_more", count=number(len(runs) - _MOST_RUNS, language)))
    return join_words(shown, language)


def month_name(month: int, language: Language) -> str:
    return month_year(first_day(month), language)


def _problem(finding: Finding, w: Words) -> Said:
    """What building the panel would say."""
    problem = finding.problem
    assert problem is not None
    found = problem.found[w.language]
    step = problem.next_step[w.language] if problem.next_step else ""
    return Said(_capital(found), "", w("register_check.does.stops"), _sentence(step))


def _what(finding: Finding, w: Words) -> str:
    mean = "_mean" if finding.column and finding.months else ""
    count = (finding.people or 0) if finding.kind in _OF_PEOPLE else finding.rows
    return w.counted(
        f"register_check.kind.{finding.kind}{mean}",
        count,
        column=finding.column,
        months=months_said(finding.months, w.language),
        ratio=number(finding.ratio, w.language, 2) if finding.ratio is not None else "",
        limit=long_date(finding.limit, w.language) if finding.limit else "",
    )


def _does(finding: Finding, w: Words) -> str:
    values = {
        "left_out": number(finding.left_out, w.language),
        "rule": w.optional(f"register_check.merge.{finding.value}", ""),
        "value": finding.value,
    }
    own = f"register_check.does_of.{finding.kind}"
    if own in w and finding.handling not in _SAID_ALONE:
        return w(own, **values)
    return w(f"register_check.does.{finding.handling}", **values)


def _runs(months: Sequence[int]) -> Iterator[tuple[int, int]]:
    first = last = None
    for month in months:
        if last is not None and month != last + 1:
            assert first is not None
            yield first, last
            first = None
        first, last = month if first is None else first, month
    if first is not None and last is not None:
        yield first, last


def _run(first: int, last: int, w: Words) -> str:
    names = month_name(first, w.language), month_name(last, w.language)
    return names[0] if first == last else w("register_check.months_range", first=names[0], last=names[1])


def _sentence(text: str) -> str:
    return _capital(text) + ("" if text.endswith((".", "?", "!")) else ".") if text else ""


def _capital(text: str) -> str:
    """With a capital first, unless it begins with the name of a file or an option."""
    first = text.split(" ", 1)[0]
    return text[:1].upper() + text[1:] if first.isalpha() else text
