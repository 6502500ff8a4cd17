"""Do people take part in what they were drawn to, and is anybody forgotten?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from lodd.locale import Text, number, percent
from lodd.protocol import Trial
from lodd.site.monitoring.inputs import Records
from lodd.site.monitoring.names import ARM, CASEWORKER, OFFICE, SITE, arm_name, both, office_name, site_name
from lodd.site.monitoring.participation import ArmParticipation, MissingReferral, missing_referrals, participation
from lodd.site.monitoring.tables import Column, Section, Table


def participation_section(trial: Trial, records: Records) -> Section:
    """The cross-over table: where those drawn to each arm have started."""
    rows = participation(trial.arm_ids, records)
    return Section(
        id="participation",
        heading=Text(nb="Deltakelse mot trekning", en="Participation against allocation"),
        sentences=(_summary(rows),),
        tables=(_cross_over(trial, rows),),
    )


def _summary(rows: Sequence[ArmParticipation]) -> Text:
    drawn, crossed = sum(row.drawn for row in rows), sum(row.other + row.both for row in rows)
    if not drawn:
        return Text(nb="Ingen er trukket her ennå.", en="Nobody has been drawn here yet.")
    count = both(lambda language: number(crossed, language))
    share = both(lambda language: percent(crossed / drawn, language, 1))
    return Text(
        nb=f"{count.nb} ({share.nb}) har startet i en annen gruppes tiltak enn den de ble trukket til. De regnes "
        "likevel med der de ble trukket.",
        en=f"{count.en} ({share.en}) have started in another arm's programmes than the one they were drawn to. They "
        "still count where they were drawn.",
    )


def _cross_over(trial: Trial, rows: Sequence[ArmParticipation]) -> Table:
    started = tuple(
        Column(f"started_{arm}", Text(nb=f"Startet: {name.nb}", en=f"Started: {name.en}"), "count")
        for arm in trial.arm_ids
        for name in (arm_name(trial, arm),)
    )
    return Table(
        id="participation-table",
        caption=Text(nb="Deltakelse, etter gruppen de ble trukket til", en="Participation, by the arm drawn to"),
        columns=(
            Column("arm", ARM, "words"),
            Column("drawn", Text(nb="Personer", en="People"), "count"),
            *started,
            Column("own", Text(nb="Bare egen", en="Own only"), "count"),
            Column("other", Text(nb="Bare annen", en="Other only"), "count"),
            Column("both", Text(nb="Begge", en="Both"), "count"),
            Column("none", Text(nb="Ingen ennå", en="None yet"), "count"),
            Column("referred_elsewhere", Text(nb="Søkt inn til annen", en="Referred to other"), "count"),
            Column("withdrawn", Text(nb="Trukket seg", en="Withdrawn"), "count"),
            Column("erroneous", Text(nb="Feil notert", en="Error noted"), "count"),
        ),
        rows=tuple(
            (
                arm_name(trial, row.arm),
                row.drawn,
                *row.started_in,
                row.own,
                row.other,
                row.both,
                row.none,
                row.referred_elsewhere,
                row.withdrawn,
                row.erroneous,
            )
            for row in rows
        ),
        note=Text(
            nb="Starter før trekningen teller ikke, og heller ikke tiltak som ikke hører til noen gruppe.",
            en="Starts before the draw do not count, nor do programmes that belong to no arm.",
        ),
    )


def missing_section(trial: Trial, records: Records, today: date, referral_days: int) -> Section:
    """Those who should have been referred by now."""
    arms = [arm for arm in trial.arm_ids if trial.arms[arm].programmes]
    rows = missing_referrals(arms, records, today, referral_days)
    return Section(
        id="missing",
        heading=Text(nb="Manglende innsøkinger", en="Missing referrals"),
        sentences=(_missing(len(rows), referral_days),),
        tables=(_missing_table(trial, rows),),
    )


def _missing(count: int, days: int) -> Text:
    if not count:
        return Text(
            nb=f"Alle som er trukket for mer enn {days} dager siden, er søkt inn eller har startet.",
            en=f"Everybody drawn more than {days} days ago has been referred or has started.",
        )
    shown = both(lambda language: number(count, language))
    return Text(
        nb=f"Trukket for mer enn {days} dager siden uten å være søkt inn eller ha startet: {shown.nb}.",
        en=f"Drawn more than {days} days ago without a referral or a start: {shown.en}.",
    )


def _missing_table(trial: Trial, rows: Sequence[MissingReferral]) -> Table:
    return Table(
        id="missing-table",
        caption=Text(nb="Mangler innsøking", en="Without a referral"),
        columns=(
            Column("draw", Text(nb="Trekning nr.", en="Draw no."), "words"),
            Column("day", Text(nb="Trukket", en="Drawn"), "day"),
            Column("days", Text(nb="Dager siden", en="Days ago"), "count"),
            Column("arm", ARM, "words"),
            Column("site", SITE, "words"),
            Column("office", OFFICE, "words"),
            Column("caseworker", CASEWORKER, "words"),
        ),
        rows=tuple(
            (
                str(row.seq),
                row.day,
                row.days,
                arm_name(trial, row.arm),
                site_name(trial, row.site),
                office_name(trial, row.office),
                row.caseworker,
            )
            for row in rows
        ),
        empty=Text(nb="Ingen mangler innsøking.", en="No referral is missing."),
    )
