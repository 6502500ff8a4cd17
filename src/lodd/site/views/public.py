"""The trial's public page: what anybody may know and check. No personal data."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from typing import Any, Final

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.http import quote_etag
from django.utils.translation import gettext as _
from pydantic_core import to_json

from lodd.allocation.receipts import hash_prefix
from lodd.errors import UsageError
from lodd.locale import number
from lodd.site.actions.draw import expire_requests
from lodd.site.actions.exports import due_checkpoint
from lodd.site.actions.systems import forget_what_is_due
from lodd.site.context import language
from lodd.site.forms.schedule import ReceiptForm
from lodd.site.installation import installation
from lodd.site.models import LedgerEvent
from lodd.site.pages import Page, form, reads
from lodd.site.permissions import Task
from lodd.site.publication import publication
from lodd.site.sessions import SessionStore
from lodd.site.templatetags.lodd import moment
from lodd.site.views.schedule import amendments_table, schedule_tables

SECONDS: Final = 60
_HEX: Final = 64
_ANSWERS: Final = ("draw", "outage_used")


def public(request: HttpRequest) -> HttpResponse:
    """What anybody may know of the trial, and how to check it."""
    told = _published()
    who = request.user.pk if request.user.is_authenticated else ""
    etag = _etag(told, language(), who, request.COOKIES.get(settings.CSRF_COOKIE_NAME, ""))
    return _unless_known(request, etag, lambda: render(request, "public/public.html", _page(told)), private=True)


def public_json(request: HttpRequest) -> HttpResponse:
    """The same for programs."""
    told = _published()
    return _unless_known(
        request, _etag(told), lambda: HttpResponse(to_json(told), content_type="application/json"), private=False
    )


def receipt(request: HttpRequest) -> HttpResponse:
    """Is a receipt in the ledger, and of which day? (80 bits: nobody finds one by trying.)"""
    asked = ReceiptForm(request.POST or None)
    found: date | None = None
    answered = False
    if request.method == "POST" and asked.is_valid():
        try:
            found = _day_of(asked.cleaned_data["receipt"])
            answered = True
        except UsageError:
            asked.add_error(
                "receipt", _("This is not a receipt: a receipt is 16 letters and digits, A to Z and 2 to 7.")
            )
    return render(request, "public/receipt.html", {"form": asked, "answered": answered, "found": found})


def _published() -> dict[str, Any]:
    """The content, at most a minute old, in whichever process it was made."""
    key = f"lodd-public-{installation().lock_sha256[:16]}"
    told: dict[str, Any] | None = cache.get(key)
    if told is None:
        _do_what_is_due()
        told = publication()
        cache.set(key, told, SECONDS)
    return told


def _do_what_is_due() -> None:
    """Here because somebody always asks for this page, and nobody need open another for things to be forgotten."""
    due_checkpoint()
    forget_what_is_due()
    expire_requests()
    SessionStore.clear_expired()


def _unless_known(request: HttpRequest, etag: str, make: Any, *, private: bool) -> HttpResponse:
    private = private or settings.SESSION_COOKIE_NAME in request.COOKIES  # the answer renews the session's cookie
    response = get_conditional_response(request, etag=etag) or make()
    response.headers["ETag"] = etag
    if private:
        patch_cache_control(response, private=True, no_cache=True)
    else:
        patch_cache_control(response, public=True, max_age=SECONDS)
    return response


def _etag(told: dict[str, Any], *others: Any) -> str:
    return quote_etag(hashlib.sha256(to_json([told, *map(str, others)])).hexdigest()[:32])


def _page(told: dict[str, Any]) -> dict[str, Any]:
    said = language()
    return {
        "told": told,
        "title": told["trial"]["title"][said],
        "figures": [
            {"value": number(told["draws"], said), "label": _("people drawn so far")},
            {"value": len(installation().trial.sites), "label": _("counties")},
            {"value": len(installation().trial.office_site), "label": _("offices")},
        ],
        "binding": list(_binding(told)),
        "tables": schedule_tables(told),
        "amendments": amendments_table(told),
        "checkpoint": _checkpoint(told["checkpoint"]),
        "form": ReceiptForm(),
    }


def _binding(told: dict[str, Any]) -> list[dict[str, Any]]:
    """What the trial is bound to, from before the first draw."""
    kinds = {
        "draw": _("Commitment to the key that draws"),
        "lot_pseudonym": _("Commitment to the key of the ledger's pseudonyms"),
        "person_pseudonym": _("Commitment to the key of the registers' pseudonyms"),
        "checkpoint": _("Public key of the checkpoints"),
    }
    beacon = told["beacon"]
    source = [beacon[part] for part in ("source", "round") if beacon.get(part)]
    return [
        {"key": _("Protocol (SHA-256)"), "value": told["protocol_sha256"], "code": True},
        {"key": _("Lock (SHA-256)"), "value": told["lock_sha256"], "code": True},
        {"key": _("Locked"), "value": moment(datetime.fromisoformat(told["locked_at"]))},
        *({"key": kinds.get(k, k), "value": value, "code": True} for k, value in sorted(told["commitments"].items())),
        {"key": _("Public random value"), "value": ", ".join(source) or "–"},
        {"key": _("Its value"), "value": beacon["value"] or _("not known yet"), "code": bool(beacon["value"])},
    ]


def _checkpoint(content: dict[str, Any] | None) -> list[dict[str, Any]]:
    if content is None:
        return []
    return [
        {"key": _("Events"), "value": number(content["count"], language())},
        {"key": _("Time"), "value": moment(datetime.fromisoformat(content["at"]))},
        {"key": _("Last event's hash"), "value": content["head"], "code": True},
        {"key": _("Signature"), "value": content["signature"], "code": True},
    ]


def _day_of(written: str) -> date | None:
    """The local day of the answer with this receipt."""
    prefix = hash_prefix(written)
    last = prefix.ljust(_HEX, "f")
    known = LedgerEvent.objects.filter(hash__gte=prefix, hash__lte=last, kind__in=_ANSWERS)
    for line in known.values_list("line", flat=True)[:1]:
        from lodd.allocation.events import parse_line

        day: date = parse_line(line.encode()).payload.day
        return day
    return None


PAGES = (
    Page("", "public", public, reads(Task.PUBLIC)),
    Page("public.json", "public_json", public_json, reads(Task.PUBLIC)),
    Page("receipt/", "receipt", receipt, form(Task.PUBLIC)),
)
