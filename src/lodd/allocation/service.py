"""The draw, live: what a page, a command or a phone operator asks for."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from lodd.allocation.breaches import without_identity
from lodd.allocation.checkpoint import Checkpoint, sign_checkpoint, write_checkpoint
from lodd.allocation.events import (
    AmendedRow,
    Amendment,
    Beacon,
    Close,
    Draw,
    ErrorKind,
    ErrorNoted,
    Event,
    Nomination,
    RepeatedRequest,
    Role,
    RoleName,
    SamePerson,
    Withdrawal,
)
from lodd.allocation.live import Clock, Keys, LiveLedger, said, utc_now
from lodd.allocation.lot import DrawRequest
from lodd.allocation.receipts import receipt_of
from lodd.allocation.replay import schedule_rows, shares
from lodd.allocation.rulebook import local_day
from lodd.allocation.state import Answered
from lodd.allocation.store import FolderStore, LedgerStore
from lodd.errors import DataError, Problem, UsageError
from lodd.identity import IdentityNumber
from lodd.locale import Text
from lodd.protocol.lock import Lock, lock_sha256
from lodd.protocol.model import Trial

CHECKPOINTS: Final = "checkpoints"
Typed = tuple[str, str]
"""Who typed a beacon's value, and what."""


@dataclass(frozen=True, slots=True)
class DrawAnswer:
    """What the caseworker hears. ``first`` is False when the person had been drawn before: the same answer again."""

    arm: str
    receipt: str
    drawn_at: date
    first: bool
    seq: int


