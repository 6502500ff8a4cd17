"""The report: everything the evaluation found, for people to read.

An evaluation is numbers; a report is what they say, in Bokmål and in English, to a minister, a journalist, a
practitioner and a referee. :func:`build_report` decides every sentence, table and figure and gives a frozen
:class:`Report`; :func:`render_html` makes one HTML file of it that works from disk, on paper and on a phone;
:func:`write_report` does both languages and leaves the figures beside as SVG. The words are in ``catalogue/``, the
page in ``templates/``, the figures in ``drawing/``, and each section of the page in a module of ``sections/``.
"""

from lodd.report.build import build_report
from lodd.report.html import render_html
from lodd.report.model import Report
from lodd.report.power import write_power_pages
from lodd.report.write import write_report

__all__ = ["Report", "build_report", "render_html", "write_power_pages", "write_report"]
