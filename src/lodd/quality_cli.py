"""`lodd check --registers`: what is in the extracts, what may be wrong with them, and what the panel does about it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from lodd.errors import DataError, Problem
from lodd.locale import Language, Text, number
from lodd.terminal import progress_shown, say, say_json

if TYPE_CHECKING:
    from lodd.registers.quality import Finding, Quality, RegisterQuality
    from lodd.study import Study

_SEVERITY = {
    "error": Text(nb="Feil", en="Error"),
    "warning": Text(nb="Advarsel", en="Warning"),
}


def check_registers(study: Study, language: Language, *, out: Path | None, json: bool) -> None:
    """Check the registers, say what was found, and write the pages.

    Raises:
        DataError: something was found that the panel cannot be built with (exit code 4).
    """
    from lodd.quality_study import check_quality
    from lodd.report.quality import quality_as_json

    with progress_shown(language, quiet=json) as progress:
        quality, written = check_quality(study, out=out, as_json=json, progress=progress)
    if json:
        say_json(quality_as_json(quality) | {"files": [str(path) for path in written]})
    else:
        for line in _lines(study, quality):
            say(line, language)
        page = next(path for path in written if path.name.endswith(f".{language}.html"))
        say(Text(nb=f"Siden med alt: {page}", en=f"The page with everything: {page}"), language)
    if errors := quality.count("error"):
        raise DataError(_errors(errors, study))


def _lines(study: Study, quality: Quality) -> Iterator[Text]:
    """A line a register, and one for each error and warning."""
    for register in quality.registers:
        yield _register(study, register)
        for finding in register.findings:
            if finding.severity != "note":
                yield _finding(finding)
    for finding in quality.findings:
        yield _finding(finding)


def _register(study: Study, register: RegisterQuality) -> Text:
    label = study.trial.registers[register.register].label or Text.same(register.register)
    if not register.readable:
        return Text(nb=f"{label.nb}: ikke lest.", en=f"{label.en}: not read.")
    notes = sum(finding.severity == "note" for finding in register.findings)
    return Text(
        nb=f"{label.nb}: rader: {number(register.rows, 'nb')}, personer: {number(register.people, 'nb')}, "
        f"trukne med rader: {number(register.seen, 'nb')}, merknader: {notes}.",
        en=f"{label.en}: rows: {number(register.rows, 'en')}, people: {number(register.people, 'en')}, "
        f"people drawn with rows: {number(register.seen, 'en')}, notes: {notes}.",
    )


def _finding(finding: Finding) -> Text:
    from lodd.report.quality import said

    nb, en, severity = said(finding, "nb"), said(finding, "en"), _SEVERITY[finding.severity]
    return Text(
        nb=f"  {severity.nb}: {nb.what}. {nb.does} {nb.next_step}".rstrip(),
        en=f"  {severity.en}: {en.what}. {en.does} {en.next_step}".rstrip(),
    )


def _errors(errors: int, study: Study) -> Problem:
    return Problem(
        Text(
            nb=f"{number(errors, 'nb')} feil i registrene; panelet kan ikke bygges, eller blir galt",
            en=f"{number(errors, 'en')} {'error' if errors == 1 else 'errors'} in the registers; the panel cannot be "
            "built, or will be wrong",
        ),
        str(study.folder),
        None,
        Text(nb="rett dem som siden sier", en="mend them as the page says"),
    )
