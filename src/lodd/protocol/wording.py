"""Pydantic's findings in the house's words, in both languages."""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from lodd.locale import Text
from lodd.protocol.checks.finding import Finding, Path, listed, nearest
from lodd.protocol.measure import AGGREGATES

_WANTED: Mapping[str, Text] = {
    "string_type": Text(nb="tekst i anførselstegn", en="text in quotes"),
    "date_type": Text(nb="en dato uten anførselstegn: 2014-05-01", en="a date without quotes: 2014-05-01"),
    "date_from_datetime_parsing": Text(nb="en dato: 2014-05-01", en="a date: 2014-05-01"),
    "date_from_datetime_inexact": Text(nb="en dato uten klokkeslett", en="a date without a time"),
    "date_parsing": Text(nb="en dato: 2014-05-01", en="a date: 2014-05-01"),
    "int_type": Text(nb="et helt tall", en="a whole number"),
    "int_parsing": Text(nb="et helt tall", en="a whole number"),
    "int_from_float": Text(nb="et helt tall", en="a whole number"),
    "decimal_type": Text(nb="et tall", en="a number"),
    "decimal_parsing": Text(nb="et tall", en="a number"),
    "tuple_type": Text(nb="en liste i [ ]", en="a list in [ ]"),
    "mapping_type": Text(nb="en tabell: { nøkkel = verdi }", en="a table: { key = value }"),
    "model_type": Text(nb="en tabell: { nøkkel = verdi }", en="a table: { key = value }"),
    "dataclass_type": Text(nb='{ nb = "...", en = "..." }', en='{ nb = "...", en = "..." }'),
    "model_attributes_type": Text(nb="en tabell: { nøkkel = verdi }", en="a table: { key = value }"),
    "string_pattern_mismatch": Text(nb="små bokstaver, sifre, - og _", en="small letters, digits, - and _"),
}
_OWN: Mapping[str, Callable[[str], tuple[Text, Text | None]]] = {
    "months_form": lambda given: (
        Text(nb=f"«{given}» er ikke et månedsintervall", en=f'"{given}" is not a range of months'),
        Text(nb='første..siste, for eksempel "1..36"', en='first..last, for example "1..36"'),
    ),
    "months_order": lambda given: (
        Text(nb=f"«{given}» slutter før det begynner", en=f'"{given}" ends before it begins'),
        None,
    ),
    "probability_not_quoted": lambda given: (
        Text(nb=f"{given} står uten anførselstegn", en=f"{given} stands without quotes"),
        Text(
            nb='en eksakt desimal i anførselstegn, for eksempel "0.40"',
            en='an exact decimal in quotes, for example "0.40"',
        ),
    ),
    "condition_empty": lambda _: (
        Text(nb="en tom betingelse", en="an empty condition"),
        Text.same("at_least, at_most, above, below, not_in"),
    ),
    "measure_one_of": lambda given: (
        Text(nb=f"målet har {given or 'ingen av dem'}", en=f"the measure has {given or 'none of them'}"),
        Text(nb=f"nøyaktig én av {', '.join(AGGREGATES)}", en=f"exactly one of {', '.join(AGGREGATES)}"),
    ),
    "measure_any_threshold": lambda _: (
        Text(nb="«any» er alt 1 eller 0 og tar ingen «at_least»", en='"any" is already 1 or 0 and takes no "at_least"'),
        None,
    ),
    "measure_empty_required": lambda given: (
        Text(
            nb=f"«{given}» har ingen verdi der det ikke er noen rad; protokollen må si hva den da er",
            en=f'"{given}" has no value where there is no record; the protocol must say what it then is',
        ),
        Text(nb='empty = "missing" eller empty = "zero"', en='empty = "missing" or empty = "zero"'),
    ),
    "measure_empty_needless": lambda given: (
        Text(
            nb=f"«{given}» er alltid 0 der det ikke er noen rad, og tar ingen «empty»",
            en=f'"{given}" is always 0 where there is no record, and takes no "empty"',
        ),
        None,
    ),
    "measure_since_within": lambda _: (
        Text(
            nb="«months_since» ser tilbake så langt registeret går, og tar ingen «within»",
            en='"months_since" looks back as far as the register goes, and takes no "within"',
        ),
        None,
    ),
    "outcome_one_kind": lambda _: (
        Text(nb="et utfall er enten et mål eller en kombinasjon", en="an outcome is a measure or a combination"),
        Text(
            nb="register og measure, eller all_of / any_of / none_of, eller én av first_of, ever_of, months_since",
            en="register and measure, or all_of / any_of / none_of, or one of first_of, ever_of, months_since",
        ),
    ),
    "outcome_from": lambda _: (
        Text(
            nb="«from» hører sammen med «first_of» eller «ever_of»",
            en='"from" goes together with "first_of" or "ever_of"',
        ),
        None,
    ),
    "outcome_measure_register": lambda _: (
        Text(nb="«register» og «measure» hører sammen", en='"register" and "measure" go together'),
        None,
    ),
}


