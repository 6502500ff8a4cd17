"""What the JSON file of a microdata.no dataset says: when its values hold, what they are, and which codes there are.

The temporalities have other names there. `EVENT` is a spell with a start and perhaps a stop (Lodd's `status`);
`STATUS` is a state on a day, with the same day as start and stop; `ACCUMULATED` and `FIXED` are as here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from lodd.locale import Text
from lodd.protocol.code_list import Code

TEMPORALITIES: Final[Mapping[str, tuple[str, ...]]] = {
    "FIXED": ("fixed",),
    "EVENT": ("status", "event"),
    "STATUS": ("event", "accumulated", "status"),
    "ACCUMULATED": ("accumulated",),
}
"""What a register may be declared as."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """A dataset's own description: ``data_type`` is STRING, LONG, DOUBLE or DATE; ``missing`` are codes that stand for
    a missing value."""

    temporality: str
    data_type: str
    codes: tuple[Code, ...]
    missing: tuple[str, ...]


def csv_file(dataset: str) -> str:
    """The data file of a dataset, given its folder."""
    return f"{dataset.rstrip('/')}/{Path(dataset).name}.csv"


def json_file(dataset: str) -> str:
    """The description of a dataset, given its folder."""
    return f"{dataset.rstrip('/')}/{Path(dataset).name}.json"


def read_metadata(file: Path) -> Metadata:
    """Read a dataset's JSON file.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no description of a dataset.
    """
    try:
        described = json.loads(file.read_bytes())
        measure = described["measureVariables"][0]
        domain = measure.get("valueDomain") or {}
        return Metadata(
            temporality=str(described["temporalityType"]),
            data_type=str(measure.get("dataType") or "STRING"),
            codes=tuple(_codes(domain.get("codeList") or ())),
            missing=tuple(str(item["code"]) for item in domain.get("sentinelAndMissingValues") or ()),
        )
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except (KeyError, IndexError, TypeError, AttributeError, UnicodeDecodeError) as error:
        raise ValueError(str(error)) from error


def _codes(items: Sequence[Mapping[str, Any]]) -> Iterator[Code]:
    for item in items:
        until = item.get("validUntil")
        yield Code(
            code=str(item["code"]),
            since=date.fromisoformat(item["validFrom"][:10]),
            until=date.fromisoformat(until[:10]) if until else None,
            label=_label(item.get("categoryTitle", ())),
        )


def _label(titles: Sequence[Mapping[str, str]]) -> Text | None:
    said = {title["languageCode"]: title["value"] for title in titles}
    nb = said.get("nb") or said.get("no") or said.get("nn")
    en = said.get("en")
    return Text(nb=nb or en or "", en=en or nb or "") if nb or en else None
