"""The site as it really runs: gunicorn over a database of its own, and clients that ask it for draws.

``python -m benchmarks.running_site`` founds the trial of the environment and prints a system's token: in a process of
its own, because Django is set up once a process.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
CONFIRMED = ["wants_work", "needs_help"]


@dataclass(frozen=True)
class Site:
    """A running site: its address, a system's token, and the server's process."""

    port: int
    token: str
    environment: dict[str, str]
    server: subprocess.Popen[bytes]

    @property
    def trial(self) -> Path:
        return Path(self.environment["LODD_TRIAL"])

    def workers(self) -> list[int]:
        """The process ids of the server's workers."""
        children = Path(f"/proc/{self.server.pid}/task/{self.server.pid}/children").read_text()
        return [int(child) for child in children.split()]

    def kill_worker(self, turn: int) -> bool:
        """SIGKILL one of the workers, if there are two; was one killed?"""
        workers = self.workers()
        if len(workers) < 2:
            return False
        with suppress(ProcessLookupError):
            os.kill(workers[turn % len(workers)], signal.SIGKILL)
        return True


@contextmanager
def running(folder: Path, database: str = "", *, workers: int | None = None) -> Iterator[Site]:
    """A founded trial in ``folder``, served on a free port until the block ends."""
    environment = prepared(folder, database)
    token = run_python(environment, "-m", "benchmarks.running_site").strip()
    with served(environment, token, workers=workers) as site:
        yield site


@contextmanager
def served(environment: dict[str, str], token: str, *, workers: int | None = None) -> Iterator[Site]:
    """The server over what the environment names."""
    port = _free_port()
    chosen = {"LODD_BIND": f"127.0.0.1:{port}"} | ({"LODD_WORKERS": str(workers)} if workers else {})
    log = (Path(environment["LODD_TRIAL"]) / "server.log").open("wb")
    command = [sys.executable, "-m", "gunicorn", "--config", "python:lodd.site.server"]
    server = subprocess.Popen(command, cwd=ROOT, env=environment | chosen, stderr=log)
    try:
        _wait_for(port, server)
        yield Site(port, token, environment, server)
    finally:
        server.terminate()
        server.wait(30)
        log.close()


def prepared(folder: Path, database: str) -> dict[str, str]:
    """A locked trial with test keys; the environment of its processes."""
    from lodd.identity import generate_keys
    from lodd.study import open_study

    (folder / "trial").mkdir(parents=True)
    shutil.copy(ROOT / "tests/site/trial.toml", folder / "trial" / "trial.toml")
    generate_keys(folder / "keys", setting="test")
    open_study(folder / "trial").lock(folder / "keys")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LODD_", "DJANGO_"))}
    return kept | {
        "LODD_TRIAL": str(folder / "trial"),
        "LODD_KEYS": str(folder / "keys"),
        "LODD_SECRET": "not-a-secret-" * 6,
        "LODD_DATABASE": database,
        "DJANGO_SETTINGS_MODULE": "lodd.site.settings",
    }


def run_python(environment: dict[str, str], *arguments: str) -> str:
    """What a Python process of the site printed."""
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


class Client:
    """A lean HTTP client on one connection: what it costs must not be what is measured."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._socket: socket.socket | None = None

    def draw(self, number: str, key: str, office: str = "n1") -> tuple[int, dict[str, Any]]:
        """Ask for a draw; status and answer.

        Raises OSError when the connection is lost before the whole answer.
        """
        body = {
            "identity_number": number,
            "office": office,
            "confirmed": CONFIRMED,
            "caseworker": {"name": "Kari Veileder"},
        }
        return self.request("POST", "/api/v1/draws", json.dumps(body).encode(), key)

    def request(self, method: str, path: str, body: bytes = b"", key: str = "") -> tuple[int, dict[str, Any]]:
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self._site.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nIdempotency-Key: {key}\r\n\r\n"
        )
        try:
            status, content = self._exchange(head.encode() + body)
        except (OSError, ValueError):
            self.close()
            raise ConnectionError from None
        try:
            return status, json.loads(content) if content else {}
        except ValueError:  # the server's own page for an error
            return status, {"page": content[:300].decode("latin-1")}

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _exchange(self, message: bytes) -> tuple[int, bytes]:
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._site.port), timeout=60)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(message)
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._more()
        head, _, content = received.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").lower().split("\r\n")
        length = next(int(line.split(":")[1]) for line in lines if line.startswith("content-length:"))
        while len(content) < length:
            content += self._more()
        if "connection: close" in lines:
            self.close()
        return int(lines[0].split()[1]), content

    def _more(self) -> bytes:
        assert self._socket is not None
        part = self._socket.recv(65536)
        if not part:
            raise ConnectionError
        return part


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(400):
        assert server.poll() is None, "the server stopped"
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            connection.sendall(b"GET /health/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            if connection.recv(1000).startswith(b"HTTP/1.1 200"):
                return
        time.sleep(0.1)
    raise AssertionError("the server does not answer")


def _found() -> str:
    """Two managers, an administrator, a system that may draw everywhere; its token."""
    from lodd.site.config import read_config
    from lodd.site.preparation import prepare_database, start_django

    start_django()
    prepare_database(read_config())
    from lodd.site.actions.accounts import approve_grant, create_user, first_manager, propose_grant
    from lodd.site.actions.base import SITE, Actor
    from lodd.site.actions.schedule import enter_beacon
    from lodd.site.actions.systems import approve_system, issue_token, propose_system
    from lodd.site.permissions import Role

    first, second = (Actor.of(first_manager(f"{name}@example.org", name)) for name in ("one", "two"))
    enter_beacon("1 2 3", actor=first)
    enter_beacon("1 2 3", actor=second)
    administrator = create_user("administrator@example.org", "administrator", actor=SITE)
    approve_grant(propose_grant(administrator, Role.ADMINISTRATOR, actor=first), actor=second)
    proposed = propose_system("journal", actor=Actor.of(administrator), per_minute=10_000_000)
    return issue_token(approve_system(proposed, actor=first), actor=Actor.of(administrator))


if __name__ == "__main__":
    sys.stdout.write(_found() + "\n")
