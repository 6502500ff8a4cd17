"""Participants: the list, one participant, and who they are. What is entered about them is in ``views.follow_up``."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext

from lodd.site import policies
from lodd.site.actions.participants import find_by_number, show_identity
from lodd.site.context import language
from lodd.site.forms.participants import FilterForm, FindForm, WhyForm
from lodd.site.installation import installation
from lodd.site.look import Cell, Table
from lodd.site.models import Participant, User
from lodd.site.pages import Page, does, reads
from lodd.site.participants.listing import SHOWN, Pages, narrowed
from lodd.site.participants.reach import may, place_of, within_reach
from lodd.site.participants.summary import facts_of, next_things, state_cell
from lodd.site.participants.timeline import timeline
from lodd.site.permissions import Place, Task, can
from lodd.site.templatetags.lodd import day, shown


def participants(request: HttpRequest) -> HttpResponse:
    """Everybody drawn within reach, narrowed down, page by page."""
    return _listed(request, FindForm(by_number=can(request.user, Task.FIND_PARTICIPANT)), 200)


def _listed(request: HttpRequest, find: FindForm, status: int) -> HttpResponse:
    filters = FilterForm(request.user, request.GET)
    found = narrowed(within_reach(request.user, Task.SEE_PARTICIPANT), filters.narrowed, installation())
    pages = Pages(found)
    page = pages.get_page(request.GET.get("page"))
    said: dict[str, Any] = {
        "form": find,
        "filters": filters,
        "table": _table(page.object_list),
        "page": page if request.method != "POST" else None,
        "more": shown(SHOWN) if pages.there_are_more else "",
        "clear_url": reverse("participants") if request.GET else "",
    }
    return render(request, "participants/list.html", said, status=status)


def find(request: HttpRequest) -> HttpResponse:
    """One participant, by what cannot be in an address."""
    asked = FindForm(request.POST, by_number=can(request.user, Task.FIND_PARTICIPANT))
    if asked.is_valid():
        found = _found(request, asked)
        if found is not None and may(request.user, Task.SEE_PARTICIPANT, found):
            return redirect("participant", found.pk)
        asked.add_error(
            "looked_for",
            gettext("Nobody who was drawn in your area is found by this. Check what you entered."),
        )
    return _listed(request, asked, 200)


def _found(request: HttpRequest, asked: FindForm) -> Participant | None:
    if asked.number is not None:
        return find_by_number(asked.number, actor=request.actor)
    if asked.receipt:
        return Participant.objects.filter(receipt=asked.receipt).first()
    return (
        Participant.objects.filter(lot_id=asked.lot_id).first()
        or Participant.objects.filter(numbers__lot_id=asked.lot_id).first()
    )


def participant(request: HttpRequest, seq: int) -> HttpResponse:
    """One participant: what is known, what waits, what has happened."""
    return _shown(request, found(seq), None, 200)


def _shown(request: HttpRequest, one: Participant, why: WhyForm | None, status: int) -> HttpResponse:
    user: User = request.user
    open_to_follow_up = policies.can_follow_up(one)
    follows_up = open_to_follow_up and may(user, Task.FOLLOW_UP, one)
    page = {
        "one": one,
        "facts": facts_of(one),
        "next_things": next_things(one) if follows_up else [],
        "events": timeline(one, may_correct=follows_up),
        "form": why or (WhyForm(user) if open_to_follow_up and may(user, Task.SEE_IDENTITY, one) else None),
        "may_note_error": may(user, Task.NOTE_ERROR, one),
        "may_link": open_to_follow_up and may(user, Task.LINK_NUMBER, one),
        "may_withdraw": open_to_follow_up and may(user, Task.WITHDRAW, one),
        "crumbs": [(reverse("participants"), gettext("Participants"))],
    }
    return render(request, "participants/participant.html", page, status=status)


def identity(request: HttpRequest, seq: int) -> HttpResponse:
    """Who it is, to somebody who says why; noted. Only ever the answer to a POST."""
    one = found(seq)
    why = WhyForm(request.user, request.POST)
    if not policies.can_follow_up(one):
        messages.warning(request, gettext("The participant has withdrawn: the identity number has been destroyed."))
        return redirect("participant", seq)
    if not why.is_valid():
        return _shown(request, one, why, 200)
    numbers = show_identity(one, actor=request.actor, why=why.cleaned_data["why"])
    page = {
        "one": one,
        "numbers": [number.grouped() for number in numbers],
        "crumbs": crumbs_to(one),
    }
    return render(request, "participants/identity.html", page)


def found(seq: int) -> Participant:
    """Raises:
    Http404: no such participant.
    """
    one = Participant.objects.select_related("caseworker").filter(pk=seq).first()
    if one is None:
        raise Http404
    return one


def place(seq: int, **_: Any) -> Place:
    """The office where a participant was drawn."""
    return place_of(found(seq))


def crumbs_to(one: Participant) -> list[tuple[str, str]]:
    """The way to what is done with a participant."""
    return [
        (reverse("participants"), gettext("Participants")),
        (reverse("participant", args=[one.pk]), one.receipt),
    ]


def _table(rows: Any) -> Table:
    here, reader = installation(), language()
    columns = [gettext("Receipt"), gettext("Drawn"), gettext("Office"), gettext("Group"), gettext("State")]
    return Table.of(
        gettext("Participants, the last drawn first"),
        columns,
        [
            [
                Cell(one.receipt, url=reverse("participant", args=[one.pk])),
                day(one.day),
                here.office_labels[one.office],
                here.arm_label(one.arm, reader),
                state_cell(one, here),
            ]
            for one in rows
        ],
        stacked=True,
        nothing=gettext("Nobody."),
    )


PAGES = (
    Page("participants/", "participants", participants, reads(Task.SEE_PARTICIPANT)),
    Page("participants/find/", "participant_find", find, does(Task.SEE_PARTICIPANT)),
    Page("participants/<int:seq>/", "participant", participant, reads(Task.SEE_PARTICIPANT), place),
    Page("participants/<int:seq>/identity/", "participant_identity", identity, does(Task.SEE_IDENTITY), place),
)
