"""A million keyed lots of synthetic identity numbers: uniform, and unrelated to everything that a number tells.

Lots are 64-bit tickets of HMAC-SHA-256 under a simulation key, of pseudonyms of synthetic numbers, as a live draw
makes them. Tested against the uniform distribution: the whole ticket (Kolmogorov and Smirnov) and its highest, middle
and lowest 10 bits (chi-square over 1,024 values). Tested against independence: tenths of the tickets by each digit of
the number, by sex, and by tenths of the birth dates and of the order of draws (chi-square of the table), and each lot
by the one drawn before it. The key is fixed, so the output is too; under uniform, independent lots each p-value is
uniform, and the limit is that the smallest of them all, times their number, stays above 0.01 (Bonferroni).

Run with ``python -m benchmarks.lot_uniformity [LOTS]``; a million take about a minute.
"""

from __future__ import annotations

import sys
import time
from bisect import bisect_right
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from lodd.allocation.keyed import LABEL
from lodd.allocation.tickets import LotSource
from lodd.identity import simulation_keys, synthetic_numbers

LOTS, LEVEL, GROUPS = 1_000_000, 0.01, 10
DIGITS = ("day, tens", "day, ones", "month, tens", "month, ones", "year, tens", "year, ones")
DIGITS += ("individual, 1st", "individual, 2nd", "individual, 3rd", "control, 1st", "control, 2nd")
Tickets = NDArray[np.uint64]


def drawn(count: int) -> tuple[Tickets, NDArray[np.int64]]:
    """Tickets (n,), and the digits (n, 11) of the numbers that they were drawn for."""
    keys = simulation_keys(20140501)
    source = LotSource(keys.lot_mac, bytes(range(32)))
    source.mix(b"the beacon of a benchmark")
    tickets = np.empty(count, dtype=np.uint64)
    digits = np.empty((count, 11), dtype=np.int64)
    for row, number in enumerate(synthetic_numbers(count)):
        tickets[row] = source.ticket(LABEL, keys.lot_id(number))
        digits[row] = [int(digit) for digit in number.digits()]
    return tickets, digits


def uniform_tests(tickets: Tickets) -> Iterator[tuple[str, float]]:
    """Is a ticket uniform on the whole numbers below 2^64?"""
    yield "whole ticket", float(stats.kstest(tickets / 2.0**64, "uniform").pvalue)
    for name, shift in (("highest 10 bits", 54), ("middle 10 bits", 27), ("lowest 10 bits", 0)):
        values = (tickets >> np.uint64(shift)) & np.uint64(1023)
        yield name, float(stats.chisquare(np.bincount(values.astype(int), minlength=1024)).pvalue)


def independence_tests(tickets: Tickets, digits: NDArray[np.int64]) -> Iterator[tuple[str, float]]:
    """Is a ticket unrelated to the digits, the birth date, sex, the order, and the ticket before it?"""
    tenth = (tickets / 2.0**64 * GROUPS).astype(int)
    for place, name in enumerate(DIGITS):
        yield name, _table_test(tenth, digits[:, place])
    yield "sex", _table_test(tenth, digits[:, 8] % 2)
    born = ((digits[:, 4] * 10 + digits[:, 5]) * 100 + digits[:, 2] * 10 + digits[:, 3]) * 100
    born += digits[:, 0] * 10 + digits[:, 1]
    yield "birth date", _table_test(tenth, _tenths(born))
    yield "order", _table_test(tenth, np.arange(len(tenth)) * GROUPS // len(tenth))
    yield "the lot before", _table_test(tenth[1:], tenth[:-1])


def _tenths(values: NDArray[np.int64]) -> NDArray[np.int64]:
    limits = np.quantile(values, np.arange(1, GROUPS) / GROUPS)
    return np.searchsorted(limits, values, side="right")


def _table_test(tenth: NDArray[np.int64], group: NDArray[np.int64]) -> float:
    _, columns = np.unique(group, return_inverse=True)
    table = np.bincount(tenth * (columns.max() + 1) + columns, minlength=GROUPS * (columns.max() + 1))
    return float(stats.chi2_contingency(table.reshape(GROUPS, -1), correction=False).pvalue)


def arm_shares(tickets: Tickets, share: float = 0.35) -> tuple[float, float]:
    """The share drawn to an arm of probability 0.35, and its standard score."""
    limit = int((1 - share) * 2**64)
    drawn_to = sum(bisect_right([limit], int(ticket)) for ticket in tickets) / len(tickets)
    return drawn_to, (drawn_to - share) / (share * (1 - share) / len(tickets)) ** 0.5


def main(count: int = LOTS) -> bool:
    """Print the table; True if nothing is amiss."""
    start = time.perf_counter()
    tickets, digits = drawn(count)
    seconds = time.perf_counter() - start
    tests = [("uniform", *test) for test in uniform_tests(tickets)]
    tests += [("unrelated to", *test) for test in independence_tests(tickets, digits)]
    print(f"{count:,} lots of synthetic identity numbers in {seconds:.0f} s")
    for kind, name, p in tests:
        print(f"  {kind:12} {name:18} p = {p:.4f}")
    share, score = arm_shares(tickets)
    print(f"  share of an arm of probability 0.35: {share:.5f} (standard score {score:+.2f})")
    least = min(p for *_, p in tests) * len(tests)
    distinct = len(np.unique(tickets)) == count
    print(f"  all tickets differ: {distinct}")
    print(f"  smallest p times {len(tests)} tests: {min(least, 1):.3f}   limit: above {LEVEL}")
    return distinct and least > LEVEL and abs(score) < 4


if __name__ == "__main__":
    sys.exit(not main(*(int(argument) for argument in sys.argv[1:2])))
