"""If nothing was found, why? Every rival explanation held against the data."""

from __future__ import annotations

from lodd.evaluation.conclusions import LETTERS, Finding, Rival
from lodd.report.context import Context
from lodd.report.model import Answer, Answers, Block, Cell, Column, Details, Paragraph, Part, Row, Section, Table
from lodd.report.rival_pictures import pictures
from lodd.report.rival_words import interval_of, label_of, sentence, value_of
from lodd.report.tables import DASH


def rivals(c: Context) -> Section:
    """A table of all explanations, and each with its findings, its picture and its numbers."""
    w = c.words
    by_rival: dict[Rival, list[Finding]] = {
        rival: [finding for finding in c.evaluation.findings if finding.rival == rival] for rival in LETTERS
    }
    there = {rival: findings for rival, findings in by_rival.items() if findings}
    all_found = bool(c.evaluation.verdicts) and all(v.code == "different" for v in c.evaluation.verdicts)
    heading = w("rivals.heading_found" if all_found else "rivals.heading")
    if not there:
        return Section("why", heading, (Paragraph(w("rivals.none")),))
    parts = [_part(c, rival, findings) for rival, findings in there.items()]
    return Section("why", heading, (Paragraph(w("rivals.lead")), _overview(c, there), *parts))


def _overview(c: Context, there: dict[Rival, list[Finding]]) -> Table:
    w = c.words
    rows = tuple(
        Row((Cell(_question(c, rival), href=f"#why-{LETTERS[rival]}"), Cell(_in_short(c, findings))))
        for rival, findings in there.items()
    )
    columns = tuple(Column(w(f"rivals.{name}"), numeric=False) for name in ("explanation", "say"))
    return Table("tab-why", w("rivals.caption"), columns, rows, w("rivals.note"), c.source)


def _question(c: Context, rival: Rival) -> str:
    return f"({LETTERS[rival]}) {c.words(f'rival.{rival}.question')}"


def _in_short(c: Context, findings: list[Finding]) -> str:
    """The status of an explanation; where its findings differ, which is for what."""
    w = c.words
    statuses = dict.fromkeys(finding.status for finding in findings)
    if len(statuses) == 1:
        return w(f"rivals.status.{findings[0].status}")
    said = []
    for status in statuses:
        about = [_about(c, finding) for finding in findings if finding.status == status]
        said.append(f"{w(f'rivals.status.{status}')}: {c.join(list(dict.fromkeys(about)))}")
    return "; ".join(said)


def _about(c: Context, finding: Finding) -> str:
    """What a finding is about, where there are several: its outcome, arm and target group."""
    target = next((n.of for n in finding.numbers if finding.rival == "target_group" and n.of), "")
    parts = [c.outcome(finding.outcome)] if finding.outcome else []
    parts += [label_of(c, target)] if target else []
    parts += [c.arm(finding.arm)] if c.several_arms else []
    return ", ".join(parts)


def _part(c: Context, rival: Rival, findings: list[Finding]) -> Part:
    answers = Answers(tuple(_answers(c, findings)))
    drawn = pictures(c, rival, findings)
    table = _numbers(c, rival, findings)
    inside: tuple[Block, ...] = (*drawn, *table)
    folded: list[Block] = []
    if inside:
        folded = [Details(f"more-why-{LETTERS[rival]}", c.words(f"rival.{rival}.folded"), inside)]
    return Part(f"why-{LETTERS[rival]}", _question(c, rival), (answers, *folded))


def _answers(c: Context, findings: list[Finding]) -> list[Answer]:
    """One for each finding; those that say the same are said once."""
    alike: dict[tuple[str, bool], list[Finding]] = {}
    for finding in findings:
        alike.setdefault((sentence(c, finding), finding.prespecified), []).append(finding)
    return [
        Answer(
            status=same[0].status,
            label=c.words(f"rivals.status.{same[0].status}"),
            about=c.join([_about(c, finding) for finding in same]) if len(alike) > 1 else "",
            text=text,
            tag="" if prespecified or not same[0].numbers else c.words("tag.exploratory"),
        )
        for (text, prespecified), same in alike.items()
    ]


def _numbers(c: Context, rival: Rival, findings: list[Finding]) -> tuple[Table, ...]:
    """Every number that the findings rest on."""
    w, rows = c.words, list[Row]()
    for finding in findings:
        own = [_number_row(c, finding, i) for i in range(len(finding.numbers))]
        if own and len(findings) > 1:
            rows.append(Row((Cell(_about(c, finding)),), "group"))
        rows += own
    if not rows:
        return ()
    columns = (Column(w("rivals.number"), numeric=False), Column(w("rivals.value")))
    caption = w("rivals.numbers", question=w(f"rival.{rival}.question"))
    return (Table(f"tab-why-{LETTERS[rival]}", caption, columns, tuple(rows), source=c.source),)


def _number_row(c: Context, finding: Finding, i: int) -> Row:
    number = finding.numbers[i]
    key = f"number.{finding.rival}.{number.name}"
    label = c.words(key if key in c.words else f"number.{number.name}")
    shown = f"{label}: {label_of(c, number.of)}" if number.of else label
    interval = interval_of(c, finding, number)
    return Row((Cell(shown), Cell(value_of(c, finding, number), second="" if interval == DASH else interval)))
