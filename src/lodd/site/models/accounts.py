"""Who uses the site, and in which role."""

from __future__ import annotations

import secrets
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q
from django.utils.crypto import salted_hmac

_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"


def new_ledger_id() -> str:
    """A name for the ledger that says nothing of the person: ``u-`` and 50 random bits."""
    return "u-" + "".join(secrets.choice(_LETTERS) for _ in range(10))


class UserManager(BaseUserManager["User"]):
    """Accounts are known by their e-mail address."""

    def create_user(self, email: str, name: str, password: str | None = None, **fields: Any) -> User:
        """A new account; without a password, one that cannot sign in with any."""
        user = self.model(email=self.normalize_email(email).lower(), name=name, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """An account. ``ledger_id`` is what the ledger and the audit log know the person by."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    ledger_id = models.CharField(max_length=64, unique=True, default=new_ledger_id, editable=False)
    language = models.CharField(max_length=2, default="nb")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    deactivated_at = models.DateTimeField(null=True, blank=True)
    session_epoch = models.PositiveIntegerField(default=0)
    """Goes up when every session of this account must end."""

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects = UserManager()

    is_staff = False
    is_superuser = False

    def __str__(self) -> str:
        return self.name

    def get_full_name(self) -> str:
        return self.name

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What a session must hold to be this account's: changes with the password and with ``session_epoch``."""
        value = f"{self.session_epoch}|{self.password}"
        return salted_hmac("lodd.site.session", value, secret=secret, algorithm="sha256").hexdigest()


class Grant(models.Model):
    """A role of somebody's, somewhere: proposed by one, approved by another, perhaps revoked later."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="grants")
    role = models.CharField(max_length=20)
    site = models.CharField(max_length=64, blank=True)
    """The county; empty for the whole trial."""
    office = models.CharField(max_length=64, blank=True)
    proposed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(auto_now_add=True)
    approved_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True)
    declined_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="grant_by_two_people",
                condition=Q(approved_by__isnull=True)
                | Q(proposed_by__isnull=True)
                | (~Q(approved_by=F("proposed_by")) & ~Q(approved_by=F("user")) & ~Q(proposed_by=F("user"))),
            ),
        ]

    @property
    def active(self) -> bool:
        return self.approved_at is not None and self.revoked_at is None


class Invitation(models.Model):
    """A link, good for one account and a few days. Only its hash is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="invitations")
    token_sha256 = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class SecondFactorReset(models.Model):
    """Somebody lost the way in: one asks for the reset, another approves it; password and factors are chosen anew."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(auto_now_add=True)
    approved_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True)
    declined_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="reset_by_two_people",
                condition=Q(approved_by__isnull=True)
                | (~Q(approved_by=F("proposed_by")) & ~Q(approved_by=F("user")) & ~Q(proposed_by=F("user"))),
            ),
        ]
