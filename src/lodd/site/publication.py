"""What anybody may know of the trial, as plain values: how it is bound, how it draws, how far it has come."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lodd.allocation.state import LedgerState
from lodd.protocol.schedule import Period
from lodd.site.installation import Installation, installation
from lodd.site.models import StoredCheckpoint


def publication() -> dict[str, Any]:
    """The public page's content, ready for JSON. No personal data: counts of the whole trial only."""
    here = installation()
    with here.service.live.turn():
        state, design = here.service.live.state, here.service.live.replay.design
        draws, closed = len(state.answers_by_seq), state.closed is not None
        beacon = state.beacon.payload.value if state.beacon else None
        amendments = list(_amendments(state))
        periods = design.periods
    latest = StoredCheckpoint.objects.order_by("-count").first()
    return {
        "trial": {"id": here.trial.trial.id, "title": _both(here.trial.trial.title)},
        "opens": here.trial.enrolment.opens.isoformat(),
        "closes": here.trial.enrolment.closes.isoformat(),
        "closed": closed,
        "protocol_sha256": here.lock.protocol_sha256,
        "lock_sha256": here.lock_sha256,
        "locked_at": here.lock.locked_at,
        "commitments": dict(here.lock.commitments),
        "beacon": {**here.lock.beacon, "value": beacon},
        "method": here.trial.draw.method,
        "arms": [{"id": arm, "label": _both(here.trial.arms[arm].label)} for arm in here.trial.arm_ids],
        "schedule": list(_schedule(here, periods)),
        "amendments": amendments,
        "draws": draws,
        "checkpoint": latest.content if latest else None,
        "as_of": here.now().isoformat(timespec="seconds"),
    }


def _schedule(here: Installation, periods: dict[str, tuple[Period, ...]]) -> Iterator[dict[str, Any]]:
    """One row a period: of a whole county where all its offices have the same periods, else of an office."""
    for site_id, site in here.trial.sites.items():
        own = {office.id: _shape(periods.get(office.id, ())) for office in site.offices}
        together = len(set(own.values())) == 1
        for office in site.offices[:1] if together else site.offices:
            for since, until, shares in own[office.id]:
                yield {
                    "site": site_id,
                    "site_label": site.label,
                    "office": None if together else office.id,
                    "office_label": None if together else office.label,
                    "from": since,
                    "until": until,
                    "probability": dict(zip(here.trial.arm_ids, shares, strict=True)),
                }


def _shape(periods: tuple[Period, ...]) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    return tuple(
        (period.since.isoformat(), period.until.isoformat(), tuple(f"{share:f}" for share in period.probability))
        for period in periods
    )


def _amendments(state: LedgerState) -> Iterator[dict[str, Any]]:
    for seq, amendment in state.amendments.items():
        beacon = state.amendment_beacons.get(seq)
        yield {
            "event": seq,
            "effective_from": amendment.effective_from.isoformat(),
            "rows": [
                {"site": row.site, "office": row.office, "probability": dict(row.probability)} for row in amendment.rows
            ],
            "source": amendment.beacon_source,
            "round": amendment.beacon_round,
            "value": beacon.payload.value if beacon else None,
            "in_force": beacon is not None,
        }


def _both(text: Any) -> dict[str, str]:
    return {"nb": text.nb, "en": text.en}
