"""The audit log, for the auditor."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from lodd.site import audit_log
from lodd.site.actions.reading import export_audit, read_audit
from lodd.site.forms.accounts import AuditFilterForm
from lodd.site.look import Cell, Table
from lodd.site.models import AuditEvent
from lodd.site.pages import Page, reads
from lodd.site.permissions import Task
from lodd.site.templatetags.lodd import moment

_A_PAGE = 50
_COLUMNS = ("at", "actor", "action", "subject", "site", "office", "facts")


def audit(request: HttpRequest) -> HttpResponse:
    """A page of events."""
    form = AuditFilterForm(request.GET or None)
    wanted = _wanted(form)
    page = Paginator(audit_log.events(wanted), _A_PAGE).get_page(request.GET.get("page"))
    read_audit(actor=request.actor, filtered_by=sorted(wanted), page=page.number)
    query = request.GET.urlencode() if form.is_bound and form.is_valid() else ""
    return render(
        request,
        "audit/log.html",
        {
            "form": form,
            "table": _table(list(page.object_list)),
            "page": page,
            "clear_url": reverse("audit"),
            "export_url": reverse("audit_export") + (f"?{query}" if query else ""),
        },
    )


def export(request: HttpRequest) -> StreamingHttpResponse:
    """The same events as CSV, all of them."""
    form = AuditFilterForm(request.GET or None)
    if form.is_bound and not form.is_valid():
        raise Http404  # not everything instead
    wanted = _wanted(form)
    newest = AuditEvent.objects.order_by("-id").values_list("pk", flat=True).first() or 0
    found = audit_log.events(wanted).filter(pk__lte=newest)
    export_audit(actor=request.actor, filtered_by=sorted(wanted), count=found.count())
    lines = csv.writer(_Echo())
    rows = ([getattr(event, column) for column in _COLUMNS] for event in found.iterator(chunk_size=2000))
    return StreamingHttpResponse(
        _written(lines, rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="audit.csv"'},
    )


def _written(lines: Any, rows: Iterator[list[Any]]) -> Iterator[str]:
    yield lines.writerow(_COLUMNS)
    for row in rows:
        yield lines.writerow(row)


class _Echo:
    """A file that gives back what is written."""

    def write(self, text: str) -> str:
        return text


def _wanted(form: AuditFilterForm) -> dict[str, Any]:
    if not form.is_bound or not form.is_valid():
        return {}
    return {name: value for name, value in form.cleaned_data.items() if value}


def _table(found: list[AuditEvent]) -> Table:
    codes = {event.actor for event in found} | {event.subject.removeprefix("user:") for event in found}
    names = audit_log.names(codes)
    return Table.of(
        _("Events, the newest first"),
        [_("When"), _("Who"), _("What"), _("About"), _("Where"), _("Details")],
        [
            (
                moment(event.at),
                names.get(event.actor, event.actor),
                Cell(event.action, code=True),
                names.get(event.subject.removeprefix("user:"), event.subject),
                " ".join(filter(None, (event.site, event.office))),
                ", ".join(f"{name}: {value}" for name, value in event.facts.items()),
            )
            for event in found
        ],
        nothing=_("No events."),
    )


PAGES = (
    Page("audit/", "audit", audit, reads(Task.READ_AUDIT)),
    Page("audit/events.csv", "audit_export", export, reads(Task.READ_AUDIT)),
)
