"""Do the lots fall as declared, in every county, office and caseworker's stream?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from lodd.locale import Text, number, percent
from lodd.protocol import Trial
from lodd.site.monitoring.figures import Deviation, deviations, figure
from lodd.site.monitoring.inputs import Records, Selection
from lodd.site.monitoring.names import LEVEL, arm_class, arm_name, both, stream_name
from lodd.site.monitoring.shares import ALPHA, StreamShare, stream_shares
from lodd.site.monitoring.tables import Column, Figure, Section, Table

_LARGEST_SHOWN: Final = math.log(1e12)
_TITLE = Text(nb="Andelen som er trukket, mot den oppgitte", en="The share drawn against the declared")
_HOW = Text(
    nb="E-verdien måler hvor mye bedre skjeve lodd ville forklare det som er trukket, enn lodd med de oppgitte "
    "sannsynlighetene. Den begynner på 1. Er loddene som oppgitt, er sjansen for at en e-verdi noen gang når 20, høyst "
    "5 %, uansett hvor ofte en ser etter.",
    en="The e-value measures how much better tilted lots would explain what was drawn than lots with the declared "
    "probabilities. It starts at 1. If the lots are as declared, the chance that an e-value ever reaches 20 is at most "
    "5%, however often one looks.",
)
_BLIND = Text(
    nb="Alarmen ser bare andeler som er skjeve over tid. Lodd som faller for jevnt, som om de ble delt ut etter tur, "
    "kan den ikke se. At hvert lodd er det mekanismen gir, viser kontrollen av trekningsprotokollen. En alarm er en "
    "grunn til å se etter, ikke et bevis for at noen har gjort noe galt.",
    en="The alarm sees only shares that are tilted over time. Lots that fall too evenly, as if dealt in turn, it "
    "cannot see. That each lot is what the mechanism gives is shown by verifying the ledger. An alarm is a reason to "
    "look, not proof that anybody has done wrong.",
)
_BY_OFFICE = Text(nb="Trukket mot oppgitt, etter fylke og kontor", en="Drawn against declared, by county and office")
_BY_CASEWORKER = Text(nb="Trukket mot oppgitt, etter veileder", en="Drawn against declared, by caseworker")
_CERTAIN = Text(
    nb="P-verdien er 1 delt på den høyeste e-verdien, og gjelder uansett når en ser etter. «Åpne lodd» er de som kunne "
    "falle på mer enn én gruppe; resten av en blokk er ofte avgjort på forhånd og sier ingenting. Oppgitt andel er "
    "gjennomsnittet av sannsynlighetene som gjaldt for dem som ble trukket.",
    en="The p-value is 1 divided by the highest e-value, and holds whenever one looks. "
    '"Open lots" could fall on more than one arm; the rest of a block is often settled beforehand and says nothing. '
    "The declared share is the mean of the probabilities that held for those drawn.",
)


def shares_section(trial: Trial, records: Records, selection: Selection, alpha: float = ALPHA) -> Section:
    """The streams of the part that is looked at; evidence and alarms always count the whole trial's draws."""
    every = stream_shares(trial, records.draws, alpha)
    streams = _inside(trial, every, records, selection)
    fixed = [row for row in streams if row.level != "caseworker"]
    caseworkers = sorted((row for row in streams if row.level == "caseworker"), key=lambda row: row.id)
    return Section(
        id="shares",
        heading=_TITLE,
        sentences=(_verdict(trial, streams), _rate(alpha), _HOW, _BLIND),
        tables=(
            _table(trial, "shares-table", _BY_OFFICE, fixed),
            _table(trial, "shares-by-caseworker", _BY_CASEWORKER, caseworkers, True),
        ),
        figures=_figures(trial, fixed),
    )


def _inside(trial: Trial, rows: Sequence[StreamShare], records: Records, selection: Selection) -> list[StreamShare]:
    """The streams with draws in the part, and the site and office that it lies in. Whole streams, never parts."""
    if selection.whole_trial:
        return list(rows)
    part = [draw for draw in records.draws if selection.holds(draw)]
    offices = {draw.office for draw in part} | ({selection.office} - {None})
    seen = {
        "trial": set(),
        "site": {selection.site, *(trial.office_site.get(str(office)) for office in offices)},
        "office": offices,
        "caseworker": {draw.caseworker for draw in part},
    }
    if selection.office is None and selection.caseworker is None and selection.site in trial.sites:
        seen["office"] |= {office.id for office in trial.sites[str(selection.site)].offices}
    return [row for row in rows if row.id in seen[row.level]]


