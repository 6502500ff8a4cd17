"""Keys: made once, read only when nobody else can, whole only with both halves, and public only when revealed."""

from __future__ import annotations

import base64
import hashlib
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from lodd.errors import UsageError
from lodd.identity import (
    KeyMaterialError,
    KeyRing,
    add_sealing_key,
    generate_keys,
    load_keys,
    parse_identity_number,
    read_commitments,
    read_revealed_key,
    reveal_draw_key,
    simulation_keys,
    synthetic_number,
    verify_signature,
)
from lodd.identity.keys import KEY_KINDS
from tests.identity.real_looking import real_looking

FILES = {"draw.key", "lot-pseudonym.key", "person-pseudonym.key", "sealing-1.key", "checkpoint.key"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("LODD_KEY_")]:
        monkeypatch.delenv(name)
    generate_keys(tmp_path / "keys", setting="test")
    return tmp_path / "keys"


@pytest.fixture
def split(folder: Path, tmp_path: Path) -> tuple[Path, Path]:
    """The folder of a split key, and the other holder's folder with half 2."""
    generate_keys(tmp_path / "split", setting="test", split_draw_key=True)
    (tmp_path / "other").mkdir(mode=0o700)
    (tmp_path / "split/draw-half-2.key").rename(tmp_path / "other/draw-half-2.key")
    return tmp_path / "split", tmp_path / "other"


def key_bytes(path: Path) -> bytes:
    words = dict(word.partition("=")[::2] for word in path.read_text().split())
    return base64.b64decode(words["key"])


def problem_of(attempt: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(KeyMaterialError) as caught:
        attempt()
    error = caught.value
    assert isinstance(error, UsageError)
    assert all(problem.next_step for problem in error.problems)
    assert error.render("nb") != error.render("en")
    return error.problem, str(error)


def test_what_keygen_writes(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == {*FILES, "commitments.json"}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert len({key_bytes(folder / name) for name in FILES}) == 5
    ring = load_keys(folder, need=KEY_KINDS)
    assert ring.kinds == KEY_KINDS
    assert ring.setting == "test"


def test_keys_are_never_overwritten_and_nothing_half_is_left(folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert problem_of(lambda: generate_keys(folder))[0] == "exists"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in folder.parent.iterdir()] == ["keys"]


def test_an_interrupted_keygen_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full_disk(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    problem, said = problem_of(lambda: generate_keys(tmp_path / "keys"))
    assert (problem, "No space left" in said) == ("cannot_write", True)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_may_be_filled_and_parents_are_made(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir(mode=0o755)
    generate_keys(tmp_path / "keys", setting="test")
    generate_keys(tmp_path / "a/b/keys", setting="test")
    assert load_keys(tmp_path / "keys").kinds == load_keys(tmp_path / "a/b/keys").kinds == KEY_KINDS


def test_two_generations_share_nothing(tmp_path: Path) -> None:
    rings = [simulation_keys(1)]
    for name in ("one", "two"):
        generate_keys(tmp_path / name, setting="test")
        rings.append(load_keys(tmp_path / name))
    assert len({value for ring in rings for value in ring.commitments().values()}) == 12


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610])
def test_a_file_that_others_can_touch_is_refused(folder: Path, mode: int) -> None:
    (folder / "draw.key").chmod(mode)
    problem, said = problem_of(lambda: load_keys(folder))
    assert problem == "readable_by_others"
    assert f"chmod 600 {folder / 'draw.key'}" in said


@pytest.mark.parametrize("mode", [0o750, 0o705, 0o755, 0o711])
def test_a_folder_that_others_can_enter_is_refused(folder: Path, mode: int) -> None:
    folder.chmod(mode)
    problem, said = problem_of(lambda: load_keys(folder))
    assert problem == "readable_by_others"
    assert f"chmod 700 {folder}" in said


def test_anothers_key_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: folder.stat().st_uid + 1)
    assert problem_of(lambda: load_keys(folder))[0] == "not_owner"


def test_links_and_odd_files_are_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    assert problem_of(lambda: load_keys(tmp_path / "link"))[0] == "symlink"
    (folder / "draw.key").rename(tmp_path / "elsewhere")
    (folder / "draw.key").symlink_to(tmp_path / "elsewhere")
    assert problem_of(lambda: load_keys(folder))[0] == "symlink"
    (folder / "draw.key").unlink()
    os.mkfifo(folder / "draw.key", 0o600)
    assert problem_of(lambda: load_keys(folder))[0] == "not_a_file"
    assert problem_of(lambda: load_keys(tmp_path / "nowhere"))[0] == "folder_missing"
    assert problem_of(lambda: load_keys(tmp_path / "elsewhere"))[0] == "folder_missing"
    assert problem_of(lambda: load_keys(tmp_path / "elsewhere/keys"))[0] == "cannot_read"


def test_systems_without_owners_are_told_to_use_variables(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lodd.identity.keys.store.os.name", "nt")
    assert "LODD_KEY_" in problem_of(lambda: load_keys(folder))[1]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("lodd-key v1", "lodd-key v2", "not_a_key"),
        ("lodd-key", "something", "not_a_key"),
        ("kind=draw", "kind=drawing", "unknown_kind"),
        ("kind=draw", "kind=lot_pseudonym", "damaged"),
        ("kind=draw", "kind=sealing", "damaged"),
        ("kind=draw", "kind=draw_half", "damaged"),
        ("setting=test", "setting=production", "damaged"),
        ("setting=test", "setting=demo", "damaged"),
        ("id=", "id=0", "damaged"),
        ("key=", "key=A", "damaged"),
        ("key=", "key=Ø", "damaged"),
        ("key=", "serial=x key=", "damaged"),
        ("\nkey=", "\nclef=", "damaged"),
    ],
)
def test_a_damaged_file_is_noticed(folder: Path, old: str, new: str, problem: str) -> None:
    path = folder / "draw.key"
    path.write_text(path.read_text().replace(old, new, 1))
    found, said = problem_of(lambda: load_keys(folder))
    assert found == problem
    assert str(path) in said


