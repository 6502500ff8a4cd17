"""How long do people wait for a referral and a start?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from lodd.locale import Text
from lodd.protocol import Trial
from lodd.site.monitoring.figures import Progress, figure, progress
from lodd.site.monitoring.inputs import Records
from lodd.site.monitoring.names import ARM, arm_class, arm_name
from lodd.site.monitoring.tables import Column, Figure, Section, Table
from lodd.site.monitoring.waiting import Step, Waiting, waiting_times

_MOST_WEEKS: Final = 52
_STEP: Final[dict[Step, Text]] = {
    "referral": Text(nb="Fra trekning til innsøking", en="From draw to referral"),
    "referral_to_start": Text(nb="Fra innsøking til start", en="From referral to start"),
    "start": Text(nb="Fra trekning til start", en="From draw to start"),
}
_HOW = Text(
    nb="De som fortsatt venter, regnes med så lenge de har ventet (Kaplan–Meier). Start er første gang personen "
    "startet i et tiltak etter trekningen, uansett hvilket; hvem som startet i en annen gruppes tiltak, står under "
    "deltakelse. De som det er notert en feil om, er ikke med.",
    en="Those who still wait count for as long as they have waited (Kaplan–Meier). A start is the first one in a "
    "programme after the draw, whichever it is; who started in another arm's stands under participation. Those with an "
    "error noted are left out.",
)


def waiting_section(trial: Trial, records: Records, today: date) -> Section:
    """Quartiles of each step by arm, and curves from the draw to the referral and to the start."""
    rows = waiting_times(trial.arm_ids, records, today)
    return Section(
        id="waiting",
        heading=Text(nb="Ventetid", en="Waiting time"),
        sentences=(_HOW,),
        tables=(_table(trial, rows),),
        figures=tuple(drawn for step in ("referral", "start") for drawn in _figure(trial, step, rows)),
    )


def _table(trial: Trial, rows: Sequence[Waiting]) -> Table:
    return Table(
        id="waiting-table",
        caption=Text(nb="Dager fra trekning til innsøking og start", en="Days from draw to referral and start"),
        columns=(
            Column("step", Text(nb="Ventetid", en="Wait"), "words"),
            Column("arm", ARM, "words"),
            Column("people", Text(nb="Personer", en="People"), "count"),
            Column("happened", Text(nb="Kommet dit", en="Got there"), "count"),
            Column("waiting", Text(nb="Venter", en="Waiting"), "count"),
            Column("withdrawn", Text(nb="Trakk seg først", en="Withdrew first"), "count"),
            Column("quarter", Text(nb="En firedel innen (dager)", en="A quarter within (days)"), "count"),
            Column("median", Text(nb="Halvparten innen (dager)", en="Half within (days)"), "count"),
            Column(
                "three_quarters", Text(nb="Tre firedeler innen (dager)", en="Three quarters within (days)"), "count"
            ),
        ),
        rows=tuple(
            (
                _STEP[row.step],
                arm_name(trial, row.arm),
                row.people,
                row.happened,
                row.waiting,
                row.withdrawn,
                *row.quartiles,
            )
            for row in rows
        ),
        note=Text(nb="En strek: så mange har ikke kommet dit ennå.", en="A dash: so many have not got there yet."),
    )


def _figure(trial: Trial, step: Step, rows: Sequence[Waiting]) -> tuple[Figure, ...]:
    own = [row for row in rows if row.step == step and row.people]
    weeks = min(_MOST_WEEKS, max((len(row.by_day) - 1 for row in own), default=0) // 7)
    if weeks < 1:
        return ()
    lines = [Progress(arm_name(trial, row.arm), arm_class(trial, row.arm), row.by_day) for row in own]
    title = _STEP[step]
    says = Text(
        nb="Andelen som er kommet dit innen hver uke, for hver gruppe. Tallene står i tabellen.",
        en="The share who have got there within each week, for each arm. The numbers are in the table.",
    )
    return (figure(f"waiting-{step}", title, says, lambda lang, size: progress(lines, weeks, lang, size)),)
