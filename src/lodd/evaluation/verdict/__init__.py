"""The verdict on every primary outcome, and a finding on every rival explanation of the result.

:func:`conclude` makes both from what the evaluation has found, with the tables of their pictures. Rules are in the
docstrings of the module of each finding, thresholds are its constants: they are the same for every trial and were
there before the results. A finding says no more than its rule: *supported* and *not supported* need an interval on one
side of a threshold, and all else is *cannot tell*.
"""

from lodd.evaluation.verdict.codes import NUMBERS, WHYS
from lodd.evaluation.verdict.concluding import Conclusions, conclude

__all__ = ["NUMBERS", "WHYS", "Conclusions", "conclude"]
