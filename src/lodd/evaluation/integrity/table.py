"""All checks of the draw, in one table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import polars as pl

from lodd.allocation import Design, Verification
from lodd.errors import LoddError
from lodd.evaluation.balance import BEFORE, Characteristic, characteristics_of
from lodd.evaluation.design import Floats
from lodd.evaluation.integrity.after import (
    ledger_rows,
    referral_days,
    repeated_by_caller,
    requests_table,
    start_months,
    starts_table,
)
from lodd.evaluation.integrity.characteristics import arm_sums, office_sums, within_strata
from lodd.evaluation.integrity.drawn import Drawn, Groups, drawn_of
from lodd.evaluation.integrity.order import ArmMeasures
from lodd.evaluation.integrity.record import DrawRecord
from lodd.evaluation.integrity.rows import About, Member, Row, Verdict, judged, members_frame, one_by_one, row_of
from lodd.evaluation.integrity.tails import Measure, Reference, references
from lodd.evaluation.integrity.withdrawn import with_withdrawn
from lodd.evaluation.notes import Notebook
from lodd.evaluation.shares import two_sided_p_value
from lodd.protocol.model import Trial
from lodd.protocol.types import PARTICIPATES, Panel, Participants

REDRAWS: Final = 5_000
_ALONE: Final = ("count_total", "count_strata", "count_windows", "runs", "serial", "drift")
_BY_CALLER: Final = ("caller_counts", "caller_serial")


def integrity_tables(
    trial: Trial, participants: Participants, panel: Panel, record: DrawRecord | None = None, *, redraws: int = REDRAWS
) -> dict[str, pl.DataFrame]:
    """Was the draw free of manipulation, as far as its outcome and its ledger can tell?

    Args:
        trial: its design redraws the lots.
        participants, panel: what was known before the draw, and who started when.
        record: the ledger; without one, what it alone tells is *not known*.
        redraws: of every statistic; the smallest p-value that they can give is ``2 / (redraws + 1)``.

    Returns:
        ``integrity``: one row a check, ``INTEGRITY_SCHEMA``, what each is in ``CHECKS``; ``integrity_members``:
        offices and callers one by one, ``MEMBER_SCHEMA``; ``integrity_requests``: repeated requests by who asked;
        ``integrity_starts``: by arm, who started the own programme within a year, and how soon.
    """
    checks = _Checks(trial, participants, panel, record, redraws)
    checks.ledger()
    try:
        design = (record.design if record is not None else None) or Design.from_trial(trial)
        everybody = with_withdrawn(trial, participants, record)
        drawn = drawn_of(trial, design, everybody, record)
    except LoddError:
        checks.unknown([*_ALONE, "serial_office", "covariates_joint", *_BY_CALLER], "draw", "cannot_be_redrawn")
        checks.unknown(["referral", "start"], "after", "cannot_be_redrawn")
    else:
        checks.arms(drawn)
        checks.characteristics(design, everybody)
        checks.answers(design)
    return {
        "integrity": judged(checks.rows),
        "integrity_members": members_frame(checks.members),
        "integrity_starts": starts_table(trial, participants, panel),
        **({"integrity_requests": requests_table(record)} if record is not None else {}),
    }


@dataclass(slots=True)
class _Checks:
    """Gathers the rows of the table, part by part."""

    trial: Trial
    participants: Participants
    panel: Panel
    record: DrawRecord | None
    redraws: int
    rows: list[Row] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)

    @property
    def _compared(self) -> list[tuple[int, str]]:
        """The arms that are each compared with all others: every one but the reference."""
        return list(enumerate(self.trial.arm_ids))[1:]

    def add(self, made: tuple[Row, list[Member]]) -> None:
        self.rows.append(made[0])
        self.members += made[1]

    def unknown(self, checks: Sequence[str], about: About, detail: str) -> None:
        self.rows += [Row(check, about, detail=detail) for check in checks]

    def ledger(self) -> None:
        """What verifying the ledger gave, and whether the participants are its people."""
        record = self.record
        verification = record.verification if record is not None else None
        if verification is None or not verification.applicable:
            self.unknown(["verification"], "ledger", "no_ledger" if record is None else "not_verified")
        else:
            self.rows.append(_verified(verification))
        if record is None or record.agrees is None:
            self.unknown(["agreement"], "ledger", "no_ledger")
        else:
            verdict: Verdict = "ok" if record.agrees else "alarm"
            self.rows.append(Row("agreement", "ledger", verdict=verdict, n=record.answers.height))

    def arms(self, drawn: Drawn) -> None:
        """Counts and order."""
        measures = {
            f"{name}:{arm}": m for k, arm in self._compared for name, m in ArmMeasures(drawn, k).measures().items()
        }
        found = references(drawn.design, drawn.history, measures, self.redraws)
        detail = drawn.source if drawn.within_days else "order_within_days_unknown"
        for k, arm in self._compared:
            self.rows.append(_total(drawn, k, arm, found[f"count_total:{arm}"]))
            alone = {name: found[f"{name}:{arm}"] for name in _ALONE[1:]}
            alone["serial_office"] = _summed(found[f"office_serial:{arm}"])
            self.rows += [row_of(name, "draw", arm, tails, len(drawn), detail=detail) for name, tails in alone.items()]
            for name, groups in _kinds(drawn):
                self.add(one_by_one(name, arm, found[f"{name}:{arm}"], groups))
        if drawn.caller is None:
            self.unknown(_BY_CALLER, "draw", "one_caller" if drawn.source == "ledger" else "callers_not_known")

    def characteristics(self, design: Design, everybody: Participants) -> None:
        """Everything known before the draw, and the waiting after it: by redraws of the participants.

        ``everybody``: with those after them whose lots are redrawn too, and about whom nothing is known.
        """
        office, strata = Groups.of(self.participants.frame["office"].to_list()), self.participants.stratum_index
        matrix = within_strata(_known_before(self.trial, self.participants, self.panel), strata)
        waiting = {"start": start_months(self.panel), "referral": referral_days(self.participants)}
        waits = {
            name: within_strata([Characteristic(name, "", t)], strata) for name, t in waiting.items() if t is not None
        }
        measures: dict[str, Measure] = {}
        for k, arm in self._compared:
            if matrix.shape[1]:
                measures[f"covariates:{arm}"] = arm_sums(matrix, k)
                measures[f"office_covariates:{arm}"] = office_sums(matrix, office, k)
            measures |= {f"{name}:{arm}": arm_sums(wait[:, :1], k) for name, wait in waits.items() if wait.shape[1]}
        ours = {name: _of_the_first(len(self.participants), measure) for name, measure in measures.items()}
        found = references(design, design.history(everybody), ours, self.redraws) if measures else {}
        for _, arm in self._compared:
            self._covariates(arm, found, office, f"columns={matrix.shape[1]}")
            for name, times in waiting.items():
                self._waiting(name, arm, found.get(f"{name}:{arm}"), times)

    def _covariates(self, arm: str, found: dict[str, Reference], office: Groups, detail: str) -> None:
        if f"covariates:{arm}" not in found:
            self.rows.append(Row("covariates_joint", "draw", arm, detail="nothing_known"))
            return
        sums, n = found[f"covariates:{arm}"], len(self.participants)
        self.rows.append(row_of("covariates_joint", "draw", arm, sums.joint(), n, detail=detail))
        self.rows.append(row_of("covariates_largest", "draw", arm, sums.largest(), n, detail=detail))
        by_office = _squared_by_office(found[f"office_covariates:{arm}"], len(office.names))
        self.add(one_by_one("office_covariates", arm, by_office, office))

    def _waiting(self, name: str, arm: str, tails: Reference | None, times: Floats | None) -> None:
        if tails is None or times is None:
            detail = "not_recorded" if times is None else "all_alike"
            self.rows.append(Row(name, "after", arm, detail=detail))
        else:
            self.rows.append(row_of(name, "after", arm, tails, int((~np.isnan(times)).sum())))

    def answers(self, design: Design) -> None:
        """What only the ledger tells of what became of the answers."""
        if self.record is None or not self.record.answers.height:
            self.unknown(["repeated", "repeated_caller"], "draw", "no_ledger")
            self.unknown(["withdrawn", "error_noted", "missing"], "after", "no_ledger")
            return
        self.rows += ledger_rows(self.trial, design, self.participants, self.record, self.redraws)
        self.add(repeated_by_caller(self.record))


def _verified(verification: Verification) -> Row:
    wrong, recomputed = len(verification.findings), verification.counts.get("recomputed", 0)
    verdict: Verdict = "ok" if recomputed else "not_known"
    return Row(
        "verification",
        "ledger",
        statistic=float(wrong),
        verdict="alarm" if wrong else verdict,
        n=recomputed,
        detail="" if recomputed else "not_recomputed",
    )


def _total(drawn: Drawn, k: int, arm: str, tails: Reference) -> Row:
    """The count of all: exact where lots are independent, by redraws otherwise."""
    row = row_of("count_total", "draw", arm, tails, len(drawn), detail=drawn.source)
    if row.p_value is None or len(drawn.history.independent) < len(drawn):
        return row
    return replace(row, p_value=two_sided_p_value(drawn.history.probability[:, k], int(tails.actual[0])))


def _of_the_first(people: int, measure: Measure) -> Measure:
    return lambda lots: measure(lots[:, :people])


def _kinds(drawn: Drawn) -> Iterator[tuple[str, Groups]]:
    yield from (("office_counts", drawn.office), ("office_serial", drawn.office))
    if drawn.caller is not None:
        yield from (("caller_counts", drawn.caller), ("caller_serial", drawn.caller))


def _summed(tails: Reference) -> Reference:
    return Reference(tails.actual.sum(keepdims=True), tails.redrawn.sum(axis=1)[:, None])


def _squared_by_office(sums: Reference, offices: int) -> Reference:
    """Of the offices' sums by component: the sum over components of the squared standardised sums."""
    common = sums.standardised
    squares = (common.redrawn**2).reshape(len(common.redrawn), -1, offices).sum(axis=1)
    return Reference((common.actual**2).reshape(-1, offices).sum(axis=0), squares)


def _known_before(trial: Trial, participants: Participants, panel: Panel) -> list[Characteristic]:
    """What the balance table shows, and who had been in a programme in the year before."""
    found = characteristics_of(trial, participants, panel, Notebook())
    first = max(-12, panel.window.first)
    programmes = [name for name in panel.frame.columns if name.startswith(PARTICIPATES)] if first < 0 else []
    for name in programmes:
        known = panel.matrix(name)[:, first - panel.window.first : -panel.window.first]
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.where(np.isnan(known), 0.0, known).sum(axis=1) / (~np.isnan(known)).sum(axis=1)
        if not np.isnan(mean).all():
            found.append(Characteristic(name, BEFORE, mean))
    return found
