"""Those who are drawn, and what happens to them after."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models


class Caseworker(models.Model):
    """A caseworker of an office who draws or phones. ``code`` is what leaves the site instead of the name."""

    code = models.CharField(max_length=16, unique=True)
    name = models.CharField(max_length=120)
    office = models.CharField(max_length=64, db_index=True)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="caseworker"
    )
    left = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.name


class DrawRequest(models.Model):
    """What somebody typed, read back before the draw. Answered once, however often it is sent.

    ``sealed`` opens with the context ``request:<id>``; emptied when the request is answered, cancelled or expired,
    and so is everything else about the person (``lot_id`` where nobody was drawn, ``factors``).
    """

    class State(models.TextChoices):
        OPEN = "open"
        ANSWERED = "answered"
        CANCELLED = "cancelled"
        EXPIRED = "expired"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    caseworker = models.ForeignKey(Caseworker, null=True, on_delete=models.PROTECT, related_name="+")
    office = models.CharField(max_length=64)
    sealed = models.TextField(blank=True)
    lot_id = models.CharField(max_length=26)
    confirmed = models.JSONField(default=list)
    factors = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    created_at = models.DateTimeField(auto_now_add=True)
    answered_at = models.DateTimeField(null=True)
    participant = models.ForeignKey("Participant", null=True, on_delete=models.PROTECT, related_name="requests")
    repeated = models.BooleanField(default=False)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["created_at"], condition=models.Q(state="open"), name="draw_request_open"),
        ]


class Participant(models.Model):
    """A person drawn. The primary key is the number of the ledger's event that gave the arm.

    ``sealed`` opens with the context ``participant:<seq>``; empty after erasure.
    """

    class State(models.TextChoices):
        DRAWN = "drawn"
        REFERRED = "referred"
        STARTED = "started"
        ENDED = "ended"
        WITHDRAWN = "withdrawn"

    seq = models.BigIntegerField(primary_key=True)
    lot_id = models.CharField(max_length=26, unique=True)
    sealed = models.TextField(blank=True)
    arm = models.CharField(max_length=64)
    site = models.CharField(max_length=64)
    office = models.CharField(max_length=64)
    day = models.DateField()
    drawn_at = models.DateTimeField()
    receipt = models.CharField(max_length=19, db_index=True)
    conditional = models.JSONField()
    """Exact shares by arm, as text."""
    marginal = models.JSONField(null=True)
    by_slip = models.BooleanField(default=False)
    drawn_by = models.CharField(max_length=64)
    """The ledger id of the user or system who drew."""
    caseworker = models.ForeignKey(Caseworker, null=True, on_delete=models.PROTECT, related_name="participants")
    withdrawn_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, choices=State, default=State.DRAWN)
    """What follow-up says now: kept in step with the entries by the actions, to be searched by."""
    state_since = models.DateField(null=True)
    """The day of the entry that gave the state; null while the draw is the last thing that happened."""
    not_waited_for = models.BooleanField(default=False)
    """An error is noted that makes a referral pointless: the wrong person, not in the target group, drawn twice."""

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["-day", "-seq"], name="participant_by_day"),
            models.Index(fields=["site", "-day", "-seq"], name="participant_by_site"),
            models.Index(fields=["office", "-day", "-seq"], name="participant_by_office"),
            models.Index(fields=["state", "-day", "-seq"], name="participant_by_state"),
            models.Index(fields=["site", "state", "-day", "-seq"], name="participant_by_site_state"),
            models.Index(fields=["office", "state", "-day", "-seq"], name="participant_by_office_state"),
        ]

    def __str__(self) -> str:
        return self.receipt


class LinkedNumber(models.Model):
    """Another number of the same person: a D-number that became a fødselsnummer."""

    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="numbers")
    lot_id = models.CharField(max_length=26, unique=True)
    sealed = models.TextField(blank=True)
    """Opens with the context ``linked:<lot_id>``."""
    at = models.DateTimeField(auto_now_add=True)


class FollowUp(models.Model):
    """Something that happened after the draw. Never changed: a correction replaces it, and both stay."""

    class Kind(models.TextChoices):
        REFERRAL = "referral"
        START = "start"
        END = "end"

    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="follow_ups")
    kind = models.CharField(max_length=10, choices=Kind)
    programme = models.CharField(max_length=64)
    """A code of the protocol's programmes; ``other`` for one that it does not know."""
    arm = models.CharField(max_length=64, blank=True)
    """Whose programme that is on the day; empty for ``other``. Another arm's than the person's: a cross-over."""
    day = models.DateField()
    reason = models.CharField(max_length=30, blank=True)
    """Why it ended, as a code."""
    by = models.CharField(max_length=64)
    at = models.DateTimeField(auto_now_add=True)
    replaces = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="replaced_by")
    void = models.BooleanField(default=False)
    """A correction that says: this did not happen."""

    class Meta:
        indexes: ClassVar = [models.Index(fields=["kind", "participant"], name="follow_up_by_kind")]
