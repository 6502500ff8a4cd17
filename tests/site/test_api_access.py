"""Who may call the API: every address × method × token, and every way in which a signed token can be wrong."""

from __future__ import annotations

import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from django.core.exceptions import PermissionDenied

from lodd.errors import UsageError
from lodd.site.actions.systems import (
    approve_system,
    decline_system,
    forget_old_answers,
    forget_what_is_due,
    issue_token,
    propose_system,
    revoke_system,
)
from lodd.site.api import callers
from lodd.site.api.addresses import ENDPOINTS
from lodd.site.installation import installation, use_installation
from lodd.site.models import ApiSystem, AuditEvent, Caseworker, IdempotentAnswer, LedgerEvent
from tests.site.api_world import Api, draw_body, new_key, system, token
from tests.site.world import World

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
ANSWERS = {
    ("api_draws", "POST"): 400,
    ("api_participant", "GET"): 404,
    ("api_participant", "HEAD"): 404,
    ("api_follow_up", "POST"): 400,
    ("api_trial", "GET"): 200,
    ("api_trial", "HEAD"): 200,
}
"""What a known system hears of an empty request without an idempotency key or a content type; 405 elsewhere."""


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
def test_every_method_of_every_address_answers_as_it_should(world: World, endpoint: Any) -> None:
    path = endpoint.route.removeprefix("api/v1/").replace("<str:receipt>", "AAAA-AAAA-AAAA-AAAA")
    path = path.replace("api/<path:rest>", "elsewhere")
    known, stranger = Api(token(world, system(world))), Api(None)
    for method in METHODS:
        if endpoint.name == "api_nothing":
            expected = (404, 404)
        elif endpoint.name == "api_openapi":
            expected = (200, 200) if method in ("GET", "HEAD") else (405, 405)
        else:
            answer = ANSWERS.get((endpoint.name, method))
            expected = (answer, 401) if answer else (405, 405)
        assert (known.other(method, path).status_code, stranger.other(method, path).status_code) == expected, method


def test_a_token_is_good_until_it_is_replaced_or_the_system_revoked(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callers, "SEEN_WITHIN", 0.0)
    caller = system(world)
    first = token(world, caller)
    second = token(world, caller)
    assert [Api(bearer).get("trial").status_code for bearer in (first, second, second + "x")] == [401, 200, 401]
    revoke_system(caller, actor=world.actor("manager_two"))
    assert Api(second).get("trial").status_code == 401
    assert LedgerEvent.objects.filter(kind="role", line__contains='"revoked"').count() == 1


def test_a_revocation_is_seen_within_half_a_minute(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    caller = system(world)
    api = Api(token(world, caller))
    assert api.get("trial").status_code == 200
    revoke_system(caller, actor=world.actor("manager"))
    assert api.post("draws", draw_body(world)).status_code == 409  # the ledger knows at once
    later = time.monotonic() + 31
    monkeypatch.setattr(callers.time, "monotonic", lambda: later)
    assert api.get("trial").status_code == 401


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic abc", "Bearer lodd_", "Bearer a.b.c", "Bearer " + "x" * 5000]
)
def test_what_is_no_token_is_401_with_the_way_in(world: World, header: str) -> None:
    answer = Api(None).get("trial", **({"Authorization": header} if header else {}))
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.headers["Cache-Control"] == "no-store"


def test_too_many_requests_are_told_to_wait(world: World) -> None:
    api = Api(token(world, system(world, per_minute=3)))
    assert [api.get("trial").status_code for _ in range(4)] == [200, 200, 200, 429]
    assert int(api.get("trial").headers["Retry-After"]) > 0


def test_a_system_is_approved_by_another_person_than_who_asked(world: World) -> None:
    proposed = propose_system("journal", actor=world.actor("manager"), site="north")
    with pytest.raises(PermissionDenied):
        approve_system(proposed, actor=world.actor("manager"))
    with pytest.raises(UsageError):
        issue_token(proposed, actor=world.actor("administrator"))
    approve_system(proposed, actor=world.actor("manager_two"))
    for again in (approve_system, decline_system):
        with pytest.raises(UsageError):
            again(proposed, actor=world.actor("manager_two"))
    granted = LedgerEvent.objects.filter(kind="role", line__contains=proposed.ledger_id)
    assert granted.count() == 2  # the two offices of the county


