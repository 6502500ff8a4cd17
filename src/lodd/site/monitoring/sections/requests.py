"""Is somebody asked for again, and after which answer?"""

from __future__ import annotations

from lodd.locale import Text
from lodd.protocol import Trial
from lodd.site.monitoring.inputs import Records, Selection
from lodd.site.monitoring.names import ARM, LEVEL, arm_name, stream_name
from lodd.site.monitoring.requests import requests_by_arm, requests_by_stream
from lodd.site.monitoring.tables import Column, Section, Table

_WHY = Text(
    nb="Den som er trukket, får alltid det første svaret igjen. Blir det spurt oftere etter ett svar enn etter et "
    "annet, kan det vise at svaret ikke blir godtatt.",
    en="Somebody who is drawn always gets the first answer again. More questions after one answer than after another "
    "can show that it is not accepted.",
)
_AGAIN = Text(nb="Gjentatte forespørsler", en="Repeated requests")
_PEOPLE = Text(nb="Personer det er spurt om igjen", en="People asked for again")


def requests_section(trial: Trial, records: Records, selection: Selection) -> Section:
    """Repeated requests by first answer, and by where they were made."""
    return Section(
        id="requests",
        heading=_AGAIN,
        sentences=(_WHY,),
        tables=(_by_arm(trial, records, selection), _by_stream(trial, records, selection)),
    )


def _by_arm(trial: Trial, records: Records, selection: Selection) -> Table:
    return Table(
        id="requests-by-arm",
        caption=Text(nb="Gjentatte forespørsler, etter det første svaret", en="Repeated requests, by the first answer"),
        columns=(
            Column("arm", ARM, "words"),
            Column("drawn", Text(nb="Personer", en="People"), "count"),
            Column("people", _PEOPLE, "count"),
            Column("share", Text(nb="Andel", en="Share"), "percent"),
            Column("requests", _AGAIN, "count"),
        ),
        rows=tuple(
            (
                arm_name(trial, row.arm),
                row.drawn,
                row.people,
                row.people / row.drawn if row.drawn else None,
                row.requests,
            )
            for row in requests_by_arm(trial.arm_ids, records, selection)
        ),
        note=Text(
            nb="De som er trukket her, uansett hvor det er spurt om dem igjen.",
            en="Those drawn here, wherever they were asked for again.",
        ),
    )


def _by_stream(trial: Trial, records: Records, selection: Selection) -> Table:
    return Table(
        id="requests-by-stream",
        caption=Text(
            nb="Gjentatte forespørsler, etter hvor de kom fra", en="Repeated requests, by where they came from"
        ),
        columns=(
            Column("stream", Text(nb="Hvor", en="Where"), "words"),
            Column("level", Text(nb="Nivå", en="Level"), "words"),
            Column("draws", Text(nb="Trekninger", en="Draws"), "count"),
            Column("requests", _AGAIN, "count"),
            Column("people", _PEOPLE, "count"),
            Column("drawn_elsewhere", Text(nb="Trukket ved et annet kontor", en="Drawn at another office"), "count"),
            Column("per_hundred", Text(nb="Per 100 trekninger", en="Per 100 draws"), "number"),
        ),
        rows=tuple(
            (
                stream_name(trial, row.level, row.id),
                LEVEL[row.level],
                row.draws,
                row.requests,
                row.people,
                row.drawn_elsewhere,
                100 * row.requests / row.draws if row.draws else None,
            )
            for row in requests_by_stream(records, selection)
        ),
        empty=Text(nb="Ingen er trukket her ennå.", en="Nobody has been drawn here yet."),
        folded=True,
    )
