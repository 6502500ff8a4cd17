"""What the draw did: effects, balance, shares drawn, participation, from participants and panel to frozen tables.

:func:`evaluate` takes the trial, the people drawn, the panel and what the lock promised, and returns an
:class:`Evaluation`: every estimate in one tidy table, balance, draw shares, take-up, flow, and notes on what was left
out (their codes are in :data:`NOTE_KINDS`). :func:`write_results` and :func:`read_results` keep it in ``results/``.

The numbers are made by pure functions that can be used alone, in a Monte Carlo for instance: an estimator prepares a
:class:`Design` from who was drawn to what (:func:`weighted`, :func:`post_stratified`, :func:`strata_fixed_effects`,
:func:`strata_joint`), and :func:`effects` takes any number of outcome columns through it::

    design = weighted(treated, everybody, weights=1 / probability_of_own_arm)
    found = effects(design, outcomes)      # .estimate (1, C), .std_error (1, C), .df (1,)

``reference`` holds the slow, obvious version of each.
"""

from lodd.evaluation.design import Design, Effects, NotEstimableError
from lodd.evaluation.estimators import post_stratified, strata_fixed_effects, strata_joint, weighted
from lodd.evaluation.evaluate import evaluate
from lodd.evaluation.integrity import DrawRecord, integrity_conclusion, read_draw_record
from lodd.evaluation.linear import effects
from lodd.evaluation.notes import NOTE_KINDS
from lodd.evaluation.results import ESTIMATE_SCHEMA, Evaluation, JointTest, Note
from lodd.evaluation.store import read_results, write_results

__all__ = [
    "ESTIMATE_SCHEMA",
    "NOTE_KINDS",
    "Design",
    "DrawRecord",
    "Effects",
    "Evaluation",
    "JointTest",
    "NotEstimableError",
    "Note",
    "effects",
    "evaluate",
    "integrity_conclusion",
    "post_stratified",
    "read_draw_record",
    "read_results",
    "strata_fixed_effects",
    "strata_joint",
    "weighted",
    "write_results",
]
