"""The files of code lists, read into the trial: what their codes mean is part of what is locked."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path as FilePath

from lodd.locale import Text
from lodd.protocol.checks.finding import Finding, Path
from lodd.protocol.code_list import GROUP, Code, CodeList
from lodd.protocol.microdata import json_file, read_metadata
from lodd.protocol.model import Trial

_OWN = ("code", "from", "until", "label_nb", "label_en", GROUP)


@dataclass(frozen=True, slots=True)
class _BadFileError(Exception):
    """What is wrong with a file, and where in it."""

    found: Text
    allowed: Text | None = None


def with_code_lists(trial: Trial, folder: FilePath) -> tuple[Trial, list[Finding]]:
    """The trial with the codes of every code list's file; and what is wrong with the files."""
    read: dict[str, CodeList] = {}
    findings = []
    for name, code_list in trial.code_lists.items():
        path: Path = ("code_lists", name)
        given = [key for key in ("file", "dataset", "codes") if getattr(code_list, key)]
        if len(given) > 1:
            found = Text(
                nb=f"kodelisten har både «{given[0]}» og «{given[1]}»",
                en=f'the code list has both "{given[0]}" and "{given[1]}"',
            )
            findings.append(Finding((*path, given[0]), found))
        elif given in (["file"], ["dataset"]):
            try:
                read[name] = code_list.model_copy(update={"codes": tuple(_read(code_list, folder))})
            except _BadFileError as error:
                findings.append(Finding((*path, given[0]), error.found, error.allowed))
    return trial.model_copy(update={"code_lists": {**trial.code_lists, **read}}) if read else trial, findings


def _read(code_list: CodeList, folder: FilePath) -> Iterator[Code]:
    if code_list.dataset is None:
        yield from _codes(folder / (code_list.file or ""))
        return
    name = json_file(code_list.dataset)
    try:
        codes = read_metadata(folder / name).codes
    except (OSError, ValueError):
        raise _BadFileError(Text(nb=f"{name} kan ikke leses", en=f"{name} cannot be read")) from None
    if not codes:
        raise _BadFileError(Text(nb=f"{name} har ingen koder", en=f"{name} has no codes"))
    yield from codes


def _codes(file: FilePath) -> Iterator[Code]:
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except OSError:
        raise _BadFileError(Text(nb=f"fant ikke {file.name}", en=f"{file.name} is not there")) from None
    except UnicodeDecodeError:
        raise _BadFileError(Text(nb=f"{file.name} er ikke UTF-8", en=f"{file.name} is not UTF-8")) from None
    lines = text.splitlines()
    header = lines[0] if lines else ""
    rows = csv.DictReader(lines, delimiter=max(",;\t", key=header.count), strict=True)
    try:
        yield from _codes_of(rows, file)
    except csv.Error:
        raise _BadFileError(
            Text(
                nb=f"{file.name}:{rows.line_num + 1}: kan ikke leses",
                en=f"{file.name}:{rows.line_num + 1}: cannot be read",
            ),
            Text(
                nb='felt uten ", eller med " først og sist og doblet inni, og ikke svært lange',
                en='fields without ", or with " first and last and doubled inside, and not very long',
            ),
        ) from None


def _codes_of(rows: csv.DictReader[str], file: FilePath) -> Iterator[Code]:
    if "code" not in (rows.fieldnames or ()):
        found = Text(nb=f"{file.name} har ingen kolonne «code»", en=f'{file.name} has no column "code"')
        raise _BadFileError(found, Text.same(", ".join(_OWN)))
    names = [*(rows.fieldnames or ())]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        found = Text(
            nb=f"{file.name} har flere kolonner som heter «{twice[0]}»",
            en=f'{file.name} has several columns called "{twice[0]}"',
        )
        raise _BadFileError(found, Text(nb="ett navn på hver kolonne", en="a name of its own for each column"))
    none = True
    for row in rows:
        none = False
        yield _code(row, f"{file.name}:{rows.line_num}")
    if none:
        raise _BadFileError(Text(nb=f"{file.name} har ingen koder", en=f"{file.name} has no codes"))


def _code(row: Mapping[str | None, str | None], where: str) -> Code:
    if None in row or None in row.values():
        raise _BadFileError(
            Text(nb=f"{where}: for mange eller for få felt", en=f"{where}: too many or too few fields"),
            Text(nb=f"{len(row)} felt", en="a field for each column"),
        )
    values = {str(name): (value or "").strip() for name, value in row.items()}
    if not values["code"]:
        raise _BadFileError(Text(nb=f"{where}: koden mangler", en=f"{where}: the code is missing"))
    others = {name: value for name, value in values.items() if name not in _OWN and value}
    return Code(
        code=values["code"],
        since=_day(values.get("from", ""), where),
        until=_day(values.get("until", ""), where),
        label=_label(values),
        group=values.get(GROUP) or None,
        groups=others,
    )


def _label(values: Mapping[str, str]) -> Text | None:
    nb, en = values.get("label_nb", ""), values.get("label_en", "")
    return Text(nb=nb or en, en=en or nb) if nb or en else None


def _day(written: str, where: str) -> date | None:
    try:
        return date.fromisoformat(written) if written else None
    except ValueError:
        found = Text(nb=f"{where}: «{written}» er ingen dato", en=f'{where}: "{written}" is no date')
        raise _BadFileError(found, Text(nb="ÅÅÅÅ-MM-DD", en="YYYY-MM-DD")) from None
