"""Conclusions as plain JSON values and back, by the fields of their dataclasses.

Missing numbers are null; infinite ones are the words "inf" and "-inf", because JSON has none.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from math import isfinite, isnan, nan
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

Conclusion = TypeVar("Conclusion")


def conclusion_to_json(conclusion: Any) -> dict[str, Any]:
    """A verdict or finding as JSON takes it."""
    written: dict[str, Any] = _plain(asdict(conclusion))
    return written


def conclusion_from_json(kind: type[Conclusion], data: Mapping[str, Any]) -> Conclusion:
    """The inverse of :func:`conclusion_to_json`.

    Raises:
        KeyError, TypeError, ValueError: not what that function writes for this kind.
    """
    hints = get_type_hints(kind)
    return kind(**{name: _value(hints[name], value) for name, value in data.items()})


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not isfinite(value):
        return None if isnan(value) else str(value)
    return value


def _value(hint: Any, value: Any) -> Any:
    if get_origin(hint) in (Union, types.UnionType):
        some = [choice for choice in get_args(hint) if choice is not type(None)]
        return None if value is None else _value(some[0], value)
    if get_origin(hint) is tuple:
        return tuple(_value(get_args(hint)[0], item) for item in value)
    if is_dataclass(hint) and isinstance(hint, type):
        return conclusion_from_json(hint, value)
    if hint is float:
        return nan if value is None else float(value)
    return value
