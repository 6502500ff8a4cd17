"""A trial folder as a value with methods: what the command line does, for Python users.

>>> import lodd
>>> study = lodd.open("my-trial")            # doctest: +SKIP
>>> study.evaluate().estimates               # doctest: +SKIP
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final, Literal

from lodd.errors import DataError, LockError, Problem, ProtocolError
from lodd.progress import Progress, silent
from lodd.protocol import (
    FIDELITY_FILE,
    PARTICIPANTS_FILE,
    Loaded,
    Lock,
    Panel,
    Participants,
    Prespecification,
    Trial,
    compare,
    load_trial,
    protocol_sha256,
    read_fidelity,
    read_lock,
    read_participants,
    write_lock,
)
from lodd.protocol.types import coverage_months
from lodd.study_problems import UNFINISHED_FILE, no_beacon, not_as_locked, real_beacon, real_data, unfinished

if TYPE_CHECKING:  # heavy rooms are imported where they are used
    import polars as pl

    from lodd.allocation import Verification
    from lodd.evaluation import DrawRecord, Evaluation
    from lodd.simulate import Simulation

PANEL_FILE: Final = "results/panel.parquet"
SIMULATION_FILE: Final = "simulation.json"
SETTINGS_FILE: Final = "simulation.toml"
TRUTH_FILE: Final = "truth.parquet"
KEY_FILE: Final = "revealed.key"


@dataclass(frozen=True)
class Study:
    """A trial folder, with its protocol read and checked.

    Every method returns a value and writes it to the folder as well; ``progress`` is told how long work goes on.
    """

    folder: Path
    loaded: Loaded

    @property
    def trial(self) -> Trial:
        return self.loaded.trial

    @property
    def warnings(self) -> Sequence[Problem]:
        """What is doubtful about the protocol."""
        return self.loaded.warnings

    @property
    def protocol_sha256(self) -> str:
        return protocol_sha256(self.trial)

    @property
    def simulated(self) -> bool:
        """Were the people of this folder invented by ``lodd simulate``?"""
        return (self.folder / SIMULATION_FILE).exists()

    @cached_property
    def prespecification(self) -> Prespecification:
        """What of the protocol was promised in the lock.

        Raises:
            LockError: the lock is damaged.
        """
        return compare(self.trial, read_lock(self.folder))

    def lock(self, keys: Path | None = None) -> Lock:
        """Freeze the protocol in ``trial.lock.json``, with commitments to the keys that will draw, if any.

        Raises:
            LockError: it is locked already.
            ProtocolError: there are keys, and the protocol declares no beacon.
            KeyMaterialError: the folder has no commitments.
        """
        if keys is None:
            return write_lock(self.trial, self.folder, self._simulation_commitments())
        from lodd.identity import read_commitments

        if self.trial.draw.beacon is None:
            raise ProtocolError(no_beacon())
        return write_lock(self.trial, self.folder, read_commitments(keys))

    def _simulation_commitments(self) -> Mapping[str, str] | None:
        """In a folder that is made for simulation, the lock commits to the keys that simulations draw with."""
        if self.trial.draw.beacon is not None or not (self.folder / SETTINGS_FILE).exists():
            return None
        from lodd.simulate import simulation_keys

        return simulation_keys().commitments()

    def simulate(
        self, *, seed: int = 1, effect: Literal["declared", "none"] = "declared", progress: Progress = silent
    ) -> Simulation:
        """Invent participants and registers for the protocol, with the truth known (``simulation.toml``).

        Raises:
            DataError: the folder holds participants, fidelity scores or extracts that were not simulated: they are
                never written over.
            UsageError: there is no ``simulation.toml``, or the folder cannot be written.
        """
        from lodd.simulate import load_settings, simulate, write_simulation

        self._refuse_real_data()
        settings = load_settings(self.folder / SETTINGS_FILE)
        lock = read_lock(self.folder)
        if lock is not None and lock.beacon:
            raise LockError(real_beacon())
        simulation = simulate(self.trial, settings, seed=seed, effect=effect, lock=lock, progress=progress)
        write_simulation(simulation, self.trial, self.folder)
        return simulation

    def _refuse_real_data(self) -> None:
        if self.simulated or (self.folder / UNFINISHED_FILE).exists():
            return
        extracts = [register.file for register in self.trial.registers.values() if register.file]
        for name in (PARTICIPANTS_FILE, FIDELITY_FILE, *extracts):
            if (self.folder / name).exists():
                raise DataError(real_data(name))

    @cached_property
    def drawn(self) -> Participants:
        """Everybody drawn, as ``participants.parquet`` has them.

        Raises:
            DataError: it is missing, damaged or contradicts the protocol, or a simulation was stopped in the middle.
        """
        if (self.folder / UNFINISHED_FILE).exists():
            raise DataError(unfinished())
        return read_participants(self.trial, self.folder)

    @cached_property
    def participants(self) -> Participants:
        """Everybody drawn, with the columns of `fixed` registers joined as baseline facts.

        Raises:
            DataError, UsageError: as ``drawn``; or a `fixed` register cannot be read or contradicts the protocol.
        """
        if all(register.temporality != "fixed" for register in self.trial.registers.values()):
            return self.drawn
        from lodd.registers import with_facts

        return with_facts(self.trial, self.folder, self.drawn)

    def beyond_coverage(self) -> Sequence[tuple[str, int]]:
        """How many of the people drawn cannot be followed through all months of each primary outcome.

        Returns:
            ``"<outcome>, <months>"`` and the number; empty before anybody is drawn.
        """
        if not (self.folder / PARTICIPANTS_FILE).exists():
            return ()
        drawn = self.drawn.draw_month
        found = []
        for primary in self.trial.analysis.primary:
            first, last = coverage_months(self.trial, primary.outcome)
            lost = (drawn + primary.months.first < first) | (drawn + primary.months.last > last)
            found.append((f"{primary.outcome}, {primary.months}", int(lost.sum())))
        return found

    def panel(self, *, rebuild: bool = False, engine: str | None = None, progress: Progress = silent) -> Panel:
        """The person x month panel: read if it belongs to the protocol and the extracts as they are, else built.

        See ``lodd.panel_study.panel_of`` for the engines, panels built elsewhere, and what is raised.
        """
        from lodd.panel_study import panel_of

        return panel_of(self, rebuild=rebuild, engine=engine, progress=progress)

    def evaluate(
        self, *, strict: bool = False, draws: int | None = None, engine: str | None = None, progress: Progress = silent
    ) -> Evaluation:
        """Estimate what the draw did, by the plan; write ``results/estimates.parquet`` and ``results/results.json``.

        Args:
            strict: refuse if the protocol is not the locked one.
            draws: redraws for randomisation inference, if other than the plan's.
            engine: as of :meth:`panel`, where the panel has to be built.
            progress: told of stages and steps.

        Raises:
            LockError: with ``strict``, the protocol is not locked or differs from its lock.
            ProtocolError, UsageError: too few redraws for the confidence level.
            DataError: participants, registers or fidelity scores are missing, damaged or contradict the protocol.
        """
        from lodd.evaluation import evaluate, write_results

        if strict:
            self._refuse_unlocked()
        started = perf_counter()
        panel = self.panel(engine=engine, progress=progress)
        panel_seconds = perf_counter() - started
        evaluation = evaluate(
            self.trial,
            self.participants,
            panel,
            self.prespecification,
            record=self.draw_record(),
            fidelity=read_fidelity(self.trial, self.folder),
            draws=draws,
            progress=progress,
        )
        simulated = {"simulated": "yes" if self.simulated else "no", **self._origin_of_facts()}
        evaluation = replace(
            evaluation,
            timings={"panel": panel_seconds, **evaluation.timings},
            provenance={**panel.provenance, **evaluation.provenance, **simulated},
        )
        write_results(evaluation, self.folder)
        return evaluation

    def _refuse_unlocked(self) -> None:
        status = self.prespecification.status["status"]
        if status != "locked":
            raise LockError(not_as_locked(status, self.prespecification.differences))

    def _origin_of_facts(self) -> dict[str, str]:
        """The hashes of everything known of the participants (arms, probabilities and facts too), of the ledger and of
        the fidelity scores.
        """
        from lodd.allocation import LEDGER_FILE

        content = self.participants.frame.write_csv().encode()
        files = [self.folder / name for name in (LEDGER_FILE, KEY_FILE, FIDELITY_FILE)]
        record = b"".join(file.read_bytes() for file in files if file.exists())
        return {"facts": hashlib.sha256(content).hexdigest(), "record": hashlib.sha256(record).hexdigest()}

    def _current(self, evaluation: Evaluation, panel: Panel) -> bool:
        """Are the results of the protocol, the participants and the extracts as they are now?

        A lock written after them changes nothing: they were seen before it.
        """
        origin = {**panel.provenance, **self._origin_of_facts()}
        same_protocol = evaluation.lock.get("protocol_sha256") == self.protocol_sha256
        return same_protocol and all(evaluation.provenance.get(key) == value for key, value in origin.items())

    def power(
        self,
        *,
        people: Sequence[int] = (),
        outcomes: Sequence[str] = (),
        assume: Sequence[str] = (),
        simulations: int = 1_000,
        progress: Progress = silent,
    ) -> pl.DataFrame:
        """The smallest effects that the design can find, by primary outcome and number of people (``POWER_SCHEMA``).

        Args:
            people: numbers to plan for; else those drawn, or the plan's.
            outcomes: some of the primary outcomes; else all.
            assume: ``"in_work:mean=0.3,sd=0.4,r2=0.2"``; else as declared, or from the months before the draw.
            simulations: trials to simulate by the real design; 0 for formulas alone.

        Raises:
            DataError: nothing is known of an outcome's spread, or of how many people are planned.
            UsageError: an outcome, number or assumption that cannot be.
        """
        from lodd.power_study import power_of

        return power_of(self, people, outcomes, assume, simulations=simulations, progress=progress)

    def precision(self) -> pl.DataFrame:
        """The precision that the results reached (``PRECISION_SCHEMA``).

        Raises:
            DataError: there are no results, or they are another protocol's.
        """
        from lodd.power_study import precision_of

        return precision_of(self)

    def report(self, *, progress: Progress = silent) -> tuple[Path, ...]:
        """Write ``results/report.nb.html`` and ``report.en.html``.

        Evaluates first if there are no results, or those of another protocol, other participants or other extracts.

        Returns:
            The files written.
        """
        from lodd.evaluation import read_results
        from lodd.report import write_report

        panel, there = self.panel(progress=progress), (self.folder / "results/results.json").exists()
        evaluation = read_results(self.folder) if there else None
        if evaluation is None or not self._current(evaluation, panel):
            evaluation = self.evaluate(progress=progress)
        return write_report(
            self.trial,
            self.participants,
            evaluation,
            self.folder,
            panel_notes=panel.notes,
            truth=self.truth(),
            verification=self.verification(),
            agrees=self.participants_agree(),
            progress=progress,
        )

    def verification(self) -> Verification | None:
        """The ledger verified against the lock; None without a ledger or a lock.

        With ``revealed.key`` every lot is recomputed. Checkpoints in the folder itself prove nothing and are not used.

        Raises:
            LockError: the lock is damaged.
        """
        from lodd.allocation import DETAILS_FILE, LEDGER_FILE, read_details, verify
        from lodd.identity import read_revealed_key

        ledger, lock, key = self.folder / LEDGER_FILE, read_lock(self.folder), self.folder / KEY_FILE
        if lock is None or not ledger.exists():
            return None
        revealed = read_revealed_key(key) if key.exists() else None
        return verify(ledger, lock, revealed, details=read_details(self.folder / DETAILS_FILE))

    def draw_record(self) -> DrawRecord | None:
        """What the ledger tells about the draw, for the tests of its integrity; None without a ledger.

        Raises:
            LockError: the lock is damaged.
        """
        from lodd.allocation import DETAILS_FILE, LEDGER_FILE, read_details
        from lodd.evaluation import read_draw_record

        ledger = self.folder / LEDGER_FILE
        if not ledger.exists():
            return None
        details = read_details(self.folder / DETAILS_FILE)
        return read_draw_record(
            self.trial, ledger, details, verification=self.verification(), agrees=self.participants_agree()
        )

    def participants_agree(self) -> bool | None:
        """Are the participants those of the ledger, by office, day and arm? None without a ledger.

        People who withdrew may be missing from the participants, so these may be fewer, but never others.
        """
        from lodd.allocation import LEDGER_FILE, drawn_places

        ledger = self.folder / LEDGER_FILE
        if not ledger.exists():
            return None
        drawn, withdrawn = drawn_places(ledger)
        frame = self.participants.frame
        present = Counter(zip(frame["office"], frame["drawn_at"], frame["arm"], strict=True))
        return present <= drawn and present.total() >= drawn.total() - withdrawn

    def truth(self) -> pl.DataFrame | None:
        """The true effects of a simulated trial; None for a real one."""
        import polars as pl

        file = self.folder / TRUTH_FILE
        return pl.read_parquet(file) if self.simulated and file.exists() else None

    def simulation_facts(self) -> Mapping[str, Any]:
        """What ``lodd simulate`` wrote of itself: seed, effect, counts of dirt; empty for a real trial."""
        if not self.simulated:
            return {}
        content: Mapping[str, Any] = json.loads((self.folder / SIMULATION_FILE).read_text(encoding="utf-8"))
        return content


def open_study(folder: str | Path) -> Study:
    """Open a trial folder.

    Raises:
        UsageError: there is no ``trial.toml`` in it.
        ProtocolError: the protocol is not sound.
    """
    path = Path(folder)
    return Study(path, load_trial(path))
