"""The description of the API is of what it does: schemathesis sends what it allows and what it forbids."""

from __future__ import annotations

import json
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from lodd.site.api.addresses import ENDPOINTS
from lodd.site.api.openapi import description
from lodd.site.installation import installation
from lodd.site.models import LedgerEvent, Participant
from lodd.site.wsgi import application
from tests.site.api_world import Api, draw_body, new_key, system, token
from tests.site.world import World

CHECKS = (
    not_a_server_error,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)
SCHEMA = schemathesis.openapi.from_dict(json.loads(json.dumps(description())))
SCHEMA.app = application
MANY = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)
"""Few and the same every time: all of them share one world."""


def test_the_description_names_every_address(world: World) -> None:
    told = Api(None).get("openapi.json").json()
    assert told == json.loads(json.dumps(description()))
    assert sum(len(methods) for methods in told["paths"].values()) == sum(
        len(endpoint.operations) for endpoint in ENDPOINTS if endpoint.name != "api_nothing"
    )
    for schema in told["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


@SCHEMA.parametrize()
@MANY
def test_what_is_described_is_what_happens(world: World, case: schemathesis.Case) -> None:
    bearer = _bearer(world)
    response = case.call(headers={"Authorization": f"Bearer {bearer}"})
    case.validate_response(response, checks=CHECKS, headers={"Authorization": f"Bearer {bearer}"})


def _bearer(world: World) -> str:
    from lodd.site.models import ApiSystem

    known = ApiSystem.objects.filter(name="journal").first() or system(world, per_minute=100_000)
    return token(world, known)


NEAR = st.fixed_dictionaries(
    {},
    optional={
        "identity_number": st.one_of(st.none(), st.integers(), st.text(max_size=25), st.just("01017012345")),
        "office": st.one_of(st.none(), st.text(max_size=70), st.sampled_from(["n1", "s1", "nowhere"])),
        "confirmed": st.one_of(st.none(), st.lists(st.text(max_size=10), max_size=5)),
        "factors": st.one_of(st.none(), st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3)),
        "caseworker": st.one_of(st.none(), st.fixed_dictionaries({"name": st.text(max_size=5)})),
        "other": st.integers(),
    },
)


@MANY
@given(change=NEAR)
def test_bodies_near_the_right_one_are_drawn_or_refused_whole(world: World, change: dict[str, Any]) -> None:
    api = Api(_bearer(world))
    events, people = LedgerEvent.objects.count(), Participant.objects.count()
    answer = api.post("draws", draw_body(world, people + 1) | change, new_key())
    assert answer.status_code in (200, 201, 403, 409, 422)
    drawn = answer.status_code == 201
    assert Participant.objects.count() == people + drawn
    assert LedgerEvent.objects.count() == events + (answer.status_code in (200, 201))
    installation().service.live.reset()  # the next turn reads the whole chain again, and would find it broken


@MANY
@given(
    raw=st.one_of(
        st.binary(min_size=1, max_size=60),
        st.text(min_size=1, max_size=60).map(lambda text: text.encode("utf-8", "replace")),
    )
)
def test_whatever_bytes_are_sent_are_refused_in_words(world: World, raw: bytes) -> None:
    answer = Api(_bearer(world)).post("draws", raw)
    assert answer.status_code in (400, 422)
    assert answer.json()["title"]


def test_a_database_that_is_away_says_try_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError

    from lodd.site.api import draws

    api = Api(_bearer(world))

    def away(*_: object, **__: object) -> None:
        raise OperationalError("away")

    monkeypatch.setattr(draws, "answer_once", away)
    answer = api.post("draws", draw_body(world))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
