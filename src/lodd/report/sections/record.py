"""The record: the lock, what the results were computed from and with, and how long it took."""

from __future__ import annotations

from lodd.report.context import Context
from lodd.report.measures import register_label
from lodd.report.model import Block, Cell, Column, Paragraph, Part, Row, Section, Table
from lodd.report.sections.banners import lock_notice, locked_on

_DASH = "\N{EN DASH}"
_VERSION = "version:"


def record(c: Context) -> Section:
    """Lock, provenance, versions, timings."""
    w = c.words
    blocks: list[Block] = [Part("record-lock", w("record.lock"), (lock_notice(c), _lock(c)))]
    blocks.append(Part("record-provenance", w("record.provenance"), (_provenance(c),)))
    blocks.append(Part("record-versions", w("record.versions"), (_versions(c),)))
    blocks.append(Part("record-timings", w("record.timings"), (_timings(c),)))
    return Section("record", w("record.heading"), tuple(blocks))


def _lock(c: Context) -> Table:
    w, lock = c.words, c.evaluation.lock
    rows = (
        Row((Cell(w("record.status")), Cell(w.optional(f"record.status_{c.lock_status}", c.lock_status)))),
        Row((Cell(w("record.protocol_hash")), Cell(lock.get("protocol_sha256") or _DASH))),
        Row((Cell(w("record.locked_hash")), Cell(lock.get("locked_sha256") or _DASH))),
        Row((Cell(w("record.locked_at")), Cell(locked_on(c)))),
    )
    return Table("tab-lock", w("record.lock_caption"), _two(c, "record.what", "record.value"), rows)


def _provenance(c: Context) -> Block:
    w = c.words
    known = {k: v for k, v in c.evaluation.provenance.items() if k != "simulated" and not k.startswith(_VERSION)}
    if not known:
        return Paragraph(w("record.no_provenance"))
    rows = tuple(Row((Cell(_origin(c, k)), Cell(v))) for k, v in known.items())
    columns = _two(c, "record.file", "record.fingerprint")
    return Table("tab-provenance", w("record.provenance_caption"), columns, rows, w("record.provenance_note"))


def _origin(c: Context, key: str) -> str:
    """What a fingerprint is of: the definitions, the participants, or a register's extract."""
    kind, _, register = key.partition(":")
    if kind == "extract" and register in c.trial.registers:
        return c.words("record.extract", register=register_label(c, register))
    return c.words.optional(f"record.of_{key}", key)


def _versions(c: Context) -> Block:
    w = c.words
    panel = {k.removeprefix(_VERSION): v for k, v in c.evaluation.provenance.items() if k.startswith(_VERSION)}
    known = {**panel, **c.evaluation.versions}
    if not known:
        return Paragraph(w("record.no_versions"))
    rows = tuple(Row((Cell(k), Cell(v))) for k, v in sorted(known.items()))
    return Table("tab-versions", w("record.versions_caption"), _two(c, "record.software", "record.version"), rows)


def _timings(c: Context) -> Block:
    w = c.words
    if not c.evaluation.timings:
        return Paragraph(w("record.no_timings"))
    rows = tuple(
        Row((Cell(w.optional(f"record.stage_{stage}", stage)), Cell(c.number(s, 1))))
        for stage, s in c.evaluation.timings.items()
    )
    columns = (Column(w("record.stage"), numeric=False), Column(w("record.seconds")))
    return Table("tab-timings", w("record.timings_caption"), columns, rows)


def _two(c: Context, first: str, second: str) -> tuple[Column, Column]:
    return Column(c.words(first), numeric=False), Column(c.words(second), numeric=False)
