"""What is known of a participant in short, and what can be done next."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext

from lodd.locale import Text
from lodd.site import policies
from lodd.site.context import language
from lodd.site.installation import Installation, installation
from lodd.site.look import Cell, Kind
from lodd.site.models import FollowUp, Participant
from lodd.site.participants.tasks import waits
from lodd.site.participants.timeline import names_of
from lodd.site.participants.words import STATES
from lodd.site.templatetags.lodd import day, moment

_STATE_KINDS: dict[str, Kind] = {"referred": "info", "started": "success", "withdrawn": "neutral"}
_RECORD = {
    FollowUp.Kind.REFERRAL: Text(nb="Før innsøking", en="Record a referral"),
    FollowUp.Kind.START: Text(nb="Før start i tiltak", en="Record a start"),
    FollowUp.Kind.END: Text(nb="Før slutt", en="Record an end"),
}
_LATE = {
    Participant.State.DRAWN: Text(nb="Innsøking mangler", en="Referral is overdue"),
    Participant.State.REFERRED: Text(nb="Start mangler", en="Start is overdue"),
}


def facts_of(one: Participant) -> list[dict[str, Any]]:
    """The facts, as ``parts/summary.html`` takes them."""
    here, reader = installation(), language()
    state = state_cell(one, here)
    drawn_by = names_of({one.drawn_by}).get(one.drawn_by, one.drawn_by)
    facts: list[dict[str, Any]] = [
        {"key": gettext("Group"), "value": here.arm_label(one.arm, reader)},
        {"key": gettext("State"), "value": state.text, "tag": state.tag},
        {"key": gettext("Drawn"), "value": day(one.day) if one.by_slip else moment(one.drawn_at)},
        {"key": gettext("Office"), "value": here.office_labels[one.office]},
        {"key": gettext("Drawn by"), "value": drawn_by},
    ]
    if one.caseworker is not None and one.caseworker.name != drawn_by:
        facts.append({"key": gettext("On behalf of"), "value": one.caseworker.name})
    return [*facts, {"key": gettext("Pseudonym"), "value": one.lot_id, "code": True}]


def state_cell(one: Participant, here: Installation) -> Cell:
    """The state as a tag; what is overdue says so."""
    if waits(one, here):
        return Cell(_LATE[Participant.State(one.state)][language()], tag="warning")
    return Cell(STATES[one.state][language()], tag=_STATE_KINDS.get(one.state, "neutral"))


def next_things(one: Participant) -> list[dict[str, Any]]:
    """What may be entered now, the likeliest first."""
    kinds = policies.FOLLOW_UP_MOVES[one.state]
    likely = {Participant.State.REFERRED: FollowUp.Kind.START, Participant.State.STARTED: FollowUp.Kind.END}
    first = likely.get(Participant.State(one.state), FollowUp.Kind.REFERRAL)
    ordered = sorted(kinds, key=lambda kind: kind != first)
    return [
        {
            "url": reverse("follow_up", args=[one.pk, kind]),
            "label": _RECORD[FollowUp.Kind(kind)][language()],
            "first": kind == first,
        }
        for kind in ordered
    ]
