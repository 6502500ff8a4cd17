"""The draw as a value: who gets which arm, with which probability, and in which stratum.

:class:`Design` is made from the trial. Its :class:`Sequencer` is the one mechanism that draws lots: the live draw, the
verifier and the simulator all drive it.
"""

from lodd.allocation.design import Design
from lodd.allocation.lot import DrawRequest, Lot, Mac
from lodd.allocation.rules import UnsupportedMethodError
from lodd.allocation.sequencer import Sequencer

__all__ = ["Design", "DrawRequest", "Lot", "Mac", "Sequencer", "UnsupportedMethodError"]
