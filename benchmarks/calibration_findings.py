"""How often the findings on rival explanations say what, over simulated trials whose truth is known.

Findings (b) to (d), (f) and (h) are made from whole simulated trials: people, lots, registers and panel, as
``lodd simulate`` makes them, without dirt. ((e) and (g) are measured by :mod:`benchmarks.calibration`. (a) is a rule on
numbers that are passed in, with nothing random in it.) Two truths:

- ``declared``: the example as it is;
- ``other``: few start the treated arm's programme, and what it does while they are in it falls on them alone; work
  practice and wage subsidy are used as in the reference arm; participants were more often in work before the draw than
  the example's, and who works then works later.

Beside the shares stands what the rule would say if each number were known exactly: the rule applied to the numbers'
means over all trials. *Wrong*: a trial says supported where that says not supported, or the other way round.

Run with ``python -m benchmarks.calibration_findings [--trials 500] [--design se|se-klar]``.
"""

from __future__ import annotations

import argparse
import os
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from pathlib import Path
from statistics import fmean
from typing import Final, Literal, get_args

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # two processes share two cores

import lodd.examples
from benchmarks.calibration_trials import DesignName
from lodd.evaluation.conclusions import Finding, Number
from lodd.evaluation.estimates import estimate_all, estimates_frame
from lodd.evaluation.notes import Notebook
from lodd.evaluation.plan import Plan, plan_blocks
from lodd.evaluation.setting import setting_of
from lodd.evaluation.verdict import contrast, groups, implementation, instruments
from lodd.evaluation.verdict.case import Case
from lodd.evaluation.verdict.judge import each, judge
from lodd.progress import silent
from lodd.protocol import Trial, compare, load_trial
from lodd.registers import build_panel_from
from lodd.simulate import SimulationSettings, load_settings, simulation_lock
from lodd.simulate.simulation import clean_tables, history_of, observed_tables

Truth = Literal["declared", "other"]
SEED, TRIALS, PROCESSES = 2017, 500, 2
FEW: Final = 0.12
"""Share of the treated arm that starts its programme in the truth ``other``."""
MORE_WORK, LASTING = 15.0, 0.6
"""Percentage points more in work before the draw, and share of what decides work that stays with the person."""


@cache
def declared(design: DesignName) -> tuple[Trial, SimulationSettings]:
    """The example, with the months that findings look at and no more."""
    folder = Path(lodd.examples.__file__).parent / design
    return load_trial(folder).trial, load_settings(folder)


def changed(settings: SimulationSettings, arm: str, reference: str) -> SimulationSettings:
    """The settings of the truth ``other``."""
    take_up = dict(settings.take_up)
    declared_share = take_up[arm].starts[arm]
    starts = {arm: FEW, reference: take_up[reference].starts[reference] - FEW}
    take_up[arm] = take_up[arm].model_copy(update={"starts": starts})
    measures = {
        code: process.model_copy(update={"level": dict.fromkeys(process.level, process.level[reference])})
        for code, process in settings.measures.items()
    }
    share = FEW / declared_share
    effects = tuple(
        effect.model_copy(update={"points": tuple((month, share * points) for month, points in effect.points)})
        if "programme" in effect.only_while else effect
        for effect in settings.effects
    )  # fmt: skip
    path = tuple((month, level + MORE_WORK if month <= 0 else level) for month, level in settings.work.level)
    work = settings.work.model_copy(update={"level": path, "by_person": LASTING})
    changes = {"take_up": take_up, "measures": measures, "work": work, "effects": effects}
    return settings.model_copy(update=changes)


def look(design: DesignName, truth: Truth, trial: int) -> list[Finding]:
    """The findings of one trial."""
    protocol, settings = declared(design)
    reference, arm = protocol.arm_ids[0], protocol.arm_ids[1]
    made = settings if truth == "declared" else changed(settings, arm, reference)
    lock = simulation_lock(protocol)
    history = history_of(protocol, made, seed=SEED + trial, lock=lock)
    participants = history.people.participants
    tables = observed_tables(participants, {name: clean_tables(history, name) for name in protocol.arm_ids})
    panel = build_panel_from(protocol, tables, participants)
    plan = Plan(protocol, panel, compare(protocol, lock), Notebook())
    setting = setting_of(protocol, participants, panel, plan.notes)
    blocks = [block for block in plan_blocks(plan) if block.labels[0].role == "primary"]
    rows = estimate_all(setting, blocks, plan.notes, silent)
    verdicts = judge(plan, estimates_frame(protocol, setting, rows))
    mine = tuple((verdict, primary) for verdict, primary, k in each(verdicts, protocol) if k == 1)
    case = Case(plan, setting, participants, mine, 1, None, ())
    delivered = implementation.implementation(case)[0]
    others = [contrast.treatment_contrast(case)[0], instruments.other_instruments(case)[0]]
    return [*groups.target_group(case), groups.cream_skimming(case), delivered, *others]


