"""What can a trial find? Before it: the smallest effects by outcome and number of people. After it: precision reached.

:func:`planned_power` needs the people planned (``lodd.simulate.planned_participants``) and what their outcomes vary by:
declared (:func:`declared`, :func:`given`) or found in the months before the draw (:func:`from_registers`).
:func:`precision_reached` needs an evaluation, and uses its standard errors alone.
"""

from lodd.evaluation.power.assumptions import Assumption, declared, from_registers, given, refuse_without
from lodd.evaluation.power.planned import planned_power
from lodd.evaluation.power.reached import precision_reached
from lodd.evaluation.power.results import POWER_SCHEMA, PRECISION_SCHEMA
from lodd.evaluation.power.smallest import POWERS, equivalence_power, power, smallest_effect

__all__ = [
    "POWERS",
    "POWER_SCHEMA",
    "PRECISION_SCHEMA",
    "Assumption",
    "declared",
    "equivalence_power",
    "from_registers",
    "given",
    "planned_power",
    "power",
    "precision_reached",
    "refuse_without",
    "smallest_effect",
]
