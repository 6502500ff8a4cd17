"""(b) Another target group, and (d) selection: participants beside the groups that the protocol describes.

Both reweight the participants to a group's declared margins (``lodd.evaluation.further.targets``) and so assume that
people of the group are like participants of the same margins. The weights are taken as given: what is uncertain is the
participants' outcomes.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from lodd.evaluation.conclusions import Finding, Number, Status, Verdict
from lodd.evaluation.design import Booleans, Floats, NotEstimableError
from lodd.evaluation.estimators import weighted
from lodd.evaluation.further.balancing import entropy_weights
from lodd.evaluation.further.targets import Margins, margins_of
from lodd.evaluation.plan import primary_values
from lodd.evaluation.verdict.case import Case, inside, sign_of
from lodd.evaluation.verdict.comparing import Estimated
from lodd.protocol.analysis import Primary, Target

EASIER: Final = 0.10
"""Standard deviations of the outcome by which participants may do better untreated than the target group would, before
that is called selection: the usual limit for imbalance (Austin 2009)."""

FEWEST: Final = 3


def target_group(case: Case) -> list[Finding]:
    """(b) One finding for every primary outcome and every declared target other than the programme's own group.

    The effect among the participants reweighted to the target, less that among the participants as they are, both
    weighted by the draw and without covariates, with the variance of the difference.

    - *Not supported*, ``effect_alike``: the interval of the difference lies within the locked margin.
    - *Supported*, ``effect_differs``: it does not, and excludes zero.
    - *Cannot tell*, ``too_uncertain``: neither; ``no_target``, ``not_reachable`` or ``not_estimated``.
    """
    plan = case.plan.trial.analysis
    targets = [target for target in plan.targets if target.id != case.declared.target_group]
    findings = [_projected(case, verdict, primary, target) for target in targets for verdict, primary in case.verdicts]
    absent = [case.finding_on("target_group", "cannot_tell", "no_target", primary) for _, primary in case.verdicts]
    return findings or absent


def cream_skimming(case: Case) -> Finding:
    """(d) Were participants easier to place than those whom the programme is for?

    The mean outcome of the reference arm as the participants are, less that as they would be if reweighted to the
    declared target group, for the first primary outcome: what selection did to prospects without the programme, as far
    as the declared margins show it. Its limit is a tenth of a standard deviation.

    - *Supported*, ``easier``: the interval lies above zero and the estimate is at least the limit.
    - *Not supported*, ``not_easier``: the interval lies below the limit.
    - *Cannot tell*: ``unclear``; ``no_target_group`` is declared; ``not_reachable``, ``not_estimated``.
    """
    plan = case.plan.trial.analysis
    target = next((t for t in plan.targets if t.id == case.declared.target_group), None)
    if target is None or not plan.primary:
        return case.finding("cream_skimming", "cannot_tell", "no_target_group")
    primary = plan.primary[0]
    values = primary_values(case.plan, primary)
    people = ~np.isnan(values) & (case.setting.arm == 0) & case.setting.eligible(case.k)
    found, why = _prospects(case, target, values)
    if found is None:
        return case.finding_on("cream_skimming", "cannot_tell", why, primary)
    limit = EASIER * float(values[people].std(ddof=1))
    number = found.number("easier", case.confidence, "outcome", target.id)
    status, reason = judge_selection(number, limit)
    numbers = [number, Number("limit", limit, unit="outcome")]
    return case.finding_on(
        "cream_skimming", status, reason, primary, numbers, table="target_margins",
        entries=("explanations", f"target:{target.id}"),
    )  # fmt: skip


def judge_selection(easier: Number, limit: float) -> tuple[Status, str]:
    """The rule of :func:`cream_skimming`."""
    if easier.low > 0 and easier.value >= limit:
        return "supported", "easier"
    return ("not_supported", "not_easier") if easier.high < limit else ("cannot_tell", "unclear")


def judge_projection(difference: Number, margin: float | None) -> tuple[Status, str]:
    """The rule of :func:`target_group`."""
    if margin is not None and inside(difference, margin):
        return "not_supported", "effect_alike"
    return ("supported", "effect_differs") if sign_of(difference) != 0 else ("cannot_tell", "too_uncertain")


def _projected(case: Case, verdict: Verdict, primary: Primary, target: Target) -> Finding:
    values = primary_values(case.plan, primary)
    try:
        margins = margins_of(case.plan, case.participants, target)
        difference, there = _differences(case, values, margins)
    except NotEstimableError as error:
        why = "not_reachable" if error.reason == "target_unreachable" else "not_estimated"
        return case.finding_on("target_group", "cannot_tell", why, primary)
    number = difference.number("difference", case.confidence, "outcome", target.id)
    status, why = judge_projection(number, verdict.margin if verdict.margin_locked else None)
    numbers = [number, there.number("effect", case.confidence, "outcome", target.id)]
    entries = (f"target:{target.id}",)
    return case.finding_on("target_group", status, why, primary, numbers, table="targets", entries=entries)


def _differences(case: Case, values: Floats, margins: Margins) -> tuple[Estimated, Estimated]:
    """The reweighted effect less the plain one, and the reweighted one.

    Both estimates are sums over the same people, so the difference is one too: its variance is HC2's, each estimate's
    residuals with its own leverage.
    """
    setting, treated = case.setting, case.setting.arm == case.k
    inside_target = ~np.isnan(values) & setting.pair(case.k) & margins.known
    share = _shares(margins, inside_target & margins.inside, len(values))
    plain = weighted(treated, inside_target, weights=1.0 / setting.own_probability)
    weights = np.where(share > 0, share, 1.0) / setting.own_probability
    there = weighted(treated, inside_target & (share > 0), weights=weights)
    estimates, scores = [], []
    for design in (plain, there):
        y = values[design.rows]
        residual = _within_arms(design.treated, design.weights, y)
        score = np.zeros(len(values))
        score[design.rows] = design.functional[:, 0] * residual / np.sqrt(1.0 - design.leverage)
        estimates.append(float(design.functional[:, 0] @ y))
        scores.append(score)
    df = float(min(plain.degrees_of_freedom, there.degrees_of_freedom))
    change = Estimated(estimates[1] - estimates[0], float(np.linalg.norm(scores[1] - scores[0])), df)
    return change, Estimated(estimates[1], float(np.linalg.norm(scores[1])), df)


def _within_arms(treated: Booleans, weights: Floats, y: Floats) -> Floats:
    """(m,) outcomes less their arm's weighted mean."""
    means = [np.average(y[treated == arm], weights=weights[treated == arm]) for arm in (False, True)]
    return np.asarray(y - np.where(treated, means[1], means[0]))


