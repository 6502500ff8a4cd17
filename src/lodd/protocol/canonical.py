"""The canonical form of a protocol, and its SHA-256: what the lock freezes.

The form is JSON with sorted keys and without the values that equal their defaults, so it does not depend on comments,
order of keys, spacing, or on writing a default out; numbers are exact decimals without trailing zeros. The order of
lists is kept: the first arm is the reference. Defaults of fields therefore never change between versions of Lodd.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import singledispatch
from typing import Any, Final

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from lodd.locale import Text
from lodd.protocol.model import Trial
from lodd.protocol.months import MonthRange

FORMAT = 1
_WRITTEN: Final = frozenset({"probability", "biased_coin"})
"""Fields that take their decimals as text only."""
_NAMED_COLUMNS: Final = "where"
"""A mapping whose keys are a register's columns, one of which may be called "decimal"."""


def canonical(trial: Trial) -> dict[str, Any]:
    """The protocol as plain JSON values."""
    return {"format": FORMAT, **plain(trial)}


def canonical_bytes(value: Any) -> bytes:
    """Plain JSON values as the bytes that are hashed: sorted keys, no spaces, UTF-8."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def sha256(value: Any) -> str:
    """SHA-256 (hexadecimal) of plain JSON values in canonical form."""
    return hashlib.sha256(canonical_bytes(value)).hexdigest()


def protocol_sha256(trial: Trial) -> str:
    """The protocol's hash."""
    return sha256(canonical(trial))


def trial_from_canonical(form: Mapping[str, Any]) -> Trial:
    """The trial that a canonical form describes: the inverse of :func:`canonical`.

    Raises:
        pydantic.ValidationError: not a canonical form of this format.
    """
    return Trial.model_validate({key: _value(item, key) for key, item in form.items() if key != "format"})


def _value(form: Any, key: str, *, written: bool = False) -> Any:
    """Plain JSON values as the models take them; ``key`` is the nearest name above them."""
    written = written or key in _WRITTEN
    if isinstance(form, list):
        return [_value(item, key, written=written) for item in form]
    if not isinstance(form, Mapping):
        return form
    if form.keys() == {"decimal"} and isinstance(form["decimal"], str) and key != _NAMED_COLUMNS:
        return form["decimal"] if written else Decimal(form["decimal"])
    return {name: _value(item, name, written=written) for name, item in form.items()}


@singledispatch
def plain(value: Any) -> Any:
    """Any part of a protocol as plain JSON values in canonical form."""
    return value


@plain.register
def _(value: BaseModel) -> Any:
    fields = type(value).model_fields.items()
    given = {name: info for name, info in fields if info.is_required() or getattr(value, name) != _default(info)}
    return {name: plain(getattr(value, name)) for name in given}


@plain.register
def _(value: Decimal) -> Any:
    """Exact, without trailing zeros (0.40 is 0.4), and marked, so that the text "4" and the number 4 differ."""
    shown = format(value.normalize(), "f")
    return {"decimal": "0" if shown == "-0" else shown}


@plain.register
def _(value: date) -> Any:
    return value.isoformat()


@plain.register
def _(value: MonthRange) -> Any:
    return str(value)


@plain.register
def _(value: Text) -> Any:
    return {"nb": value.nb, "en": value.en}


@plain.register(tuple)
def _(value: tuple[Any, ...]) -> Any:
    return [plain(item) for item in value]


@plain.register(Mapping)
def _(value: Mapping[str, Any]) -> Any:
    return {key: plain(item) for key, item in value.items()}


def _default(info: FieldInfo) -> Any:
    return info.get_default(call_default_factory=True)
