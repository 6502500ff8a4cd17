"""The site's exports: a trial folder that the rest of Lodd reads, and nothing in it that names anybody."""

from __future__ import annotations

import io
import subprocess
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodd.allocation import amended_row
from lodd.errors import DataError, UsageError
from lodd.identity import load_keys
from lodd.site.actions.base import SITE, audit, ledger_action
from lodd.site.actions.exports import due_checkpoint, export_name, write_export
from lodd.site.actions.follow_up import Entered, record
from lodd.site.exporting.programmes import Happened, programmes_file, spells
from lodd.site.installation import installation, use_installation
from lodd.site.models import AuditEvent, Participant, StoredCheckpoint
from lodd.study import Study, open_study
from tests.site.world import World


@pytest.fixture
def story(world: World) -> World:
    """Sixteen people at three offices; starts, an end, a cross-over, a repeated request, a withdrawal."""
    for seed in range(1, 17):
        office, by = (("n1", "operator"), ("n2", "operator"), ("s1", "operator_south"))[seed % 3]
        world.draw(seed, office, by)
    world.draw(3, "n1")
    people = list(Participant.objects.order_by("seq"))
    for person in people[:6]:
        programme = installation().trial.arms[person.arm].programmes[0].code
        _happened(world, person, "start", programme)
    _happened(world, people[0], "end", "", reason="work")
    from lodd.site.actions.participants import withdraw

    withdraw(people[-1], actor=world.actor("operator" if people[-1].site == "north" else "operator_south"))
    due_checkpoint()
    return world


def _happened(world: World, person: Participant, kind: str, programme: str, reason: str = "") -> None:
    record(person, Entered(kind, person.day, programme, reason), actor=world.actor("operator"))


def _exported(tmp_path: Path) -> Study:
    written = write_export(tmp_path)
    assert written.name == export_name()
    with zipfile.ZipFile(written) as archive:
        archive.extractall(tmp_path)
    return open_study(tmp_path / written.stem)


def test_the_ledger_verifies_and_the_evaluation_runs(story: World, tmp_path: Path) -> None:
    import lodd.cli

    study = _exported(tmp_path)
    checkpoint = next((study.folder / "checkpoints").iterdir())
    with pytest.raises(SystemExit) as exit_:
        lodd.cli.main(
            [
                *("draw", "verify", str(study.folder / "ledger.ndjson")),
                *("--lock", str(study.folder / "trial.lock.json"), "--checkpoint", str(checkpoint)),
            ]
        )
    assert not exit_.value.code
    assert study.participants_agree() is True
    assert len(study.participants) == 15
    evaluation = study.evaluate()
    assert evaluation.estimates.height > 0
    assert evaluation.lock["status"] == "locked"


def test_participants_are_as_the_site_has_them(story: World, tmp_path: Path) -> None:
    frame = _exported(tmp_path).participants.frame.sort("draw_order")
    people = list(Participant.objects.filter(withdrawn_at=None).order_by("seq"))
    assert frame["draw_order"].to_list() == [person.seq for person in people]
    assert frame["arm"].to_list() == [person.arm for person in people]
    keys, sealer = installation().keys, installation().sealer
    ids = [keys.person_id(sealer.unseal(person.sealed, f"participant:{person.seq}")) for person in people]
    assert frame["person_id"].to_list() == ids
    assert set(frame.filter(pl.col("site") == "north")["marginal_coaching"]) == {0.4}
    assert set(frame["stratum"]) == {"n1:2020-01-01", "n2:2020-01-01", "s1:2020-01-01"}


def test_participation_is_the_register_that_the_protocol_names(story: World, tmp_path: Path) -> None:
    study = _exported(tmp_path)
    register = pl.read_parquet(study.folder / "registers/programmes.parquet")
    assert register.columns == ["person_id", "programme", "start_date", "stop_date"]
    assert register.height == 6
    assert register["stop_date"].count() == 1
    assert set(register["person_id"]) <= set(study.participants.frame["person_id"])
    assert set(study.panel().frame["participates_control"].drop_nulls()) == {0, 1}


def test_nothing_in_it_names_anybody_and_the_manifest_is_right(story: World, tmp_path: Path) -> None:
    study = _exported(tmp_path)
    for file in study.folder.rglob("*"):
        content = file.read_bytes() if file.is_file() else b""
        for seed in range(1, 17):
            assert story.number(seed).digits().encode() not in content
    check = subprocess.run(["sha256sum", "--quiet", "-c", "MANIFEST.sha256"], cwd=study.folder, check=False)
    assert check.returncode == 0
    taken = AuditEvent.objects.get(action="export.participants")
    assert (taken.actor, taken.facts) == ("site", {"count": 15})


def test_without_the_key_of_the_pseudonyms_it_says_where_to_go(story: World, tmp_path: Path) -> None:
    here = installation()
    keys = tmp_path / "keys"
    keys.mkdir(mode=0o700)
    for file in here.config.keys[0].glob("*.key"):
        if "person" not in file.name:
            (keys / file.name).write_bytes(file.read_bytes())
            (keys / file.name).chmod(0o600)
    use_installation(replace(here, keys=load_keys(keys)))
    with pytest.raises(DataError, match="lodd site export"):
        write_export(tmp_path)
    assert not list(tmp_path.glob("*.zip"))
    assert not AuditEvent.objects.filter(action="export.participants").exists()
    use_installation(None)


