"""The draw as a value: who gets which arm, with which probability, and in which stratum.

:class:`Design` is made from the trial and is the one mechanism that draws lots: the simulator asks it for the arms of
invented people, and later the site, the verifier and the redraws for inference ask the same object. It knows three
methods: ``keyed`` (an independent lot per person with the exact decimal probabilities of the office's period),
``complete`` (a nominated batch with fixed numbers per arm) and ``blocks`` (permuted blocks of random size within
strata). Minimisation and draws made elsewhere (``external``) are refused with a message that says so.
"""

from lodd.allocation.design import Design, UnsupportedMethodError

__all__ = ["Design", "UnsupportedMethodError"]