def test_a_declined_system_draws_nothing_and_may_be_asked_for_again(world: World) -> None:
    proposed = propose_system("journal", actor=world.actor("administrator"), office="n1")
    assert proposed.site == "north"
    declined = decline_system(proposed, actor=world.actor("manager"))
    with pytest.raises(UsageError):
        issue_token(declined, actor=world.actor("administrator"))
    propose_system("journal", actor=world.actor("administrator"))
    with pytest.raises(UsageError):
        propose_system("journal", actor=world.actor("administrator"))
    with pytest.raises(UsageError):
        propose_system("another", actor=world.actor("administrator"), site="west")


def test_old_answers_are_forgotten(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from lodd.site.actions import systems

    api = Api(token(world, system(world)))
    api.post("draws", draw_body(world))
    assert forget_old_answers() == 0
    monkeypatch.setattr(systems, "REMEMBERED", -systems.REMEMBERED)
    assert forget_what_is_due() == 1
    assert forget_what_is_due() == 0
    assert not IdempotentAnswer.objects.exists()
    assert AuditEvent.objects.filter(action="api.answers_forgotten").count() == 2


def test_no_cookie_lets_anybody_in_or_chooses_the_language(world: World) -> None:
    signed_in = world.client("operator")
    signed_in.cookies["django_language"] = "nb"
    answer = signed_in.get("/api/v1/trial", headers={"Accept-Language": "en-GB,en;q=0.9"})
    assert answer.status_code == 401
    assert answer.json()["title"] == "the token is missing or not valid"
    assert answer.headers["Content-Language"] == "en"
    assert "Accept-Language" in answer.headers["Vary"]
    assert not answer.cookies
    assert signed_in.get("/api/v1/trial").headers["Content-Language"] == "nb"


def test_another_sites_name_is_refused(world: World) -> None:
    assert Api(None).get("openapi.json", Host="elsewhere.example").status_code == 400


# Signed tokens --------------------------------------------------------------------------------------------------------

KEYS: dict[str, Any] = {
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "RS256": rsa.generate_private_key(65537, 2048),
}
WEAK: dict[str, tuple[str, Any]] = {
    "weak-rsa": ("RS256", rsa.generate_private_key(65537, 1024)),
    "other-curve": ("ES384", ec.generate_private_key(ec.SECP384R1())),
}


def _said(issuer: str) -> dict[str, Any]:
    now = int(time.time())
    return {"iss": issuer, "aud": "small", "iat": now, "exp": now + 300, "jti": new_key()}


@pytest.fixture
def signing(world: World, tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Makes signed tokens of a system "journal", whose public keys the installation has."""
    here = installation()
    use_installation(replace(here, config=replace(here.config, api_keys=tmp_path)))
    for issuer, key in {**KEYS, **{name: key for name, (_, key) in WEAK.items()}}.items():
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (tmp_path / f"{issuer}.pem").write_bytes(public)
        system(world, issuer, issuer=issuer)

    def sign(issuer: str = "EdDSA", algorithm: str = "", key: Any = None, drop: str = "", **claims: Any) -> str:
        said = _said(issuer) | claims
        said.pop(drop, None)
        algorithm = algorithm or (issuer if issuer in KEYS else "EdDSA")
        return jwt.encode(said, key or KEYS.get(issuer) or WEAK[issuer][1], algorithm=algorithm)

    yield sign
    use_installation(None)


@pytest.mark.parametrize("algorithm", KEYS)
def test_a_signed_token_is_good_once(signing: Callable[..., str], algorithm: str) -> None:
    api = Api(signing(algorithm))
    assert [api.get("trial").status_code for _ in range(2)] == [200, 401]


def test_the_caseworker_may_stand_in_the_token(world: World, signing: Callable[..., str]) -> None:
    known = Caseworker.objects.get(name="caseworker")
    body = {name: value for name, value in draw_body(world).items() if name != "caseworker"}
    assert Api(signing(sub=known.code)).post("draws", body).status_code == 201
    assert Api(signing()).post("draws", body).status_code == 422


NOW = int(time.time())
WRONG = {
    "another trial": {"aud": "large"},
    "old": {"iat": NOW - 900, "exp": NOW - 600},
    "long-lived": {"exp": NOW + 3600},
    "long-lived and old": {"iat": NOW - 3600, "exp": NOW + 300},
    "from the future": {"iat": NOW + 3600, "exp": NOW + 3900},
    "unknown issuer": {"iss": "somebody"},
    "another path": {"iss": "../EdDSA"},
    "a person": {"sub": "01017012345"},
    "issuer of another kind": {"iss": ["EdDSA"]},
    "times as text": {"exp": str(NOW + 300), "iat": str(NOW)},
    "no end": {"exp": float("inf")},
    "no time": {"iat": float("nan")},
    "a list of names": {"jti": [1]},
    "a number for a caseworker": {"sub": 7},
}


@pytest.mark.parametrize("claims", WRONG.values(), ids=WRONG.keys())
def test_a_token_with_wrong_claims_is_refused(signing: Callable[..., str], claims: dict[str, Any]) -> None:
    key = KEYS["EdDSA"]
    said = _said("EdDSA") | claims
    # jwt.encode itself refuses an issuer that is a list; a liar would not use it
    forged = jwt.api_jws.encode(jwt.api_jws.json.dumps(said).encode(), key, algorithm="EdDSA")
    assert Api(forged).get("trial").status_code == 401


@pytest.mark.parametrize("claim", ["aud", "exp", "iat", "iss", "jti"])
def test_every_claim_is_required(signing: Callable[..., str], claim: str) -> None:
    assert Api(signing(drop=claim)).get("trial").status_code == 401


def test_the_key_decides_the_algorithm(signing: Callable[..., str]) -> None:
    public = KEYS["RS256"].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    attempts = [
        _signed_by_secret(public),
        signing("RS256", "EdDSA", KEYS["EdDSA"]),
        signing("EdDSA", "RS256", KEYS["RS256"]),
        signing("RS256", "PS256"),
        jwt.encode(_said("EdDSA"), None, algorithm="none"),
    ]
    assert {Api(forged).get("trial").status_code for forged in attempts} == {401}


def _signed_by_secret(public: bytes) -> str:
    """The old trick: the public key, which everybody knows, taken for a shared secret."""
    parts = [urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in ({"alg": "HS256"}, _said("RS256"))]
    signature = urlsafe_b64encode(hmac.digest(public, b".".join(parts), "sha256")).rstrip(b"=")
    return b".".join([*parts, signature]).decode()


@pytest.mark.parametrize("issuer", WEAK)
def test_weak_and_other_keys_are_not_used(signing: Callable[..., str], issuer: str) -> None:
    assert Api(signing(issuer, WEAK[issuer][0])).get("trial").status_code == 401


def test_without_a_key_file_nobody_signs(world: World) -> None:
    system(world, "EdDSA", issuer="EdDSA")
    assert Api(jwt.encode(_said("EdDSA"), KEYS["EdDSA"], algorithm="EdDSA")).get("trial").status_code == 401


def test_private_keys_left_in_the_folder_are_not_public_keys(world: World, tmp_path: Path) -> None:
    here = installation()
    use_installation(replace(here, config=replace(here.config, api_keys=tmp_path)))
    private = KEYS["EdDSA"].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "EdDSA.pem").write_bytes(private)
    system(world, "EdDSA", issuer="EdDSA")
    assert Api(jwt.encode(_said("EdDSA"), KEYS["EdDSA"], algorithm="EdDSA")).get("trial").status_code == 401
    assert ApiSystem.objects.count() == 1
    use_installation(None)
