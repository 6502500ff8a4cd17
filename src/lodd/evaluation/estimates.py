"""Every estimate of an evaluation, as one tidy frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields

import numpy as np
import polars as pl

from lodd.evaluation import inference
from lodd.evaluation.columns import Block, Label, MaskGroup, by_mask
from lodd.evaluation.design import Design, Effects, Floats, NotEstimableError
from lodd.evaluation.linear import effects
from lodd.evaluation.notes import Notebook
from lodd.evaluation.results import ESTIMATE_SCHEMA
from lodd.evaluation.setting import EstimatorName, Setting, design_for
from lodd.locale import Text
from lodd.progress import Progress
from lodd.protocol.model import Trial

ROLES = ("primary", "sensitivity", "period", "curve", "cumulative")
_LABEL = [f.name for f in fields(Label) if f.name != "margin"]
_NUMBERS = [
    "estimate", "std_error", "df", "ci_low", "ci_high", "p_value", "p_equivalence", "mean_control", "mean_treated"
]  # fmt: skip
_ESTIMATING = Text(nb="Beregner effekter", en="Estimating effects")


@dataclass(frozen=True, slots=True)
class Combination:
    """One estimator, with or without covariates, of one arm against the reference."""

    k: int
    estimator: EstimatorName
    adjusted: bool


@dataclass(frozen=True, slots=True)
class Part:
    """Rows ``first`` to ``first + count - 1``: one estimator of all columns of a group."""

    group: MaskGroup
    combination: Combination
    first: int
    count: int


@dataclass(slots=True)
class Rows:
    """Estimates as they are made: labels and constants by row, numbers in chunks of (9, c)."""

    labels: list[Label] = field(default_factory=list)
    constants: list[tuple[Combination, int, int]] = field(default_factory=list)
    numbers: list[Floats] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)

    def add(self, combination: Combination, design: Design, group: MaskGroup, labels: list[Label]) -> None:
        """The labels of a group's rows; their numbers follow in :attr:`numbers`."""
        self.parts.append(Part(group, combination, len(self.labels), len(labels)))
        self.labels += labels
        self.constants += [(combination, design.n_control, design.n_treated)] * len(labels)

    @property
    def table(self) -> Floats:
        """(9, N) estimate, standard error, degrees of freedom, interval, p-values and means of every row."""
        return np.hstack(self.numbers) if self.numbers else np.empty((len(_NUMBERS), 0))


def estimate_all(setting: Setting, blocks: Sequence[Block], notes: Notebook, progress: Progress) -> Rows:
    """Every column under every arm and estimator; what cannot be estimated becomes a note."""
    rows = Rows()
    groups = by_mask(blocks)
    for done, group in enumerate(groups):
        progress(_ESTIMATING, done, len(groups))
        if group.observed.any():
            _estimate_group(setting, blocks, group, notes, rows)
    progress(_ESTIMATING, len(groups), len(groups))
    return rows


def combinations(setting: Setting) -> list[Combination]:
    """Arms, estimators and adjustment, in the order that they are shown."""
    return [
        Combination(k, estimator, adjusted)
        for k in range(1, len(setting.arms))
        for estimator in setting.estimators
        for adjusted in setting.adjusted
    ]


def _estimate_group(setting: Setting, blocks: Sequence[Block], group: MaskGroup, notes: Notebook, rows: Rows) -> None:
    values, labels = group.values(blocks), group.labels(blocks)
    margins = np.array([np.nan if label.margin is None else label.margin for label in labels])
    for combination in combinations(setting):
        arm = setting.arms[combination.k]
        try:
            design = design_for(
                setting, combination.estimator, combination.k, group.observed, adjusted=combination.adjusted
            )
            found = effects(design, values, kind=setting.se_kind, clusters=setting.clusters)
        except NotEstimableError as error:
            for label in labels:
                notes.add(error.reason, label.outcome, detail=arm)
            continue
        exact = "fitted_by_covariates" if combination.adjusted else "constant"
        for subgroup in {None if label.subgroup is None else label.subgroup.split(":")[0] for label in labels}:
            notes.left_out(design, combination.estimator, arm, subgroup)
        _note_covariates(setting, combination, design, len(labels), notes)
        for label in np.array(labels, dtype=object)[found.std_error[0] == 0]:
            notes.add(exact, label.outcome)
        rows.add(combination, design, group, labels)
        rows.numbers.append(_numbers(found, margins, setting.confidence))


def _note_covariates(
    setting: Setting, combination: Combination, design: Design, estimates: int, notes: Notebook
) -> None:
    if combination.adjusted:
        for name, kept in zip(setting.covariates.names, design.kept, strict=True):
            if not kept:
                notes.add("covariate_dropped", name, estimates)


