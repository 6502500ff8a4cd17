"""What is entered about a participant: referral, start and end, errors, another number, withdrawal."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext

from lodd.errors import LoddError
from lodd.site import policies
from lodd.site.actions import follow_up as entries
from lodd.site.actions import participants as actions
from lodd.site.context import language
from lodd.site.forms.fields import add_problems
from lodd.site.forms.follow_up import EntryForm
from lodd.site.forms.participants import ErrorForm, LinkForm, WithdrawForm
from lodd.site.models import FollowUp, Participant
from lodd.site.pages import Page, form
from lodd.site.participants.words import KINDS
from lodd.site.permissions import Place, Task
from lodd.site.views.participants import crumbs_to, found, place


def record(request: HttpRequest, seq: int, kind: str) -> HttpResponse:
    """A referral, a start or an end."""
    one = found(seq)
    asked = EntryForm(one, kind, _posted(request))
    if asked.is_bound and asked.is_valid():
        try:
            entries.record(one, asked.entered, actor=request.actor, cross_over=asked.crosses_over)
            return _done(request, one, gettext("Recorded."))
        except LoddError as error:
            asked.refused(error)
    return _page(request, "participants/entry.html", one, asked, heading=KINDS[kind][language()])


def correct(request: HttpRequest, seq: int, entry: int) -> HttpResponse:
    """Another date, programme or reason; or: it did not happen. What was entered stays on the line."""
    one = found(seq)
    old = _entry(one, entry)
    if "void" in request.POST:
        return _voided(request, one, old)
    asked = EntryForm(one, old.kind, _posted(request), initial=_said(old))
    if asked.is_bound and asked.is_valid():
        try:
            entries.correct(old, asked.entered, actor=request.actor, cross_over=asked.crosses_over)
            return _done(request, one, gettext("Corrected. The first entry stays on the time line."))
        except LoddError as error:
            asked.refused(error)
    return _page(request, "participants/entry.html", one, asked, heading=_correcting(old), entry=old)


def _voided(request: HttpRequest, one: Participant, old: FollowUp) -> HttpResponse:
    asked = EntryForm(one, old.kind, {**_said(old), "day": old.day.isoformat()})
    try:
        entries.void(old, actor=request.actor)
    except LoddError as error:
        add_problems(asked, error)
        return _page(request, "participants/entry.html", one, asked, heading=_correcting(old), entry=old)
    return _done(request, one, gettext("The entry no longer counts. It stays on the time line."))


def _said(entry: FollowUp) -> dict[str, Any]:
    return {"day": entry.day, "programme": entry.programme, "reason": entry.reason}


def _correcting(entry: FollowUp) -> str:
    return gettext("Correct: %(entry)s") % {"entry": KINDS[entry.kind][language()]}


def note_error(request: HttpRequest, seq: int) -> HttpResponse:
    """A mistake in the draw, noted beside it."""
    one = found(seq)
    asked = ErrorForm(_posted(request))
    if asked.is_bound and asked.is_valid():
        try:
            given = asked.cleaned_data
            actions.note_error(one, given["kind"], actor=request.actor, note=given["note"])
            return _done(request, one, gettext("The error is noted in the ledger. The draw stands."))
        except LoddError as error:
            add_problems(asked, error)
    return _page(request, "participants/error.html", one, asked)


def link(request: HttpRequest, seq: int) -> HttpResponse:
    """The person has got another identity number."""
    one = found(seq)
    asked = LinkForm(_posted(request))
    if asked.is_bound and asked.is_valid():
        try:
            given = asked.cleaned_data
            actions.link_number(one, given["old_number"], given["new_number"], actor=request.actor)
            return _done(request, one, gettext("The numbers are linked. Either of them finds this participant."))
        except LoddError as error:
            add_problems(asked, error)
    return _page(request, "participants/link.html", one, asked, check_url=reverse("draw_check"))


def withdraw(request: HttpRequest, seq: int) -> HttpResponse:
    """What is destroyed and what stays; and then it is."""
    one = found(seq)
    asked = WithdrawForm(_posted(request))
    if asked.is_bound and asked.is_valid():
        try:
            actions.withdraw(one, actor=request.actor)
            return _done(
                request, one, gettext("The withdrawal is recorded, and the person’s information is destroyed.")
            )
        except LoddError as error:
            add_problems(asked, error)
    return _page(request, "participants/withdraw.html", one, asked)


def _posted(request: HttpRequest) -> Any:
    """What was sent, also when it was nothing; None when the page is only looked at."""
    return request.POST if request.method == "POST" else None


def _page(request: HttpRequest, template: str, one: Participant, asked: Any, **more: Any) -> HttpResponse:
    page = {"one": one, "form": asked, "crumbs": crumbs_to(one), "over": not policies.can_follow_up(one)}
    return render(request, template, page | more)


def _done(request: HttpRequest, one: Participant, said: str) -> HttpResponse:
    messages.success(request, said)
    return redirect("participant", one.pk)


def _entry(one: Participant, pk: int) -> FollowUp:
    entry = FollowUp.objects.filter(pk=pk, participant=one).first()
    if entry is None:
        raise Http404
    return entry


def place_of_kind(seq: int, kind: str) -> Place:
    """As :func:`place`, if it is a kind of entry."""
    if kind not in KINDS:
        raise Http404
    return place(seq)


_ONE = "participants/<int:seq>/"
PAGES = (
    Page(_ONE + "follow-up/<str:kind>/", "follow_up", record, form(Task.FOLLOW_UP), place_of_kind),
    Page(_ONE + "entries/<int:entry>/", "follow_up_correct", correct, form(Task.FOLLOW_UP), place),
    Page(_ONE + "error/", "note_error", note_error, form(Task.NOTE_ERROR), place),
    Page(_ONE + "number/", "link_number", link, form(Task.LINK_NUMBER), place),
    Page(_ONE + "withdraw/", "withdraw", withdraw, form(Task.WITHDRAW), place),
)
