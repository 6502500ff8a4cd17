"""What was found, for scripts: codes, counts and months, and each finding in English. No pseudonyms."""

from __future__ import annotations

from typing import Any

from lodd.protocol.months import first_day
from lodd.registers.quality import Finding, Months, Quality, RegisterQuality
from lodd.report.quality.said import said


def quality_as_json(quality: Quality) -> dict[str, Any]:
    """The check as one JSON object. Examples are row numbers: pseudonyms are only on the page."""
    return {
        "drawn": quality.drawn,
        "errors": quality.count("error"),
        "warnings": quality.count("warning"),
        "notes": quality.count("note"),
        "registers": {register.register: _register(register) for register in quality.registers},
        "findings": [_finding(finding) for finding in quality.all_findings()],
        "seconds": {name: round(seconds, 3) for name, seconds in quality.seconds.items()},
    }


def _register(register: RegisterQuality) -> dict[str, Any]:
    return {
        "file": register.file,
        "temporality": register.temporality,
        "readable": register.readable,
        "covers": [_month(month) for month in register.covers] if register.covers else None,
        "rows": register.rows,
        "people": register.people,
        "rows_of_people_drawn": register.drawn_rows,
        "people_drawn_with_rows": register.seen,
        "missing": {missing.column: missing.rows for missing in register.missing},
        "by_month": _by_month(register.months) if register.months else [],
    }


def _by_month(months: Months) -> list[dict[str, Any]]:
    counts = zip(months.month, months.rows, months.people, strict=True)
    return [{"month": _month(month), "rows": rows, "people": people} for month, rows, people in counts]


def _finding(finding: Finding) -> dict[str, Any]:
    words = said(finding, "en")
    return {
        "register": finding.register or None,
        "kind": finding.kind,
        "severity": finding.severity,
        "column": finding.column or None,
        "rows": finding.rows,
        "people": finding.people,
        "rows_left_out": finding.left_out,
        "handling": finding.handling,
        "months": [_month(month) for month in finding.months],
        "ratio": finding.ratio,
        "found": words.what,
        "panel": words.does,
        "next_step": words.next_step or None,
        "example_rows": [example.row for example in finding.examples if example.row is not None],
    }


def _month(month: int) -> str:
    return f"{first_day(month):%Y-%m}"