def finding_of(error: ErrorDetails, model: type[BaseModel]) -> Finding:
    """One pydantic error as a finding, in both languages."""
    path = tuple(error["loc"])
    kind, given, context = error["type"], error.get("input"), error.get("ctx", {})
    if kind in {"extra_forbidden", "unexpected_keyword_argument"}:
        return _unknown_key(path, model)
    if kind == "missing":
        name = path[-1]
        return Finding(path, Text(nb=f"«{name}» mangler", en=f'"{name}" is missing'))
    if kind == "value_error":
        code, _, rest = str(context["error"]).partition(":")
        found, allowed = _OWN[code](rest)
        return Finding(path, found, allowed)
    if kind in {"literal_error", "enum"}:
        return Finding(path, _got(given), Text.same(str(context["expected"]).replace("'", "").replace(" or ", ", ")))
    if limit := _limits(context):
        return Finding(path, _got(given), limit)
    return Finding(path, _got(given), _WANTED.get(kind) or Text.same(error["msg"]))


def _got(given: Any) -> Text:
    shown = str(given) if isinstance(given, str | int | float) or hasattr(given, "isoformat") else None
    if shown is None and type(given).__name__ == "Decimal":
        shown = str(given)
    if shown is None:
        kind = Text(nb="en tabell", en="a table") if isinstance(given, Mapping) else Text(nb="en liste", en="a list")
        return Text(nb=f"fant {kind.nb}", en=f"found {kind.en}")
    return Text(nb=f"fant «{shown}»", en=f'found "{shown}"')


def _limits(context: Mapping[str, Any]) -> Text | None:
    """ "larger than 0 and smaller than 1", from the constraint that failed."""
    words = {
        "gt": ("større enn", "larger than"),
        "ge": ("minst", "at least"),
        "lt": ("mindre enn", "smaller than"),
        "le": ("høyst", "at most"),
        "min_length": ("antall minst", "a number of at least"),
        "max_length": ("antall høyst", "a number of at most"),
    }
    for key, (nb, en) in words.items():
        if key in context:
            return Text(nb=f"{nb} {context[key]}", en=f"{en} {context[key]}")
    return None


def _unknown_key(path: Path, model: type[BaseModel]) -> Finding:
    known = _keys_at(path[:-1], model)
    name = str(path[-1])
    found = Text(nb=f"nøkkelen «{name}» er ukjent", en=f'the key "{name}" is unknown')
    return Finding(path, found, listed(known) if known else None, nearest(name, known))


def _keys_at(path: Path, model: type[BaseModel]) -> list[str]:
    """The keys that a table at this path may have."""
    kinds: list[Any] = [model]
    for part in path:
        kinds = [step for kind in kinds for step in _step(kind, part)]
    models = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]
    return [info.alias or name for kind in models for name, info in kind.model_fields.items()]


def _step(kind: Any, part: str | int) -> Iterator[Any]:
    """What may stand at ``part`` inside a value of this type."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        if part == kind.__name__:  # pydantic names the member of a union that it tried
            yield kind
        for name, info in kind.model_fields.items():
            if part in {name, info.alias}:
                yield from _unwrapped(info.annotation)
    elif typing.get_args(kind):
        yield from _unwrapped(
            typing.get_args(kind)[1 if len(typing.get_args(kind)) > 1 and isinstance(part, str) else 0]
        )


def _unwrapped(annotation: Any) -> Iterator[Any]:
    """The members of unions and annotations; mappings and tuples stay as they are."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        yield from _unwrapped(typing.get_args(annotation)[0])
    elif origin is typing.Union or type(annotation).__name__ == "UnionType":
        for member in typing.get_args(annotation):
            yield from _unwrapped(member)
    else:
        yield annotation
