"""What was left out or could not be done: the codes of notes, and the notebook that gathers them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lodd.evaluation.design import Design
from lodd.evaluation.results import Note

NOTE_KINDS: Final[Mapping[str, str]] = {
    # People left out of an estimator: subject is the estimator, detail the arm, count the most left out of an estimate.
    "singletons": "Alone in their stratum, so they say nothing about a difference within strata.",
    "without_contrast": "In strata with people of one of the two arms only.",
    "leverage_one": "Fitted exactly whatever their outcome (post-stratified: alone in their arm of a stratum).",
    # Estimates not made: subject is the outcome, detail the arm, count the estimates (outcome columns x estimators).
    "no_contrast": "No estimate: an arm has nobody, or fewer people than a variance needs.",
    "fewer_people_than_covariates": "No adjusted estimate: not more people than strata and covariates together.",
    "arm_collinear": "No adjusted estimate: covariates and strata determine the arm.",
    "too_few_clusters": "No estimate: everybody is in one cluster.",
    # Outcomes are the subject.
    "constant": "The same for everybody (within arm and stratum), so there is no p-value; count: estimates.",
    "fitted_by_covariates": "The covariates say it all, so the adjusted estimate has no p-value; count: estimates.",
    "month_unobserved": "Nobody is observed; count: event months, detail: which.",
    "beyond_coverage": "Not in a summary: registers do not cover all its months; count: people, detail: months.",
    "undefined_after_exit": "Not in a summary: dead or abroad in one of its months, declared missing; count: people, "
    "detail: months.",
    "undefined_without_value": "Not in a summary: no value in one of its months, though neither dead nor abroad (no "
    "record, no day to count from, an earlier month unknown); count: people, detail: months.",
    "fixed_cohort_empty": "Nobody's registers cover the whole window, so there is no fixed cohort.",
    # Covariates are the subject.
    "covariate_missing": "Missing values set to the mean and flagged; count: people.",
    "covariate_dropped": "Constant, or determined by strata and earlier covariates; count: estimates.",
    "not_shown": "Baseline column left out of the balance table: neither numbers nor a few categories; count: values.",
    # Subgroups are the subject.
    "subgroup_missing": "Nothing known about what forms the groups; count: people, who are in none.",
    "left_out_of_subgroup": "Left out of an estimate within a group, for one of the reasons above; count: most people.",
    "interaction_not_tested": "The groups' effects are not compared, because they share clusters.",
    # Estimates around the main effect: subject is the outcome, detail the arm, count the estimates.
    "instrument_moves_nobody": "No effect of participation: the draw changed nobody's participation.",
    "lin_not_made": "No estimate with slopes of each arm's own; detail: why (a code above).",
    "bounds_not_made": "No bounds for loss after the draw: fewer than two people stayed in an arm.",
    "parts_do_not_add_up": "Left out of the split by programme or benefit: the parts are not the whole; count: people.",
    # Fidelity, the time of the draw, its probability and target groups are the subject.
    "not_estimated_in_group": "No estimate in one of the groups; count: estimates, detail: why (a code above).",
    "slope_not_estimated": "No estimate of how the effect changes; count: estimates, detail: why (a code above).",
    "fidelity_unknown": "No fidelity score for the site in the half-year of the draw; count: people.",
    "target_missing": "Not reweighted to a target group, because what it is described by is unknown; count: people.",
    "target_unreachable": "No weights give the participants the target group's margins all at once.",
    "target_not_estimated": "No effect in a target group; detail: why (a code above).",
    # Arms are the subject.
    "probability_constant": "Whether effects vary with the draw's probability is not tested: it is the same for all.",
    "participation_unknown": "No effects of participation: the arm has no programmes in a participation register.",
    "joint_test_not_made": "No joint test of balance; detail: why (no_covariates, clusters or a code above).",
    # The method of the draw is the subject.
    "probabilities_from_strata": "No probabilities recorded: weights are the arms' shares of each stratum.",
    "not_redrawn": "No randomisation p-values: participants lack what redrawing the lots needs; count: people.",
    "few_redraws": "Redraws are so few that p-values near the level are imprecise; count: redraws that are enough.",
}


class Notebook:
    """Gathers notes while estimates are made; one note for each kind, subject and detail."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str, str], int] = {}

    def add(self, kind: str, subject: str, count: int = 1, detail: str = "") -> None:
        """Add to the count of a note."""
        key = (kind, subject, detail)
        self._counts[key] = self._counts.get(key, 0) + count

    def at_most(self, kind: str, subject: str, count: int, detail: str = "") -> None:
        """Keep the largest count of a note; 0 makes none."""
        key = (kind, subject, detail)
        if count:
            self._counts[key] = max(self._counts.get(key, 0), count)

    def left_out(self, design: Design, estimator: str, arm: str, subgroup: str | None) -> None:
        """The people that a design left out, of everybody or (one count) of a subgroup."""
        if subgroup is not None:
            self.at_most("left_out_of_subgroup", subgroup, design.dropped.people, arm)
            return
        for kind in ("singletons", "without_contrast", "leverage_one"):
            self.at_most(kind, estimator, getattr(design.dropped, kind), arm)

    @property
    def notes(self) -> tuple[Note, ...]:
        """In the order of :data:`NOTE_KINDS`, then by subject and detail."""
        order = {kind: position for position, kind in enumerate(NOTE_KINDS)}
        keys = sorted(self._counts, key=lambda key: (order[key[0]], key[1], key[2]))
        return tuple(Note(kind, subject, self._counts[kind, subject, detail], detail) for kind, subject, detail in keys)
