"""Was the draw free of manipulation? Every check of it in one table, and one sentence.

Each statistic of the arms that were drawn is compared with its distribution over redraws by the trial's own design, in
both tails: a draw that is too even is as suspicious as one that is too uneven. The tests can find what they look for;
that they find nothing is no proof, and :func:`integrity_conclusion` never says so.
"""

from lodd.evaluation.integrity.conclusion import CHECK_LABELS, integrity_conclusion
from lodd.evaluation.integrity.record import DrawRecord, draw_record, read_draw_record
from lodd.evaluation.integrity.rows import CHECKS, INTEGRITY_SCHEMA, MEMBER_SCHEMA
from lodd.evaluation.integrity.table import integrity_tables

__all__ = [
    "CHECKS",
    "CHECK_LABELS",
    "INTEGRITY_SCHEMA",
    "MEMBER_SCHEMA",
    "DrawRecord",
    "draw_record",
    "integrity_conclusion",
    "integrity_tables",
    "read_draw_record",
]