@pytest.mark.parametrize("length", range(0, 104, 7))
def test_a_file_that_was_cut_off_is_noticed(folder: Path, length: int) -> None:
    path = folder / "draw.key"
    path.write_text(path.read_text()[:length])
    assert problem_of(lambda: load_keys(folder))[0] in ("not_a_key", "unknown_kind", "damaged")


def test_what_is_missing_is_named(folder: Path, tmp_path: Path) -> None:
    (folder / "checkpoint.key").unlink()
    (folder / "sealing-1.key").unlink()
    ring = load_keys(folder)
    assert (ring.has("draw"), ring.has("checkpoint")) == (True, False)
    assert "checkpoint" not in ring.commitments()
    for attempt in (lambda: load_keys(folder, need=["draw", "checkpoint"]), lambda: ring.sign(b"")):
        problem, said = problem_of(attempt)
        assert problem == "missing"
        assert "checkpoint" in said
        assert "LODD_KEY_CHECKPOINT" in said
        assert "draw," not in said
    assert problem_of(lambda: ring.sealer)[0] == "missing"
    (tmp_path / "empty").mkdir(mode=0o700)
    assert problem_of(lambda: load_keys(tmp_path / "empty"))[0] == "missing"
    assert problem_of(load_keys)[0] == "missing"
    assert problem_of(lambda: add_sealing_key(tmp_path / "empty"))[0] == "missing"
    assert load_keys(need=[]).kinds == ()


def test_a_split_key_needs_both_halves(split: tuple[Path, Path]) -> None:
    one, other = split
    problem, said = problem_of(lambda: load_keys(one))
    assert problem == "half_missing"
    assert "only half 1" in said
    assert "half 2 is missing" in said
    assert problem_of(lambda: load_keys(one, need=["draw"]))[0] == "half_missing"
    assert "only half 2" in problem_of(lambda: load_keys(other))[1]
    assert problem_of(lambda: load_keys(one, one))[0] == "half_missing"
    assert load_keys(one, need=["person_pseudonym"]).has("draw") is False
    whole = load_keys(one, other)
    assert whole.commitments() == read_commitments(one)
    assert load_keys(one, other, other, need=["person_pseudonym"]).has("draw")


