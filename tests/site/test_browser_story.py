"""The trial's daily work in a real browser: by keyboard, by mouse, without scripts, in both languages."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.site.browsing import Town, Visitor, browsing, in_a_browser, serving
from tests.site.world import BEACON, PASSWORD, World

pytestmark = in_a_browser
both_languages = pytest.mark.parametrize("language", ["nb", "en"])
TICKS = "input[type=checkbox][name=confirmed]"
ELIGIBLE = ("wants_work", "needs_help")


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with pytest.MonkeyPatch.context() as patch, serving() as origin, browsing() as browser:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # the browser's event loop runs beside the tests' questions
        yield Town(browser, origin)


@pytest.fixture
def visitor(town: Town, world: World) -> Iterator[Callable[..., Visitor]]:
    """Makes visitors; with a name, signed in."""

    def comes(language: str, name: str | None = None, **more: Any) -> Visitor:
        return town.visitor(language, world.client(name) if name else None, **more)

    yield comes
    town.closes()


def code_of(world: World, name: str) -> str:
    """What somebody's app shows now."""
    from allauth.mfa.adapter import get_adapter
    from allauth.mfa.models import Authenticator

    factor = Authenticator.objects.get(user=world.user(name), type="totp")
    return code_for(get_adapter().decrypt(factor.data["secret"]))


def code_for(secret: str) -> str:
    """What an app with this secret shows now; if that is about to change, what it shows next."""
    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

    left = 30 - time.time() % 30
    time.sleep(left if left < 5 else 0)
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


def signs_in(one: Visitor, world: World, name: str) -> None:
    one.page.fill("[name=login]", f"{name}@example.org")
    one.page.fill("[name=password]", PASSWORD)
    one.presses("main form[action='/account/sign-in/'] button[type=submit]")
    assert one.at() == "/account/code/"
    one.page.fill("[name=code]", code_of(world, name))
    one.presses("main form:has([name=code]) button[type=submit]")
    assert one.at() == "/home/"


def types_the_draw(one: Visitor, number: str, office: str | None = "n1", caller: str | None = "Kari Nordmann") -> None:
    if office:
        one.page.select_option("[name=office]", office)
    if caller:
        one.page.fill("[name=caller]", caller)
    one.page.fill("[name=identity_number]", number)
    for box in one.page.locator(TICKS).all():
        box.check()


def draws() -> int:
    from lodd.site.models import LedgerEvent, Participant

    found = LedgerEvent.objects.filter(kind="draw").count()
    assert found == Participant.objects.count()
    return found


@both_languages
def test_an_operator_signs_in_and_draws_once_however_it_is_pressed(
    visitor: Callable[..., Visitor], world: World, language: str
) -> None:
    number = world.number(3).grouped()
    one = visitor(language)
    one.goes_to("/")
    one.looks("public")
    one.goes_to("/home/")
    assert one.at() == "/account/sign-in/"
    one.looks("sign-in")
    signs_in(one, world, "operator")
    one.looks("home-operator")
    one.presses("main a[href='/draw/']")
    one.looks("draw")
    one.presses("main button[type=submit]")
    one.page.wait_for_function("document.activeElement.matches('.errors')")
    one.looks("draw-wrong")

    types_the_draw(one, number[:-1] + str((int(number[-1]) + 1) % 10))
    one.page.wait_for_selector(".check-wrong")
    one.page.fill("[name=identity_number]", "")
    one.page.type("[name=identity_number]", number.replace(" ", ""))
    one.page.wait_for_selector(".check-right")
    assert one.page.input_value("[name=identity_number]").split() == number.split()
    one.looks("draw-filled-in")
    one.presses("main button[type=submit]")
    one.looks("read-back")
    assert draws() == 0
    read_back = one.at()

    with one.page.expect_navigation(url="**/result/"):
        one.page.dblclick("main button.button-large")
    one.looks("result")
    assert draws() == 1
    result = one.page.inner_text("main .lot")
    one.page.reload()
    assert one.page.inner_text("main .lot") == result
    one.page.go_back()
    one.goes_to(read_back)
    assert one.at() == read_back + "result/"
    assert one.page.inner_text("main .lot") == result
    assert draws() == 1

    one.goes_to("/draw/")
    types_the_draw(one, number, "n2")
    one.presses("main button[type=submit]")
    one.presses("main button.button-large")
    one.looks("result-again")
    assert one.page.inner_text("main .lot h1") in result
    assert draws() == 1


