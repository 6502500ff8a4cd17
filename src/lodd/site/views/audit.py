"""The audit log, for the auditor."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from lodd.site import audit_log, audit_words
from lodd.site.actions.reading import export_audit, read_audit
from lodd.site.context import language
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
    rows = (_plain(event) for event in found.iterator(chunk_size=2000))
    return StreamingHttpResponse(
        _written(lines, rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="audit.csv"'},
    )


def _plain(event: AuditEvent) -> list[Any]:
    """An event's codes; what else is known of it as JSON, which programs and people read."""
    return [*(getattr(event, column) for column in _COLUMNS[:-1]), json.dumps(event.facts, ensure_ascii=False)]


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
    codes = {event.actor for event in found} | {event.subject.partition(":")[2] for event in found}
    names = audit_log.names(codes)
    return Table.of(
        _("Events, the newest first"),
        [_("When"), _("Who"), _("What"), _("About"), _("Where"), _("Details")],
        [_row(event, names) for event in found],
        nothing=_("No events."),
    )


def _row(event: AuditEvent, names: dict[str, str]) -> tuple[str | Cell, ...]:
    about = audit_words.subject(event.subject, names, language())
    everything = f"{reverse('audit')}?{urlencode({'subject': event.subject})}"
    return (
        moment(event.at),
        names.get(event.actor) or audit_words.actor(event.actor, language()),
        audit_words.action(event.action, language()),
        Cell(about, url=everything if event.subject else ""),
        audit_words.place(event),
        audit_words.facts(event, language()),
    )


PAGES = (
    Page("audit/", "audit", audit, reads(Task.READ_AUDIT)),
    Page("audit/events.csv", "audit_export", export, reads(Task.READ_AUDIT)),
)
