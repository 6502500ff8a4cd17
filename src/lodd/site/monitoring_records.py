"""What monitoring is made of, read from the database in a handful of queries, without any identity."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from fractions import Fraction
from functools import cache
from itertools import islice
from typing import Any, Final

from django.db.models import Max, TextField
from django.db.models.functions import Cast

from lodd.allocation.rulebook import local_day
from lodd.site.installation import installation
from lodd.site.models import FollowUp, LedgerDetail, LedgerEvent, Participant
from lodd.site.monitoring import FollowUpDates, MonitoredDraw, MonitoredRequest, Records

Version = tuple[str, int, date]
_AT_ONCE: Final = 500
_DRAWS: Final = (
    "seq",
    "day",
    "drawn_at",
    "site",
    "office",
    "caseworker__code",
    "arm",
    "conditional_text",
    "marginal_text",
)


def version() -> Version:
    """What the records are those of: the ledger's head, the last entry of follow-up, and the day.

    Every change of them moves one of these: draws, repeated requests, withdrawals and notes of error are the ledger's.
    """
    head = LedgerEvent.objects.order_by("-seq").values_list("hash", flat=True).first()
    last = FollowUp.objects.aggregate(last=Max("pk"))["last"]
    return head or "", last or 0, installation().today


def read_records() -> Records:
    """Everything recorded in the whole trial, in the ledger's order."""
    return Records(tuple(_draws()), tuple(_requests()), tuple(_follow_up()))


def _draws() -> Iterator[MonitoredDraw]:
    rows = Participant.objects.order_by("seq").annotate(
        conditional_text=Cast("conditional", TextField()), marginal_text=Cast("marginal", TextField())
    )
    for seq, day, at, site, office, caseworker, arm, conditional, marginal in rows.values_list(*_DRAWS).iterator():
        yield MonitoredDraw(
            seq=seq,
            day=day,
            at=at,
            site=site,
            office=office,
            caseworker=caseworker,
            arm=arm,
            conditional=shares(conditional) or (),
            marginal=shares(marginal),
        )


@cache
def shares(written: str | None) -> tuple[float, ...] | None:
    """Shares from how the database has them: ``["2/5", "3/5"]``. Few different ones, asked for again and again."""
    values = json.loads(written) if written else None
    return None if values is None else tuple(float(Fraction(value)) for value in values)


def _requests() -> Iterator[MonitoredRequest]:
    """Repeated requests, from the ledger; who called stands beside it."""
    lines = LedgerEvent.objects.filter(kind="repeated_request").order_by("seq").values_list("line", flat=True)
    rows = lines.iterator()
    while events := [json.loads(line) for line in islice(rows, _AT_ONCE)]:
        callers = _callers([event["payload"]["details"] for event in events])
        yield from (_request(event, callers) for event in events)


def _request(event: dict[str, Any], callers: dict[str, str | None]) -> MonitoredRequest:
    payload = event["payload"]
    return MonitoredRequest(
        seq=event["seq"],
        first=payload["first"],
        day=local_day(datetime.fromisoformat(event["at"])),
        site=installation().trial.office_site[payload["office"]],
        office=payload["office"],
        caseworker=callers.get(payload["details"]),
    )


def _callers(details: Sequence[str | None]) -> dict[str, str | None]:
    """Who called, as a code, by the hash that the ledger has; none where it is erased."""
    kept = LedgerDetail.objects.filter(pk__in=[one for one in details if one]).exclude(content="")
    return {sha256: json.loads(content).get("on_behalf_of") for sha256, content in kept.values_list("pk", "content")}


def _follow_up() -> Iterator[FollowUpDates]:
    """One for each participant with something recorded after the draw, in the ledger's order."""
    entries = _entries()
    ended = Participant.objects.filter(state=Participant.State.WITHDRAWN) | Participant.objects.filter(
        not_waited_for=True
    )
    said = {
        seq: (since if state == Participant.State.WITHDRAWN else None, erroneous)
        for seq, state, since, erroneous in ended.values_list("seq", "state", "state_since", "not_waited_for")
    }
    for seq in sorted({*entries, *said}):
        withdrawn, erroneous = said.get(seq, (None, False))
        own = entries.get(seq, ())
        referral = next(((day, arm) for kind, day, arm in own if kind == FollowUp.Kind.REFERRAL), (None, None))
        yield FollowUpDates(
            seq=seq,
            referred=referral[0],
            referred_to=referral[1],
            started=tuple((day, arm) for kind, day, arm in own if kind == FollowUp.Kind.START),
            withdrawn=withdrawn,
            erroneous=erroneous,
        )


def _entries() -> dict[int, list[tuple[str, date, str]]]:
    """What counts of each participant's entries, the earliest first: neither replaced nor void."""
    found: dict[int, list[tuple[str, date, str]]] = {}
    rows = FollowUp.objects.filter(void=False, replaced_by=None).exclude(kind=FollowUp.Kind.END).order_by("day", "pk")
    for seq, kind, day, arm in rows.values_list("participant_id", "kind", "day", "arm").iterator():
        found.setdefault(seq, []).append((kind, day, arm))
    return found
