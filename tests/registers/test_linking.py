"""Extracts are linked: every row is accounted for, and no number is left anywhere."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import lodd.registers.linking_files
from lodd.errors import DataError, UsageError
from lodd.identity import KeyRing, generate_keys, load_keys, synthetic_number
from lodd.identity.rules import Reading, control_digits, judge
from lodd.registers.linking import Asked, Linked, link
from lodd.registers.linking_files import Dialect

PEOPLE = [synthetic_number(i) for i in range(12)]
NUMBERS = [person.digits() for person in PEOPLE]


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> KeyRing:
    keys = tmp_path_factory.mktemp("linking") / "keys"
    generate_keys(keys, setting="test")
    return load_keys(keys, environment={})


@pytest.fixture
def extract(tmp_path: Path) -> Path:
    return tmp_path / "jobs.parquet"


def jobs(numbers: Sequence[Any], **others: Sequence[Any]) -> pl.DataFrame:
    columns = {"hours": [float(i) for i in range(len(numbers))], "fnr": numbers}
    return pl.DataFrame(columns | others, strict=False)


def linked_one(path: Path, ring: KeyRing, **asked: Any) -> tuple[Linked, Path]:
    out = path.parent / "out"
    (linked,) = link([path], ring, out, Asked(**asked))
    return linked, out


def everything_in(folder: Path) -> bytes:
    return b"\n".join(file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file())


def real_digits() -> str:
    """A number that could be a real person's: made here and never written in a file of ours."""
    nines = (f"{NUMBERS[0][:2]}03{NUMBERS[0][4:6]}{i:03}" for i in range(999))
    made = (nine + digits for nine in nines if (digits := control_digits(nine)))
    return next(number for number in made if isinstance(judge(number, "production", PEOPLE[0].birth_date), Reading))


