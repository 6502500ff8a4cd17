"""A trial folder's panel as its registers were known on a day, and two versions of it compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lodd.locale import Text, long_date
from lodd.progress import Progress, silent
from lodd.protocol import Panel, Trial
from lodd.study import PANEL_FILE

if TYPE_CHECKING:
    from lodd.registers.engines import Engine
    from lodd.registers.versions import Comparison
    from lodd.study import Study

AS_OF_FILE: Final = "results/panel-as-of-{day}.parquet"
_AS_THEY_ARE: Final = Text(nb="registrene slik de er", en="the registers as they are")


@dataclass(frozen=True, slots=True)
class Version:
    """One version of the panel, what to call it, and the day as of which its registers are read (None: as they are)."""

    panel: Panel
    name: Text
    as_of: date | None


@dataclass(frozen=True, slots=True)
class Compared:
    """Two versions, the one that knew less first, what changed, and what else differs between them.

    ``other_extracts`` are registers whose extracts differ; ``other_definitions`` says that the outcomes, registers or
    window were declared otherwise, so that the changes are not corrections alone; ``not_rebuilt`` are registers that
    say nothing of when their rows were registered, and are used as they are in a version as of a day.
    """

    before: Version
    after: Version
    comparison: Comparison
    other_extracts: tuple[str, ...]
    other_definitions: bool
    not_rebuilt: tuple[str, ...]


def as_known(trial: Trial, as_of: date | None) -> Trial:
    """The trial with its registers read as they were known at the end of a day."""
    return trial.model_copy(update={"analysis": trial.analysis.model_copy(update={"as_of": as_of})})


def panel_as_of(
    study: Study, as_of: date, *, engine: Engine | None = None, progress: Progress = silent
) -> tuple[Panel, Path]:
    """The panel as known at the end of a day, and its file, ``results/panel-as-of-<day>.parquet``.

    It is read if it is that of the protocol and the extracts as they are, else built. The trial's own panel
    (``results/panel.parquet``) is left alone, unless the protocol says the same day.

    Raises:
        DataError: a register is missing, damaged, contradicts the protocol, or holds nothing registered by the day.
    """
    from lodd.registers import build_panel, is_current, read_panel, write_panel

    trial = as_known(study.trial, as_of)
    same = study.trial.analysis.as_of == as_of
    file = study.folder / (PANEL_FILE if same else AS_OF_FILE.format(day=as_of.isoformat()))
    if file.exists() and is_current(file, trial, study.folder, study.participants):
        return read_panel(file, trial), file
    panel = build_panel(trial, study.folder, study.participants, engine=engine, progress=progress)
    write_panel(panel, file)
    return panel, file


def version_as_of(
    study: Study, as_of: date | None, *, engine: Engine | None = None, progress: Progress = silent
) -> Version:
    """The panel as known on a day, or the trial's own."""
    if as_of is None:
        return _named(study.panel(progress=progress))
    return _named(panel_as_of(study, as_of, engine=engine, progress=progress)[0])


def version_of_file(path: Path) -> Version:
    """A panel from a file, whatever definitions made it.

    Raises:
        DataError: no such file, cut off, not a panel, or changed since it was written.
    """
    from lodd.registers import panel_problems
    from lodd.registers.hashing import panel_sha256
    from lodd.registers.provenance import VALUES
    from lodd.registers.store import read_any_panel

    panel = read_any_panel(path)
    if panel.provenance.get(VALUES) != panel_sha256(panel):
        raise panel_problems.values_changed(path)
    found = _named(panel)
    return Version(found.panel, Text(nb=f"{path} ({found.name.nb})", en=f"{path} ({found.name.en})"), found.as_of)


def _named(panel: Panel) -> Version:
    written = panel.provenance.get("as_of")
    if written is None:
        return Version(panel, _AS_THEY_ARE, None)
    as_of = date.fromisoformat(written)
    name = Text(nb=f"kjent {long_date(as_of, 'nb')}", en=f"known on {long_date(as_of, 'en')}")
    return Version(panel, name, as_of)


def compare_versions(study: Study, own: Version, other: Version) -> Compared:
    """What changed from one version to another; ``other`` comes first unless it was known later."""
    from lodd.panel_warnings import not_rebuilt
    from lodd.registers.versions import compare_panels

    latest = date.max
    before, after = (own, other) if (own.as_of or latest) < (other.as_of or latest) else (other, own)
    made = before.panel.provenance, after.panel.provenance
    comparison = compare_panels(before.panel, after.panel, study.participants)
    return Compared(
        before=before,
        after=after,
        comparison=comparison,
        other_extracts=_other_extracts(*made),
        other_definitions=not all(_same_definitions(study.trial, version) for version in (before, after)),
        not_rebuilt=not_rebuilt(before.panel, after.panel),
    )


def _other_extracts(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
    extracts = [name for name in {**after, **before} if name.startswith("extract:")]
    return tuple(name.removeprefix("extract:") for name in extracts if before.get(name) != after.get(name))


def _same_definitions(trial: Trial, version: Version) -> bool:
    """Was it made by the trial's definitions, but for the day?"""
    from lodd.registers.provenance import definitions_sha256

    return version.panel.provenance.get("definitions") == definitions_sha256(as_known(trial, version.as_of))
