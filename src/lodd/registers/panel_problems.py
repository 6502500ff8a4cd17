"""Why a panel's file is refused, where it is the panel itself that is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lodd.errors import DataError, Problem
from lodd.locale import Text

_AGAIN = Text(
    nb="Kjør `lodd panel` der uttrekkene er, og hent panelet derfra på nytt.",
    en="Run `lodd panel` where the extracts are, and fetch the panel from there again.",
)


def values_changed(path: Path) -> DataError:
    return DataError(
        Problem(
            Text(
                nb="verdiene i panelet gir ikke kontrollsummen som fulgte med; det er endret etter at det ble laget",
                en="the panel's values do not give the hash that came with it; it was changed after it was made",
            ),
            str(path),
            Text(nb="et panel slik «lodd panel» skrev det", en="a panel as `lodd panel` wrote it"),
            _AGAIN,
        )
    )


def other_participants(path: Path) -> DataError:
    return DataError(
        Problem(
            Text(
                nb="panelet er laget for andre deltakere enn dem i participants.parquet",
                en="the panel was made for other people than those in participants.parquet",
            ),
            str(path),
            Text(nb="de samme personene, trukket de samme dagene", en="the same people, drawn on the same days"),
            _AGAIN,
        )
    )


def other_extracts(path: Path, registers: Sequence[str]) -> DataError:
    names = ", ".join(registers)
    return DataError(
        Problem(
            Text(
                nb=f"panelet er laget av andre uttrekk enn dem som ligger her: {names}",
                en=f"the panel was made from other extracts than those that are here: {names}",
            ),
            str(path),
            Text(
                nb="uttrekkene som panelet er laget av, eller ingen uttrekk",
                en="the extracts that the panel was made from, or none",
            ),
            _AGAIN,
        )
    )