class DrawService:
    """One trial's live draw. There is no way to see a lot but to draw it, and no way to draw it twice.

    Methods take the id of whoever acts (``by``); who that is, and that it is really them, is the caller's to see to.
    Every method raises :class:`DataError` when a rule of the ledger is against it, and then nothing is written.
    """

    def __init__(
        self, trial: Trial, lock: Lock, keys: Keys, where: Path | LedgerStore, *, clock: Clock = utc_now
    ) -> None:
        """``where``: the trial's folder, or another store of events.

        Raises:
            LockError: the protocol was changed since the lock, or the keys are not those that it commits to.
            UnsupportedMethodError: the lots are not drawn by Lodd.
        """
        store = FolderStore(where, lock_sha256(lock)) if isinstance(where, Path) else where
        self.live: Final = LiveLedger(trial, lock, keys, store, clock)
        self._lock: Final = lock
        self._folder: Final = where if isinstance(where, Path) else None

    def record_beacon(
        self, first: Typed, second: Typed, *, amendment: int | None = None, batch: str | None = None
    ) -> Event:
        """A public random value, typed by two people: the lock's, or that of an amendment (its number) or a batch.

        Raises:
            DataError: they typed different values, are the same person, or nothing awaits a value.
        """
        value = _agreed(first[1], second[1])
        with self.live.turn():
            source, round_ = self._awaited(amendment, batch)
            payload = said(
                Beacon,
                amendment=amendment,
                batch=batch,
                entered_by=(first[0], second[0]),
                round=round_,
                source=source,
                value=value,
            )
            return self.live.record(payload, second[0])

    def draw(
        self,
        number: IdentityNumber,
        office: str,
        *,
        by: str,
        confirmed: Collection[str] = (),
        factors: Mapping[str, str] | None = None,
        on_behalf_of: str | None = None,
    ) -> DrawAnswer:
        """Draw a person, or give the person's first answer again.

        Args:
            confirmed: ids of the protocol's conditions that the caseworker has confirmed: all of them.
            factors: values of the declared factors and strata beyond site and office.
            on_behalf_of: who called. Kept outside the chain.

        Raises:
            IdentityNumberError: a number that cannot be drawn here.
        """
        lot_id = self.live.keys.lot_id(number)
        with self.live.turn():
            first = self.live.state.answer_to(lot_id)
            if first is not None:
                return self._again(first, lot_id, office, by, on_behalf_of)
            check_confirmed(self.live.trial, confirmed)
            event = self._drawn(lot_id, office, by, factors or {}, on_behalf_of)
            return _answer(self.live.state.answers_by_seq[event.seq], first=True)

    def same_person(self, old: IdentityNumber, new: IdentityNumber, *, by: str) -> Event:
        """Two numbers are one person: a D-number became a fødselsnummer. Recorded before the new number is drawn."""
        old_id, new_id = self.live.keys.lot_id(old), self.live.keys.lot_id(new)
        with self.live.turn():
            return self.live.record(SamePerson(new=new_id, old=old_id), by)

    def note_error(self, about: int, kind: ErrorKind, *, by: str, note: str | None = None) -> Event:
        """A mistake in an answer, noted beside it; the answer stands. The note is kept outside the chain."""
        with self.live.turn():
            self.live.check(said(ErrorNoted, about=about, details=None, kind=kind), by)
            details = self.live.keep_outside({"note": note})
            return self.live.record(ErrorNoted(about=about, details=details, kind=kind), by)

    def amend(
        self,
        rows: Sequence[AmendedRow],
        effective_from: date,
        *,
        proposed_by: str,
        approved_by: str,
        beacon_source: str,
        beacon_round: str,
        note: str | None = None,
    ) -> Event:
        """Other probabilities, from the later of the date and the recording of a beacon that nobody knows yet.

        Nobody drawn before is moved. :func:`amended_row` makes the rows.
        """
        values = {"approved_by": approved_by, "proposed_by": proposed_by, "effective_from": effective_from}
        values |= {"beacon_round": beacon_round, "beacon_source": beacon_source, "rows": tuple(rows)}
        with self.live.turn():
            self.live.check(said(Amendment, details=None, **values), approved_by)
            self.live.replay.design.with_amendment(schedule_rows(rows, effective_from), effective_from)
            details = self.live.keep_outside({"note": note})
            return self.live.record(said(Amendment, details=details, **values), approved_by)

    def nominate(
        self,
        batch: str,
        members: Sequence[IdentityNumber],
        counts: Mapping[str, int],
        *,
        by: str,
        beacon_source: str,
        beacon_round: str,
    ) -> Event:
        """A batch and how many of it go to each arm, before the batch's beacon is known."""
        if unknown := sorted(set(counts) - set(self.live.trial.arm_ids)):
            raise UsageError(_unknown_arms(unknown, self.live.trial.arm_ids))
        payload = said(
            Nomination,
            batch=batch,
            beacon_round=beacon_round,
            beacon_source=beacon_source,
            counts=tuple(counts.get(arm, 0) for arm in self.live.trial.arm_ids),
            members=tuple(sorted(map(self.live.keys.lot_id, members))),
        )
        with self.live.turn():
            return self.live.record(payload, by)

    def withdraw(self, number: IdentityNumber, *, by: str) -> Event:
        """The person has withdrawn: what stands outside the chain about them is destroyed; the chain stays whole.

        A sealed identity is the site's to destroy. Copies and backups of the details file must be destroyed too.
        """
        lot_id = self.live.keys.lot_id(number)
        with self.live.turn():
            first = self.live.state.answer_to(lot_id)
            if first is None:
                raise DataError(_never_drawn())
            event = self.live.record(Withdrawal(about=first.seq, lot_id=lot_id), by)
            self.live.erase(first.seq)
            return event

    def grant(self, person: str, role: RoleName, *, by: str, office: str | None = None) -> Event:
        """Let somebody do something from now on, at one office or everywhere."""
        return self._role("granted", person, role, by, office)

    def revoke(self, person: str, role: RoleName, *, by: str, office: str | None = None) -> Event:
        """Take a role away. Who has held a key is remembered as a key holder."""
        return self._role("revoked", person, role, by, office)

    def close(self, *, by: str) -> Event:
        """No more draws. After this the draw key may be revealed."""
        with self.live.turn():
            return self.live.record(Close(answers=len(self.live.state.answers_by_seq)), by)

    def checkpoint(self) -> Checkpoint:
        """A signed checkpoint of the ledger as it is now; also written to the trial's folder (where there is one), to
        be copied to an outsider.

        Raises:
            UsageError: it cannot be written.
        """
        with self.live.turn():
            state = self.live.state
            checkpoint = sign_checkpoint(
                self.live.trial.trial.id,
                self.live.lock_sha256,
                count=state.count,
                head=state.head,
                at=self.live.now(),
                sign=self.live.keys.sign,
            )
        if self._folder is not None:
            folder = self._folder / CHECKPOINTS
            folder.mkdir(exist_ok=True)
            write_checkpoint(checkpoint, folder / f"{checkpoint.count:06d}.json")
        return checkpoint

    def _drawn(self, lot_id: str, office: str, by: str, factors: Mapping[str, str], on_behalf_of: str | None) -> Event:
        """Judge the request before the lot is drawn, so that nobody can ask for a lot that is then refused."""
        live = self.live
        arms = live.replay.design.arms
        day = local_day(live.now())
        batch = live.state.nominated.get(lot_id)
        values: dict[str, object] = {"batch": batch, "day": day, "eligible": True, "lot_id": lot_id, "office": office}
        live.check(said(Draw, arm=arms[0], conditional=(), details=None, marginal=None, **values), by)
        if not live.replay.recomputable:
            raise DataError(_factors_lost())
        lot = live.replay.fresh_draw(DrawRequest(lot_id, office, day, factors, batch))
        marginal = shares(lot.marginal) if lot.marginal is not None else None
        values |= {"arm": arms[lot.arm], "conditional": shares(lot.conditional), "marginal": marginal}
        try:
            details = live.keep_outside({"factors": dict(factors), "on_behalf_of": on_behalf_of})
            return live.record(said(Draw, details=details, **values), by)
        except BaseException:
            live.reset()  # the mechanism has gone on, and the ledger has not
            raise

    def _again(self, first: Answered, lot_id: str, office: str, by: str, on_behalf_of: str | None) -> DrawAnswer:
        values = {"first": first.seq, "lot_id": lot_id, "office": office}
        self.live.check(said(RepeatedRequest, details=None, **values), by)
        kept = None if first.seq in self.live.state.withdrawn else {"on_behalf_of": on_behalf_of}
        details = self.live.keep_outside(kept or {})
        self.live.record(said(RepeatedRequest, details=details, **values), by)
        return _answer(first, first=False)

    def _role(self, action: str, person: str, role: str, by: str, office: str | None) -> Event:
        payload = said(Role, action=action, office=office, person=person, role=role)
        with self.live.turn():
            return self.live.record(payload, by)

    def _awaited(self, amendment: int | None, batch: str | None) -> tuple[str, str]:
        state = self.live.state
        if amendment is not None and amendment in state.amendments:
            waiting = state.amendments[amendment]
            return waiting.beacon_source, waiting.beacon_round
        if batch is not None and batch in state.batches:
            nomination = state.batches[batch]
            return nomination.beacon_source, nomination.beacon_round
        if amendment is not None or batch is not None or not self._lock.beacon:
            raise DataError(_nothing_awaits())
        return self._lock.beacon["source"], self._lock.beacon["round"]