def test_each_half_alone_tells_nothing(split: tuple[Path, Path]) -> None:
    """The halves' exclusive or is the committed key; neither of them is."""
    one, other = split
    halves = [key_bytes(one / "draw-half-1.key"), key_bytes(other / "draw-half-2.key")]
    key = bytes(a ^ b for a, b in zip(*halves, strict=True))
    committed = read_commitments(one)["draw"]
    assert hashlib.sha256(b"lodd/commitment/v1\0draw\0" + key).hexdigest() == committed
    for half in halves:
        assert hashlib.sha256(b"lodd/commitment/v1\0draw\0" + half).hexdigest() != committed


def test_halves_of_two_keys_are_not_joined(split: tuple[Path, Path], tmp_path: Path) -> None:
    one, other = split
    generate_keys(tmp_path / "third", setting="test", split_draw_key=True)
    (tmp_path / "third/draw-half-2.key").replace(other / "draw-half-2.key")
    assert problem_of(lambda: load_keys(one, other))[0] == "halves_differ"


def test_a_half_that_claims_another_pair_is_found_out(split: tuple[Path, Path], tmp_path: Path) -> None:
    one, other = split
    generate_keys(tmp_path / "third", setting="test", split_draw_key=True)
    words = dict(word.partition("=")[::2] for word in (one / "draw-half-1.key").read_text().split())
    forged = tmp_path / "third/draw-half-2.key"
    theirs = dict(word.partition("=")[::2] for word in forged.read_text().split())
    forged.write_text(forged.read_text().replace(f"pair={theirs['pair']}", f"pair={words['pair']}"))
    forged.replace(other / "draw-half-2.key")
    assert problem_of(lambda: load_keys(one, other))[0] == "halves_differ"


def test_variables_hold_the_same_text_as_files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from_files = load_keys(folder)
    for path in folder.glob("*.key"):
        name = path.stem.replace("sealing-1", "sealing").replace("-", "_").upper()
        monkeypatch.setenv(f"LODD_KEY_{name}", " ".join(path.read_text().split()))
    assert load_keys(need=KEY_KINDS).commitments() == from_files.commitments()
    assert load_keys(folder).commitments() == from_files.commitments()


def test_one_half_in_a_folder_and_one_in_a_variable(split: tuple[Path, Path]) -> None:
    one, other = split
    variables = {"LODD_KEY_DRAW_HALF_2": (other / "draw-half-2.key").read_text()}
    assert load_keys(one, environment=variables).commitments() == read_commitments(one)


def test_a_variable_must_hold_what_its_name_says(folder: Path) -> None:
    text = (folder / "draw.key").read_text()
    assert problem_of(lambda: load_keys(environment={"LODD_KEY_CHECKPOINT": text}))[0] == "wrong_variable"
    assert problem_of(lambda: load_keys(environment={"LODD_KEY_DRAW": "secret"}))[0] == "not_a_key"
    assert load_keys(environment={"LODD_KEY_DRAW": text, "HOME": "x"}).kinds == ("draw",)


def test_two_keys_of_one_kind_contradict(folder: Path, tmp_path: Path) -> None:
    generate_keys(tmp_path / "more", setting="test")
    problem, said = problem_of(lambda: load_keys(folder, tmp_path / "more"))
    assert problem == "conflict"
    assert str(folder / "checkpoint.key") in said


def test_test_and_production_are_never_mixed(folder: Path, tmp_path: Path) -> None:
    generate_keys(tmp_path / "real")
    real = load_keys(tmp_path / "real")
    assert real.setting == "production"
    assert problem_of(lambda: load_keys(folder, tmp_path / "real"))[0] == "mixed_settings"
    person = parse_identity_number(real_looking(), "production")
    assert len(real.lot_id(person)) == 26
    assert real.sealer.unseal(real.sealer.seal(person, "a"), "a") == person
    for use in (real.lot_id, real.person_id):
        with pytest.raises(Exception, match="synthetic"):
            use(synthetic_number(1))


