"""The schedule: what holds where and when, what is proposed, the public values, and the close."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from lodd.errors import LoddError
from lodd.locale import long_date, percent
from lodd.site.actions.schedule import (
    BeaconStep,
    approve_schedule,
    close_trial,
    decline_schedule,
    enter_beacon,
    propose_schedule,
    take_back_schedule,
)
from lodd.site.context import language
from lodd.site.forms.fields import add_problems, only_problems
from lodd.site.forms.schedule import BeaconForm, CloseForm, ProposalForm
from lodd.site.installation import installation
from lodd.site.look import Cell, Column, Table
from lodd.site.models import BeaconEntry, ScheduleProposal
from lodd.site.pages import Page, form, reads
from lodd.site.permissions import Task, can
from lodd.site.publication import publication

_DECISIONS = {"approve": approve_schedule, "decline": decline_schedule, "take_back": take_back_schedule}


def schedule(request: HttpRequest) -> HttpResponse:
    """What holds where and when, and what waits."""
    told = publication()
    proposals = ScheduleProposal.objects.select_related("proposed_by").order_by("-pk")
    return render(
        request,
        "schedule/schedule.html",
        {
            "tables": schedule_tables(told),
            "amendments": amendments_table(told),
            "awaited": _awaited(told),
            "closed": told["closed"],
            "waiting": [_proposal(proposal) for proposal in proposals.filter(state="proposed")],
            "decided": _decided_table(proposals.exclude(state="proposed")[:20]),
            "manages": can(request.user, Task.PROPOSE_SCHEDULE),
        },
    )


def propose(request: HttpRequest) -> HttpResponse:
    """Ask for other probabilities."""
    asked = ProposalForm(request.POST or None)
    if request.method == "POST" and asked.is_valid():
        given = asked.cleaned_data
        try:
            proposal = propose_schedule(
                asked.rows(),
                given["effective_from"],
                actor=request.actor,
                beacon_source=given["beacon_source"],
                beacon_round=given["beacon_round"],
                note=given["note"],
            )
        except LoddError as error:
            add_problems(asked, error)
        else:
            messages.success(request, _("The change is proposed. Another trial manager must approve it."))
            return redirect("schedule_proposal", proposal.pk)
    return render(request, "schedule/propose.html", {"form": asked, "crumbs": _crumbs()})


def proposal(request: HttpRequest, pk: int) -> HttpResponse:
    """A proposal, to be decided on."""
    found = get_object_or_404(ScheduleProposal.objects.select_related("proposed_by", "decided_by"), pk=pk)
    problems = None
    if request.method == "POST":
        decide = _DECISIONS.get(request.POST.get("decision", ""))
        if decide is None:
            raise PermissionDenied("decision")
        try:
            decide(found, actor=request.actor)
        except LoddError as error:
            problems = only_problems(error)
        else:
            return redirect("schedule")
    return render(request, "schedule/proposal.html", _proposal_page(request, found) | {"form": problems})


def beacon(request: HttpRequest, amendment: int | None = None) -> HttpResponse:
    """Type a public random value; two people do, each for themself."""
    told = publication()
    awaited = next((each for each in _awaited(told) if each["amendment"] == amendment), None)
    if awaited is None:
        return redirect("schedule")
    first = BeaconEntry.objects.filter(amendment=amendment, settled_at=None).first()
    own = first is not None and first.by_id == request.user.pk
    asked = BeaconForm(request.POST or None)
    if request.method == "POST" and not own and asked.is_valid():
        try:
            step = enter_beacon(asked.cleaned_data["value"], actor=request.actor, amendment=amendment)
        except LoddError as error:
            add_problems(asked, error)
        else:
            _say(request, step)
            return redirect("schedule")
    context = {"form": asked, "awaited": awaited, "second": first is not None, "own": own, "crumbs": _crumbs()}
    return render(request, "schedule/beacon.html", context)


def close(request: HttpRequest) -> HttpResponse:
    """No more draws, for good."""
    told = publication()
    if told["closed"]:
        return redirect("schedule")
    asked = CloseForm(request.POST or None)
    if request.method == "POST" and asked.is_valid():
        try:
            close_trial(actor=request.actor)
        except LoddError as error:
            add_problems(asked, error)
        else:
            messages.success(request, _("The trial is closed. Nobody more is drawn."))
            return redirect("schedule")
    return render(request, "schedule/close.html", {"form": asked, "draws": told["draws"], "crumbs": _crumbs()})


# What is shown --------------------------------------------------------------------------------------------------------


def schedule_tables(told: dict[str, Any]) -> list[Table]:
    """One table a county."""
    arms = told["arms"]
    columns = [_("Place"), _("From"), _("To"), *(Column(arm["label"][language()], amount=True) for arm in arms)]
    counties = dict.fromkeys(row["site_label"] for row in told["schedule"])
    return [
        Table.of(
            county,
            [*columns, _("Now")],
            [_row(row, arms) for row in told["schedule"] if row["site_label"] == county],
            stacked=True,
        )
        for county in counties
    ]


def amendments_table(told: dict[str, Any]) -> Table:
    """Changes since the lock."""
    return Table.of(
        _("Changes since the lock"),
        [_("From"), _("Where"), _("Probabilities"), _("Public value"), _("State")],
        [
            [
                _day(each["effective_from"]),
                ", ".join(place_label(row["office"] or row["site"]) for row in each["rows"]),
                "; ".join(dict.fromkeys(shares_words(row["probability"]) for row in each["rows"])),
                f"{each['source']}, {each['round']}",
                Cell(_("in force"), tag="success")
                if each["in_force"]
                else Cell(_("awaits its public value"), tag="warning"),
            ]
            for each in told["amendments"]
        ],
        stacked=True,
        nothing=_("None."),
    )


def shares_words(shares: dict[str, str]) -> str:
    """Probabilities by arm, in words: «Veiledning 40 %»."""
    arms = installation().trial.arms
    return ", ".join(f"{arms[arm].label[language()]} {_percent(share)}" for arm, share in shares.items())


def place_label(place: str) -> str:
    """A county or an office, as people know it."""
    here = installation()
    return here.trial.sites[place].label if place in here.trial.sites else here.office_labels.get(place, place)


def _row(row: dict[str, Any], arms: list[dict[str, Any]]) -> list[Any]:
    today = installation().today.isoformat()
    state = Cell(_("now"), tag="success") if row["from"] <= today <= row["until"] else Cell("")
    if row["from"] > today:
        state = Cell(_("to come"), tag="info")
    shares = [_percent(row["probability"][arm["id"]]) for arm in arms]
    return [row["office_label"] or _("All offices"), _day(row["from"]), _day(row["until"]), *shares, state]


def _percent(share: str) -> str:
    exact = Decimal(share) * 100
    decimals = max(0, -int(exact.normalize().as_tuple().exponent))
    return percent(float(share), language(), decimals)


def _day(iso: str) -> str:
    return long_date(date.fromisoformat(iso), language())


def _awaited(told: dict[str, Any]) -> list[dict[str, Any]]:
    """Public values that are not recorded yet, with where to type them."""
    found = []
    if told["beacon"].get("source") and told["beacon"]["value"] is None:
        trial = {"amendment": None, "source": told["beacon"]["source"], "round": told["beacon"]["round"]}
        found.append(trial | {"url": reverse("beacon"), "about": _("The trial")})
    for each in told["amendments"]:
        if not each["in_force"]:
            url = reverse("amendment_beacon", args=[each["event"]])
            about = _("The change from %(day)s") % {"day": _day(each["effective_from"])}
            found.append(
                {
                    "amendment": each["event"],
                    "source": each["source"],
                    "round": each["round"],
                    "url": url,
                    "about": about,
                }
            )
    return found


def _proposal(found: ScheduleProposal) -> dict[str, Any]:
    return {
        "url": reverse("schedule_proposal", args=[found.pk]),
        "title": _("From %(day)s") % {"day": long_date(found.effective_from, language())},
        "facts": [
            {"key": _("Where"), "value": ", ".join(place_label(row["place"]) for row in found.rows)},
            {
                "key": _("Probabilities"),
                "value": "; ".join(dict.fromkeys(shares_words(row["probability"]) for row in found.rows)),
            },
            {"key": _("From"), "value": long_date(found.effective_from, language())},
            {"key": _("Public value"), "value": f"{found.beacon_source}, {found.beacon_round}"},
            {"key": _("Reason"), "value": found.note or "–"},
            {"key": _("Proposed by"), "value": found.proposed_by.name},
        ],
    }


def _proposal_page(request: HttpRequest, found: ScheduleProposal) -> dict[str, Any]:
    open_ = found.state == ScheduleProposal.State.PROPOSED and can(request.user, Task.DECIDE_SCHEDULE)
    own = found.proposed_by_id == request.user.pk
    return _proposal(found) | {
        "state": state_words(found.state),
        "may_decide": open_ and not own,
        "may_take_back": open_ and own,
        "crumbs": _crumbs(),
    }


def _decided_table(found: Any) -> Table:
    return Table.of(
        _("Decided proposals"),
        [_("From"), _("Where"), _("Proposed by"), _("State")],
        [
            [
                Cell(long_date(each.effective_from, language()), url=reverse("schedule_proposal", args=[each.pk])),
                ", ".join(place_label(row["place"]) for row in each.rows),
                each.proposed_by.name,
                state_words(each.state),
            ]
            for each in found
        ],
        stacked=True,
    )


def state_words(state: str) -> str:
    """A proposal's state."""
    return {
        "proposed": _("waits for a second trial manager"),
        "approved": _("approved"),
        "declined": _("declined"),
        "taken_back": _("taken back"),
    }[state]


def _say(request: HttpRequest, step: BeaconStep) -> None:
    if step is BeaconStep.WAITING:
        messages.info(request, _("Kept. Another person must type the same value."))
    elif step is BeaconStep.RECORDED:
        messages.success(request, _("Both of you typed the same value. It is in the ledger."))
    else:
        messages.error(request, _("The two of you typed different values. Nothing was recorded; both start again."))


def _crumbs() -> list[tuple[str, str]]:
    return [(reverse("schedule"), _("Schedule"))]


PAGES = (
    Page("schedule/", "schedule", schedule, reads(Task.SEE_SCHEDULE)),
    Page("schedule/propose/", "propose_schedule", propose, form(Task.PROPOSE_SCHEDULE)),
    Page(
        "schedule/proposals/<int:pk>/",
        "schedule_proposal",
        proposal,
        {"GET": Task.SEE_SCHEDULE, "POST": Task.DECIDE_SCHEDULE},
    ),
    Page("schedule/beacon/", "beacon", beacon, form(Task.ENTER_BEACON)),
    Page("schedule/beacon/<int:amendment>/", "amendment_beacon", beacon, form(Task.ENTER_BEACON)),
    Page("schedule/close/", "close_trial", close, form(Task.CLOSE_TRIAL)),
)
