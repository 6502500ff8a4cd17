"""What can be taken out of the site. Each download is noted in the audit log, so each is a button, not a link."""

from __future__ import annotations

import io
import os
import tempfile
import zipfile

from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render

from lodd.errors import LoddError
from lodd.site.actions.exports import (
    check_pseudonyms,
    export_name,
    take_checkpoints,
    take_ledger,
    take_lock,
    write_archive,
)
from lodd.site.exporting.ledger import ledger_lines
from lodd.site.forms.fields import only_problems
from lodd.site.models import Participant
from lodd.site.pages import Page, does, reads
from lodd.site.permissions import Task, can


def exports(request: HttpRequest) -> HttpResponse:
    """What there is to take out, and for whom."""
    may = can(request.user, Task.EXPORT_PARTICIPANTS)
    problems = None
    if may:
        try:
            check_pseudonyms()
        except LoddError as error:
            problems = only_problems(error)
    context = {
        "participants": may,
        "form": problems,
        "count": Participant.objects.filter(withdrawn_at=None).count() if may else 0,
        "name": export_name(),
    }
    return render(request, "exports/exports.html", context)


def ledger(request: HttpRequest) -> StreamingHttpResponse:
    """The ledger, line by line as it was recorded."""
    until = take_ledger(actor=request.actor)
    return StreamingHttpResponse(
        ledger_lines(until), content_type="application/x-ndjson", headers=_attached("ledger.ndjson")
    )


def lock(request: HttpRequest) -> HttpResponse:
    """The lock's file."""
    content = take_lock(actor=request.actor)
    return HttpResponse(content, content_type="application/json", headers=_attached("trial.lock.json"))


def checkpoints(request: HttpRequest) -> HttpResponse:
    """Every checkpoint that was shown, one file each."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in take_checkpoints(actor=request.actor):
            archive.writestr(name, content)
    return HttpResponse(buffer.getvalue(), content_type="application/zip", headers=_attached("checkpoints.zip"))


def trial(request: HttpRequest) -> FileResponse:
    """The whole trial folder. Made in a file without a name, which is gone when the answer is sent."""
    with tempfile.TemporaryFile() as file:
        write_archive(file, actor=request.actor)
        file.seek(0)
        opened = os.fdopen(os.dup(file.fileno()), "rb")  # the response closes this one
    return FileResponse(opened, as_attachment=True, filename=export_name(), content_type="application/zip")


def _attached(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}


PAGES = (
    Page("exports/", "exports", exports, reads(Task.EXPORT_LEDGER)),
    Page("exports/ledger/", "export_ledger", ledger, does(Task.EXPORT_LEDGER)),
    Page("exports/lock/", "export_lock", lock, does(Task.EXPORT_LEDGER)),
    Page("exports/checkpoints/", "export_checkpoints", checkpoints, does(Task.EXPORT_LEDGER)),
    Page("exports/trial/", "export_trial", trial, does(Task.EXPORT_PARTICIPANTS)),
)
