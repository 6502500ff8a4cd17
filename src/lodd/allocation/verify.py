"""Verification: from the ledger, the lock, the revealed key and a checkpoint kept outside, offline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from lodd.allocation.breaches import Breach, breach
from lodd.allocation.checkpoint import Checkpoint
from lodd.allocation.details import Details
from lodd.allocation.events import (
    Draw,
    ErrorNoted,
    Event,
    NotAnEventError,
    OutageIssued,
    OutageUsed,
    RepeatedRequest,
    hash_of_line,
    parse_line,
)
from lodd.allocation.findings import NOT_PROVEN, PROVEN, Finding, filled, finding
from lodd.allocation.glance import Glance
from lodd.allocation.replay import Replay, Shares, factors_in, shares
from lodd.allocation.rulebook import Rulebook
from lodd.allocation.state import LedgerState
from lodd.allocation.verification import Verification
from lodd.errors import DataError, LockError, LoddError, Problem
from lodd.identity import RevealedDrawKey
from lodd.locale import Text
from lodd.protocol.canonical import sha256, trial_from_canonical
from lodd.protocol.lock import LOCK_FILE, Lock, check_lock, lock_sha256
from lodd.protocol.model import Trial

_CHAIN: Final = frozenset({"unreadable", "not_canonical", "torn", "seq", "hash", "previous", "lock"})
_LOTS: Final = frozenset({"arm", "conditional", "mechanism"})
_PROBABILITIES: Final = frozenset({"marginal", "conditional", "impossible", "mechanism", "slip_amended"})
_OUTSIDE: Final = (Draw, OutageUsed, RepeatedRequest, ErrorNoted)


def verify(
    ledger: Path,
    lock: Lock,
    revealed_key: RevealedDrawKey | None = None,
    checkpoints: Sequence[Checkpoint] = (),
    details: Details | None = None,
) -> Verification:
    """Verify a ledger against its lock.

    Args:
        lock: the trial's lock; the trial itself is read from it, so no ``trial.toml`` is needed.
        revealed_key: the draw key, once it is revealed; without it arms are not recomputed.
        checkpoints: signed checkpoints that were kept outside.
        details: what stands outside the chain; needed where lots depend on factors (minimisation).

    Raises:
        DataError: the ledger cannot be read at all.
        LockError: the lock is damaged. Everything else that is off is a finding.
    """
    verifier = Verifier(lock, revealed_key, checkpoints, details)
    try:
        with ledger.open("rb") as file:
            for line in file:
                if line.endswith(b"\n"):
                    verifier.read(line[:-1])
                else:
                    verifier.torn()
    except OSError as error:
        found = Text(nb=f"kan ikke lese {ledger}: {error.strerror}", en=f"cannot read {ledger}: {error.strerror}")
        raise DataError(Problem(found)) from None
    return verifier.result()


class Verifier:
    """Takes a ledger's lines one by one, and goes on after whatever it finds."""

    def __init__(
        self,
        lock: Lock,
        revealed_key: RevealedDrawKey | None = None,
        checkpoints: Sequence[Checkpoint] = (),
        details: Details | None = None,
        *,
        glance: bool = True,
    ) -> None:
        """``glance`` False judges every line the long way: for tests, that hold the short way to it.

        Raises:
        LockError: the lock is damaged.
        """
        check_lock(lock)
        trial = _trial_of(lock)
        self._lock: Final = lock
        self._lock_sha256: Final = lock_sha256(lock)
        self._findings: Final[list[Finding]] = []
        self._key: Final = self._committed(revealed_key)
        self._method: Final = trial.draw.method
        self._book: Final = Rulebook.of(trial, lock)
        self._replay: Final = Replay(trial, self._key.mac if self._key else None, self._lock_sha256)
        self._state: Final = LedgerState(self._lock_sha256)
        self._details: Final = details
        stand_alone = glance and self._replay.lots_stand_alone
        self._glance: Final = Glance(self._book, self._state, self._replay, details) if stand_alone else None
        self._checkpoints: Final = tuple(sorted(checkpoints, key=lambda checkpoint: checkpoint.count))
        self._heads: Final[dict[int, str]] = {0: self._lock_sha256}
        self._wanted: Final = {checkpoint.count for checkpoint in checkpoints}
        self._lines = 0
        self._expected: str | None = self._lock_sha256
        self._counts: Final[Counter[str]] = Counter()

    def read(self, line: bytes) -> None:
        """The next line, without its end."""
        self._lines += 1
        if self._glance is not None and (drawn := self._glance.take(line, self._expected)) is not None:
            self._counts["answers"] += 1
            self._counts["recomputed"] += 1
            self._goes_on(drawn.hash)
            return
        try:
            event = parse_line(line)
        except NotAnEventError as error:
            self._find("not_canonical" if str(error) == "not_canonical" else "unreadable", self._lines)
            self._state.count += 1
            self._expected = None
            return
        self._chain(event, line)
        for broken in self._book.breaches(self._state, event):
            self._broke(broken)
        if self._details is not None:
            self._outside(event, self._details)
        self._play(event)
        self._state.apply(event)

    def torn(self) -> None:
        """There is more after the last line's end."""
        self._find("torn", self._lines + 1, count=self._lines)

    def result(self) -> Verification:
        """What was found, what is proven and what is not."""
        for checkpoint in self._checkpoints:
            self._checkpoint(checkpoint)
        self._erased()
        kinds = {found.kind for found in self._findings}
        return Verification(
            applicable=self._method != "external",
            findings=tuple(self._findings),
            proven=tuple(self._proven(kinds)),
            not_proven=tuple(self._not_proven()),
            counts={**self._state.types, "events": self._lines, **self._counts},
            lock_sha256=self._lock_sha256,
            head=self._state.head,
        )

    def _broke(self, broken: Breach) -> None:
        self._findings.append(Finding(broken.kind, self._lines, broken.found))

    def _find(self, kind: str, seq: int | None, **values: object) -> None:
        self._findings.append(finding(kind, seq, **values))

    def _committed(self, key: RevealedDrawKey | None) -> RevealedDrawKey | None:
        committed = self._lock.commitments.get("draw")
        if committed is None:
            self._find("no_commitment", None)
        if key is not None and key.commitment != committed:
            self._find("key", None)
            return None
        return key

    def _chain(self, event: Event, line: bytes) -> None:
        seq, state = self._lines, self._state
        if event.seq != state.count + 1:
            self._find("seq", seq, given=event.seq, expected=state.count + 1)
            state.count = event.seq - 1
        if self._expected is not None and event.previous != self._expected:
            self._find("previous" if seq > 1 else "lock", seq)
        if hash_of_line(line, event.hash) != event.hash:
            self._find("hash", seq)
        self._goes_on(event.hash)

    def _goes_on(self, event_hash: str) -> None:
        self._expected = event_hash
        if self._lines in self._wanted:
            self._heads[self._lines] = event_hash

    def _outside(self, event: Event, details: Details) -> None:
        payload = event.payload
        if isinstance(payload, _OUTSIDE) and payload.details is not None:
            if payload.details in details.altered:
                self._find("details_altered", self._lines)
            elif payload.details not in details.kept and payload.details not in details.erased:
                self._find("details_missing", self._lines)

    def _erased(self) -> None:
        """Only a withdrawal erases: else whoever changed a lot could erase what it is recomputed from."""
        erased = self._details.erased if self._details is not None else frozenset()
        for about, hashes in self._state.details.items():
            if about not in self._state.withdrawn and not erased.isdisjoint(hashes):
                self._find("details_erased", about)

    def _play(self, event: Event) -> None:
        """To the mechanism. What it refuses is a finding, unless a broken rule has said the same already."""
        payload = event.payload
        try:
            if payload.type == "draw":
                self._draw(payload)
            elif payload.type == "outage_used":
                self._slip(payload)
            else:
                self._follow(event)
        except LoddError as error:
            if not any(found.seq == self._lines for found in self._findings[-8:]):
                reason = error.problems[0].found
                self._find("mechanism", self._lines, reason_nb=reason.nb, reason_en=reason.en)

    def _draw(self, draw: Draw) -> None:
        self._counts["answers"] += 1
        if self._method == "external":
            return
        recomputed = self._replay.draw(draw, self._factors(draw))
        lot = recomputed.lot
        if lot is None:
            self._counts["not_recomputed" if recomputed.why == "key" else "without_factors"] += 1
            self._has_factors(draw)
            self._declared_only(draw)
            return
        self._counts["recomputed"] += 1
        arm = self._replay.design.arms[lot.arm]
        if arm != draw.arm:
            self._find("arm", self._lines, given=draw.arm, expected=arm)
        self._same("conditional", draw.conditional, shares(lot.conditional))
        self._same("marginal", draw.marginal, None if lot.marginal is None else shares(lot.marginal))

    def _has_factors(self, answer: Draw | OutageUsed) -> None:
        """An answer is never recorded without the factors that lots depend on; they can be lost only afterwards."""
        factors = self._factors(answer)
        if factors is not None and (missing := self._replay.missing_factors(factors)):
            self._find("no_factors", self._lines, factors=", ".join(missing))

    def _declared_only(self, draw: Draw) -> None:
        """Without the lot, what the schedule alone says of its probabilities."""
        if draw.batch is not None and draw.batch in self._state.batches:
            counts = self._state.batches[draw.batch].counts
            declared = shares([Fraction(count, max(sum(counts), 1)) for count in counts])
        elif self._method in ("keyed", "blocks"):
            declared = shares(self._replay.declared(draw.office, draw.day))
        else:
            self._possible(draw)
            return
        self._same("marginal", draw.marginal, declared)
        if self._method == "blocks":
            self._possible(draw)
        else:
            self._same("conditional", draw.conditional, declared)

    def _possible(self, draw: Draw) -> None:
        """What holds of the probabilities at any draw, also one that is not recomputed."""
        arms = self._replay.design.arms
        vector = [Fraction(share) for share in draw.conditional]
        if len(vector) != len(arms) or sum(vector) != 1 or not dict(zip(arms, vector, strict=True)).get(draw.arm):
            self._find("impossible", self._lines, given=", ".join(draw.conditional) or "–")

    def _slip(self, used: OutageUsed) -> None:
        self._counts["answers"] += 1
        slips = self._replay.slips.get(used.list_id)
        self._replay.observe(used, self._factors(used))
        self._has_factors(used)
        declared = self._replay.declared_then(used.office, used.day, used.opened_at)
        probability = declared
        if slips is not None and used.number <= len(slips):
            slip = slips[used.number - 1]
            probability = slip.probability
            if slip.arm != used.arm:
                self._find("arm", self._lines, given=used.arm, expected=slip.arm)
        self._same("conditional", used.conditional, shares(probability))
        self._same("marginal", used.marginal, shares(probability))
        if probability != declared:
            self._broke(breach("slip_amended", office=used.office, opened=used.opened_at.isoformat(" ", "minutes")))

    def _follow(self, event: Event) -> None:
        issued = event.payload
        self._replay.follow(event)
        if isinstance(issued, OutageIssued):
            if not self._replay.one_period(issued.office, issued.since, issued.until):
                self._find("slip_period", self._lines, since=issued.since, until=issued.until, office=issued.office)
            slips = self._replay.slips.get(issued.list_id)
            if slips is not None and tuple(slip.sha256 for slip in slips) != issued.hashes:
                self._find("slips", self._lines)

    def _factors(self, answer: Draw | OutageUsed) -> Mapping[str, str] | None:
        if answer.details is None:
            return {}
        return factors_in(self._details.content(answer.details)) if self._details else None

    def _same(self, kind: str, given: Shares | None, expected: Shares | None) -> None:
        if given != expected:
            self._find(kind, self._lines, given=", ".join(given or ("–",)), expected=", ".join(expected or ("–",)))

    def _checkpoint(self, checkpoint: Checkpoint) -> None:
        count = checkpoint.count
        if not checkpoint.signed_by(self._lock.commitments.get("checkpoint", "")):
            self._find("checkpoint_signature", None, count=count)
        elif checkpoint.lock_sha256 != self._lock_sha256:
            self._find("checkpoint_trial", None, count=count)
        elif count > self._lines:
            self._find("checkpoint_cut", None, count=count, events=self._lines)
        elif self._heads.get(count) != checkpoint.head:
            self._find("checkpoint_head", count or None, count=count, at=checkpoint.at)

    def _proven(self, kinds: set[str]) -> list[Text]:
        """A statement only where nothing that it covers was found wanting."""
        if not self._lines or self._method == "external":
            return []
        said: list[Text] = []
        counts, state = self._counts, self._state
        if not kinds & _CHAIN:
            said.append(filled(PROVEN["chain"], events=self._lines))
            if self._checkpoints and not any(kind.startswith("checkpoint") for kind in kinds):
                last = self._checkpoints[-1]
                said.append(filled(PROVEN["checkpoint"], count=last.count, at=last.at))
        if self._key:
            said.append(PROVEN["key"])
            if counts["recomputed"] and not kinds & _LOTS:
                said.append(filled(PROVEN["arms"], recomputed=counts["recomputed"], draws=state.types["draw"]))
            if state.slips and not kinds & {"slips", "slip_hash", "slip_period", "arm"}:
                said.append(PROVEN["slips"])
        if counts["answers"] and not (counts["without_factors"] or kinds & _PROBABILITIES):
            said.append(filled(PROVEN["probabilities"], amendments=len(state.amendment_beacons)))
        if not kinds:
            said.append(PROVEN["rules"])
        if state.beacon and not kinds & {"wrong_beacon", "two_people", "beacon_again", "first_not_beacon"}:
            said.append(PROVEN["beacon"])
        return said

    def _not_proven(self) -> list[Text]:
        if self._method == "external":
            return [NOT_PROVEN["applicable"]]
        said = [self._beyond_the_checkpoint()]
        if self._lock.beacon:
            said.append(filled(NOT_PROVEN["lock"], locked=self._lock.locked_at))
        if self._key is None:
            said.append(NOT_PROVEN["key"])
        if self._counts["without_factors"]:
            said.append(filled(NOT_PROVEN["factors"], count=self._counts["without_factors"]))
        if not self._lock.beacon:
            said.append(NOT_PROVEN["simulation"])
        said += [
            filled(NOT_PROVEN["beacon_value"], source=beacon.source, round=beacon.round, value=beacon.value)
            for beacon in self._state.beacons
        ]
        if self._state.closed is None:
            said.append(NOT_PROVEN["open"])
        return [*said, NOT_PROVEN["people"], NOT_PROVEN["nomination"]]

    def _beyond_the_checkpoint(self) -> Text:
        kept = [checkpoint.count for checkpoint in self._checkpoints if checkpoint.count <= self._lines]
        if not kept or any(found.kind.startswith("checkpoint") for found in self._findings):
            return NOT_PROVEN["end"]
        return filled(NOT_PROVEN["after_checkpoint"], count=kept[-1])


def _trial_of(lock: Lock) -> Trial:
    """Raises:
    LockError: the lock's protocol is not the one it was locked with, or cannot be read.
    """
    try:
        if sha256(lock.protocol) == lock.protocol_sha256:
            return trial_from_canonical(lock.protocol)
    except ValidationError:
        pass
    raise LockError(
        Problem(
            Text(nb="låsen er skadet eller endret", en="the lock is damaged or was changed"),
            LOCK_FILE,
            next_step=Text(nb="Hent den tilbake fra arkivet.", en="Restore it from the archive."),
        )
    )
