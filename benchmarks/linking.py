"""`lodd link`: rows a second, from identity numbers to pseudonyms, for Parquet and CSV, on two cores.

An extract like a register of employment: several rows a person, in the order of the register (not sorted by person),
with three more columns. The slow way beside it takes a row at a time: read the number, make the pseudonym. The worst
case has another person in every row, so that no work can be saved. Limit: 300,000 rows a second.

Run with ``python -m benchmarks.linking [rows in millions]``.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from lodd.identity import KeyRing, generate_keys, load_keys, parse_identity_number, synthetic_number
from lodd.registers.linking import link

LIMIT = 300_000
ROWS_A_PERSON = 10
SLOW_ROWS = 20_000


def main(millions: float = 2.0) -> bool:
    """Print the table; True if the limit holds."""
    rows = int(millions * 1e6)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        generate_keys(folder / "keys", setting="test")
        ring = load_keys(folder / "keys", environment={})
        people = np.array([synthetic_number(i).digits() for i in range(rows)])
        many = extract(people[: rows // ROWS_A_PERSON], rows)
        pq.write_table(many, folder / "many.parquet")
        pacsv.write_csv(many, folder / "many.csv")
        pq.write_table(extract(people, rows), folder / "worst.parquet")
        slow = one_by_one(people[:SLOW_ROWS].tolist(), ring)
        print(f"{rows:,} rows, limit {LIMIT:,} rows a second; one by one {slow:,.0f} rows a second")
        print(f"  {'':38} {'rows a second':>14} {'CPU s':>7} {'ratio':>7}")
        kept = [
            report(folder, ring, "many.parquet", f"Parquet, {ROWS_A_PERSON} rows a person", rows=rows, slow=slow),
            report(folder, ring, "many.csv", f"CSV, {ROWS_A_PERSON} rows a person", rows=rows, slow=slow),
            report(folder, ring, "worst.parquet", "Parquet, every row another person", rows=rows, slow=slow),
        ]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"  peak memory, with the invented people: {peak:,.0f} MB")
    return all(kept)


def extract(people: np.ndarray, rows: int) -> pa.Table:
    rng = np.random.default_rng(1)
    chosen = rng.permutation(np.resize(np.arange(len(people)), rows))
    employers = rng.integers(800_000_000, 999_999_999, rows)
    hours = rng.integers(1, 375, rows) / 10
    days = np.datetime64("2010-01-01") + rng.integers(0, 4_000, rows).astype("timedelta64[D]")
    return pa.table(
        {"fnr": people[chosen], "employer_id": employers.astype(str), "hours_per_week": hours, "start": days}
    )


def report(folder: Path, ring: KeyRing, name: str, shown: str, *, rows: int, slow: float) -> bool:
    started, used = time.perf_counter(), time.process_time()
    (linked,) = link([folder / name], ring, folder / f"out-{name}")
    seconds, cpu = time.perf_counter() - started, time.process_time() - used
    assert linked.linked == rows
    print(f"  {shown:38} {rows / seconds:14,.0f} {cpu:7.1f} {rows / seconds / slow:7.1f}", flush=True)
    return rows / seconds >= LIMIT


def one_by_one(numbers: list[str], ring: KeyRing) -> float:
    started = time.perf_counter()
    for number in numbers:
        ring.person_id(parse_identity_number(number, "test"))
    return len(numbers) / (time.perf_counter() - started)


if __name__ == "__main__":
    sys.exit(not main(*map(float, sys.argv[1:2])))
