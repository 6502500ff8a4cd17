"""Reading the audit log: which events, and who the people in it are."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.timezone import make_aware

from lodd.site.models import ApiSystem, AuditEvent, User


def events(wanted: dict[str, Any]) -> QuerySet[AuditEvent]:
    """The events that a filter lets through, the newest first. ``wanted`` is the form's cleaned data."""
    found = AuditEvent.objects.order_by("-id")
    if who := wanted.get("actor"):
        named = User.objects.filter(Q(name__icontains=who) | Q(email__iexact=who)).values("ledger_id")
        found = found.filter(Q(actor=who) | Q(actor__in=named))
    if what := wanted.get("action"):
        found = found.filter(**{"action__startswith" if what.endswith(".") else "action": what})
    if about := wanted.get("subject"):
        found = found.filter(subject=about)
    if since := wanted.get("since"):
        found = found.filter(at__gte=_midnight(since))
    if until := wanted.get("until"):
        found = found.filter(at__lt=_midnight(until + timedelta(days=1)))
    return found


def names(ledger_ids: set[str]) -> dict[str, str]:
    """Who the codes stand for: users and systems. (Never participants: they have no name here.)"""
    people = User.objects.filter(ledger_id__in=ledger_ids).values_list("ledger_id", "name")
    systems = ApiSystem.objects.filter(ledger_id__in=ledger_ids).values_list("ledger_id", "name")
    return {**dict(people), **dict(systems)}


def _midnight(day: date) -> datetime:
    return make_aware(datetime.combine(day, time.min))
