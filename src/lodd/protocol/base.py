"""What every part of the protocol shares: frozen, strict models; identifiers; texts in two languages."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from lodd.locale import Text


class Frozen(BaseModel):
    """A value that never changes and takes no key it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True)


Identifier = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=64),
    Field(description="Small letters, digits, `-` and `_`."),
]
ColumnName = Annotated[str, StringConstraints(min_length=1, max_length=128), Field(description="A column of the file.")]


def _both_languages(value: Any) -> Any:
    return Text.same(value) if isinstance(value, str) else value


LocalText = Annotated[
    Text,
    BeforeValidator(_both_languages, json_schema_input_type=Text | str),
    Field(description='`{ nb = "...", en = "..." }`, or one string for a name that is the same in both languages.'),
]


def _exact(value: Any) -> Any:
    if isinstance(value, float | int | Decimal) and not isinstance(value, bool):
        raise ValueError(f"probability_not_quoted:{value}")
    return value


Probability = Annotated[
    Decimal,
    BeforeValidator(_exact, json_schema_input_type=str),
    Field(gt=0, lt=1, description='An exact decimal in quotes, strictly between 0 and 1: `"0.40"`.'),
]
