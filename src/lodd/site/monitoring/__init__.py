"""Monitoring: is the trial run as it was planned and drawn?

Frozen records in, frozen tables and drawings out; no database and no web framework. :func:`monitor` takes the trial,
its :class:`Records` (draws, repeated requests, dates of follow-up: pseudonymous) and a :class:`Selection`, and gives a
:class:`Monitoring`: sections with sentences, tables (for the page, and plain for CSV) and SVG figures, in both
languages. The alarm's mathematics is in ``evidence``; the numbers of each question in a module of its own, and the
words around them in ``sections/``.
"""

from lodd.site.monitoring.inputs import FollowUpDates, MonitoredDraw, MonitoredRequest, Records, Selection
from lodd.site.monitoring.monitor import Monitoring, monitor
from lodd.site.monitoring.shares import StreamShare, stream_shares
from lodd.site.monitoring.tables import Column, Figure, Section, Table

__all__ = [
    "Column",
    "Figure",
    "FollowUpDates",
    "MonitoredDraw",
    "MonitoredRequest",
    "Monitoring",
    "Records",
    "Section",
    "Selection",
    "StreamShare",
    "Table",
    "monitor",
    "stream_shares",
]