def test_an_answer_that_is_lost_on_its_way_is_there_when_one_asks_again(
    visitor: Callable[..., Visitor], world: World
) -> None:
    one = visitor("en", "operator")
    one.goes_to("/draw/")
    types_the_draw(one, world.number(6).grouped())
    one.presses("main button[type=submit]")
    read_back = one.at()

    def lose(route: Any) -> None:
        """The site is asked, and draws; its answer does not arrive."""
        if route.request.method == "POST":
            route.fetch(max_redirects=0)
            route.abort("connectionreset")
        else:
            route.continue_()

    one.page.route(one.origin + read_back, lose)
    with one.page.expect_event("requestfailed"):
        one.page.click("main button.button-large", no_wait_after=True)
    one.page.unroute_all()
    assert draws() == 1
    one.goes_to(read_back)
    assert one.at() == read_back + "result/"
    assert one.page.locator("main .lot").count() == 1
    assert draws() == 1


def test_the_draw_by_keyboard_alone(visitor: Callable[..., Visitor], world: World) -> None:
    one = visitor("en", "operator")
    one.goes_to("/home/")
    keys = one.page.keyboard

    def tabs_to(selector: str) -> None:
        for _ in range(40):
            if one.page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
            keys.press("Tab")
        raise AssertionError(f"not reached by keyboard: {selector}")

    tabs_to("main a[href='/draw/']")
    with one.page.expect_navigation():
        keys.press("Enter")
    tabs_to("[name=office]")
    keys.press("ArrowDown")
    tabs_to("[name=caller]")
    keys.type("Kari Nordmann")
    tabs_to("[name=identity_number]")
    keys.type(world.number(5).grouped().replace(" ", ""))
    for box in one.page.locator(TICKS).all():
        tabs_to(f"[name=confirmed][value={box.get_attribute('value')}]")
        keys.press("Space")
    tabs_to("main button[type=submit]")
    with one.page.expect_navigation():
        keys.press("Enter")
    assert one.page.locator(".errors").count() == 0
    tabs_to("main button.button-large")
    with one.page.expect_navigation(url="**/result/"):
        keys.press("Enter")
    assert draws() == 1


def test_everything_that_the_line_does_works_without_scripts(visitor: Callable[..., Visitor], world: World) -> None:
    one = visitor("nb", java_script_enabled=False)
    one.goes_to("/home/")
    signs_in(one, world, "operator")
    one.presses("main a[href='/draw/']")
    types_the_draw(one, "12345678901")
    one.presses("main button[type=submit]")
    assert one.page.locator(".errors a").count() == 1
    assert one.page.input_value("[name=caller]") == "Kari Nordmann"
    types_the_draw(one, world.number(4).grouped())
    one.presses("main button[type=submit]")
    one.presses("main button.button-large")
    assert one.at().endswith("/result/")
    assert draws() == 1
    assert one.said == []


@both_languages
def test_a_caseworker_follows_a_participant(visitor: Callable[..., Visitor], world: World, language: str) -> None:
    drawn = world.draw(7, by="caseworker")
    one = visitor(language, "caseworker")
    one.goes_to("/home/")
    one.looks("home-caseworker")
    one.presses("nav a[href='/participants/']")
    one.looks("participants")
    one.page.fill("[name=looked_for]", world.number(7).grouped())
    one.presses("main form[action='/participants/find/'] button")
    assert one.at() == f"/participants/{drawn.seq}/"
    one.looks("participant")
    one.page.select_option("[name=why]", "refer")
    one.presses("main form[action$='/identity/'] button")
    assert world.number(7).grouped().split() == one.page.inner_text("main .number").split()
    one.looks("identity")
    for kind in ("referral", "start"):
        one.goes_to(f"/participants/{drawn.seq}/")
        one.presses(f"main a[href$='/follow-up/{kind}/']")
        one.looks(f"follow-up-{kind}")
        one.presses("main form button[type=submit]")
        assert one.at() == f"/participants/{drawn.seq}/"
    one.looks("participant-started")
    assert one.page.locator(".timeline > li").count() == 3
    for page in ("error", "number", "withdraw"):
        one.goes_to(f"/participants/{drawn.seq}/{page}/")
        one.looks(f"participant-{page}")


@both_languages
def test_two_managers_change_the_schedule_and_type_its_public_value(
    visitor: Callable[..., Visitor], world: World, language: str
) -> None:
    from lodd.site.installation import installation

    one, other = visitor(language, "manager"), visitor(language, "manager_two")
    one.goes_to("/schedule/")
    one.looks("schedule")
    one.presses("main a[href='/schedule/propose/']")
    one.presses("main form button[type=submit]")
    one.looks("propose-wrong")
    one.page.check("[name=places][value=n1]")
    one.page.fill("[name=effective_from]", (installation().today + timedelta(days=20)).isoformat())
    one.page.fill("[name=beacon_source]", "the national lottery")
    one.page.fill("[name=beacon_round]", "the Saturday after next")
    one.page.locator("[name^=share_]").first.fill("55")
    one.looks("propose")
    one.presses("main form button[type=submit]")
    where = one.at()
    one.looks("proposal-own")
    assert one.page.locator("[value=approve]").count() == 0

    other.goes_to("/home/")
    other.looks("home-manager")
    other.goes_to(where)
    other.looks("proposal")
    other.presses("[value=approve]")
    assert other.at() == "/schedule/"
    other.looks("schedule-awaits")
    for manager, name in ((one, "beacon"), (other, "beacon-second")):
        manager.goes_to("/schedule/")
        manager.presses("main .notice a")
        manager.looks(name)
        manager.page.fill("[name=value]", BEACON)
        manager.presses("main form button[type=submit]")
        assert manager.at() == "/schedule/"
    other.looks("schedule-changed")
    assert other.page.locator("main .notice-warning").count() == 0
    for path in ("/schedule/close/", "/monitoring/", "/exports/", "/decisions/systems/"):
        one.goes_to(path)
        one.looks("manager" + path.replace("/", "-").rstrip("-"))


