"""The draw as a value: who gets which arm, with which probability, and in which stratum; and the same draws again.

:class:`Design` is made from the trial, for any number of arms. Its :class:`Sequencer` is the one mechanism that draws
lots, one after the other, from the draw key, the lock and public beacons: live draw, verifier and simulator
all drive it, so that each finds the same arms. ``Design.redraw`` asks the same mechanism for other allocations of
the actual participants (:class:`DrawHistory`), for inference.

Methods: ``keyed`` (an independent lot per person with exact probabilities), ``complete`` (a nominated batch with fixed
numbers per arm), ``blocks`` (permuted blocks of random size within strata), ``minimisation`` (Pocock and Simon, biased
coin), and ``external``, which Lodd can redraw by assumption but never draws.
"""

from lodd.allocation.design import Design
from lodd.allocation.history import DrawHistory
from lodd.allocation.lot import DrawRequest, Lot, Mac
from lodd.allocation.redraw import marginal_by_redraws
from lodd.allocation.rules import UnsupportedMethodError
from lodd.allocation.sequencer import Sequencer
from lodd.allocation.urns import FIXED

__all__ = [
    "FIXED",
    "Design",
    "DrawHistory",
    "DrawRequest",
    "Lot",
    "Mac",
    "Sequencer",
    "UnsupportedMethodError",
    "marginal_by_redraws",
]
