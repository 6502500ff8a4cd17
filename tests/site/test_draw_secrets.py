"""Where identity numbers must not be: addresses, titles, logs, the database's files, the journal, the audit log."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client

from lodd.identity import IdentityNumber, synthetic_number
from lodd.site.installation import installation
from lodd.site.models import AuditEvent, Participant
from tests.site.draw_story import asked, drawn, title, typed
from tests.site.world import World

NUMBERS = [synthetic_number(seed) for seed in range(1, 8)]


def watched(client: Client) -> list[HttpResponse]:
    """Every answer that the browser gets from now on."""
    answers: list[HttpResponse] = []
    request = client.request

    def keep(**given: object) -> HttpResponse:
        answers.append(request(**given))
        return answers[-1]

    client.request = keep
    return answers


def story(world: World, client: Client) -> None:
    """Everything that an operator does with numbers, rightly and wrongly."""
    one, two, three, new, wrong, other, last = NUMBERS
    client.get("/draw/")
    client.post("/draw/check/", {"identity_number": one.digits()})
    client.post("/draw/", typed(wrong, office=""))
    client.post("/draw/", typed(wrong.digits()[:-1] + "x"))
    client.post("/draw/", typed(one, caller=wrong.digits()))
    drawn(client, one)
    drawn(client, one)
    there = asked(client, two)
    client.get(there)
    client.get(there + "change/")
    drawn(client, two)
    client.post(asked(client, three) + "cancel/")
    asked(client, last)
    participant = Participant.objects.order_by("seq")[0]
    base = f"/participants/{participant.seq}/"
    client.post("/participants/find/", {"looked_for": one.grouped()}, follow=True)
    client.post("/participants/find/", {"looked_for": other.grouped()})
    client.post(base + "identity/", {"why": "refer"})
    client.post(base + "error/", {"kind": "other", "note": wrong.digits()})
    client.post(base + "number/", {"old_number": one.digits(), "new_number": new.digits()})
    client.post(base + "number/", {"old_number": other.digits(), "new_number": new.digits()})
    client.get("/participants/")
    client.post(base + "withdraw/", {"sure": "on"}, follow=True)


def forms_of(number: IdentityNumber) -> re.Pattern[str]:
    """The number however it is grouped, and the parts that a read-back has, apart from tags between."""
    return re.compile(r"[\s.\-\u00a0]*".join(number.digits()))


def test_numbers_are_nowhere_but_on_the_page_that_needs_them(
    world: World, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    client = world.client("operator")
    answers = watched(client)
    with caplog.at_level(logging.DEBUG, "lodd"):
        story(world, client)
    addresses = [response.request["PATH_INFO"] + "?" + response.request["QUERY_STRING"] for response in answers]
    headers = [str(dict(response.headers)) + str(response.cookies) for response in answers]
    titles = [title(response) for response in answers if b"<title>" in response.content]
    written, errors = capfd.readouterr()
    audited = [str(event) for event in AuditEvent.objects.values_list("actor", "action", "subject", "facts")]
    journal = installation().config.erasure_journal.read_text()
    everything = "\n".join([*addresses, *headers, *titles, caplog.text, written, errors, *audited, journal])
    assert len(titles) > 15
    for number in NUMBERS:
        assert not forms_of(number).search(everything)
    assert any(forms_of(NUMBERS[0]).search(response.content.decode()) for response in answers)


def test_numbers_are_not_in_the_databases_files(world: World) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL's files are its own")
    story(world, world.client("operator"))
    path = Path(connection.settings_dict["NAME"])
    files = [one for one in path.parent.glob(path.name + "*") if one.is_file()]
    assert {one.name for one in files} >= {path.name, path.name + "-wal"}
    held = b"".join(one.read_bytes() for one in files)
    for number in NUMBERS:
        assert number.digits().encode() not in held
        assert number.grouped().encode() not in held
        assert (number.digits()[:6] + " " + number.digits()[6:]).encode() not in held
    assert b"Kari" in held
