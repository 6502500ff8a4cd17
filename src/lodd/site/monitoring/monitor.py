"""The whole of monitoring for a part of the trial."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from lodd.locale import Text
from lodd.protocol import Trial
from lodd.site.monitoring.inputs import Records, Selection
from lodd.site.monitoring.sections.enrolment import enrolment_section
from lodd.site.monitoring.sections.participation import missing_section, participation_section
from lodd.site.monitoring.sections.requests import requests_section
from lodd.site.monitoring.sections.shares import shares_section
from lodd.site.monitoring.sections.waiting import waiting_section
from lodd.site.monitoring.tables import Section, Table

_INSIDE: Final = Text(
    nb="Tallene er ikke avrundet, og små grupper er ikke skjult: De er for dem som arbeider med forsøket og ser "
    "deltakerne i sitt eget fylke uansett. De skal ikke gis videre eller offentliggjøres.",
    en="The numbers are not rounded and small groups are not hidden: they are for those who work on the trial and see "
    "the participants of their own county anyway. They must not be passed on or published.",
)


@dataclass(frozen=True, slots=True)
class Monitoring:
    """What is shown: sections in their order, and a sentence on who the numbers are for."""

    sections: tuple[Section, ...]
    note: Text = _INSIDE

    @property
    def tables(self) -> dict[str, Table]:
        """Every table by its id: what can be exported."""
        return {table.id: table for section in self.sections for table in section.tables}


def monitor(
    trial: Trial, records: Records, *, today: date, referral_days: int, selection: Selection | None = None
) -> Monitoring:
    """All sections for a part of the trial (default: all of it), on a day.

    ``records`` are always the whole trial's, in the ledger's order: the alarm's error rate is over all streams.
    """
    part_of = selection or Selection()
    part = records.part(part_of)
    return Monitoring(
        (
            enrolment_section(trial, records.draws, today, part_of),
            shares_section(trial, records, part_of),
            requests_section(trial, records, part_of),
            waiting_section(trial, part, today),
            participation_section(trial, part),
            missing_section(trial, part, today, referral_days),
        )
    )
