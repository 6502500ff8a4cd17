"""The trial that this installation runs: its protocol, lock, keys and draw service, one for each process."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Final

from django.conf import settings

from lodd.allocation import Design, DrawService
from lodd.allocation.live import Clock, utc_now
from lodd.errors import LockError, Problem
from lodd.identity import KeyRing, Sealer, Setting, load_keys
from lodd.locale import Text
from lodd.protocol import Lock, Trial, load_trial, lock_sha256, read_lock
from lodd.site.config import SiteConfig
from lodd.site.store import DatabaseStore


@dataclass(frozen=True)
class Installation:
    """One trial and what serves it. ``clock`` is the machine's but in rehearsals."""

    config: SiteConfig
    trial: Trial
    lock: Lock
    keys: KeyRing
    clock: Clock = utc_now

    @cached_property
    def service(self) -> DrawService:
        """The live draw over the database."""
        return DrawService(self.trial, self.lock, self.keys, self.store, clock=self.clock)

    @cached_property
    def store(self) -> DatabaseStore:
        return DatabaseStore(self.lock_sha256)

    @cached_property
    def lock_sha256(self) -> str:
        return lock_sha256(self.lock)

    @property
    def sealer(self) -> Sealer:
        """Seals and opens identities."""
        return self.keys.sealer

    @property
    def setting(self) -> Setting:
        """``production`` or ``test``: whose numbers are taken."""
        return self.keys.setting

    @cached_property
    def office_labels(self) -> dict[str, str]:
        return {office.id: office.label for site in self.trial.sites.values() for office in site.offices}

    @property
    def today(self) -> date:
        """The day where the trial takes place."""
        from lodd.allocation.rulebook import local_day

        return local_day(self.clock().astimezone(UTC))

    def now(self) -> datetime:
        return self.clock().astimezone(UTC)

    def arm_label(self, arm: str, language: str) -> str:
        return self.trial.arms[arm].label[language]

    def current_design(self) -> Design:
        """The design with the amendments that are in force, read from the ledger."""
        with self.service.live.turn():
            return self.service.live.replay.design


_made: Final[list[Installation]] = []
"""At most one."""
_making: Final = threading.Lock()


def installation() -> Installation:
    """This process's installation; made at the first call.

    Raises:
        LoddError: the trial is not locked, or the keys are not those that the lock commits to.
    """
    if not _made:
        with _making:
            if not _made:
                _made.append(load_installation(settings.LODD))
    return _made[0]


def use_installation(chosen: Installation | None) -> None:
    """Use this one from now on in this process (rehearsals and tests); None: load it again."""
    with _making:
        _made[:] = [chosen] if chosen is not None else []


def load_installation(config: SiteConfig) -> Installation:
    """Read the protocol, the lock and the keys.

    Raises:
        LoddError: one of them is missing or does not fit the others.
    """
    trial = load_trial(config.trial).trial
    lock = read_lock(config.trial)
    if lock is None:
        raise LockError(_unlocked())
    return Installation(config, trial, lock, load_keys(*config.keys))


def _unlocked() -> Problem:
    return Problem(
        Text(nb="forsøket er ikke låst", en="the trial is not locked"),
        "trial.lock.json",
        next_step=Text(nb="Lås det først: lodd lock --keys", en="Lock it first: lodd lock --keys"),
    )
