"""How often a system may ask: a bucket for each system that fills evenly, in each process of the site."""

from __future__ import annotations

import math
import threading
import time
from typing import Final

from lodd.site.api.problems import ApiError
from lodd.site.models import ApiSystem

_lock: Final = threading.Lock()
_left: Final[dict[str, tuple[float, float]]] = {}
"""By system: how many requests are left, and when that was."""


def take(system: ApiSystem) -> None:
    """Count a request.

    Raises:
        ApiError: 429; ``Retry-After`` says how many seconds to wait.
    """
    most, now = float(system.per_minute), time.monotonic()
    a_second = most / 60
    with _lock:
        left, then = _left.get(system.ledger_id, (most, now))
        left = min(most, left + (now - then) * a_second)
        if left >= 1:
            _left[system.ledger_id] = (left - 1, now)
            return
        _left[system.ledger_id] = (left, now)
    wait = math.ceil((1 - left) / a_second) if a_second else 60
    raise ApiError("rate", headers={"Retry-After": str(wait)})
