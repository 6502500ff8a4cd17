"""What an operator does on the draw's pages, for tests."""

from __future__ import annotations

import re
from typing import Any

from django.http import HttpResponse
from django.test import Client

from lodd.identity import IdentityNumber
from lodd.site.actions.base import audit, ledger_action
from lodd.site.installation import installation
from tests.site.world import World

CONDITIONS = ["wants_work", "needs_help"]


def typed(number: IdentityNumber | str, **other: Any) -> dict[str, Any]:
    """What is typed on the first page."""
    written = number if isinstance(number, str) else number.grouped()
    return {"identity_number": written, "office": "n1", "caller": "Kari Ås", "confirmed": CONDITIONS} | other


def asked(client: Client, number: IdentityNumber | str, **other: Any) -> str:
    """The address of the read-back page."""
    response = client.post("/draw/", typed(number, **other))
    assert response.status_code == 302, problems(response)
    return response["Location"]


def drawn(client: Client, number: IdentityNumber | str, **other: Any) -> HttpResponse:
    """The result page, by way of the read-back."""
    response = client.post(asked(client, number, **other), follow=True)
    assert response.status_code == 200
    assert "/result/" in response.redirect_chain[-1][0]
    return response


def problems(response: HttpResponse) -> str:
    """The text of the summary of errors."""
    page = response.content.decode()
    found = re.search(r'<div class="errors".*?</div>', page, re.DOTALL)
    return re.sub(r"<[^>]+>|\s+", " ", found[0]) if found else ""


def title(response: HttpResponse) -> str:
    return re.search(r"<title>(.*?)</title>", response.content.decode(), re.DOTALL)[1]


@ledger_action
def close(world: World) -> None:
    """No more draws."""
    installation().service.close(by=world.user("manager").ledger_id)
    audit(world.actor("manager"), "trial.closed")
