"""Locked before looked at: `trial.lock.json` freezes the canonical protocol before the results are seen.

The lock holds the protocol's hash, the protocol itself in canonical form (so that a difference can be named), the
commitments to the secret keys, and the future beacon that will be mixed into the lots. It is never overwritten; what
comes after it is an amendment or is exploratory.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from lodd.errors import LockError, Problem, UsageError
from lodd.files import whole
from lodd.locale import Text
from lodd.protocol.canonical import canonical, protocol_sha256, sha256
from lodd.protocol.model import Trial
from lodd.protocol.types import registers_behind
from lodd.version import __version__

LOCK_FILE: Final = "trial.lock.json"
_WHOLE_TRIAL: Final = ("trial", "arms", "enrolment", "sites", "draw", "population", "participation")
_HOW: Final = ("window", "estimand", "covariates", "cluster", "confidence", "draws")
"""What every estimate of the plan depends on: if one of these changed, no estimate is the one that was promised."""


@dataclass(frozen=True, slots=True)
class Lock:
    """A protocol as it was locked.

    ``commitments``: ``draw``, ``lot_pseudonym``, ``person_pseudonym`` (SHA-256, hexadecimal) and ``checkpoint`` (the
    public key). ``beacon``: ``source`` and ``round`` of a public random value that nobody knew when the trial was
    locked; empty for a simulation.
    """

    protocol_sha256: str
    protocol: Mapping[str, Any]
    locked_at: str
    lodd_version: str
    commitments: Mapping[str, str] = field(default_factory=dict)
    beacon: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Prespecification:
    """What the lock covers. Estimates outside it are marked exploratory.

    ``everything`` is False when there is no lock, or when the trial itself (arms, draw, sites, enrolment, population)
    or what every estimate depends on (window, estimand, covariates, clusters, level) differs from it: then nothing is
    prespecified. Otherwise an estimate is prespecified when its outcome is in ``outcomes`` (same definition in the
    lock, down to its registers) and its entries of the plan are in ``entries``: ``curve``,
    ``primary:<outcome>:<months>:<summary>`` (and ``margin:...`` and ``prior:...`` for these), ``period:<months>``,
    ``cumulative:<outcome>``, ``subgroup:<id>``, ``family:<id>``, ``target:<id>``, ``explanations``.
    """

    everything: bool = False
    outcomes: frozenset[str] = frozenset()
    entries: frozenset[str] = frozenset()
    status: Mapping[str, str] = field(default_factory=dict)
    differences: tuple[str, ...] = ()

    def covers(self, outcome: str, *entries: str) -> bool:
        """Was this outcome, in all these entries of the plan, promised in the lock?"""
        return self.everything and outcome in self.outcomes and set(entries) <= self.entries


def write_lock(trial: Trial, folder: Path, commitments: Mapping[str, str] | None = None) -> Lock:
    """Freeze the protocol in ``trial.lock.json``, with the commitments to the keys that will draw (none: no lots here).

    Raises:
        LockError: the folder has a lock already; it is never overwritten.
        UsageError: the folder cannot be written.
    """
    beacon = trial.draw.beacon
    lock = Lock(
        protocol_sha256(trial),
        canonical(trial),
        datetime.now(UTC).isoformat(timespec="seconds"),
        __version__,
        dict(commitments or {}),
        {"source": beacon.source, "round": beacon.round} if beacon else {},
    )
    _write_once(folder / LOCK_FILE, lock_text(lock))
    return lock


def lock_text(lock: Lock) -> str:
    """The text of a lock's file."""
    return json.dumps(lock_content(lock), indent=2, ensure_ascii=False) + "\n"


def lock_content(lock: Lock) -> dict[str, Any]:
    """The lock as its file has it."""
    return {
        "protocol_sha256": lock.protocol_sha256,
        "locked_at": lock.locked_at,
        "lodd_version": lock.lodd_version,
        "commitments": dict(lock.commitments),
        "beacon": dict(lock.beacon),
        "protocol": lock.protocol,
    }


def lock_sha256(lock: Lock) -> str:
    """SHA-256 (hexadecimal) of the whole lock in canonical form: what the ledger's first event follows."""
    return sha256(lock_content(lock))


def _write_once(file: Path, text: str) -> None:
    """Whole or not at all, and never over another lock."""
    try:
        with whole(file, once=True) as beside:
            beside.write_text(text, encoding="utf-8")
    except FileExistsError:
        raise LockError(_already_locked(file)) from None
    except OSError as error:
        found = Text(nb=f"kan ikke skrive {file}: {error.strerror}", en=f"cannot write {file}: {error.strerror}")
        raise UsageError(Problem(found)) from None


def _already_locked(file: Path) -> Problem:
    return Problem(
        Text(nb="forsøket er alt låst", en="the trial is locked already"),
        file.name,
        Text(nb="låsen skrives én gang og aldri over", en="the lock is written once and never over"),
        Text(
            nb="Endringer etter låsingen blir merket som utforskende i resultatene.",
            en="Changes after the lock are marked as exploratory in the results.",
        ),
    )


def read_lock(folder: Path) -> Lock | None:
    """The folder's lock, or None if it has none.

    Raises:
        LockError: the file is damaged: not JSON, parts missing, or its hash is not that of the protocol in it.
    """
    file = folder / LOCK_FILE
    return read_lock_file(file) if file.exists() else None


