"""The draw, page by page: what is typed, the read-back, the answer. Only who made a request sees it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from lodd.errors import LoddError
from lodd.identity import IdentityNumber, IdentityNumberError, check_drawable, parse_identity_number
from lodd.site import policies
from lodd.site.actions.draw import answer_request, cancel_request, expire_requests, request_draw, show_request
from lodd.site.context import language
from lodd.site.drawing import draw_is_off, read_back_facts, result_of
from lodd.site.forms.draw import DrawForm, filled_in
from lodd.site.forms.fields import add_problems, only_problems, sentence
from lodd.site.installation import installation
from lodd.site.models import DrawRequest
from lodd.site.pages import Page, does, form, reads
from lodd.site.permissions import Place, Task

_NUMBER_FIELDS = ("identity_number", "old_number", "new_number")
_STILL_TYPING = ("empty", "too_short")


def start(request: HttpRequest) -> HttpResponse:
    """What is typed before the read-back."""
    expire_requests()
    return _typed(request, DrawForm(request.user, request.POST if request.method == "POST" else None), None)


def change(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What was typed, to be corrected before the draw."""
    made = _mine(request, pk)
    if elsewhere := _ended(request, made):
        return elsewhere
    if request.method == "POST":
        return _typed(request, DrawForm(request.user, request.POST), made)
    number = show_request(made, actor=request.actor, why="change")
    return _typed(request, DrawForm(request.user, initial=filled_in(made, number.grouped())), made)


def _typed(request: HttpRequest, asked: DrawForm, instead_of: DrawRequest | None) -> HttpResponse:
    """Keep what was typed and go on to the read-back; or show the form, with what is wrong."""
    if request.method == "POST" and asked.is_valid():
        try:
            made = request_draw(
                asked.cleaned_data["identity_number"],
                asked.cleaned_data["office"],
                actor=request.actor,
                confirmed=asked.cleaned_data.get("confirmed", []),
                factors=asked.factors,
                caseworker=asked.caseworker,
                caller=asked.cleaned_data.get("caller", ""),
                instead_of=instead_of,
            )
            return redirect("draw_read_back", made.pk)
        except LoddError as error:
            add_problems(asked, error)
    page = {"form": asked, "steps": _steps(0), "off": draw_is_off(), "check_url": reverse("draw_check")}
    return render(request, "draw/start.html", page | {"instead_of": instead_of})


def check_number(request: HttpRequest) -> HttpResponse:
    """The instant check of a number while it is typed: only its digits, never whether anybody was drawn."""
    written = next((request.POST[name] for name in _NUMBER_FIELDS if name in request.POST), "")
    return render(request, "parts/identity_check.html", _checked(written))


def _checked(written: str) -> dict[str, str]:
    try:
        number = parse_identity_number(written[:40], installation().setting)
        check_drawable(number)
    except IdentityNumberError as error:
        if error.slip in _STILL_TYPING:
            return {"state": ""}
        return {"state": "wrong", "words": " ".join(map(sentence, error.problems))}
    return {"state": "right", "words": gettext("%(kind)s: the control digits are right.") % {"kind": _kind(number)}}


def _kind(number: IdentityNumber) -> str:
    return gettext("D-number") if number.kind == "D-number" else gettext("National identity number")


def read_back(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What was typed, read aloud before the draw; and the draw."""
    made = _mine(request, pk)
    if elsewhere := _ended(request, made):
        return elsewhere
    if request.method == "POST":
        try:
            answer_request(made, actor=request.actor)
            return redirect("draw_result", made.pk)
        except LoddError as error:
            return _read_back(request, made, only_problems(error), 409)
    return _read_back(request, made, None, 200)


def _read_back(request: HttpRequest, made: DrawRequest, wrong: forms.Form | None, status: int) -> HttpResponse:
    number = show_request(made, actor=request.actor)
    page: dict[str, Any] = {
        "form": wrong,
        "steps": _steps(1),
        "asked": made,
        "number_label": _kind(number),
        "number": "\N{NO-BREAK SPACE}".join(number.spoken_groups()),
        "facts": read_back_facts(made, installation()),
    }
    return render(request, "draw/read_back.html", page, status=status)


def cancel(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Give up before the draw."""
    made = cancel_request(_mine(request, pk), actor=request.actor)
    if made.state == DrawRequest.State.ANSWERED:
        return redirect("draw_result", made.pk)
    messages.info(request, gettext("Cancelled. Nothing was drawn, and what you typed has been deleted."))
    return redirect("draw")


def result(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The answer, as often as it is asked for."""
    made = _mine(request, pk)
    if made.state != DrawRequest.State.ANSWERED:
        return redirect("draw_read_back", made.pk)
    return render(request, "draw/result.html", result_of(made, request.user, installation(), language()))


def _mine(request: HttpRequest, pk: UUID) -> DrawRequest:
    made = DrawRequest.objects.select_related("caseworker", "participant").filter(pk=pk, by=request.user).first()
    if made is None:
        raise Http404
    return made


def _ended(request: HttpRequest, made: DrawRequest) -> HttpResponse | None:
    """Where to go with a request that no longer waits for its draw."""
    if made.state == DrawRequest.State.ANSWERED:
        return redirect("draw_result", made.pk)
    if policies.request_is_open(made, timezone.now()):
        return None
    expire_requests()
    messages.warning(
        request, gettext("That request ended without a draw, and what was typed has been deleted. Start again.")
    )
    return redirect("draw")


def _steps(current: int) -> list[dict[str, str]]:
    labels = (gettext("Enter"), gettext("Read back"), gettext("Result"))
    states = ["done"] * current + ["current"] + ["coming"] * (len(labels) - current - 1)
    return [{"label": label, "state": state} for label, state in zip(labels, states, strict=True)]


def place(pk: UUID) -> Place:
    """The office that a request is for."""
    office = DrawRequest.objects.filter(pk=pk).values_list("office", flat=True).first()
    if office is None:
        raise Http404
    return Place(installation().trial.office_site[office], office)


PAGES = (
    Page("draw/", "draw", start, form(Task.DRAW)),
    Page("draw/check/", "draw_check", check_number, does(Task.DRAW)),
    Page("draw/<uuid:pk>/", "draw_read_back", read_back, form(Task.DRAW), place),
    Page("draw/<uuid:pk>/change/", "draw_change", change, form(Task.DRAW), place),
    Page("draw/<uuid:pk>/cancel/", "draw_cancel", cancel, does(Task.DRAW), place),
    Page("draw/<uuid:pk>/result/", "draw_result", result, reads(Task.DRAW), place),
)
