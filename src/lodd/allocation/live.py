"""A live ledger: where it is kept, what it says so far, and the mechanism, kept in step under one lock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import RLock
from typing import Any, Final, Protocol, TypeVar

from pydantic import ValidationError

from lodd.allocation.breaches import without_identity
from lodd.allocation.details import Details, new_detail
from lodd.allocation.events import Draw, Event, OutageUsed, Payload
from lodd.allocation.replay import Replay, factors_in
from lodd.allocation.rulebook import Rulebook
from lodd.allocation.state import LedgerState
from lodd.allocation.store import LedgerStore, StoreTurn
from lodd.errors import DataError, LockError, LoddError, Problem, UsageError
from lodd.identity import IdentityNumber, Setting
from lodd.locale import Text
from lodd.protocol.canonical import protocol_sha256
from lodd.protocol.lock import LOCK_FILE, Lock, lock_sha256
from lodd.protocol.model import Trial

Clock = Callable[[], datetime]
CLOCKS_DIFFER: Final = timedelta(seconds=2)
"""As much as clocks that are kept in time may differ."""
Value = TypeVar("Value")


class Keys(Protocol):
    """What the draw asks of a key ring (:class:`lodd.identity.KeyRing`)."""

    @property
    def setting(self) -> Setting: ...

    def lot_id(self, number: IdentityNumber) -> str: ...

    def lot_mac(self, message: bytes) -> bytes: ...

    def sign(self, message: bytes) -> bytes: ...

    def commitments(self) -> dict[str, str]: ...


def utc_now() -> datetime:
    """The machine's clock."""
    return datetime.now(UTC)


class LiveLedger:
    """Everything that a draw needs, in step with its store. All writing happens inside :meth:`turn`.

    Nothing in memory is trusted over the store: after any error that may have left them apart, everything is read
    again. Threads of one process take turns at it.
    """

    def __init__(self, trial: Trial, lock: Lock, keys: Keys, store: LedgerStore, clock: Clock = utc_now) -> None:
        """Raises:
        LockError: the protocol was changed since the lock, or the keys are not those that it commits to.
        UnsupportedMethodError: the lots are not drawn by Lodd.
        """
        _check_lock(trial, lock, keys)
        self.trial: Final = trial
        self.keys: Final = keys
        self.lock_sha256: Final = lock_sha256(lock)
        self.rulebook: Final = Rulebook.of(trial, lock)
        self._clock = clock
        self._store: Final = store
        self._turn: StoreTurn | None = None
        self._recorded = False
        self.last: Event | None = None
        """The event that was recorded last in this process."""
        self._mine: Final = RLock()
        self._at: datetime | None = None
        self.reset()
        self.replay.design.refuse_external()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """This writer's turn, with all that others wrote taken in first. A turn within a turn is the same one.

        Raises:
            DataError, VerificationError: the ledger is not whole.
        """
        with self._mine:
            if self._turn is not None:
                yield
            else:
                with self._new_turn():
                    yield

    @contextmanager
    def _new_turn(self) -> Iterator[None]:
        try:
            with self._store.turn() as turn:
                self._turn, self._recorded = turn, False
                self._at = self._clock().astimezone(UTC).replace(microsecond=0)
                self._take_in(turn.news)
                self._at = self._not_before_the_last(self._at)
                yield
        except LoddError:
            if self._recorded:  # a store that takes everything or nothing has taken nothing
                self.reset()
            raise
        except BaseException:
            self.reset()
            raise
        finally:
            self._turn = None

    def _not_before_the_last(self, at: datetime) -> datetime:
        """Clocks of several machines differ a little, and one that is set goes back a little: time stands still then.

        A clock that goes back further than that is refused by the rules.
        """
        last = self.state.last_at
        return last if last is not None and timedelta(0) < last - at <= CLOCKS_DIFFER else at

    def now(self) -> datetime:
        """The time of this turn, in UTC and whole seconds: one turn, one time, also around midnight."""
        assert self._at is not None
        return self._at

    def check(self, payload: Payload, by: str) -> Event:
        """The event that this would be, if no rule is against it.

        Raises:
            DataError: the rules that it would break.
            UsageError: ``by`` is not a name that the ledger may hold.
        """
        assert self._turn is not None
        event = said(self._turn.candidate, payload, at=self.now(), by=by)
        if found := self.rulebook.breaches(self.state, event):
            raise DataError([breach.problem for breach in found])
        return event

    def record(self, payload: Payload, by: str) -> Event:
        """Check, take in and write an event; when this returns, it is on the disk.

        Raises:
            DataError: a rule is against it, the mechanism refuses it, or it cannot be written; then nothing is.
        """
        assert self._turn is not None
        event = self.check(payload, by)
        try:
            if isinstance(payload, OutageUsed):
                self.replay.observe(payload, self.factors(payload.details))
            else:
                self.replay.follow(event)
            self._recorded = True
            self._turn.append(event)
        except BaseException:
            self.reset()
            raise
        self.state.apply(event)
        self.last = event
        return event

    def keep_outside(self, content: Mapping[str, Any]) -> str | None:
        """Write what must stand outside the chain; its hash, or None where there is nothing to keep.

        Raises:
            DataError: it cannot be written.
        """
        kept = {name: value for name, value in content.items() if value}
        if not kept:
            return None
        detail = new_detail(kept)
        self._store.add_detail(detail)
        return detail.sha256

    def factors(self, details: str | None) -> Mapping[str, str] | None:
        """The factor values behind a hash; none where there is no hash, None where they are erased."""
        return {} if details is None else factors_in(self._store.details({details}).content(details))

    def erase(self, about: int) -> int:
        """Destroy what stands outside the chain about the person of an answer; how many things there were."""
        return self._store.erase_details(frozenset(self.state.details.get(about, ())))

    def _take_in(self, news: tuple[Event, ...]) -> None:
        """Events that others wrote, or all of them at the start. What withdrawn people left behind is erased."""
        if not news:
            return
        details = self._store.details(_outside(news))
        try:
            for event in news:
                self._play(event, details)
                self.state.apply(event)
        except BaseException:
            self.reset()
            raise
        left = frozenset(sha256 for about in self.state.withdrawn for sha256 in self.state.details.get(about, ()))
        if left & self._store.details(left).kept.keys():
            self._store.erase_details(left)

    def _play(self, event: Event, details: Details) -> None:
        payload = event.payload
        if isinstance(payload, Draw):
            self.replay.draw(payload, _known(payload, details))
        elif isinstance(payload, OutageUsed):
            self.replay.observe(payload, _known(payload, details))
        else:
            self.replay.follow(event)

    def reset(self) -> None:
        """Read everything again at the next turn."""
        self._store.forget()
        self.state = LedgerState(self.lock_sha256)
        self.replay = Replay(self.trial, self.keys.lot_mac, self.lock_sha256)