def read_lock_file(file: Path) -> Lock:
    """A lock from its file, wherever it lies.

    Raises:
        LockError: as :func:`read_lock`, or there is no such file.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        lock = Lock(**{name: content[name] for name in ("protocol_sha256", "protocol", "locked_at", "lodd_version")})
    except (OSError, ValueError, KeyError, TypeError):
        raise LockError(_damaged(Text(nb="filen kan ikke leses", en="the file cannot be read"))) from None
    lock = replace(lock, commitments=content.get("commitments", {}), beacon=content.get("beacon", {}))
    check_lock(lock)
    return lock


def check_lock(lock: Lock) -> None:
    """A lock may come from anybody: is each part of the form that it must have?

    Raises:
        LockError: it is not, or the protocol's hash is not that of the protocol in it.
    """
    if sha256(lock.protocol) != lock.protocol_sha256:
        reason = Text(nb="protokollen i den har en annen kontrollsum", en="the protocol in it has another hash")
        raise LockError(_damaged(reason))
    if not (_texts(lock.commitments) and _texts(lock.beacon) and set(lock.beacon) in (set(), {"source", "round"})):
        reason = Text(nb="bindingene eller beacon mangler noe", en="something is wrong with commitments or beacon")
        raise LockError(_damaged(reason))
    locked_moment(lock)


def locked_moment(lock: Lock) -> datetime:
    """When it was locked, with its time zone.

    Raises:
        LockError: ``locked_at`` is no such moment.
    """
    try:
        moment = datetime.fromisoformat(lock.locked_at)
    except (ValueError, TypeError):
        moment = datetime.min
    if moment.tzinfo is None:
        raise LockError(_damaged(Text(nb="locked_at er ikke et tidspunkt", en="locked_at is not a moment")))
    return moment


def _texts(values: object) -> bool:
    return isinstance(values, Mapping) and all(isinstance(value, str) for value in values.values())


def _damaged(reason: Text) -> Problem:
    return Problem(
        Text(nb=f"låsen er skadet eller endret: {reason.nb}", en=f"the lock is damaged or was changed: {reason.en}"),
        LOCK_FILE,
        None,
        Text(nb="Hent den tilbake fra arkivet.", en="Restore it from the archive."),
    )


def compare(trial: Trial, lock: Lock | None) -> Prespecification:
    """What of the protocol as it stands now was promised in the lock.

    ``status["margins_not_locked"]`` names the entries whose equivalence margin was set or changed since, if any.
    """
    current = canonical(trial)
    now = protocol_sha256(trial)
    if lock is None:
        return Prespecification(status={"status": "unlocked", "protocol_sha256": now})
    status = {
        "status": "locked" if now == lock.protocol_sha256 else "differs",
        "protocol_sha256": now,
        "locked_sha256": lock.protocol_sha256,
        "locked_at": lock.locked_at,
    }
    before, after = _without_words(lock.protocol), _without_words(current)
    plan_before, plan_after = before.get("analysis", {}), after["analysis"]
    same_trial = all(after.get(part) == before.get(part) for part in _WHOLE_TRIAL)
    same_way = all(plan_after.get(key) == plan_before.get(key) for key in _HOW)
    entries_before = dict(_entries(plan_before))
    kept = {name for name, said in _entries(plan_after) if name in entries_before and entries_before[name] == said}
    margins = [name for name, said in _entries(plan_after) if name.startswith("margin:") and said and name not in kept]
    if margins:
        status["margins_not_locked"] = " ".join(margins)
    return Prespecification(
        everything=same_trial and same_way,
        outcomes=frozenset(name for name in trial.outcomes if _same_definition(trial, name, after, before)),
        entries=frozenset(kept),
        status=status,
        differences=tuple(_differences(lock.protocol, current, "")),
    )


def _same_definition(trial: Trial, name: str, now: Any, then: Any) -> bool:
    """Is the outcome, with all its parts and registers, as it was?"""
    parts = _with_parts(trial, name)
    return all(
        now[kind].get(key) == then.get(kind, {}).get(key)
        for kind, keys in (("registers", registers_behind(trial, name)), ("outcomes", parts))
        for key in keys
    )


def _with_parts(trial: Trial, name: str) -> Iterator[str]:
    yield name
    for part in trial.outcomes[name].parts:
        yield from _with_parts(trial, part)


def primary_entry(outcome: str, months: object, summary: str) -> str:
    """The plan's entry of a primary outcome, as :class:`Prespecification` names it."""
    return f"primary:{outcome}:{months}:{summary}"


def _entries(plan: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every entry of a plan: its name and what it says."""
    yield "curve", None
    for primary in plan.get("primary", ()):
        name = primary_entry(primary["outcome"], primary["months"], primary.get("summary", "mean"))
        yield name, None
        yield name.replace("primary:", "margin:", 1), primary.get("margin")
        yield name.replace("primary:", "prior:", 1), primary.get("prior")
    yield from ((f"period:{months}", None) for months in plan.get("periods", ()))
    yield from ((f"cumulative:{name}", None) for name in plan.get("cumulative", ()))
    for kind, key in (("family", "families"), ("subgroup", "subgroups"), ("target", "targets")):
        yield from ((f"{kind}:{entry['id']}", entry) for entry in plan.get(key, ()))
    yield "explanations", plan.get("explanations")


def _without_words(value: Any) -> Any:
    """A canonical protocol without what is only said to readers: mending a label breaks no promise."""
    if isinstance(value, Mapping):
        words = {"label", "title", "description", "unit", "eligibility"}
        return {key: _without_words(item) for key, item in value.items() if key not in words}
    return [_without_words(item) for item in value] if isinstance(value, list) else value


def _differences(then: Any, now: Any, path: str) -> Iterator[str]:
    """The paths where two canonical protocols differ."""
    if isinstance(then, Mapping) and isinstance(now, Mapping):
        for key in sorted({*then, *now}):
            yield from _differences(then.get(key), now.get(key), f"{path}.{key}" if path else key)
    elif isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        for index, (before, after) in enumerate(zip(then, now, strict=True)):
            yield from _differences(before, after, f"{path}[{index}]")
    elif then != now:
        yield path
