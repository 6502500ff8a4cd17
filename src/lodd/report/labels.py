"""Names of covariates, columns and codes, for people: from the protocol, else from the catalogue, else as they are."""

from __future__ import annotations

import polars as pl

from lodd.protocol.covariate import Baseline
from lodd.report.context import Context


def column_label(c: Context, column: str) -> str:
    """A participants' column: by the protocol's facts, else the catalogue, which knows the commonest."""
    if column in c.trial.facts:
        return c.text(c.trial.facts[column].label)
    return c.words.optional(f"column.{column}", _readable(column))


def category_label(c: Context, column: str, category: str) -> str:
    """A value of a column with categories."""
    fact = c.trial.facts.get(column)
    if fact is not None and category in fact.categories:
        return c.text(fact.categories[category])
    return c.words.optional(f"category.{category}", _readable(category))


def covariate_label(c: Context, covariate: str) -> str:
    """A covariate as the plan writes it (``age``, ``in_work@-12..-1``), or a category of one (``education=master``)."""
    name, separator, category = covariate.partition("=")
    if separator:
        return f"{column_label(c, name)}: {category_label(c, name, category)}"
    try:
        baseline = Baseline.parse(covariate)
    except ValueError:
        return _readable(covariate)
    if baseline.months is None:
        return column_label(c, baseline.name)
    label = c.outcome(baseline.name) if baseline.name in c.trial.outcomes else column_label(c, baseline.name)
    return c.words("covariate.before", outcome=label, months=c.months(baseline.months))


def category_order(c: Context, column: str, category: str) -> tuple[int, str]:
    """Sorts categories as the protocol lists them, others after by name."""
    known = list(c.trial.facts[column].categories) if column in c.trial.facts else []
    return (known.index(category) if category in known else len(known), category)


def is_share(c: Context, covariate: str) -> bool:
    """Is a covariate's mean a share: yes or no, a category, or the months of an outcome that is 1 or 0?"""
    if "=" in covariate:
        return True
    name, _, months = covariate.partition("@")
    if months and name in c.trial.outcomes:
        return c.trial.outcomes[name].binary
    if name not in c.participants.frame.columns:
        return False
    values = c.participants.frame[name]
    numeric = values.dtype.is_numeric() and set(values.drop_nulls().unique().to_list()) <= {0, 1}
    return values.dtype == pl.Boolean or numeric


def stratum_label(c: Context, stratum: str) -> str:
    """A stratum's name with its office in words: "ak01:2014-05-01" is "NAV Asker og Bærum, 2014-05-01"."""
    offices = {office.id: office.label for site in c.trial.sites.values() for office in site.offices}
    first, _, rest = stratum.partition(":")
    return ", ".join(part for part in (offices.get(first, first), rest) if part)


def lower_first(words: str) -> str:
    """A sentence inside another: without its capital."""
    return words[:1].lower() + words[1:]


def _readable(identifier: str) -> str:
    words = identifier.replace("_", " ").strip()
    return words[:1].upper() + words[1:]
