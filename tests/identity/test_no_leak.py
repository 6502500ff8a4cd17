"""Keys and numbers come out where they are asked for by name, and nowhere else."""

from __future__ import annotations

import base64
import contextlib
import copy
import io
import logging
import pickle
import re
import traceback
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from lodd.identity import KeyMaterialError, generate_keys, load_keys, simulation_keys, synthetic_number
from lodd.identity.keys.hidden import Hidden
from lodd.identity.rules import Reading, judge

ROOT = Path(__file__).parents[2]
KEYS = ROOT / "src/lodd/identity/keys"


def forms(secret: bytes) -> set[str]:
    """How key bytes could be shown."""
    return {
        secret.hex(),
        base64.b64encode(secret).decode(),
        base64.urlsafe_b64encode(secret).decode(),
        base64.b64encode(secret).decode()[:20],
        repr(secret)[2:-1],
        repr(secret)[2:30],
    }


def secrets_in(folder: Path) -> set[str]:
    found: set[str] = set()
    for path in folder.glob("*.key"):
        match = re.search("key=(\\S+)$", path.read_text())
        assert match
        found |= forms(base64.b64decode(match[1]))
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    generate_keys(tmp_path / "keys", setting="test", split_draw_key=True)
    return tmp_path / "keys"


def test_a_ring_shows_and_gives_nothing(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    ring = load_keys(folder)
    logging.getLogger("test").warning("%s %r %s", ring, [ring.sealer], ring.commitments())
    names = [name for name in dir(ring) if not name.startswith("_")]
    shown = [repr(ring), str(ring), f"{ring}", caplog.text]
    shown += [repr(getattr(ring, name)) for name in [*names, "_keys", "_sealing"]]
    assert not any(secret in text for secret in secrets_in(folder) for text in shown)
    assert not hasattr(ring, "__dict__")
    for way in (pickle.dumps, copy.copy, copy.deepcopy):
        for held in (ring, Hidden(b"secret")):
            with pytest.raises(TypeError):
                way(held)


def frames_of(error: BaseException) -> str:
    """The error and its causes as a crash reporter sees them: every frame of the house's with all its variables."""
    said = traceback.TracebackException.from_exception(error, capture_locals=True)
    written = str(said)
    while said:
        for frame in said.stack:
            if "/src/lodd/" in frame.filename:
                written += f"{frame.name}: {frame.locals}\n"
        said = said.__cause__ or said.__context__  # type: ignore[assignment]
    return written


def spoil(folder: Path, name: str, change: Callable[[str], str]) -> None:
    (folder / name).write_text(change((folder / name).read_text()))


SPOILED: list[Callable[[Path], object]] = [
    lambda folder: spoil(folder, "checkpoint.key", lambda text: text.replace("id=", "id=0")),
    lambda folder: spoil(folder, "checkpoint.key", lambda text: text[:-5]),
    lambda folder: spoil(folder, "checkpoint.key", lambda text: text.replace("lodd-key", "key")),
    lambda folder: spoil(folder, "checkpoint.key", lambda text: text.replace("kind=c", "kind=")),
    lambda folder: (folder / "draw-half-2.key").unlink(),
    lambda folder: spoil(folder, "draw-half-2.key", lambda text: re.sub("pair=\\w+", "pair=0", text)),
    lambda folder: (folder / "checkpoint.key").chmod(0o644),
    generate_keys,
    lambda folder: (folder / "lot-pseudonym.key").unlink(),
    lambda folder: (folder / "more.key").symlink_to("draw.key"),
]


@pytest.mark.parametrize("spoiling", SPOILED)
def test_no_error_shows_a_key_not_even_with_the_variables_of_every_frame(
    folder: Path, spoiling: Callable[[Path], object]
) -> None:
    secrets = secrets_in(folder)

    def attempt() -> None:
        spoiling(folder)
        load_keys(folder, need=["lot_pseudonym", "draw"])

    with pytest.raises(KeyMaterialError) as caught:
        attempt()
    written = frames_of(caught.value) + caught.value.render("nb") + repr(caught.value.args)
    assert "load_keys" in written or "generate_keys" in written
    assert not [secret for secret in secrets if secret in written]


def test_no_variable_of_the_process_is_shown(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = secrets_in(folder)
    monkeypatch.setenv("LODD_KEY_CHECKPOINT", (folder / "checkpoint.key").read_text().replace("id=", "id=0"))
    with pytest.raises(KeyMaterialError) as caught:
        load_keys()
    written = frames_of(caught.value)
    assert "LODD_KEY_CHECKPOINT" in written
    assert not [secret for secret in secrets if secret in written]


def test_making_and_using_keys_prints_and_logs_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    said = io.StringIO()
    with caplog.at_level(logging.DEBUG), contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        generated = generate_keys(tmp_path / "keys", setting="test")
        ring = load_keys(tmp_path / "keys")
        token = ring.sealer.seal(synthetic_number(1), "a")
        ring.sealer.unseal(token, "a")
        ring.lot_id(synthetic_number(1))
    assert said.getvalue() == caplog.text == ""
    assert not [secret for secret in secrets_in(tmp_path / "keys") if secret in repr(generated) + token]


def test_only_the_keys_room_reads_key_material() -> None:
    """No other module of the house exposes a hidden value, opens a key file or reads a key variable."""
    for path in (ROOT / "src/lodd").rglob("*.py"):
        if KEYS not in path.parents:
            assert not re.search(r"\.expose\(\)|LODD_KEY_|identity\.keys\.(hidden|record|store)", path.read_text()), (
                path
            )


def test_no_number_of_a_possibly_real_person_is_written_in_the_project() -> None:
    """Every eleven digits in code, tests and documents that would be a person's number in production."""
    files = [path for folder in ("src", "tests", "docs", "benchmarks") for path in (ROOT / folder).rglob("*.*")]
    for path in [*files, *ROOT.glob("*.md")]:
        if path.suffix in (".py", ".md", ".toml", ".txt", ".html"):
            for digits in re.findall(r"(?<![\d.])\d{11}(?!\d)", path.read_text(encoding="utf-8")):
                outcome = judge(digits, "production", date(2026, 1, 1))
                drawable = isinstance(outcome, Reading) and outcome.kind in ("fødselsnummer", "D-number")
                assert not drawable, path


def test_simulation_keys_stay_hidden_too() -> None:
    ring = simulation_keys(3)
    assert repr(ring).startswith("<KeyRing for test: draw ")
    assert "hidden" in repr(ring._key("draw"))
