"""What `lodd simulate` makes wrong, and counts, is found in the same numbers.

A few kinds of dirt at a time, of which none falls on rows of another, in every register that gets them.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from lodd.protocol import Trial
from lodd.registers.quality import Finding, check_registers
from lodd.simulate.dirt import with_dirt
from lodd.simulate.processes import Streams
from lodd.simulate.settings import Dirt
from tests.registers.small import JOBS, PAY, people_of, trial_of

SPELLS = {"temporality": "status", "covers": JOBS["covers"], "start": "start_date", "stop": "stop_date"}
EMPLOYMENT = SPELLS | {
    "file": "employment.parquet",
    "record": ["record_id"],
    "registered": "registered_on",
    "merge": {"by": ["employer_id"]},
    "columns": {"hours_per_week": {"decimals": 1, "missing": "exclude"}},
}
BENEFITS = SPELLS | {"file": "benefits.parquet"}
EARNINGS = PAY | {"file": "earnings.parquet"}
PEOPLE = [f"p{i:03}" for i in range(150)]
RATES = {name: 0.0 for name in Dirt.model_fields if name != "basis"}

EXPECTED = {
    "late_corrections": "superseded",
    "duplicates": "duplicates",
    "overlaps": "overlap_same",
    "missing_hours": "missing",
    "far_ends": "endless",
    "never_drawn": "not_drawn",
    "start_after_stop": "start_after_stop",
}
TOGETHER = [
    pytest.param(("overlaps", "missing_hours", "far_ends"), marks=pytest.mark.long),
    pytest.param(("late_corrections", "never_drawn"), marks=pytest.mark.long),
    pytest.param(("duplicates", "start_after_stop"), marks=pytest.mark.long),
]


@cache
def clean_tables() -> dict[str, pl.DataFrame]:
    """A job and a benefit after another for each person, and a year's pay."""
    rng = np.random.default_rng(4)
    jobs: list[dict[str, Any]] = []
    for person in PEOPLE:
        day = date(2015, 1, 1) + timedelta(int(rng.integers(0, 60)))
        for _ in range(3):
            last = day + timedelta(int(rng.integers(100, 200)))
            jobs.append(
                {
                    "record_id": f"r{len(jobs):06}",
                    "person_id": person,
                    "employer_id": f"E{len(jobs)}",
                    "start_date": day,
                    "stop_date": last,
                    "hours_per_week": 37.5,
                    "registered_on": day + timedelta(9),
                }
            )
            day = last + timedelta(3)
        jobs[-1]["stop_date"] = None
    employment = pl.DataFrame(jobs)
    benefits = employment.select("person_id", "start_date", "stop_date", benefit=pl.lit("AAP"))
    months = [(person, "E1", date(2015, month, 1), 100 + month) for person in PEOPLE for month in range(1, 13)]
    pay = pl.DataFrame(months, schema=["person_id", "employer_id", "month", "amount"], orient="row")
    return {"employment": employment, "benefits": benefits, "earnings": pay}


def trial() -> Trial:
    benefit = {"register": "benefits", "measure": {"any": True, "where": {"benefit": "AAP"}}}
    work = {"register": "employment", "measure": {"sum": "hours_per_week", "at_least": 4}}
    pay = {"register": "earnings", "measure": {"sum": "amount"}}
    registers = {"employment": EMPLOYMENT, "benefits": BENEFITS, "earnings": EARNINGS}
    return trial_of(registers, {"in_work": work, "aap": benefit, "pay": pay})


def found_in(folder: Path, tables: dict[str, pl.DataFrame]) -> dict[tuple[str, str], Finding]:
    for register, rows in tables.items():
        rows.write_parquet(folder / f"{register}.parquet")
    people = people_of(**dict.fromkeys(PEOPLE, date(2015, 6, 1)))
    found = check_registers(trial(), folder, people).all_findings()
    return {(f.register, f.kind): f for f in found if not f.months}  # the tables hold fewer months than they cover


@pytest.mark.parametrize("kinds", TOGETHER)
def test_what_is_planted_is_found_exactly(kinds: tuple[str, ...], tmp_path: Path) -> None:
    rates = {kind: 0.5 if kind == "far_ends" else 0.1 for kind in kinds}
    dirt = Dirt.model_validate(RATES | {"basis": "assumption: a test"} | rates)
    dirty, planted = with_dirt(clean_tables(), dirt, Streams(7))
    wanted = {
        (register, EXPECTED[kind]): count
        for register, counts in planted.items()
        for kind, count in counts.items()
        if kind in kinds
    }
    assert len(wanted) >= len(kinds)
    assert all(wanted.values())
    assert {key: finding.rows for key, finding in found_in(tmp_path, dirty).items()} == wanted


@pytest.mark.long
def test_the_demo_has_what_its_own_facts_say(tmp_path: Path) -> None:
    """All kinds at once, at full size: those that do not touch each other have the very counts."""
    import lodd
    from lodd.examples import new_folder
    from lodd.quality_study import check_quality

    new_folder(tmp_path / "demo", "se")
    study = lodd.open(tmp_path / "demo")
    study.simulate(seed=1)
    quality, _ = check_quality(study)
    planted = study.simulation_facts()["dirt"]
    found = {(f.register, f.kind): f.rows for f in quality.all_findings()}
    jobs = planted["employment"]
    assert found["employment", "superseded"] == jobs["late_corrections"]
    assert found["employment", "missing"] == jobs["missing_hours"]
    assert found["employment", "overlap_same"] == jobs["overlaps"]
    for register in ("employment", "benefits"):
        assert found[register, "start_after_stop"] == planted[register]["start_after_stop"]
    for register in ("employment", "benefits", "earnings"):
        duplicated = planted[register]["duplicates"]
        others = found[register, "not_drawn"] - planted[register]["never_drawn"]
        assert 0 <= duplicated - found[register, "duplicates"] == others
