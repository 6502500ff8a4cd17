"""`trial.toml` read: from bytes to a sound Trial, or to every problem with its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path as FilePath
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from lodd.errors import Problem, ProtocolError, UsageError
from lodd.locale import Text
from lodd.protocol.checks import Finding, check_trial
from lodd.protocol.checks.finding import Path
from lodd.protocol.code_files import with_code_lists
from lodd.protocol.locate import line_numbers, line_of
from lodd.protocol.model import Trial
from lodd.protocol.wording import finding_of

M = TypeVar("M", bound=BaseModel)
PROTOCOL_FILE = "trial.toml"
_POSITION = re.compile(r"^(.*?) \(at (?:line (\d+), column (\d+)|end of document)\)$")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A sound trial and what is doubtful about it."""

    trial: Trial
    warnings: tuple[Problem, ...]


def load_trial(folder: FilePath) -> Loaded:
    """Read and check the protocol of a trial folder.

    Raises:
        UsageError: there is no ``trial.toml`` in the folder.
        ProtocolError: the file is not TOML, or not a sound protocol; carries every problem with file and line.
    """
    file = folder / PROTOCOL_FILE
    try:
        content = file.read_bytes()
    except OSError:
        raise UsageError(_no_protocol(folder)) from None
    return parse_trial(content, file.name, folder)


def parse_trial(content: bytes, name: str = PROTOCOL_FILE, folder: FilePath | None = None) -> Loaded:
    """Read and check a protocol's bytes; ``name`` is what messages call the file.

    Code lists are read from the trial's ``folder``; without it, those in files have no codes.

    Raises:
        ProtocolError: see :func:`load_trial`.
    """
    text = _decoded(content, name)
    values, lines = _parsed(text, name)
    try:
        trial = Trial.model_validate(values)
    except ValidationError as error:
        findings = [finding_of(details, Trial) for details in error.errors()]
        raise ProtocolError(_problems(_most_telling(findings, lines), lines, name)) from None
    trial, findings = with_code_lists(trial, folder) if folder is not None else (trial, [])
    findings = findings or list(check_trial(trial))
    if errors := [finding for finding in findings if not finding.warning]:
        raise ProtocolError(_problems(errors, lines, name))
    return Loaded(trial, tuple(_problems(findings, lines, name)))


def read_beside(content: bytes, name: str, model: type[M]) -> tuple[M, Mapping[Path, int]]:
    """Read another TOML file of the trial folder, as values of ``model`` and the lines that they stand on.

    Raises:
        ProtocolError: the file is not TOML, or not such values; carries every problem with file and line.
    """
    text = _decoded(content, name)
    values, lines = _parsed(text, name)
    try:
        return model.model_validate(values), lines
    except ValidationError as error:
        findings = [finding_of(details, model) for details in error.errors()]
        raise ProtocolError(placed(_most_telling(findings, lines), lines, name)) from None


def placed(findings: Iterable[Finding], lines: Mapping[Path, int], name: str) -> list[Problem]:
    """Findings as problems, in the order of their lines in the file."""
    return _problems(findings, lines, name)


def _decoded(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        found = Text(nb="filen er ikke UTF-8", en="the file is not UTF-8")
        todo = Text(nb="Lagre den på nytt som UTF-8.", en="Save it again as UTF-8.")
        raise ProtocolError(Problem(found, f"{name}:{line}", None, todo)) from None


def _parsed(text: str, name: str) -> tuple[dict[str, Any], Mapping[Path, int]]:
    try:
        return tomllib.loads(text, parse_float=Decimal), line_numbers(text)
    except tomllib.TOMLDecodeError as error:
        raise ProtocolError(_syntax(error, text, name)) from None
    except RecursionError:
        found = Text(nb="noe er nøstet dypere enn det kan leses", en="something is nested more deeply than can be read")
        raise ProtocolError(Problem(found, name)) from None


def _no_protocol(folder: FilePath) -> Problem:
    return Problem(
        Text(nb=f"det er ingen {PROTOCOL_FILE} i {folder}", en=f"there is no {PROTOCOL_FILE} in {folder}"),
        next_step=Text(
            nb="Gå til forsøkets mappe, eller lag en ny: lodd new MAPPE --example se",
            en="Go to the trial's folder, or make a new one: lodd new FOLDER --example se",
        ),
    )


def _syntax(error: tomllib.TOMLDecodeError, text: str, name: str) -> Problem:
    match = _POSITION.match(str(error))
    line = int(match[2]) if match and match[2] else text.count("\n") + 1
    what = match[1] if match else str(error)
    return Problem(
        Text(nb=f"dette er ikke gyldig TOML ({what})", en=f"this is not valid TOML ({what})"),
        f"{name}:{line}",
        None,
        Text(nb=f"Se på linje {line} og den før.", en=f"Look at line {line} and the one before it."),
    )


def _problems(findings: Iterable[Finding], lines: Mapping[Path, int], name: str) -> list[Problem]:
    placed = [(line_of(lines, _written(finding.path, lines)) or 1, finding) for finding in findings]
    placed.sort(key=lambda item: item[0])
    return [
        Problem(f.found, f"{name}:{line} {dotted(_written(f.path, lines))}".rstrip(), f.allowed, f.next_step)
        for line, f in placed
    ]


def _written(path: Path, lines: Mapping[Path, int]) -> Path:
    """The path as the file has it: without the names that pydantic adds for members of unions and for keys."""
    written: Path = ()
    for position, part in enumerate(path):
        last = position == len(path) - 1
        if (*written, part) in lines or (last and not _added(part)):
            written = (*written, part)
    return written


def _added(part: str | int) -> bool:
    return isinstance(part, str) and (
        part == "[key]"
        or "[" in part
        or part in {"str", "bool", "int", "decimal", "date", "value", "list", "Condition", "CodeGroup"}
    )


def _most_telling(findings: list[Finding], lines: Mapping[Path, int]) -> list[Finding]:
    """One finding a place, the deepest: a union that failed complains once for each of its members."""
    best: dict[Path, Finding] = {}
    for finding in findings:
        place = _written(finding.path, lines)
        if place not in best or (best[place].allowed is None and finding.allowed is not None):
            best[place] = finding
    deeper = [place for place in best if any(other[: len(place)] == place for other in best if other != place)]
    return [finding for place, finding in best.items() if place not in deeper]


def dotted(path: Path) -> str:
    """A path as people write it: ``draw.schedule[0].from``."""
    shown = ""
    for part in path:
        shown += f"[{part}]" if isinstance(part, int) else f".{part}" if shown else part
    return shown