def test_an_export_that_cannot_be_written_leaves_nothing(story: World, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        write_export(tmp_path / "nowhere" / "out.zip")


def test_an_amendment_on_the_day_of_draws_splits_the_stratum(world: World, tmp_path: Path) -> None:
    """Drawn in the morning by the old probabilities, in the afternoon by the new ones."""
    before = [world.draw(seed) for seed in (1, 2, 3, 4)]
    _amended_today(world)
    after = [world.draw(seed) for seed in (5, 6, 7, 8, 9)]
    frame = _exported(tmp_path).participants.frame
    strata = dict(zip(frame["draw_order"], zip(frame["stratum"], frame["marginal_coaching"], strict=True), strict=True))
    assert {strata[person.seq] for person in before} == {("n1:2020-01-01", 0.4)}
    assert {strata[person.seq] for person in after} == {(f"n1:{installation().today}", 0.7)}


@ledger_action
def _amended_today(world: World) -> None:
    """What the pages refuse (they take days to come only), and the ledger's rules allow."""
    here = installation()
    first, second = (world.user(name).ledger_id for name in ("manager", "manager_two"))
    amendment = here.service.amend(
        [amended_row(here.trial, "n1", {"coaching": "0.7"})],
        here.today,
        proposed_by=first,
        approved_by=second,
        beacon_source="lottery",
        beacon_round="next",
    )
    here.service.record_beacon((first, "1 2 3"), (second, "1 2 3"), amendment=amendment.seq)
    audit(SITE, "rehearsal")


# Pages ----------------------------------------------------------------------------------------------------------------


def test_a_steward_downloads_everything(story: World) -> None:
    client = story.client("steward")
    page = client.get("/exports/")
    assert page.status_code == 200
    answer = client.post("/exports/trial/")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{export_name()}"'
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:
        assert archive.testzip() is None
        names = [name.split("/", 1)[1] for name in archive.namelist()]
    assert {"trial.toml", "trial.lock.json", "ledger.ndjson", "participants.parquet", "MANIFEST.sha256"} <= set(names)
    ledger = b"".join(client.post("/exports/ledger/").streaming_content)
    from lodd.site.models import LedgerEvent

    lines = LedgerEvent.objects.order_by("seq").values_list("line", flat=True)
    assert ledger == "".join(line + "\n" for line in lines).encode()
    assert client.post("/exports/lock/").content == (installation().config.trial / "trial.lock.json").read_bytes()
    assert zipfile.ZipFile(io.BytesIO(client.post("/exports/checkpoints/").content)).testzip() is None
    actions = AuditEvent.objects.filter(actor=story.user("steward").ledger_id, action__startswith="export.")
    assert sorted(actions.values_list("action", flat=True)) == [
        "export.checkpoints",
        "export.ledger",
        "export.lock",
        "export.participants",
    ]


def test_a_manager_takes_the_ledger_but_not_the_participants(story: World) -> None:
    client = story.client("manager")
    assert client.get("/exports/").status_code == 200
    assert client.post("/exports/ledger/").status_code == 200
    assert client.post("/exports/trial/").status_code == 403
    assert client.get("/exports/trial/").status_code == 405
    assert story.client("operator").get("/exports/").status_code == 403


# Parts ----------------------------------------------------------------------------------------------------------------

DAYS = st.dates(date(2024, 1, 1), date(2024, 2, 1))


@given(
    st.lists(
        st.builds(
            Happened, st.integers(1, 2), st.sampled_from(["referral", "start", "end"]), st.sampled_from("AB"), DAYS
        )
    )
)
def test_spells_are_whole_and_never_overlap_within_a_programme(happened: list[Happened]) -> None:
    ordered = sorted(happened, key=lambda event: event.day)
    found = list(spells(ordered))
    assert all(spell.stop is None or spell.start <= spell.stop for spell in found)
    for spell in found:
        others = [
            other
            for other in found
            if other is not spell and (other.seq, other.programme) == (spell.seq, spell.programme)
        ]
        assert all(
            (spell.stop is not None and spell.stop <= other.start)
            or (other.stop is not None and other.stop <= spell.start)
            for other in others
        )
    assert len(found) <= sum(event.kind == "start" for event in happened)


@pytest.mark.parametrize(
    ("named", "file"),
    [
        ("registers/programmes.parquet", "registers/programmes.parquet"),
        ("registers/programmes.csv", "registers/programmes.csv"),
        ("registers/programmes-*.parquet", "registers/programmes-lodd.parquet"),
        ("../elsewhere.parquet", "registers/programmes.parquet"),
        ("/etc/x.parquet", "registers/programmes.parquet"),
        ("postgresql://host/table", "registers/programmes.parquet"),
    ],
)
def test_the_register_lies_inside_the_folder(world: World, named: str, file: str) -> None:
    trial = installation().trial
    register = trial.registers["programmes"].model_copy(update={"file": named})
    assert programmes_file(trial.model_copy(update={"registers": {"programmes": register}})) == file


def test_a_checkpoint_is_made_at_most_once_an_hour_or_after_a_hundred_events(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = due_checkpoint()
    world.draw(1)
    assert due_checkpoint() == first
    from lodd.site.actions import exports

    monkeypatch.setattr(exports, "CHECKPOINT_EVENTS", 1)
    second = due_checkpoint()
    assert second is not None
    assert first is not None
    assert second.count == first.count + 1
    assert StoredCheckpoint.objects.count() == 2
    from lodd.allocation import Checkpoint

    assert Checkpoint(**second.content).signed_by(installation().lock.commitments["checkpoint"])