@both_languages
def test_somebody_is_invited_and_gets_a_role(visitor: Callable[..., Visitor], world: World, language: str) -> None:
    administrator, manager, invited = (
        visitor(language, "administrator"),
        visitor(language, "manager"),
        visitor(language),
    )
    administrator.goes_to("/accounts/")
    administrator.looks("accounts")
    administrator.presses("main a[href='/accounts/new/']")
    administrator.page.fill("[name=name]", "Ola Nordmann")
    administrator.page.fill("[name=email]", "ola@example.org")
    administrator.page.select_option("main [name=language]", language)
    administrator.looks("invite")
    administrator.presses("main form button[type=submit]")
    administrator.looks("invited")
    link = administrator.page.inner_text("main .inset .code")

    invited.goes_to(link.removeprefix(invited.origin))
    invited.looks("invitation")
    for field in ("password1", "password2"):
        invited.page.fill(f"[name={field}]", "a sentence that nobody guesses")
    invited.presses("main form button[type=submit]")
    assert invited.at() == "/account/"
    invited.looks("account-new")

    person = _account("ola@example.org")
    administrator.goes_to(f"/accounts/{person.ledger_id}/role/")
    administrator.page.check("[name=role][value=operator]")
    administrator.page.select_option("[name=site]", "north")
    administrator.looks("role")
    administrator.presses("main form button[type=submit]")
    administrator.looks("account")
    manager.goes_to("/decisions/")
    manager.looks("decisions")
    manager.presses("main [value=approve]")

    invited.goes_to("/draw/")
    assert invited.at() == "/account/", "a role that sees identities needs a second factor"
    invited.presses("main a[href='/account/codes/']")
    assert invited.page.evaluate("document.querySelector('.code-picture').naturalWidth > 0")
    invited.looks("codes")
    invited.page.fill("[name=code]", code_for(invited.page.inner_text("main p .code")))
    invited.presses("main form:has([name=code]) button[type=submit]")
    invited.looks("codes-on")
    invited.goes_to("/draw/")
    assert invited.at() == "/draw/"


def _account(email: str) -> Any:
    from lodd.site.models import User

    return User.objects.get(email=email)


@both_languages
def test_the_others_read(visitor: Callable[..., Visitor], world: World, language: str) -> None:
    for seed in (1, 2, 3):
        world.draw(seed)
    reads = {
        "auditor": ["/home/", "/audit/"],
        "steward": ["/exports/", "/participants/", "/monitoring/"],
        "county_lead": ["/home/", "/monitoring/?office=n1", "/schedule/"],
        "administrator": ["/systems/", "/account/", "/account/password/"],
        "nobody": ["/home/", "/draw/", "/nowhere/"],
    }
    for name, paths in reads.items():
        one = visitor(language, name)
        for path in paths:
            answer = one.goes_to(path)
            if answer.status >= 400:
                one.said.clear()  # the browser says that a page was refused or is not there
            one.looks(name + path.partition("?")[0].replace("/", "-").rstrip("-"))


@both_languages
def test_a_passkey_is_set_up_and_signs_in(visitor: Callable[..., Visitor], world: World, language: str) -> None:
    one = visitor(language, "operator")
    devices = one.context.new_cdp_session(one.page)
    devices.send("WebAuthn.enable")
    device = {"protocol": "ctap2", "transport": "internal", "automaticPresenceSimulation": True}
    able = {"hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True}
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": device | able})
    one.goes_to("/account/")
    one.presses("main a[href='/account/passkeys/add/']")
    assert one.at() == "/account/again/"
    one.looks("password-again")
    one.page.fill("[name=password]", PASSWORD)
    one.presses("main form:has([name=password]) button[type=submit]")
    one.looks("passkey-add")
    one.page.fill("[name=name]", "work computer")
    one.page.check("[name=passwordless]")
    one.presses("#passkey_add")
    one.looks("passkey-added")
    one.goes_to("/account/")
    one.looks("account-with-passkey")
    one.presses(".masthead .account button")
    one.goes_to("/account/sign-in/")
    one.presses("#passkey_login")
    assert one.at() == "/home/"
    one.goes_to("/draw/")
    assert one.at() == "/draw/"
