"""Serving, the demo, the checks before production, health and logs, as those who run the site meet them."""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from django.conf import settings

from lodd.errors import UsageError
from lodd.site import config as configuration
from lodd.site.checks import errors, findings
from lodd.site.config import read_config
from lodd.site.demo.folder import make_or_continue
from lodd.site.demo.people import EVERYBODY
from lodd.site.demo.story import DRAWS, numbers_to_try
from lodd.site.installation import installation
from lodd.site.integrity import check_ledger
from lodd.site.logs import JsonLines
from lodd.site.preparation import own_secret
from tests.site.world import World

ROOT = Path(__file__).parents[2]


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LODD_", "DJANGO_"))}
    return subprocess.run(
        [sys.executable, "-m", "lodd", *arguments],
        env=kept | {"LODD_LANG": "en"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@contextmanager
def demo(folder: Path) -> Iterator[httpx.Client]:
    """A demo as somebody starts it."""
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LODD_", "DJANGO_"))}
    arguments = [sys.executable, "-m", "lodd", "serve", str(folder), "--demo", "--port", str(port)]
    with (folder.parent / "log").open("w") as log:
        process = subprocess.Popen(arguments, env=kept | {"LODD_LANG": "en"}, stderr=log, stdout=log)
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", follow_redirects=True, timeout=60) as client:
                for _ in range(600):
                    assert process.poll() is None, (folder.parent / "log").read_text()
                    try:
                        client.get("/health/").raise_for_status()
                        break
                    except httpx.HTTPError:
                        time.sleep(0.1)
                yield client
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def sign_in(client: httpx.Client, login: str) -> httpx.Response:
    token = re.search('csrfmiddlewaretoken" value="([^"]+)', client.get("/demo/").text)
    assert token is not None
    return client.post("/demo/", data={"csrfmiddlewaretoken": token[1], "login": login})


def test_the_demo_lets_anybody_be_anyone_and_goes_on_where_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    with demo(folder) as client:
        door = client.get("/demo/", headers={"Accept-Language": "nb"})
        assert "Hvem vil du være?" in door.text
        assert all(someone.name in door.text for someone in EVERYBODY)
        assert numbers_to_try()[0].grouped() in door.text
        for someone in EVERYBODY:
            home = sign_in(client, someone.login)
            assert home.url.path == "/home/", someone.login
            assert home.status_code == 200
            assert 'class="demo"' in home.text
    assert stat.S_IMODE((folder / "site" / "secret").stat().st_mode) == 0o600
    keys = ("--folder", str(folder), "--keys", str(folder / "keys"))
    exported = command("site", "export", str(tmp_path / "out.zip"), *keys)
    assert exported.returncode == 0, exported.stderr
    shutil.unpack_archive(tmp_path / "out.zip", tmp_path / "out")
    (unpacked,) = (tmp_path / "out").iterdir()
    lock = ("--lock", str(unpacked / "trial.lock.json"))
    assert command("draw", "verify", str(unpacked / "ledger.ndjson"), *lock).returncode == 0
    evaluated = command("evaluate", str(unpacked), "--draws", "199")
    assert evaluated.returncode == 0, evaluated.stderr
    checked = command("site", "check-ledger", *keys)
    assert checked.returncode == 0, checked.stderr
    assert f"{DRAWS} drawn, 1 withdrawn" in checked.stdout
    log = (tmp_path / "log").read_text()
    assert not any(someone.name in log or someone.login in log for someone in EVERYBODY)
    assert not make_or_continue(folder, lambda _: pytest.fail("made again"))


def test_a_demo_is_not_made_over_something_else(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    refused = command("serve", str(tmp_path), "--demo")
    assert refused.returncode == 2
    assert "is not a demo trial" in refused.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["mine"]


def test_a_demo_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fill(_: Path) -> None:
        raise UsageError([])

    with pytest.raises(UsageError):
        make_or_continue(tmp_path / "demo", fill)
    assert list(tmp_path.iterdir()) == []


def test_production_with_a_weak_setting_does_not_start(world: World) -> None:
    given = {name: value for name, value in os.environ.items() if name.startswith("LODD_")}
    refused = command("serve", **given | {"LODD_PRODUCTION": "1", "LODD_SECRET": "short", "LODD_LANG": "en"})
    assert refused.returncode == 2
    assert "the site does not start in production like this" in refused.stderr
    for what in ("LODD_SECRET", "LODD_ERASURES", "LODD_KEYS"):
        assert re.search(rf"ERROR\s+{what} ", refused.stdout), refused.stdout


def test_a_sound_configuration_has_only_what_a_test_lacks(world: World, tmp_path: Path) -> None:
    sound = replace(
        settings.LODD,
        production=True,
        behind_proxy=True,
        hosts=("lodd.example.org",),
        database="postgresql://localhost/lodd",
        erasures=tmp_path / "erasures",
        email_url="smtp://localhost",
    )
    found = [finding for finding in errors(findings(sound)) if not finding.what.en.startswith("Django")]
    assert [finding.what.en for finding in found] == ["LODD_KEYS"]  # test keys
    assert all(finding.what.nb and finding.found.nb for finding in findings(sound))


def test_deployment_checks_of_django_are_clean_in_production() -> None:
    given = {name: value for name, value in os.environ.items() if name.startswith("LODD_")}
    done = subprocess.run(
        [sys.executable, "-m", "django", "check", "--deploy", "--fail-level", "WARNING"],
        env={**os.environ, **given, "LODD_PRODUCTION": "1", "DJANGO_SETTINGS_MODULE": "lodd.site.settings"}
        | {"LODD_SECRET": "a%s-long=and+various?secret" * 3, "LODD_HOSTS": "lodd.example.org"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_an_own_secret_is_made_once_for_its_owner(tmp_path: Path) -> None:
    made = replace(settings.LODD, trial=tmp_path)
    secret = own_secret(made)
    assert len(secret) >= 50
    assert own_secret(made) == secret
    assert stat.S_IMODE((made.state / "secret").stat().st_mode) == 0o600


def test_secrets_come_from_files(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s" * 60 + "\n")
    read = read_config({"LODD_TRIAL": "t", "LODD_SECRET_FILE": str(tmp_path / "secret")})
    assert read.secret == "s" * 60
    assert "sss" not in repr(read)
    with pytest.raises(UsageError):
        read_config({"LODD_TRIAL": "t", "LODD_SECRET_FILE": str(tmp_path / "none")})


def test_health_says_that_it_works_and_nothing_else(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = world.client().get("/health/")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    monkeypatch.setattr("lodd.site.views.health._has_ledger", lambda: False)
    answer = world.client().get("/health/")
    assert (answer.status_code, answer.json()) == (503, {"status": "not ready"})


def test_logs_hold_fixed_words_only() -> None:
    def line(name: str, message: str, *arguments: object, **extra: object) -> dict[str, object]:
        record = logging.LogRecord(name, logging.INFO, "", 1, message, arguments, None)
        record.__dict__ |= extra
        read: dict[str, object] = json.loads(JsonLines().format(record))
        return read

    assert line("django.request", "%s: %s", "Not Found", "/kari", request=object())["message"] == "%s: %s"
    assert line("library", "user kari@example.org")["message"] == "library"
    assert line("lodd.requests", "request", page="draw", status=200)["page"] == "draw"
    assert "kari" not in json.dumps(line("x", "about %s", "kari", user="kari"))


def test_the_ledger_of_the_database_is_checked_from_its_beginning(world: World) -> None:
    for seed in range(1, 4):
        world.draw(seed)
    checked = check_ledger(installation())
    assert (checked.answers, checked.withdrawn) == (3, 0)


@pytest.mark.parametrize("page", ["operations.md", "operations.nb.md"])
def test_every_setting_is_in_the_documents(page: str) -> None:
    source = Path(configuration.__file__).read_text(encoding="utf-8")
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    for name in sorted(set(re.findall(r'"(LODD_[A-Z_]+)"', source)) | {"LODD_BIND", "LODD_WORKERS", "LODD_THREADS"}):
        assert f"`{name}`" in text, name
