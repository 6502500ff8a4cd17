"""What the pages of the draw say: whether there can be draws today, the read-back, the result."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext

from lodd.locale import Language, Text
from lodd.site.context import language
from lodd.site.forms.draw import fact_label, fact_value
from lodd.site.installation import Installation, installation
from lodd.site.models import DrawRequest, LedgerEvent, Participant, User
from lodd.site.participants.reach import may
from lodd.site.permissions import Task
from lodd.site.templatetags.lodd import day, moment

Fact = dict[str, Any]
_PRESENT: Text = Text(
    nb="Si fra til personen hvilken gruppe det ble, og følg opp slik protokollen sier for denne gruppen.",
    en="Tell the person which group it was, and follow up as the protocol says for this group.",
)


def draw_is_off() -> str:
    """Why nobody can be drawn today; empty when the draw is on. (The ledger judges; this only tells in time.)"""
    here = installation()
    enrolment = here.trial.enrolment
    if LedgerEvent.objects.filter(kind="close").exists():
        return gettext("The draw is closed. Those who were drawn before can still have their answer again.")
    if here.lock.beacon and not LedgerEvent.objects.filter(kind="beacon").exists():
        return gettext("The draw has not opened: the public random value is not recorded yet. Two managers enter it.")
    if here.today < enrolment.opens:
        return gettext("The draw opens on %(day)s.") % {"day": day(enrolment.opens)}
    if here.today > enrolment.closes:
        return gettext("Enrolment ended on %(day)s. Nobody new can be drawn.") % {"day": day(enrolment.closes)}
    return ""


def read_back_facts(request: DrawRequest, here: Installation) -> list[Fact]:
    """What is read aloud besides the number."""
    facts: list[Fact] = [{"key": gettext("Office"), "value": here.office_labels[request.office]}]
    caller = request.caseworker
    if caller is not None and caller.user_id != request.by_id:
        new = caller.user_id is None and not caller.participants.exists()
        said = gettext("%(name)s (not on the office’s list before)") if new else "%(name)s"
        facts.append({"key": gettext("Who is calling"), "value": said % {"name": caller.name}})
    conditions = [getattr(one, language()) for one in here.trial.enrolment.eligibility if one.id in request.confirmed]
    if conditions:
        facts.append({"key": gettext("Confirmed"), "value": "\n".join(conditions)})
    for name, value in request.factors.items():
        facts.append({"key": fact_label(here.trial, name), "value": fact_value(here.trial, name, value)})
    return facts


def result_of(request: DrawRequest, user: User, here: Installation, reader: Language) -> Fact:
    """The result page's context: what ``parts/result.html`` takes, and where to go next."""
    drawn = request.participant
    assert drawn is not None
    arm = here.trial.arms[drawn.arm]
    return {
        "arm_label": arm.label[reader],
        "arm_index": here.trial.arm_ids.index(drawn.arm),
        "repeated": _first_time(drawn, here) if request.repeated else "",
        "next_steps": [(arm.next_step or _PRESENT)[reader]],
        "facts": _receipt(request, drawn, user, here),
        "withdrawn": drawn.withdrawn_at is not None,
        "participant_url": reverse("participant", args=[drawn.pk]) if may(user, Task.SEE_PARTICIPANT, drawn) else "",
    }


def _first_time(drawn: Participant, here: Installation) -> str:
    return gettext("The person was drawn on %(day)s at %(office)s. Your request is noted in the ledger.") % {
        "day": day(drawn.day),
        "office": here.office_labels[drawn.office],
    }


def _receipt(request: DrawRequest, drawn: Participant, user: User, here: Installation) -> list[Fact]:
    facts: list[Fact] = [
        {"key": gettext("Receipt"), "value": drawn.receipt, "code": True},
        {"key": gettext("Drawn"), "value": day(drawn.day) if drawn.by_slip else moment(drawn.drawn_at)},
        {"key": gettext("Office"), "value": here.office_labels[drawn.office]},
    ]
    if request.repeated:
        return [*facts, {"key": gettext("Asked again"), "value": f"{moment(request.answered_at)}\n{user.name}"}]
    facts.append({"key": gettext("Drawn by"), "value": user.name})
    caller = request.caseworker
    if caller is not None and caller.user_id != user.pk:
        facts.append({"key": gettext("On behalf of"), "value": caller.name})
    return facts