def _outside(news: tuple[Event, ...]) -> frozenset[str]:
    """Hashes of what the mechanism needs to know of these answers."""
    answers = (event.payload for event in news if isinstance(event.payload, Draw | OutageUsed))
    return frozenset(answer.details for answer in answers if answer.details is not None)


def _known(answer: Draw | OutageUsed, details: Details) -> Mapping[str, str] | None:
    return {} if answer.details is None else factors_in(details.content(answer.details))


def said(make: Callable[..., Value], *positional: Any, **values: Any) -> Value:
    """Make an event or a part of one from what a user wrote.

    Raises:
        UsageError: a name or value that no event may hold.
    """
    try:
        return make(*positional, **values)
    except ValidationError as error:
        raise UsageError([_unsayable(str(details["loc"][0]), details["input"]) for details in error.errors()]) from None


def _unsayable(field: str, given: object) -> Problem:
    shown = without_identity(given) if isinstance(given, str | int) else "…"
    return Problem(
        Text(nb=f"«{shown}» kan ikke stå som {field}", en=f'"{shown}" cannot stand as {field}'),
        field,
        Text(
            nb="navn: små bokstaver, sifre, punktum, - og _, med en bokstav først; sannsynligheter: 0.40",
            en="names: small letters, digits, full stops, - and _, beginning with a letter; probabilities: 0.40",
        ),
    )


def _check_lock(trial: Trial, lock: Lock, keys: Keys) -> None:
    if protocol_sha256(trial) != lock.protocol_sha256:
        raise LockError(
            Problem(
                Text(nb="protokollen er endret etter at den ble låst", en="the protocol was changed since the lock"),
                LOCK_FILE,
                next_step=Text(
                    nb="Hent tilbake den låste trial.toml. Sannsynligheter endres med en beslutning i loggen.",
                    en="Restore the locked trial.toml. Probabilities are changed by an amendment in the ledger.",
                ),
            )
        )
    held = keys.commitments()
    for kind in ("draw", "lot_pseudonym", "checkpoint"):
        if lock.commitments.get(kind) != held.get(kind):
            raise LockError(_other_key(kind))


def _other_key(kind: str) -> Problem:
    return Problem(
        Text(
            nb=f"nøkkelen «{kind}» er ikke den som låsen binder forsøket til",
            en=f'the key "{kind}" is not the one that the lock commits to',
        ),
        LOCK_FILE,
        next_step=Text(nb="Start med forsøkets egne nøkler.", en="Start with the trial's own keys."),
    )