def exactly(rival: str, means: Mapping[tuple[str, str], float], margin: float | None) -> str:
    """What the finding's rule says of numbers that are known."""
    number = {name: Number(name, mean, mean, mean, of=of) for (name, of), mean in means.items()}
    if rival == "treatment_contrast":
        any_programme = means["months_in", contrast.ANY]
        known = Number("months_in", any_programme, any_programme, any_programme, of=contrast.ANY)
        return ": ".join(contrast.judge_contrast(number["started"], known))
    if rival == "cream_skimming":
        return ": ".join(groups.judge_selection(number["easier"], means["limit", ""]))
    if rival == "target_group":
        return ": ".join(groups.judge_projection(number["difference"], margin))
    if rival == "other_instruments":
        parts = {name: number[name] for name in ("work", "work_with", "work_without")}
        use = next(Number(name, mean, mean, mean) for (name, of), mean in means.items() if (name, of) == ("use", ""))
        return ": ".join(instruments.judge_instruments(use, parts))
    aspects = {
        "few_started": means["started_by", ""] > implementation.START_SHARE,
        "slow_placement": means["placed", ""] > implementation.PLACED_SHARE,
        "practice_instead": means["practice", ""] <= implementation.PRACTICE,
    }
    return ": ".join(implementation.judge_implementation(dict(aspects)))


def report(protocol: Trial, found: Sequence[Sequence[Finding]]) -> None:
    """Shares by finding, with what is true and how often the finding contradicts it."""
    margins = {p.outcome: None if p.margin is None else float(p.margin) for p in protocol.analysis.primary}
    grouped: dict[tuple[str, str, str], list[Finding]] = defaultdict(list)
    for findings in found:
        for finding in findings:
            of = next((number.of for number in finding.numbers if number.of), "")
            about = of if finding.rival == "target_group" else ""
            grouped[finding.rival, finding.outcome, about].append(finding)
    for (rival, outcome, about), said in grouped.items():
        numbers: dict[tuple[str, str], list[float]] = defaultdict(list)
        for finding in said:
            for number in finding.numbers:
                of = number.of if rival == "treatment_contrast" else ""
                numbers.setdefault((number.name, of), []).append(number.value)
        means = {key: fmean(values) for key, values in numbers.items()}
        if rival == "treatment_contrast":
            means |= {("started", ""): next(m for (name, _), m in means.items() if name == "started")}
        true = exactly(rival, means, margins.get(outcome))
        shares = Counter(f"{finding.status}: {finding.why}" for finding in said)
        print(f"  {rival} {outcome} {about}".rstrip() + f"; exactly: {true}")
        key = ", ".join(f"{name} {of} {mean:.3f}".replace("  ", " ") for (name, of), mean in means.items())
        print(f"    means: {key}")
        print("    " + "; ".join(f"{what} {100 * n / len(said):.1f} %" for what, n in shares.most_common()))
        sides = {"supported", "not_supported"}
        wrong = sum(f.status in sides and true.split(":")[0] in sides - {f.status} for f in said)
        print(f"    wrong {100 * wrong / len(said):.1f} %", flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calibration_findings", description=__doc__)
    parser.add_argument("--trials", type=int, default=TRIALS)
    parser.add_argument("--design", choices=get_args(DesignName))
    parser.add_argument("--truth", choices=get_args(Truth))
    asked = parser.parse_args(arguments)
    with ProcessPoolExecutor(PROCESSES) as pool:
        for design in [asked.design] if asked.design else get_args(DesignName):
            for truth in [asked.truth] if asked.truth else get_args(Truth):
                start = time.perf_counter()
                found = list(pool.map(partial(look, design, truth), range(asked.trials), chunksize=5))
                print(f"{asked.trials} trials of {design}, truth: {truth}, seed {SEED}", end="")
                print(f", {time.perf_counter() - start:.0f} s", flush=True)
                report(declared(design)[0], found)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
