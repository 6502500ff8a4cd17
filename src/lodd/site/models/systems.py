"""Case-management systems that draw through the API."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from lodd.site.models.accounts import new_ledger_id


def new_system_id() -> str:
    """A name for the ledger: ``s-`` and 50 random bits."""
    return "s-" + new_ledger_id()[2:]


class ApiSystem(models.Model):
    """A system, with one county or office or the whole trial. Only the hash of its token is kept."""

    name = models.CharField(max_length=120, unique=True)
    ledger_id = models.CharField(max_length=64, unique=True, default=new_system_id, editable=False)
    token_sha256 = models.CharField(max_length=64, blank=True, db_index=True)
    issuer = models.CharField(max_length=200, blank=True, db_index=True)
    """``iss`` of the signed tokens that it may use instead."""
    site = models.CharField(max_length=64, blank=True)
    office = models.CharField(max_length=64, blank=True)
    per_minute = models.PositiveIntegerField(default=600)
    """How many requests each process of the site takes from it in a minute."""
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    revoked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    approved_at = models.DateTimeField(null=True)
    declined_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="system_by_two_people",
                condition=Q(approved_by__isnull=True) | Q(proposed_by__isnull=True) | ~Q(approved_by=F("proposed_by")),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def active(self) -> bool:
        return self.approved_at is not None and self.revoked_at is None


class IdempotentAnswer(models.Model):
    """What a request with an idempotency key was answered.

    ``key`` is an HMAC of the key that the system chose (systems may choose keys that name people); ``request_hmac``
    tells another request with the same key. ``body`` is the answer, in which nobody's identity stands.
    """

    system = models.ForeignKey(ApiSystem, on_delete=models.CASCADE)
    key = models.CharField(max_length=200)
    request_hmac = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.JSONField()
    at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["system", "key"], name="one_answer_a_key")]
