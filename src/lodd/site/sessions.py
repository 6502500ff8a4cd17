"""Sessions under the hash of what the browser holds: who reads the database cannot go on as somebody signed in."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

_COLUMN: Final = 40
"""Characters that the table has room for: 160 bits of the hash."""


def kept_as(session_key: str) -> str:
    """The name of a session in the database. (Its 165 random bits need no salt.)"""
    return hashlib.sha256(session_key.encode()).hexdigest()[:_COLUMN]


class SessionStore(db.SessionStore):
    """Django's sessions in the database, under other names."""

    def _get_session_from_db(self) -> Session | None:
        found: Session | None = None
        if self.session_key is not None:
            kept = self.model.objects.filter(session_key=kept_as(self.session_key), expire_date__gt=timezone.now())
            found = kept.first()
        if found is None:
            self._session_key = None
        return found

    def exists(self, session_key: str) -> bool:
        return bool(super().exists(kept_as(session_key)))

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        row: Session = super().create_model_instance(data)
        row.session_key = kept_as(row.session_key)
        return row

    def delete(self, session_key: str | None = None) -> None:
        wanted = session_key or self.session_key
        if wanted is not None:
            super().delete(kept_as(wanted))