@pytest.fixture(params=["parquet", "csv", "csv.gz"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def written(frame: pl.DataFrame, folder: Path, kind: str) -> Path:
    path = folder / f"jobs.{kind}"
    if kind == "parquet":
        frame.write_parquet(path)
    else:
        import gzip

        text = frame.write_csv(separator=";").encode()
        path.write_bytes(gzip.compress(text) if kind.endswith("gz") else text)
    return path


def read(path: Path) -> pl.DataFrame:
    return pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_csv(path, separator=";", infer_schema=False)


def test_rows_keep_their_order_and_columns_and_get_each_persons_pseudonym(
    ring: KeyRing, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lodd.registers.linking_files, "ROWS", 5)  # many chunks
    numbers = [NUMBERS[i % 12] for i in range(0, 70, 3)]
    path = written(jobs(numbers), tmp_path, kind)
    linked, out = linked_one(path, ring)
    table = read(out / path.name)
    assert table.columns == ["hours", "person_id"]
    assert table["person_id"].to_list() == [ring.person_id(PEOPLE[i % 12]) for i in range(0, 70, 3)]
    assert table["hours"].cast(pl.Float64).to_list() == [float(i) for i in range(len(numbers))]
    assert (linked.rows, linked.linked, linked.people, linked.left_out) == (24, 24, 4, {})
    assert sorted(file.name for file in out.iterdir()) == [path.name, "linking.json"]
    about = json.loads((out / "linking.json").read_text())
    assert about["key"] == ring.commitments()["person_pseudonym"]
    assert about["extracts"][0]["linked"] == 24


def test_rows_left_out_are_counted_and_listed(ring: KeyRing, kind: str, tmp_path: Path) -> None:
    wrong = NUMBERS[1][:-1] + str((int(NUMBERS[1][-1]) + 1) % 10)
    spaced = f"{NUMBERS[0][:6]} {NUMBERS[0][6:]}"
    path = written(jobs([NUMBERS[0], wrong, wrong, "", NUMBERS[2], "12x", spaced]), tmp_path, kind)
    linked, out = linked_one(path, ring)
    assert linked.left_out == {"control_digit_2": 2, "empty": 1, "characters": 1}
    listed = (out / f"{path.name}.left-out.csv").read_text().splitlines()
    assert listed == ["first_row,last_row,reason", "2,3,control_digit_2", "4,4,empty", "6,6,characters"]
    first, second = ring.person_id(PEOPLE[0]), ring.person_id(PEOPLE[2])
    assert read(out / path.name)["person_id"].to_list() == [first, second, first]


def test_no_number_is_left_on_disk(ring: KeyRing, kind: str, tmp_path: Path) -> None:
    """Nor as a whole number, nor in the statistics and metadata of a Parquet file, nor of rows left out."""
    wrong = NUMBERS[1][:-1] + str((int(NUMBERS[1][-1]) + 1) % 10)
    source = tmp_path / "in"
    source.mkdir()
    path = written(jobs([*NUMBERS, wrong]), source, kind)
    if kind == "parquet":
        table = pq.read_table(path).replace_schema_metadata({b"about": NUMBERS[3].encode()})
        pq.write_table(table, path)
    link([path], ring, tmp_path / "out")
    raw = everything_in(tmp_path / "out")
    if kind == "csv.gz":
        raw += read(tmp_path / "out" / path.name).write_csv().encode()
    for number in [*NUMBERS, wrong]:
        assert number.encode() not in raw
        assert int(number).to_bytes(8, "little") not in raw


def test_only_the_cohort_is_kept(ring: KeyRing, extract: Path) -> None:
    jobs([NUMBERS[i] for i in (0, 1, 1, 2, 0)]).write_parquet(extract)
    cohort = frozenset(ring.person_id(PEOPLE[i]) for i in (1, 7, 8))
    linked, out = linked_one(extract, ring, cohort=cohort)
    assert read(out / extract.name)["hours"].to_list() == [1.0, 2.0]
    assert (linked.people, linked.cohort_not_seen, linked.left_out) == (1, 2, {"unmatched": 3})
    assert (out / "jobs.parquet.left-out.csv").read_text().splitlines()[1:] == ["1,1,unmatched", "4,5,unmatched"]


def test_whole_numbers_categories_and_columns_without_values(ring: KeyRing, extract: Path) -> None:
    zero = next(i for i in range(99) if synthetic_number(i).digits().startswith("0"))
    jobs([int(synthetic_number(zero).digits()), int(NUMBERS[3])]).write_parquet(extract)
    _, out = linked_one(extract, ring)
    assert read(out / extract.name)["person_id"][0] == ring.person_id(synthetic_number(zero))
    jobs(NUMBERS[:2] * 2).with_columns(pl.col("fnr").cast(pl.Categorical)).write_parquet(extract)
    (linked,) = link([extract], ring, extract.parent / "out2")
    assert linked.linked == 4
    pq.write_table(pa.table({"fnr": pa.nulls(3)}), extract)
    (linked,) = link([extract], ring, extract.parent / "out3")
    assert linked.left_out == {"empty": 3}


def test_an_extract_without_rows(ring: KeyRing, kind: str, tmp_path: Path) -> None:
    path = written(jobs([]).with_columns(pl.col("fnr").cast(pl.String)), tmp_path, kind)
    linked, out = linked_one(path, ring, cohort=frozenset({"a"}))
    assert (linked.rows, linked.people, linked.cohort_not_seen) == (0, 0, 1)
    assert read(out / path.name).columns == ["hours", "person_id"]


@pytest.mark.parametrize("cast", [pl.String, pl.Int64, pl.Float64, pl.Categorical])
def test_numbers_in_another_column_are_refused_unless_something_is_said(
    ring: KeyRing, extract: Path, cast: Any
) -> None:
    other = pl.Series("partner", [NUMBERS[5], None, NUMBERS[6]])
    jobs(NUMBERS[:3]).with_columns(other.cast(pl.Int64) if cast == pl.Int64 else other.cast(cast)).write_parquet(
        extract
    )
    with pytest.raises(DataError, match=r"(?s)\"partner\" seems.*--also partner=NEW_NAME"):
        linked_one(extract, ring)
    assert not (extract.parent / "out").exists()
    if cast == pl.Float64:
        return  # not a column that can be linked
    linked, out = linked_one(extract, ring, also={"partner": "partner_id"})
    partner = [ring.person_id(PEOPLE[5]), None, ring.person_id(PEOPLE[6])]
    assert read(out / extract.name)["partner_id"].to_list() == partner
    assert linked.also_empty == {"partner": 1}
    link([extract], ring, extract.parent / "less", Asked(drop=("partner",)))
    assert read(extract.parent / "less" / extract.name).columns == ["hours", "person_id"]


@pytest.mark.parametrize("how", ["{}.0", "{:.6} {:.5}", "{:.6}-{:.5}"])
def test_numbers_written_in_other_ways_are_seen_too(ring: KeyRing, tmp_path: Path, how: str) -> None:
    others = [
        how.format(number[:6], number[6:]) if " " in how or "-" in how else how.format(number) for number in NUMBERS
    ]
    jobs(NUMBERS, id=others).write_csv(tmp_path / "jobs.csv")
    with pytest.raises(DataError, match='"id" seems'):
        linked_one(tmp_path / "jobs.csv", ring)


def test_a_file_that_changes_while_it_is_read(ring: KeyRing, extract: Path) -> None:
    jobs(NUMBERS).write_parquet(extract)

    def meddle(*_: Any) -> None:
        os.utime(extract, (0, 0))

    with pytest.raises(DataError, match="changed while it was read"):
        link([extract], ring, extract.parent / "out", progress=meddle)
    assert not (extract.parent / "out").exists()


def test_other_columns_of_eleven_digits_are_no_numbers(ring: KeyRing, extract: Path) -> None:
    """Account numbers, say: some happen to look like an identity number, most do not."""
    accounts = [f"{8_601_117_947 + i * 1_234_567:011}" for i in range(12)]
    jobs(NUMBERS, account=accounts, long=[10**12] * 12).write_parquet(extract)
    assert linked_one(extract, ring)[0].linked == 12


def test_real_people_are_refused_in_a_test_and_synthetic_ones_in_production(
    ring: KeyRing, kind: str, tmp_path: Path
) -> None:
    path = written(jobs([NUMBERS[0], real_digits(), NUMBERS[1], real_digits()]), tmp_path, kind)
    with pytest.raises(DataError) as refused:
        linked_one(path, ring)
    for language, words in (("nb", "virkelige personer (rad 2 og 4)"), ("en", "real people (row 2 and 4)")):
        assert words in refused.value.render(language)
    assert real_digits() not in str(refused.value)
    assert not (tmp_path / "out").exists()
    assert sorted(file.name for file in tmp_path.iterdir()) == [path.name]
    generate_keys(tmp_path / "real", setting="production")
    with pytest.raises(DataError, match="synthetic numbers"):
        linked_one(path, load_keys(tmp_path / "real", environment={}))


BROKEN = {
    "no such column": ("a.csv", b"id;x\n1;2\n", {}, "Use --number COLUMN"),
    "asked for another": ("a.csv", b"fnr;x\n1;2\n", {"number": "pid"}, 'no column "pid"'),
    "two that could be": ("a.csv", b"fnr;PNR\n1;2\n", {}, "does not show"),
    "two of one name": ("a.csv", b"fnr;x;x\n1;2;3\n", {}, "two columns are called"),
    "no header": ("a.csv", b"\n1;2\n", {}, "no column names"),
    "an empty file": ("a.csv", b"", {}, "no column names"),
    "named already": ("a.csv", b"fnr;person_id\n1;2\n", {}, 'would be called "person_id"'),
    "an unknown column": ("a.csv", b"fnr;x\n1;2\n", {"drop": ("y",)}, 'no column "y"'),
    "the key dropped": ("a.csv", b"fnr;x\n1;2\n", {"drop": ("fnr",)}, "the key itself"),
    "another kind": ("a.xlsx", b"fnr", {}, "kind of file"),
    "not Parquet": ("a.parquet", b"PAR1", {}, "cannot be read"),
    "not gzip": ("a.csv.gz", b"fnr;x\n1;2\n", {}, "cannot be read"),
    "another encoding": ("a.csv", "fnr;x\n1;æ\n".encode("latin-1"), {}, "--encoding"),
    "no such encoding": ("a.csv", b"fnr;x\n1;2\n", {"dialect": Dialect(encoding="klingon")}, "cannot be read"),
}


@pytest.mark.parametrize("case", BROKEN.values(), ids=BROKEN)
def test_broken_extracts(ring: KeyRing, tmp_path: Path, case: tuple[str, bytes, Any, str]) -> None:
    name, content, asked, words = case
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError) as error:
        linked_one(tmp_path / name, ring, **asked)
    assert words in str(error.value)
    assert not (tmp_path / "out").exists()


def test_a_line_that_cannot_be_read_is_not_quoted(ring: KeyRing, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"fnr;x\n{NUMBERS[0]};1\n{NUMBERS[1]}\n")
    with pytest.raises(DataError) as error:
        linked_one(path, ring)
    shown = str(error.value) + repr(error.value.__cause__) + str(error.value.__suppress_context__)
    assert NUMBERS[1] not in shown
    assert "True" in shown


def test_a_column_of_decimals_and_a_file_without_a_header(ring: KeyRing, tmp_path: Path) -> None:
    jobs([1.5]).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(DataError, match="of the type double"):
        linked_one(tmp_path / "a.parquet", ring)
    (tmp_path / "b.csv").write_text(f"{NUMBERS[0]};name\n{NUMBERS[1]};x\n")
    with pytest.raises(DataError) as error:
        linked_one(tmp_path / "b.csv", ring)
    assert NUMBERS[0] not in str(error.value)
    assert "name" in str(error.value)


def test_latin_1_and_a_declared_delimiter(ring: KeyRing, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(f'fnr:yrke\n{NUMBERS[0]}:"lærer:\nogså rektor"\n'.encode("latin-1"))
    _, out = linked_one(tmp_path / "a.csv", ring, dialect=Dialect(":", "latin-1"))
    table = pl.read_csv(out / "a.csv", separator=":")
    assert table.row(0) == (ring.person_id(PEOPLE[0]), "lærer:\nogså rektor")


@pytest.fixture
def two(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    for path in paths:
        jobs(NUMBERS).write_parquet(path)
    return paths


def test_all_or_nothing(ring: KeyRing, two: list[Path], tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not there"):
        link([two[0], tmp_path / "c.parquet"], ring, tmp_path / "out")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.parquet", "b.parquet"]
    assert [each.file for each in link(two, ring, tmp_path / "out")] == ["a.parquet", "b.parquet"]
    with pytest.raises(UsageError, match="not empty"):
        link(two, ring, tmp_path / "out")
    with pytest.raises(UsageError, match=r"two extracts are called a\.parquet"):
        link([two[0], two[0]], ring, tmp_path / "out2")


def test_a_disk_that_is_full(ring: KeyRing, two: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pq.ParquetWriter, "write_batch", full)
    with pytest.raises(DataError, match=r"No space left on device\); nothing has been written"):
        link(two, ring, tmp_path / "out")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.parquet", "b.parquet"]


def test_progress_ends_at_all_of_it(ring: KeyRing, two: list[Path], tmp_path: Path) -> None:
    seen: list[tuple[str, int]] = []
    link(two, ring, tmp_path / "out", progress=lambda label, done, total: seen.append((label.en, done)))
    assert seen[-1] == ("Linking b.parquet", 100)
