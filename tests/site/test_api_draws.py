"""Draws through the API: the same draw by the same rules, and never two answers to one request."""

from __future__ import annotations

import pytest

from lodd.site.installation import installation
from lodd.site.models import AuditEvent, Caseworker, IdempotentAnswer, LedgerDetail, LedgerEvent, Participant
from tests.site.api_world import Api, draw_body, new_key, system, token
from tests.site.world import World


@pytest.fixture
def api(world: World) -> Api:
    return Api(token(world, system(world, site="north")))


def test_a_draw_is_the_pages_draw(world: World, api: Api) -> None:
    answer = api.post("draws", draw_body(world, 1))
    assert answer.status_code == 201
    drawn = Participant.objects.get()
    label = installation().trial.arms[drawn.arm].label
    step = installation().trial.arms[drawn.arm].next_step
    assert answer.json() == {
        "receipt": drawn.receipt,
        "arm": drawn.arm,
        "arm_label": {"nb": label.nb, "en": label.en},
        "next_step": {"nb": step.nb, "en": step.en} if step else None,
        "drawn_on": drawn.day.isoformat(),
        "office": "n1",
        "first": True,
    }
    assert drawn.drawn_by.startswith("s-")
    assert drawn.caseworker == Caseworker.objects.get(name="Kari Veileder")
    assert LedgerDetail.objects.get().content == f'{{"on_behalf_of":"{drawn.caseworker.code}"}}'
    assert list(AuditEvent.objects.filter(subject=f"participant:{drawn.seq}").values_list("action", flat=True)) == [
        "draw.made"
    ]


def test_the_same_key_and_body_is_the_same_answer_and_one_event(world: World, api: Api) -> None:
    key, body = new_key(), draw_body(world, 1)
    first = api.post("draws", body, key)
    events = LedgerEvent.objects.count()
    again = api.post("draws", body, key)
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert LedgerEvent.objects.count() == events


def test_fields_left_out_and_spaces_in_the_number_make_no_other_request(world: World, api: Api) -> None:
    key, body = new_key(), draw_body(world, 1)
    first = api.post("draws", body, key)
    spaced = body | {"identity_number": world.number(1).grouped(), "factors": {}}
    assert api.post("draws", spaced, key).json() == first.json()


def test_the_same_key_with_another_body_is_refused(world: World, api: Api) -> None:
    key = new_key()
    api.post("draws", draw_body(world, 1), key)
    for other in (draw_body(world, 2), draw_body(world, 1, office="n2")):
        refused = api.post("draws", other, key)
        assert refused.status_code == 422
        assert refused.json()["problems"][0]["where"] == "Idempotency-Key"
    assert Participant.objects.count() == 1


def test_another_key_for_the_same_person_is_a_repeated_request(world: World, api: Api) -> None:
    first = api.post("draws", draw_body(world, 1)).json()
    again = api.post("draws", draw_body(world, 1))
    assert again.status_code == 200
    assert again.json() == first | {"first": False}
    assert LedgerEvent.objects.filter(kind="repeated_request").count() == 1


def test_two_systems_may_choose_the_same_key(world: World, api: Api) -> None:
    other = Api(token(world, system(world, "other")))
    key = new_key()
    assert api.post("draws", draw_body(world, 1), key).status_code == 201
    assert other.post("draws", draw_body(world, 2), key).status_code == 201


def test_a_refusal_is_not_remembered(world: World, api: Api) -> None:
    key, body = new_key(), draw_body(world, 1)
    refused = api.post("draws", body | {"confirmed": []}, key)
    assert refused.status_code == 409
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert [part["where"] for part in refused.json()["problems"]] == [
        "eligibility.wants_work",
        "eligibility.needs_help",
    ]
    assert api.post("draws", body, key).status_code == 201


def test_what_is_remembered_names_nobody(world: World, api: Api) -> None:
    number = world.number(1).digits()
    api.post("draws", draw_body(world, 1), f"key-{number}")
    kept = IdempotentAnswer.objects.get()
    assert number not in f"{kept.key}{kept.request_hmac}{kept.body}"
    assert len(kept.key) == len(kept.request_hmac) == 64