def _numbers(found: Effects, margins: Floats, confidence: float) -> Floats:
    estimate, error, df = found.estimate[0], found.std_error[0], float(found.df[0])
    low, high = inference.interval(estimate, error, df, confidence)
    p_value = inference.two_sided(estimate, error, df)
    p_equivalence = inference.equivalence(estimate, error, df, margins)
    freedom = np.full(len(estimate), df)
    means = (found.mean_control, found.mean_treated)
    return np.vstack([estimate, error, freedom, low, high, p_value, p_equivalence, *means])


def estimates_frame(
    trial: Trial, setting: Setting, rows: Rows, redrawn: Mapping[str, Sequence[object]] | None = None
) -> pl.DataFrame:
    """The rows as a frame with the columns of ``ESTIMATE_SCHEMA``, sorted as they are shown.

    ``redrawn``: further columns by row, from redraws of the lots.
    """
    numbers = rows.table
    data: dict[str, object] = {name: [getattr(label, name) for label in rows.labels] for name in _LABEL}
    data |= dict(zip(_NUMBERS, numbers, strict=True))
    data |= redrawn or {}
    made = [combination for combination, _, _ in rows.constants]
    families = family_of(trial)
    data |= {
        "family": [families.get(label.outcome) for label in rows.labels],
        "arm": [setting.arms[combination.k] for combination in made],
        "estimator": [combination.estimator for combination in made],
        "adjusted": [combination.adjusted for combination in made],
        "main": [_is_main(setting, combination) for combination in made],
        "n_control": [n_control for _, n_control, _ in rows.constants],
        "n_treated": [n_treated for _, _, n_treated in rows.constants],
    }
    schema = {name: dtype for name, dtype in ESTIMATE_SCHEMA.items() if name in data}
    frame = pl.DataFrame(data, schema_overrides=schema, nan_to_null=True).with_columns(
        pl.lit(trial.reference).alias("reference"),
        pl.lit(setting.se_kind).alias("se_kind"),
        pl.lit("pointwise").alias("ci_kind"),
    )
    absent = [pl.lit(None).cast(dtype).alias(name) for name, dtype in ESTIMATE_SCHEMA.items() if name not in frame]
    return _sorted(trial, setting, _with_interactions(setting, frame.with_columns(absent)))


def family_of(trial: Trial) -> dict[str, str]:
    """The first family that names each outcome."""
    families: dict[str, str] = {}
    for family in trial.analysis.families:
        for outcome in family.outcomes:
            families.setdefault(outcome, family.id)
    return families


def _is_main(setting: Setting, combination: Combination) -> bool:
    return combination.estimator == setting.main and combination.adjusted == setting.adjusted[-1]


def _with_interactions(setting: Setting, frame: pl.DataFrame) -> pl.DataFrame:
    """Fill ``p_interaction``: are the effects equal in a subgroup's groups? Not with clusters, which they share."""
    grouped = frame.filter(pl.col("subgroup").is_not_null())
    if setting.clusters is not None or grouped.is_empty():
        return frame
    of = pl.col("subgroup").str.split(":").list.first().alias("subgroup_id")
    keys = ["subgroup_id", "outcome", "role", "months", "summary", "arm", "estimator", "adjusted"]
    tests = [
        (*key, inference.equal_effects(*(part[name].to_numpy() for name in ("estimate", "std_error", "df"))))
        for key, part in grouped.with_columns(of).group_by(keys, maintain_order=True)
    ]
    found = pl.DataFrame(tests, schema=[*keys, "p_interaction"], orient="row").fill_nan(None)
    joined = frame.drop("p_interaction").with_columns(of).join(found, on=keys, how="left", maintain_order="left")
    return joined.drop("subgroup_id")


def _sorted(trial: Trial, setting: Setting, frame: pl.DataFrame) -> pl.DataFrame:
    """By role, outcome and arm as declared, population, subgroup, rule, months, then estimator."""
    position = {
        "role": ROLES, "outcome": tuple(trial.outcomes), "arm": setting.arms, "estimator": setting.estimators
    }  # fmt: skip
    ranks = [
        pl.col(name).replace_strict({value: i for i, value in enumerate(values)}, return_dtype=pl.Int32)
        for name, values in position.items()
    ]
    first = pl.col("months").str.split("..").list.first().cast(pl.Int32)
    order = [ranks[0], ranks[1], ranks[2], "population", "subgroup", "rule", "event_month", first, "months", ranks[3]]
    return frame.sort([*order, "adjusted"], nulls_last=False, maintain_order=True).select(list(ESTIMATE_SCHEMA))
