"""Registers: from declared extracts to the panel, every declared outcome for every person in every month.

The trial says which registers there are, what their dates mean and what each outcome is; this room reads the extracts,
leaves out and counts what does not count, and works out each month's value. Everything that is summed or compared is an
exact integer until the last division. ``reference_panel`` says the same slowly, person by person and day by day; it is
the definition that the fast way is held to.

The order, for each register: people who were not drawn → rows registered after the day that is asked for → equal rows →
superseded versions → records taken back → bad dates → missing values; then for each measure: ``where`` → ``merge`` →
the aggregate of the month → several months together; then combinations and first times; then what is missing because no
register covers it, or because the person is dead or abroad.
"""

from lodd.registers.facts import with_facts
from lodd.registers.panel import build_panel, build_panel_from
from lodd.registers.panel_file import PanelFile, build_panel_file
from lodd.registers.reference import reference_panel
from lodd.registers.store import brought_panel, is_current, read_panel, write_panel

__all__ = [
    "PanelFile",
    "brought_panel",
    "build_panel",
    "build_panel_file",
    "build_panel_from",
    "is_current",
    "read_panel",
    "reference_panel",
    "with_facts",
    "write_panel",
]
