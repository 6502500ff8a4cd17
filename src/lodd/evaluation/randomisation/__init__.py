"""What chance alone would have given: the trial's own mechanism redraws the lots, and every statistic is refitted.

:func:`randomise` gives the estimates their randomisation p-values, family-wise p-values and simultaneous bands, and
makes the intervals by test inversion and the tests of interactions. Its parts can be used alone: a statistic is
prepared once from outcomes and people (:func:`fixed_effects`, :func:`hajek`, :func:`post_stratified`) and then takes
any number of allocations at a time; :func:`ask` holds the actual draw against redraws::

    statistic = fixed_effects(outcomes, people, strata, covariates=x)
    answer = ask(Question([statistic], families=[np.arange(3)]), redraw, treated, 10_000)

``reference`` holds the slow, obvious versions.
"""

from lodd.evaluation.randomisation.answers import Redrawn
from lodd.evaluation.randomisation.counting import Answer, Question, ask
from lodd.evaluation.randomisation.precision import check_draws, enough, fewest, monte_carlo_error
from lodd.evaluation.randomisation.redrawn import protocol_seed, randomise
from lodd.evaluation.randomisation.statistics import absolute_t, fixed_effects, post_stratified
from lodd.evaluation.randomisation.weighted import hajek

__all__ = [
    "Answer",
    "Question",
    "Redrawn",
    "absolute_t",
    "ask",
    "check_draws",
    "enough",
    "fewest",
    "fixed_effects",
    "hajek",
    "monte_carlo_error",
    "post_stratified",
    "protocol_seed",
    "randomise",
]
