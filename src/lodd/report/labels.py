"""Names of covariates, columns and codes, for people: from the protocol, else from the catalogue, else as they are."""

from __future__ import annotations

from lodd.protocol.covariate import Baseline
from lodd.report.context import Context


def column_label(c: Context, column: str) -> str:
    """A participants' column: the catalogue knows the common ones."""
    return c.words.optional(f"column.{column}", _readable(column))


def category_label(c: Context, category: str) -> str:
    """A value of a column with categories."""
    return c.words.optional(f"category.{category}", _readable(category))


def covariate_label(c: Context, covariate: str) -> str:
    """A covariate as the plan writes it (``age``, ``in_work@-12..-1``) or as a category of one (``education=master``)."""
    name, separator, category = covariate.partition("=")
    if separator:
        return f"{column_label(c, name)}: {category_label(c, category)}"
    try:
        baseline = Baseline.parse(covariate)
    except ValueError:
        return _readable(covariate)
    if baseline.months is None:
        return column_label(c, baseline.name)
    label = c.outcome(baseline.name) if baseline.name in c.trial.outcomes else column_label(c, baseline.name)
    return c.words("covariate.before", outcome=label, months=c.months(baseline.months))


def stratum_label(c: Context, stratum: str) -> str:
    """A stratum's name with its office in words: "ak01:2014-05-01" is "NAV Asker og Bærum, 2014-05-01"."""
    offices = {office.id: office.label for site in c.trial.sites.values() for office in site.offices}
    first, _, rest = stratum.partition(":")
    return ", ".join(part for part in (offices.get(first, first), rest) if part)


def _readable(identifier: str) -> str:
    words = identifier.replace("_", " ").strip()
    return words[:1].upper() + words[1:]
