"""The codes of findings: what decided, and what their numbers are. The report has the words for each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

WHYS: Final[Mapping[str, Mapping[str, str]]] = {
    "earlier_evidence": {
        "no_effect_earlier": "supported", "small_studies": "supported", "adjusted_holds_none": "supported",
        "next_may_find_none": "supported", "low_certainty": "supported", "clear": "not_supported",
        "incomplete": "cannot_tell", "no_evidence": "cannot_tell",
    },
    "target_group": {
        "effect_differs": "supported", "effect_alike": "not_supported", "too_uncertain": "cannot_tell",
        "no_target": "cannot_tell", "not_reachable": "cannot_tell", "not_estimated": "cannot_tell",
    },
    "treatment_contrast": {
        "draw_moved_few": "supported", "as_much_in_programmes": "supported", "programmes_differ": "not_supported",
        "between": "cannot_tell", "no_register": "cannot_tell",
    },
    "cream_skimming": {
        "easier": "supported", "not_easier": "not_supported", "unclear": "cannot_tell",
        "no_target_group": "cannot_tell", "not_reachable": "cannot_tell", "not_estimated": "cannot_tell",
    },
    "chance": {
        "margin_not_ruled_out": "supported", "different": "not_supported", "margin_ruled_out": "not_supported",
        "not_beyond_family": "cannot_tell", "no_margin": "cannot_tell", "not_estimated": "cannot_tell",
    },
    "implementation": {
        "few_started": "supported", "slow_placement": "supported", "practice_instead": "supported",
        "low_fidelity": "supported", "as_intended": "not_supported", "unclear": "cannot_tell",
        "not_declared": "cannot_tell",
    },
    "catch_up": {
        "controls_caught_up": "supported", "both": "supported", "treated_fell_back": "not_supported",
        "grew": "not_supported", "change_holds_zero": "cannot_tell", "no_early_effect": "cannot_tell",
        "split_unclear": "cannot_tell", "not_declared": "cannot_tell", "not_estimated": "cannot_tell",
    },
    "other_instruments": {
        "controls_used_more": "supported", "effect_only_with": "cannot_tell", "used_alike": "not_supported",
        "effect_without": "not_supported", "treated_used_more": "cannot_tell", "use_unclear": "cannot_tell",
        "not_declared": "cannot_tell", "not_estimated": "cannot_tell",
    },
}  # fmt: skip
"""Rival -> what decided -> the status that it gives. The rules are in each finding's module."""

NUMBERS: Final[Mapping[str, str]] = {
    # Of earlier evidence:
    "earlier": "Pooled effect of earlier studies.",
    "next_study": "Where the effect of a new study is expected (the interval; the value is the pooled effect).",
    "adjusted": "Pooled effect after allowing for small studies and publication.",
    "small_studies": "p-value: did small studies find more?",
    "studies": "How many earlier studies.",
    "people": "How many people: in earlier studies (a), or followed at both times (g).",
    # Of the target group; ``of`` names it.
    "difference": "Effect in the target group less that among the participants.",
    "effect": "Effect in the target group (b), or the verdict's own estimate (e).",
    # Of treatment contrast; ``of`` is a kind of programme, or "any".
    "started": "Difference in the share who had ever started the arm's programme by month 12.",
    "months_in": "Difference in the share of months in the kind of programme.",
    "months_in_control": "That share in the reference arm.",
    "months_in_treated": "That share in the arm.",
    # Of selection; ``of`` is the target group.
    "easier": "Mean outcome of the reference arm among participants, less that reweighted to the target group.",
    "limit": "What that may be before it counts: a tenth of a standard deviation.",
    # Of chance:
    "p": "The verdict's p-value.",
    "smallest_found": "The smallest effect that a trial of this precision finds with 80 % power.",
    "margin": "The margin.",
    # Of implementation:
    "started_by": "Share of those drawn to the arm who started its programme by month 6.",
    "placed": "Share in ordinary work within the declared months of the start, of those out of work before it.",
    "practice": "Difference in the share of months in work practice.",
    "practice_control": "That share in the reference arm.",
    "practice_treated": "That share in the arm.",
    "ordinary_work_treated": "Share of months in ordinary work, in the arm.",
    "faithful": "Share of the arm drawn where and when fidelity was at least the declared score.",
    # Of catch-up:
    "early": "Effect in the early months.",
    "late": "Effect in the late months, for the same people.",
    "change": "Late less early: the treated's gain less the control arm's.",
    "control_gained": "How much the reference arm gained from early to late.",
    "treated_gained": "How much the arm gained.",
    # Of other instruments; ``of`` is one instrument, or "" for any.
    "use": "Difference in the share of months in other instruments.",
    "use_control": "That share in the reference arm.",
    "use_treated": "That share in the arm.",
    "work": "Effect on the share of months in work.",
    "work_with": "The part of it in months with an instrument.",
    "work_without": "The part of it in months without.",
}
