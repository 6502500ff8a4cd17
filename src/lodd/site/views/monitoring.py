"""Monitoring: of the whole trial or the reader's part of it, and each table as a file."""

from __future__ import annotations

import csv
import io
from functools import partial
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse

from lodd.site import monitoring_cache
from lodd.site.actions.monitoring import note_export
from lodd.site.context import language
from lodd.site.forms.monitoring import MonitoringForm
from lodd.site.installation import installation
from lodd.site.monitoring import Selection
from lodd.site.monitoring_cache import Monitored, monitored
from lodd.site.monitoring_layout import Reader, key_figures, lay_out
from lodd.site.pages import Page, reads
from lodd.site.permissions import Task


def monitoring(request: HttpRequest) -> HttpResponse:
    """The sections of the part that is asked for. The alarm counts the whole trial whatever part is shown."""
    form = MonitoringForm(request.user, request.GET)
    shown = {"form": form, "clear_url": reverse("monitoring") if request.GET else ""}
    if form.is_valid():
        part = monitored(form.selection)
        key = (form.selection, language())
        body = monitoring_cache.page(key, part, partial(_written, part, form.selection, list(form.offices)))
        shown |= {"body": body, "at": part.at}
    return render(request, "monitoring/monitoring.html", shown)


def table(request: HttpRequest, name: str) -> HttpResponse:
    """A table as CSV: plain values, caseworkers by code. That it was taken out is noted."""
    form = MonitoringForm(request.user, request.GET)
    if not form.is_valid():
        raise Http404
    part = monitored(form.selection)
    wanted = part.monitoring.tables.get(name)
    if wanted is None:
        raise Http404
    note_export(name, form.selection, len(wanted.rows), actor=request.actor)
    file = io.StringIO(newline="")
    file.write("\N{BYTE ORDER MARK}")  # without it, spreadsheets take the letters of Norwegian for something else
    csv.writer(file).writerows(wanted.plain(language()))
    named = f"{installation().trial.trial.id}-{name}-{part.at:%Y-%m-%d}.csv"
    return HttpResponse(
        file.getvalue(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{named}"'},
    )


def _written(part: Monitored, selection: Selection, offices: list[str]) -> str:
    """The sections as HTML: the same for everybody who may look at this part."""
    names = dict(MonitoringForm.caseworkers(offices).values_list("code", "name"))
    reader = Reader(
        language=language(),
        names=names,
        draw_url=lambda seq: reverse("participant", args=[seq]),
        table_url=partial(_table_url, selection),
    )
    sections = lay_out(part.monitoring, reader)
    said = {"sections": sections, "figures": key_figures(part.monitoring, language()), "note": part.monitoring.note}
    return render_to_string("monitoring/sections.html", said)


def _table_url(selection: Selection, name: str) -> str:
    asked = {"site": selection.site, "office": selection.office, "caseworker": selection.caseworker}
    query = urlencode({field: value for field, value in asked.items() if value})
    return reverse("monitoring_table", args=[name]) + (f"?{query}" if query else "")


PAGES = (
    Page("monitoring/", "monitoring", monitoring, reads(Task.MONITOR)),
    Page("monitoring/<slug:name>.csv", "monitoring_table", table, reads(Task.MONITOR)),
)