def amended_row(trial: Trial, place: str, probability: Mapping[str, str]) -> AmendedRow:
    """A row of an amendment for a site or an office, named by its id.

    Raises:
        UsageError: there is no such place, or a probability is not an exact decimal.
    """
    office = place if place in trial.office_site else None
    site = trial.office_site.get(place, place)
    if site not in trial.sites:
        shown = without_identity(place)
        raise UsageError(
            Problem(
                Text(nb=f"stedet eller kontoret «{shown}» finnes ikke", en=f'there is no site or office "{shown}"'),
                allowed=Text.same(", ".join([*trial.sites, *trial.office_site])),
            )
        )
    return said(AmendedRow, office=office, probability=dict(probability), site=site)


def _answer(answered: Answered, *, first: bool) -> DrawAnswer:
    return DrawAnswer(answered.arm, receipt_of(answered.hash), answered.day, first, answered.seq)


def _agreed(one: str, other: str) -> str:
    """What both typed, without the spaces around and between that nobody sees.

    Raises:
        DataError: they differ.
    """
    first, second = beacon_value(one), beacon_value(other)
    if first != second:
        raise DataError(
            Problem(
                Text(nb="de to har skrevet inn hvert sitt tall", en="the two have typed different values"),
                next_step=Text(
                    nb="Se på kunngjøringen sammen, og skriv inn på nytt.",
                    en="Look at the source together, and type again.",
                ),
            )
        )
    return first


def beacon_value(typed: str) -> str:
    """A public random value as the ledger takes it: without case, and without the spaces that nobody sees."""
    return " ".join(typed.split()).casefold()


def check_confirmed(trial: Trial, confirmed: Collection[str]) -> None:
    """Raises:
    DataError: one of the protocol's conditions was not confirmed.
    """
    missing = [condition for condition in trial.enrolment.eligibility if condition.id not in confirmed]
    if missing:
        raise DataError(
            [
                Problem(
                    Text(nb=f"ikke bekreftet: {condition.nb}", en=f"not confirmed: {condition.en}"),
                    f"eligibility.{condition.id}",
                )
                for condition in missing
            ]
        )


def _unknown_arms(unknown: Sequence[str], arms: Sequence[str]) -> Problem:
    names = ", ".join(unknown)
    return Problem(Text(nb=f"ukjent gruppe: {names}", en=f"unknown arm: {names}"), allowed=Text.same(", ".join(arms)))


def _never_drawn() -> Problem:
    return Problem(
        Text(nb="personen er ikke trukket", en="the person has not been drawn"),
        next_step=Text(nb="Kontroller nummeret.", en="Check the number."),
    )


def _nothing_awaits() -> Problem:
    return Problem(
        Text(nb="ingenting venter på et offentlig tilfeldig tall", en="nothing awaits a public random value"),
        next_step=Text(
            nb="Kontroller nummeret på endringen eller navnet på puljen.",
            en="Check the amendment's number or the batch's name.",
        ),
    )


def _factors_lost() -> Problem:
    return Problem(
        Text(
            nb="opplysninger som loddet avhenger av, mangler for noen som er trukket tidligere",
            en="facts that the lot depends on are missing for somebody drawn earlier",
        ),
        "ledger.details.ndjson",
        next_step=Text(nb="Hent filen fra en kopi.", en="Restore the file from a copy."),
    )
