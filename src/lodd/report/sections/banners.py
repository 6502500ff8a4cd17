"""What the reader must know before anything else: are the data real, and was the plan locked?"""

from __future__ import annotations

from datetime import date

from lodd.locale import long_date
from lodd.report.context import Context
from lodd.report.model import Notice


def banners(c: Context) -> tuple[Notice, ...]:
    """Simulated data first, then the state of the lock."""
    w = c.words
    simulated = [Notice(w("banner.simulated"), w("banner.simulated_text"), "warning")] if c.simulated else []
    return (*simulated, lock_notice(c))


def lock_notice(c: Context) -> Notice:
    """Locked, differs from the lock, or never locked."""
    w, status = c.words, c.lock_status
    if status == "locked":
        key = "locked_all" if c.estimates.all_prespecified else "locked_some"
        return Notice(w("banner.locked", date=locked_on(c)), w(f"banner.{key}"))
    tone: dict[str, str] = {"differs": "banner.differs", "unlocked": "banner.unlocked"}
    key = tone.get(status, "banner.unlocked")
    return Notice(w(key), w(f"{key}_text"), "warning")


def locked_on(c: Context) -> str:
    """The day of the lock in words, or a dash."""
    stamp = c.evaluation.lock.get("locked_at", "")
    try:
        return long_date(date.fromisoformat(stamp[:10]), c.language)
    except ValueError:
        return "\N{EN DASH}"
