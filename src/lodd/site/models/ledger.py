"""The ledger in the database, and the decisions that wait to enter it."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class LedgerEvent(models.Model):
    """An event of the chain, as its canonical line. The database refuses to change or delete it (a trigger).

    ``kind`` and ``about`` repeat what the line says, to be searched by.
    """

    seq = models.BigIntegerField(primary_key=True)
    line = models.TextField()
    hash = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=20, db_index=True)
    about = models.BigIntegerField(null=True, db_index=True)
    """The answer that it is about."""


class LedgerDetail(models.Model):
    """What stands outside the chain. Erased: salt and content are empty, the hash stays."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    salt = models.CharField(max_length=64, blank=True)
    content = models.TextField(blank=True)
    """Canonical JSON."""


class BeaconEntry(models.Model):
    """The first of two people has typed a public random value; the second one's makes it an event."""

    amendment = models.BigIntegerField(null=True)
    """The number of the amendment that it is for; null for the trial's."""
    value = models.CharField(max_length=2000)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    settled_at = models.DateTimeField(null=True)
    """When the second value agreed, or the entry was given up."""


class ScheduleProposal(models.Model):
    """Other probabilities from a future date, waiting for a second person."""

    class State(models.TextChoices):
        PROPOSED = "proposed"
        APPROVED = "approved"
        DECLINED = "declined"
        TAKEN_BACK = "taken_back"

    rows = models.JSONField()
    """``[{"place": site or office, "probability": {arm: "0.40"}}]``"""
    effective_from = models.DateField()
    beacon_source = models.CharField(max_length=200)
    beacon_round = models.CharField(max_length=200)
    note = models.TextField(blank=True)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=10, choices=State, default=State.PROPOSED)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    amendment = models.BigIntegerField(null=True)
    """The number of the ledger's event, once approved."""

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="schedule_by_two_people", condition=~Q(state="approved") | ~Q(decided_by=F("proposed_by"))
            ),
        ]


class StoredCheckpoint(models.Model):
    """A signed checkpoint of the ledger, as it is shown to anybody."""

    count = models.BigIntegerField(unique=True)
    """How many events the ledger had."""
    at = models.DateTimeField()
    content = models.JSONField()
    """The checkpoint's file: trial, lock_sha256, count, head, at, signature."""