def _shares(margins: Margins, people: Booleans, n: int) -> Floats:
    """(n,) weights that give the people the target's margins; 0 for others."""
    if not people.any():
        raise NotEstimableError("no_contrast")
    share = np.zeros(n)
    share[people] = entropy_weights(margins.columns[people], margins.means) * people.sum()
    return share


def selection(margins: Margins, values: Floats, everybody: Booleans, reference: Booleans, weights: Floats) -> Estimated:
    """The reference arm's mean as the participants are, less that of the participants reweighted to the margins.

    The weights come from both arms, so they do not depend on who was drawn to the reference arm. Over the draws, only
    whose outcome is seen varies; the standard error is at least that (by 1/√(1 - p) with one probability p of the
    reference arm), as if people were sampled with their weights. Weights from the reference arm alone would take its
    chance difference from the participants for selection, with too small a standard error.

    Args:
        margins: of (n,) people.
        values: (n,) outcomes, known of everybody.
        everybody: (n,) participants of both arms.
        reference: (n,) who was drawn to the reference arm.
        weights: (n,) inverse probabilities of the arm drawn to.

    Raises:
        NotEstimableError: no weights give the margins, or fewer than three people are left.
    """
    everybody = everybody & margins.known
    share = _shares(margins, everybody & margins.inside, len(values))
    people = everybody & reference
    n = int(people.sum())
    if n < FEWEST or not share[people].any():
        raise NotEstimableError("no_contrast")
    base = weights[people]
    own, there = base / base.sum(), base * share[people]
    there = there / there.sum()
    y = values[people]
    scores = own * (y - own @ y) - there * (y - there @ y)
    return Estimated(float((own - there) @ y), float(np.sqrt(n / (n - 1) * (scores @ scores))), float(n - 1))


def _prospects(case: Case, target: Target, values: Floats) -> tuple[Estimated | None, str]:
    """Mean of the reference arm as the participants are less that reweighted to the target."""
    setting = case.setting
    everybody = ~np.isnan(values) & setting.pair(case.k)
    try:
        margins = margins_of(case.plan, case.participants, target)
        return selection(margins, values, everybody, setting.arm == 0, 1.0 / setting.own_probability), ""
    except NotEstimableError as error:
        return None, "not_reachable" if error.reason == "target_unreachable" else "not_estimated"
