"""From trial, participants, panel and lock to an Evaluation."""

from __future__ import annotations

import platform
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

import numpy as np

from lodd.errors import DataError, Problem
from lodd.evaluation.algebra import one_thread
from lodd.evaluation.balance import balance_table, characteristics_of, joint_tests
from lodd.evaluation.columns import Block
from lodd.evaluation.estimates import Rows, estimate_all, estimates_frame
from lodd.evaluation.further import further_tables
from lodd.evaluation.integrity import DrawRecord, integrity_tables
from lodd.evaluation.integrity.withdrawn import with_withdrawn
from lodd.evaluation.notes import Notebook
from lodd.evaluation.participation import cohort, flow, take_up
from lodd.evaluation.plan import Plan, check_panel, plan_blocks, primary_values
from lodd.evaluation.randomisation import Redrawn, check_draws, protocol_seed, randomise
from lodd.evaluation.results import Evaluation
from lodd.evaluation.setting import Setting, setting_of
from lodd.evaluation.shares import draw_shares, draw_shares_site
from lodd.evaluation.subgroups import subgroup_blocks
from lodd.evaluation.verdict import conclude
from lodd.locale import Text
from lodd.progress import Progress, silent
from lodd.protocol.lock import Prespecification
from lodd.protocol.model import Trial
from lodd.protocol.types import FidelityScores, Panel, Participants, PriorEvidence


@one_thread()
def evaluate(
    trial: Trial,
    participants: Participants,
    panel: Panel,
    prespecification: Prespecification,
    *,
    record: DrawRecord | None = None,
    fidelity: FidelityScores | None = None,
    evidence: Sequence[PriorEvidence] = (),
    draws: int | None = None,
    progress: Progress = silent,
) -> Evaluation:
    """Estimate everything that the plan declares, and test what the estimates rest on.

    Every outcome column is estimated by the estimator of the average effect (Hajek for independent lots,
    post-stratified for fixed numbers per arm and for external draws with strata) and by strata fixed effects, each
    without and, where declared, with covariates. ``main`` marks the declared estimand's, with covariates if declared.

    Args:
        record: of the ledger; without one, tests of the draw's integrity that need it are *not known*.
        fidelity: scores of the programme by site and half-year, if there are any.
        evidence: what earlier studies found, by outcome; without it, that explanation *cannot* be told.
        draws: redraws for randomisation inference, if other than the plan's.

    Raises:
        DataError: participants and panel contradict each other or the protocol, or probabilities are missing.
        ProtocolError: the plan declares too few redraws for its confidence level.
        UsageError: too few are asked for.
    """
    redraws = check_draws(trial.analysis.draws, draws, float(trial.analysis.confidence))
    clock, notes = _Clock(), Notebook()
    with clock.stage("prepare"):
        plan = Plan(trial, panel, prespecification, notes)
        setting, blocks = _prepare(plan, participants)
    with clock.stage("estimates"):
        rows = estimate_all(setting, blocks, notes, progress)
    with clock.stage("randomisation"):
        redrawn = _redrawn(plan, setting, participants, blocks, rows, record=record, draws=redraws, progress=progress)
        estimates = estimates_frame(trial, setting, rows, redrawn.columns)
    with clock.stage("checks"):
        checked = _checks(plan, setting, participants)
    with clock.stage("further"):
        tables = redrawn.frames | further_tables(plan, setting, participants, blocks, fidelity=fidelity)
    with clock.stage("integrity"):
        tables |= integrity_tables(trial, participants, panel, record)
    with clock.stage("verdict"):
        concluded = conclude(plan, setting, participants, estimates, fidelity=fidelity, evidence=evidence)
    return Evaluation(
        estimates=estimates,
        tables=tables | dict(concluded.tables),
        verdicts=concluded.verdicts,
        findings=concluded.findings,
        notes=notes.notes,
        lock=dict(prespecification.status),
        versions=_versions(),
        timings=clock.seconds,
        provenance=dict(panel.provenance),
        **checked,
    )


def _redrawn(
    plan: Plan,
    setting: Setting,
    participants: Participants,
    blocks: list[Block],
    rows: Rows,
    *,
    record: DrawRecord | None,
    draws: int,
    progress: Progress,
) -> Redrawn:
    """Redraws of the lots of everybody drawn, by the design as the ledger says that it became."""
    return randomise(
        plan.trial,
        setting,
        with_withdrawn(plan.trial, participants, record),
        blocks,
        rows,
        notes=plan.notes,
        draws=draws,
        seed=protocol_seed(plan.prespecification.status),
        design=record.design if record is not None else None,
        progress=progress,
    )


def _checks(plan: Plan, setting: Setting, participants: Participants) -> dict[str, Any]:
    """What the estimates rest on: balance, shares drawn, take-up, who is followed (fields of ``Evaluation``)."""
    trial, panel = plan.trial, plan.panel
    characteristics = characteristics_of(trial, participants, panel, plan.notes)
    primary = [primary_values(plan, declared) for declared in trial.analysis.primary]
    return {
        "balance": balance_table(setting, characteristics),
        "balance_tests": joint_tests(trial, participants, panel, setting, plan.notes),
        "draw_shares": draw_shares(trial, participants),
        "draw_shares_site": draw_shares_site(trial, participants),
        "take_up": take_up(setting, panel),
        "flow": flow(setting, panel, primary),
        "cohort": cohort(setting, panel),
    }


def _prepare(plan: Plan, participants: Participants) -> tuple[Setting, list[Block]]:
    """Check that the inputs belong together; the setting, and every outcome column of the plan."""
    check_panel(plan.trial, plan.panel)
    _check_people(participants, plan.panel)
    setting = setting_of(plan.trial, participants, plan.panel, plan.notes)
    blocks = plan_blocks(plan)
    blocks += subgroup_blocks(plan, participants, blocks)
    if setting.clusters is not None:
        for subgroup in plan.trial.analysis.subgroups:
            plan.notes.add("interaction_not_tested", subgroup.id)
    return setting, blocks


class _Clock:
    """Seconds by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - start, 3)


def _versions() -> dict[str, str]:
    packages = ("lodd", "numpy", "scipy", "polars")
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}


def _check_people(participants: Participants, panel: Panel) -> None:
    """Raise DataError unless the panel holds the participants, in their order."""
    first_rows = np.arange(panel.people) * len(panel.window)
    same = panel.people == len(participants) and panel.frame["person_id"].gather(first_rows).to_list() == (
        participants.frame["person_id"].to_list()
    )
    if not same:
        raise DataError(
            Problem(
                found=Text(
                    nb=f"Panelet ({panel.people} personer) er ikke laget av disse {len(participants)} deltakerne",
                    en=f"The panel ({panel.people} people) was not made from these {len(participants)} participants",
                ),
                where="results/panel.parquet",
                allowed=Text(nb="de samme personene, i samme rekkefølge", en="the same people, in the same order"),
                next_step=Text(nb="Bygg panelet på nytt: lodd panel", en="Build the panel again: lodd panel"),
            )
        )
