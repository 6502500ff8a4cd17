"""Facts that a lot depends on: only those that the protocol declares, with values that it knows."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from lodd.errors import Problem, UsageError
from lodd.locale import Text
from lodd.protocol import Trial
from lodd.site.free_text import has_unseen, holds_identity_number


def check_factors(trial: Trial, declared: Collection[str], given: Mapping[str, str]) -> None:
    """They are kept beside the ledger as they were written, and another spelling would be another stratum.

    Raises:
        UsageError: a fact that no lot depends on, a value that is not one of the fact's, or an identity number.
    """
    if problems := [*_undeclared(declared, given), *_values(trial, declared, given)]:
        raise UsageError(problems)


def _undeclared(declared: Collection[str], given: Mapping[str, str]) -> Iterator[Problem]:
    if not given.keys() <= set(declared):
        found = Text(nb="en opplysning som loddet ikke avhenger av", en="a fact that the lot does not depend on")
        yield Problem(found, "factors", Text.same(", ".join(declared)) if declared else None)


def _values(trial: Trial, declared: Collection[str], given: Mapping[str, str]) -> Iterator[Problem]:
    for name in declared:
        value, fact = given.get(name, ""), trial.facts.get(name)
        if fact is not None and fact.categories and value and value not in fact.categories:
            found = Text(nb="ikke en av opplysningens verdier", en="not one of the fact's values")
            yield Problem(found, f"factors.{name}", Text.same(", ".join(fact.categories)))
        elif holds_identity_number(value) or has_unseen(value):
            found = Text(
                nb="verdien kan ikke inneholde et fødselsnummer eller usynlige tegn",
                en="the value cannot hold an identity number or characters that nobody sees",
            )
            yield Problem(found, f"factors.{name}")
