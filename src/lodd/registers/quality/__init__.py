"""How good the extracts are: what is in each register, over time, and what the panel does about what is wrong.

:func:`check_registers` reads every declared register in the engine and gives a frozen :class:`Quality`. Levels and
coverage by month are of the whole file; what may be wrong with a row is looked for among the people drawn, by the same
code that builds the panel, which says of each row whether it counts. Before anybody is drawn, every row is looked at.
"""

from lodd.registers.quality.check import check_registers
from lodd.registers.quality.model import (
    Example,
    Finding,
    Missing,
    Months,
    Quality,
    RegisterQuality,
    Severity,
)

__all__ = ["Example", "Finding", "Missing", "Months", "Quality", "RegisterQuality", "Severity", "check_registers"]
