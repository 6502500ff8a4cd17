"""What has happened to a participant, in order, as ``parts/timeline.html`` takes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.translation import gettext

from lodd.allocation.events import ErrorNoted, RepeatedRequest, parse_line
from lodd.locale import Text
from lodd.site.actions.follow_up import counting
from lodd.site.context import language
from lodd.site.installation import Installation, installation
from lodd.site.models import ApiSystem, FollowUp, LedgerEvent, Participant, User
from lodd.site.participants.tasks import referral_days, waits
from lodd.site.participants.words import END_REASONS, ERRORS, KINDS, OTHER_PROGRAMME
from lodd.site.templatetags.lodd import day as shown_day
from lodd.site.templatetags.lodd import moment as shown_moment

_ZONE = ZoneInfo("Europe/Oslo")


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing on the line; ``by`` is a ledger id until names are put in."""

    at: datetime
    when: str
    datetime: str
    title: str
    by: str = ""
    kind: str = ""
    body: str = ""
    url: str = ""
    link_label: str = ""


def timeline(participant: Participant, *, may_correct: bool) -> list[Happening]:
    """Everything known of the participant, the draw first, what is waited for last."""
    here = installation()
    found = [_draw(participant, here), *_from_ledger(participant, here), *_linked(participant)]
    found += _follow_up(participant, here, may_correct=may_correct)
    if participant.withdrawn_at is not None:
        found.append(_at(participant.withdrawn_at, gettext("Withdrawn from the trial"), kind="warning"))
    found.sort(key=lambda happening: happening.at)
    return [*_named(found), *_coming(participant, here)]


def _at(at: datetime, title: str, **more: Any) -> Happening:
    return Happening(at, shown_moment(at), at.isoformat(), title, **more)


def _on(day: date, title: str, **more: Any) -> Happening:
    """Something known by its day: after whatever of that day is known by the minute."""
    return Happening(datetime.combine(day, time(23, 59), _ZONE), shown_day(day), day.isoformat(), title, **more)


def _draw(participant: Participant, here: Installation) -> Happening:
    arm = here.trial.arms[participant.arm].label[language()]
    title = gettext("Drawn to %(arm)s") % {"arm": arm}
    if participant.by_slip:
        midnight = datetime.combine(participant.day, time(), _ZONE)
        body = gettext("From a sealed slip, while the line was down")
        return Happening(
            midnight, shown_day(participant.day), participant.day.isoformat(), title, participant.drawn_by, "draw", body
        )
    return _at(participant.drawn_at, title, by=participant.drawn_by, kind="draw")


def _from_ledger(participant: Participant, here: Installation) -> Iterator[Happening]:
    lines = LedgerEvent.objects.filter(about=participant.seq, kind__in=("repeated_request", "error_noted"))
    events = [parse_line(line.encode()) for line in lines.order_by("seq").values_list("line", flat=True)]
    noted = [event.payload.details for event in events if isinstance(event.payload, ErrorNoted)]
    details = here.store.details([sha256 for sha256 in noted if sha256])
    for event in events:
        if isinstance(event.payload, RepeatedRequest):
            office = here.office_labels[event.payload.office]
            yield _at(event.at, gettext("Asked for again at %(office)s") % {"office": office}, by=event.by)
        elif isinstance(event.payload, ErrorNoted):
            said = ERRORS[event.payload.kind][language()]
            body = str((details.content(event.payload.details) or {}).get("note", ""))
            yield _at(
                event.at, gettext("Error noted: %(error)s") % {"error": said}, by=event.by, body=body, kind="warning"
            )


def _linked(participant: Participant) -> Iterator[Happening]:
    for at in participant.numbers.order_by("pk").values_list("at", flat=True):
        yield _at(at, gettext("Another identity number was linked"))


def _follow_up(participant: Participant, here: Installation, *, may_correct: bool) -> Iterator[Happening]:
    entries = list(FollowUp.objects.filter(participant=participant).order_by("pk"))
    counts = {entry.pk for entry in counting(entries)}
    later = {entry.replaces_id: entry for entry in entries if entry.replaces_id}
    for entry in entries:
        if entry.void:
            continue
        title = KINDS[entry.kind][language()]
        if entry.pk in counts:
            yield _on(entry.day, title, by=entry.by, **_told(participant, entry, here, may_correct=may_correct))
        else:
            by = later[entry.pk]
            said = gettext("Entered by mistake") if by.void else gettext("Corrected later")
            body = f"{_programme(entry, here)}\n{said}: {shown_moment(by.at)}"
            yield _on(entry.day, gettext("%(entry)s (does not count)") % {"entry": title}, by=entry.by, body=body)


def _told(participant: Participant, entry: FollowUp, here: Installation, *, may_correct: bool) -> dict[str, Any]:
    lines = [_programme(entry, here)]
    if entry.reason:
        lines.append(END_REASONS[entry.reason][language()])
    crossed = entry.arm not in ("", participant.arm)
    if crossed:
        lines.append(gettext("Cross-over: this is another group’s programme."))
    told: dict[str, Any] = {"body": "\n".join(lines), "kind": "warning" if crossed else ""}
    if may_correct:
        told |= {
            "url": reverse("follow_up_correct", args=[participant.seq, entry.pk]),
            "link_label": gettext("Correct the entry of %(day)s") % {"day": shown_day(entry.day)},
        }
    return told


def _programme(entry: FollowUp, here: Installation) -> str:
    if entry.programme == OTHER_PROGRAMME:
        return gettext("Another programme")
    arm = here.trial.arms.get(entry.arm)
    return f"{entry.programme} – {arm.label[language()]}" if arm else entry.programme


def _coming(participant: Participant, here: Installation) -> Iterator[Happening]:
    """What is waited for, with its last day."""
    if participant.state == Participant.State.DRAWN and here.trial.arms[participant.arm].programmes:
        since, said = participant.day, _REFERRAL_DUE
    elif participant.state == Participant.State.REFERRED and participant.state_since:
        since, said = participant.state_since, _START_DUE
    else:
        return
    if participant.not_waited_for:
        return
    due = since + timedelta(days=referral_days(here))
    late = waits(participant, here)
    yield _on(due, said[language()], kind="warning" if late else "coming", body=gettext("Overdue") if late else "")


_REFERRAL_DUE = Text(nb="Innsøking ventes innen", en="Referral due by")
_START_DUE = Text(nb="Start ventes innen", en="Start due by")


def _named(happenings: list[Happening]) -> Iterator[Happening]:
    names = names_of({happening.by for happening in happenings})
    return (replace(happening, by=names.get(happening.by, happening.by)) for happening in happenings)


def names_of(ledger_ids: set[str]) -> Mapping[str, str]:
    """The names of users and systems by what the ledger knows them by."""
    names = dict(User.objects.filter(ledger_id__in=ledger_ids).values_list("ledger_id", "name"))
    systems = {one for one in ledger_ids if one.startswith("s-")}
    if systems:
        names |= dict(ApiSystem.objects.filter(ledger_id__in=systems).values_list("ledger_id", "name"))
    return names
