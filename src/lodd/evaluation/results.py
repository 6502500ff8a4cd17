"""What an evaluation is: frozen tables and tests, written to ``results/`` and read by the report.

Everything here is numbers; words are the report's. Shares are in [0, 1], money in the register's unit, standard errors
and intervals in the estimate's unit. A missing number is null in frames and NaN in dataclasses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from lodd.evaluation.conclusions import Finding, Verdict

ESTIMATE_SCHEMA: Final[Mapping[str, pl.DataType]] = {
    "outcome": pl.String(),
    "family": pl.String(),  # null: in no family
    "arm": pl.String(),
    "reference": pl.String(),
    "population": pl.String(),  # "all" | "fixed_cohort" (everyone whose registers cover the whole window)
    "subgroup": pl.String(),  # null: everybody; else "<subgroup id>:<group>", e.g. "income_before:above"
    "role": pl.String(),  # "primary" | "period" | "curve" | "cumulative" | "sensitivity"
    "rule": pl.String(),  # "declared" | "death:zero" | "death:missing" | "emigration:zero" | "emigration:missing"
    "event_month": pl.Int32(),  # null for a summary; for "cumulative" the last month of the running total
    "months": pl.String(),  # the event months used: "7..7" for month 7, "1..36" for a summary
    "summary": pl.String(),  # "month" | "mean" | "sum"
    "estimator": pl.String(),  # "hajek" | "post_stratified" | "strata_fixed_effects" | "difference_in_means"
    "adjusted": pl.Boolean(),
    "main": pl.Boolean(),  # the estimator of the declared estimand, with the declared covariates
    "statistic": pl.String(),  # which statistic p_randomisation belongs to; null while there is none
    "estimate": pl.Float64(),
    "std_error": pl.Float64(),
    "se_kind": pl.String(),  # "HC2" | "CR2" | ...
    "df": pl.Float64(),  # degrees of freedom of the t distribution
    "ci_low": pl.Float64(),
    "ci_high": pl.Float64(),
    "ci_kind": pl.String(),  # "pointwise"
    "p_value": pl.Float64(),
    "p_randomisation": pl.Float64(),
    "p_family": pl.Float64(),
    "p_interaction": pl.Float64(),  # are the subgroup's effects equal?
    "p_equivalence": pl.Float64(),  # two one-sided tests against the locked margin
    "band_low": pl.Float64(),
    "band_high": pl.Float64(),
    "mean_control": pl.Float64(),  # weighted like the estimate
    "mean_treated": pl.Float64(),
    "n_control": pl.Int64(),
    "n_treated": pl.Int64(),
    "prespecified": pl.Boolean(),
}


@dataclass(frozen=True, slots=True)
class JointTest:
    """A joint test of balance of one arm against the reference: are all covariates unrelated to the draw?"""

    arm: str
    statistic: float
    df: float
    df_residual: float
    p_value: float
    covariates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """Something that was left out or could not be done, with how many and of what, to be shown in the report.

    ``kind`` is a code (see ``lodd.evaluation.NOTE_KINDS``), ``subject`` an outcome, stratum or covariate.
    """

    kind: str
    subject: str
    count: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything that ``lodd evaluate`` finds.

    - ``estimates``: one row an estimate, columns as ``ESTIMATE_SCHEMA``.
    - ``balance``: ``arm, covariate, group`` ("baseline" | "before the draw"), ``mean_control, mean_treated,
      difference, std_error, std_difference`` (difference / pooled standard deviation), ``p_value, n_control,
      n_treated, n_missing``; differences estimated like the main estimator, without covariates.
    - ``draw_shares``: ``site, office, stratum, period_from`` (date or null), ``arm, n, drawn, share, declared`` (mean
      marginal probability; null if unknown), ``p_value`` (exact and two-sided for keyed draws, also where probabilities
      differ; null where lots are not independent or not Lodd's). One row a stratum and arm.
    - ``draw_shares_site``: the same by ``site`` and ``period_from``, and by ``site`` alone (null ``period_from``).
    - ``take_up``: ``arm`` (drawn to), ``programme_arm`` (whose programmes), ``event_month, active, ever`` (weighted
      shares of those observed), ``n``.
    - ``flow``: ``arm, drawn, started_own, started_other, started_both, started_none`` (started the own arm's programmes
      only, others' only, both, none: they add up to ``drawn``; null without a participation register), ``dead, abroad``
      (ever, by the end of the window), and ``analysed_<i>`` for each primary outcome i.
    - ``cohort``: ``outcome, event_month, arm, n`` observed: where a curve's cohort changes.
    - ``tables``: everything around the main effect, name -> tidy frame. Names are small letters and ``_``; each is kept
      as ``results/tables/<name>.parquet``. Columns are documented where a table is made (``lodd.evaluation.further``
      and its neighbours). A table that does not apply to the trial is absent, never empty of columns.
    - ``verdicts``: one for every primary outcome and arm, in the order of the plan.
    - ``findings``: what the data say about the rival explanations (a) to (h), in that order.
    """

    estimates: pl.DataFrame
    balance: pl.DataFrame
    balance_tests: tuple[JointTest, ...]
    draw_shares: pl.DataFrame
    draw_shares_site: pl.DataFrame
    take_up: pl.DataFrame
    flow: pl.DataFrame
    cohort: pl.DataFrame
    tables: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    verdicts: tuple[Verdict, ...] = ()
    findings: tuple[Finding, ...] = ()
    notes: tuple[Note, ...] = ()
    lock: Mapping[str, str] = field(default_factory=dict)
    """``status`` ("locked" | "differs" | "unlocked"), ``protocol_sha256``, ``locked_sha256``, ``locked_at``."""
    versions: Mapping[str, str] = field(default_factory=dict)
    timings: Mapping[str, float] = field(default_factory=dict)
    """Seconds by stage."""
    provenance: Mapping[str, str] = field(default_factory=dict)
    """Of the panel: hashes of protocol and extracts; ``simulated`` = "yes" where the people were invented."""