@pytest.mark.parametrize("key", ["", "short", "with space in it", "å-not-ascii", "x" * 201])
def test_without_a_proper_key_nothing_is_drawn(world: World, api: Api, key: str) -> None:
    refused = api.post("draws", draw_body(world, 1), **({"Idempotency-Key": key} if key else {}), key="")
    assert refused.status_code == 400
    assert Participant.objects.count() == 0


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"identity_number": "12345678901"}, None),
        ({"identity_number": 12345678901}, "identity_number"),
        ({"office": "N 1"}, "office"),
        ({"confirmed": "wants_work"}, "confirmed"),
        ({"caseworker": None}, "caseworker"),
        ({"caseworker": {}}, "caseworker"),
        ({"caseworker": {"code": "cw-aaaaaaaa"}}, "caseworker"),
        ({"caseworker": {"name": "01017012345"}}, "caseworker.name"),
        ({"factors": {"12345678901": "x" * 65}}, ""),
        ({"misspelt": 1}, ""),
    ],
)
def test_a_wrong_value_is_said_by_field_and_never_repeated(
    world: World, api: Api, change: dict[str, object], where: str | None
) -> None:
    refused = api.post("draws", draw_body(world, 1) | change)
    assert refused.status_code == 422
    assert b"12345678901" not in refused.content
    assert b"01017012345" not in refused.content
    assert where is None or refused.json()["problems"][0]["where"] == where
    assert Participant.objects.count() == 0


def test_a_caseworker_by_code_or_by_a_name_that_is_known(world: World, api: Api) -> None:
    api.post("draws", draw_body(world, 1))
    known = Caseworker.objects.get(name="Kari Veileder")
    api.post("draws", draw_body(world, 2))
    api.post("draws", draw_body(world, 3, caseworker={"code": known.code}))
    assert set(Participant.objects.values_list("caseworker", flat=True)) == {known.pk}


def test_an_office_elsewhere_is_forbidden(world: World, api: Api) -> None:
    for office in ("s1", "nowhere"):
        assert api.post("draws", draw_body(world, 1, office=office)).status_code == 403
    assert Participant.objects.count() == 0


def test_somebody_drawn_is_found_by_receipt_at_ones_own_offices_only(world: World, api: Api) -> None:
    receipt = api.post("draws", draw_body(world, 1)).json()["receipt"]
    known = api.get(f"draws/{receipt}").json()
    assert known["receipt"] == receipt
    assert known["withdrawn"] is False
    assert known["follow_up"] == []
    assert api.get(f"draws/{receipt.replace('-', '').lower()}").json() == known
    south = Api(token(world, system(world, "south", site="south")))
    for asked in (receipt, "AAAA-AAAA-AAAA-AAAA", "nonsense"):
        assert south.get(f"draws/{asked}").status_code == 404


def test_follow_up_is_recorded_once(world: World, api: Api) -> None:
    drawn = api.post("draws", draw_body(world, 1)).json()
    programme = installation().trial.arms[drawn["arm"]].programmes[0].code
    body = {"kind": "referral", "programme": programme, "day": drawn["drawn_on"]}
    key = new_key()
    answers = [api.post(f"draws/{drawn['receipt']}/follow-up", body, key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    happened = body | {"arm": drawn["arm"], "reason": ""}
    assert answers[0].json() == answers[1].json() == happened
    assert api.get(f"draws/{drawn['receipt']}").json()["follow_up"] == [happened]


def test_follow_up_that_cannot_be_is_refused(world: World, api: Api) -> None:
    drawn = api.post("draws", draw_body(world, 1)).json()
    path = f"draws/{drawn['receipt']}/follow-up"
    other = next(arm for arm in installation().trial.arm_ids if arm != drawn["arm"])
    theirs = installation().trial.arms[other].programmes[0].code
    crossing = {"kind": "referral", "programme": theirs, "day": drawn["drawn_on"]}
    assert api.post(path, crossing).status_code == 409
    assert api.post(path, crossing | {"crossover_confirmed": True}).status_code == 201
    assert api.post(path, crossing | {"day": "1999-01-01"}).status_code in (409, 422)
    assert api.post(path, crossing | {"day": "tomorrow"}).status_code == 422


def test_the_trial_as_the_system_may_draw_for_it(world: World, api: Api) -> None:
    told = api.get("trial").json()
    assert [office["id"] for office in told["offices"]] == ["n1", "n2"]
    assert [condition["id"] for condition in told["eligibility"]] == ["wants_work", "needs_help"]
    assert told["programmes"] == ["OPPF", "VEIL"]
    assert told["lock_sha256"] == installation().lock_sha256


def test_problems_speak_the_callers_language(world: World) -> None:
    bearer = token(world, system(world))
    titles = [Api(bearer, language).post("draws", "{").json()["title"] for language in ("nb", "en")]
    assert titles == ["forespørselen er ikke lesbar", "the request cannot be read"]


def test_other_media_and_large_bodies_are_refused(world: World, api: Api) -> None:
    assert api.post("draws", " " * 17_000).status_code == 413
    form = api._client.post("/api/v1/draws", {"office": "n1"}, headers=api._headers | {"Idempotency-Key": new_key()})
    assert form.status_code == 415