def test_signatures(folder: Path) -> None:
    ring = load_keys(folder)
    signature = ring.sign(b"checkpoint 1")
    assert (len(signature), len(ring.public_checkpoint_key)) == (64, 32)
    assert ring.commitments()["checkpoint"] == ring.public_checkpoint_key.hex()
    assert verify_signature(ring.public_checkpoint_key, b"checkpoint 1", signature)
    assert not verify_signature(ring.public_checkpoint_key, b"checkpoint 2", signature)
    assert not verify_signature(simulation_keys(1).public_checkpoint_key, b"checkpoint 1", signature)
    assert not verify_signature(b"short", b"checkpoint 1", signature)
    assert not verify_signature(ring.public_checkpoint_key, b"checkpoint 1", signature[:-1])


def test_the_revealed_key_computes_what_the_ring_did(folder: Path, tmp_path: Path) -> None:
    ring = load_keys(folder)
    out = tmp_path / "revealed.key"
    revealed = reveal_draw_key(ring, out)
    assert stat.S_IMODE(out.stat().st_mode) == 0o644
    assert read_revealed_key(out) == revealed
    assert revealed.commitment == ring.commitments()["draw"]
    assert revealed.mac(b"lot 1") == ring.lot_mac(b"lot 1")
    others = [key_bytes(folder / name) for name in FILES - {"draw.key"}]
    assert not any(base64.b64encode(other).decode() in out.read_text() for other in others)
    assert problem_of(lambda: reveal_draw_key(folder, out))[0] == "exists"
    assert problem_of(lambda: reveal_draw_key(folder, tmp_path / "no/revealed.key"))[0] == "cannot_write"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["keys", "revealed.key"]


def test_a_split_key_is_revealed_whole_or_not_at_all(split: tuple[Path, Path], tmp_path: Path) -> None:
    one, other = split
    assert problem_of(lambda: reveal_draw_key(one, tmp_path / "revealed.key"))[0] == "half_missing"
    assert not (tmp_path / "revealed.key").exists()
    revealed = reveal_draw_key(load_keys(one, other), tmp_path / "revealed.key")
    assert revealed.commitment == read_commitments(one)["draw"]


def test_only_a_revealed_draw_key_is_read_as_one(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "revealed.key"
    assert problem_of(lambda: read_revealed_key(out))[0] == "cannot_read"
    reveal_draw_key(folder, out)
    text = out.read_text()
    out.write_text(text[:-9])
    assert problem_of(lambda: read_revealed_key(out))[0] == "damaged"
    out.write_text((folder / "draw.key").read_text())
    assert problem_of(lambda: read_revealed_key(out))[0] == "not_a_key"
    out.write_text((folder / "checkpoint.key").read_text().replace("lodd-key", "lodd-revealed"))
    assert problem_of(lambda: read_revealed_key(out))[0] == "unknown_kind"
    (folder / "revealed.key").write_text(text)
    (folder / "revealed.key").chmod(0o600)
    assert problem_of(lambda: load_keys(folder))[0] == "not_a_key"


def test_commitments_are_read_without_the_keys(folder: Path) -> None:
    commitments = load_keys(folder).commitments()
    for path in folder.glob("*.key"):
        path.unlink()
    assert read_commitments(folder) == commitments
    for text in ("{", "[]", '{"commitments": 1}'):
        (folder / "commitments.json").write_text(text)
        assert problem_of(lambda: read_commitments(folder))[0] == "cannot_read"
    assert problem_of(lambda: read_commitments(folder / "no"))[0] == "cannot_read"


def test_simulation_keys_are_reproducible_and_for_tests_only() -> None:
    assert simulation_keys(7).commitments() == simulation_keys(7).commitments()
    assert simulation_keys(7).setting == "test"
    assert isinstance(simulation_keys(7), KeyRing)