def _verdict(trial: Trial, rows: Sequence[StreamShare]) -> Text:
    alarms = [row for row in rows if row.alarm]
    if not alarms:
        return Text(
            nb="Ingen alarm: Ingenting tyder på at loddene er skjeve.", en="No alarm: nothing suggests tilted lots."
        )
    names = [_about(trial, row) for row in alarms]
    return Text(
        nb=f"Alarm ({number(len(alarms), 'nb')}): {'; '.join(name.nb for name in names)}.",
        en=f"Alarm ({number(len(alarms), 'en')}): {'; '.join(name.en for name in names)}.",
    )


def _about(trial: Trial, row: StreamShare) -> Text:
    where, arm = stream_name(trial, row.level, row.id), arm_name(trial, row.arm)
    drawn, declared = (Text(nb=percent(s, "nb", 1), en=percent(s, "en", 1)) for s in (row.share, row.declared))
    return Text(
        nb=f"{where.nb}, {drawn.nb} til {arm.nb} mot {declared.nb} oppgitt",
        en=f"{where.en}, {drawn.en} to {arm.en} against {declared.en} declared",
    )


def _rate(alpha: float) -> Text:
    share = both(lambda language: percent(alpha, language))
    return Text(
        nb=f"Alarmen tar alle fylker, kontorer og veiledere i forsøket under ett: Når som helst en ser etter, er den "
        f"forventede andelen falske alarmer blant alarmene høyst {share.nb}.",
        en=f"The alarm takes all counties, offices and caseworkers of the trial together: whenever one looks, the "
        f"expected share of false alarms among the alarms is at most {share.en}.",
    )


def _table(trial: Trial, id_: str, caption: Text, rows: Sequence[StreamShare], folded: bool = False) -> Table:
    return Table(
        id=id_,
        caption=caption,
        columns=_COLUMNS,
        rows=tuple(
            (
                stream_name(trial, row.level, row.id),
                arm_name(trial, row.arm),
                row.alarm,
                row.draws,
                row.drawn,
                row.share,
                row.declared,
                row.share - row.declared,
                math.exp(min(row.log_evidence, _LARGEST_SHOWN)),
                math.exp(min(row.log_peak, _LARGEST_SHOWN)),
                row.anytime_p,
                row.informative,
                LEVEL[row.level],
            )
            for row in rows
        ),
        note=_CERTAIN,
        empty=Text(nb="Ingen er trukket her ennå.", en="Nobody has been drawn here yet."),
        alarms=frozenset(i for i, row in enumerate(rows) if row.alarm),
        folded=folded,
    )


_COLUMNS: Final = (
    Column("stream", Text(nb="Hvor", en="Where"), "words"),
    Column("arm", Text(nb="Gruppe", en="Arm"), "words"),
    Column("alarm", Text(nb="Alarm", en="Alarm"), "yes"),
    Column("draws", Text(nb="Trekninger", en="Draws"), "count"),
    Column("drawn", Text(nb="Til gruppen", en="To the arm"), "count"),
    Column("share", Text(nb="Andel", en="Share"), "percent"),
    Column("declared", Text(nb="Oppgitt", en="Declared"), "percent"),
    Column("difference", Text(nb="Forskjell, prosentpoeng", en="Difference, percentage points"), "points"),
    Column("e_value", Text(nb="E-verdi nå", en="E-value now"), "evidence"),
    Column("highest_e_value", Text(nb="Høyeste e-verdi", en="Highest e-value"), "evidence"),
    Column("anytime_p", Text(nb="P-verdi", en="P-value"), "p_value"),
    Column("open_lots", Text(nb="Åpne lodd", en="Open lots"), "count"),
    Column("level", Text(nb="Nivå", en="Level"), "words"),
)


def _figures(trial: Trial, rows: Sequence[StreamShare]) -> tuple[Figure, ...]:
    streams = list(dict.fromkeys((row.level, row.id) for row in rows if row.draws))
    if not streams:
        return ()
    shown = [
        Deviation(
            stream_name(trial, level, id_),
            tuple(
                (arm_class(trial, row.arm), row.share - row.declared, 1.96 * row.by_chance / row.draws)
                for row in rows
                if (row.level, row.id) == (level, id_)
            ),
        )
        for level, id_ in streams
    ]
    legend = [(arm_class(trial, arm), arm_name(trial, arm)) for arm in trial.arm_ids[1:]]
    says = Text(
        nb="Prikken er andelen trukket minus den oppgitte. Streken viser hvor tilfeldigheten alene ville legge den 95 "
        "av 100 ganger, sett etter én gang; alarmen tåler at en ser etter hver dag.",
        en="The dot is the share drawn minus the declared. The line is where chance alone would put it 95 times in "
        "100, looked at once; the alarm allows for looking every day.",
    )
    return (figure("shares-figure", _TITLE, says, lambda lang, size: deviations(shown, legend, lang, size)),)
