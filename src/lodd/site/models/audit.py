"""The audit log: who did or saw what, and when. Never an identity number, a name of a participant or a free text."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class AuditEvent(models.Model):
    """One thing done or seen. The database refuses to change or delete it (a trigger)."""

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    actor = models.CharField(max_length=64, db_index=True)
    """The ledger id of a user, the id of a system, ``anonymous`` or ``site``."""
    action = models.CharField(max_length=64, db_index=True)
    """``draw.made``, ``identity.shown``, ``grant.approved`` …"""
    subject = models.CharField(max_length=80, blank=True, db_index=True)
    """What it was about: ``participant:12``, ``user:u-abcdefghij``."""
    site = models.CharField(max_length=64, blank=True)
    office = models.CharField(max_length=64, blank=True)
    facts = models.JSONField(default=dict)
    """Codes and numbers only."""

    class Meta:
        ordering: ClassVar = ["-id"]
