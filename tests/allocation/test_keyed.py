"""Keyed lots, held to fifteen lines that anybody could write from the documentation."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from datetime import date
from fractions import Fraction

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lodd.allocation import Design, DrawRequest, Mac
from lodd.allocation.tickets import Numbers, encode, limits
from lodd.protocol.model import Trial

KEY, CONTEXT = bytes(range(32)), hashlib.sha256(b"lock").digest()


def mac(message: bytes) -> bytes:
    return hmac.digest(KEY, message, "sha256")


def by_hand(lot_id: str, beacons: list[bytes], probability: list[Fraction]) -> int:
    """The arm, from the description of the method alone."""
    message = b""
    for part in [b"lodd/lot/v1", CONTEXT, len(beacons).to_bytes(4, "big"), *beacons, lot_id.encode("utf-8")]:
        message += len(part).to_bytes(4, "big") + part
    digest = hmac.new(KEY, message, hashlib.sha256).digest()
    ticket, end = 0, Fraction(0)
    for byte in digest[:8]:
        ticket = 256 * ticket + byte
    for arm, p in enumerate(probability):
        end += p
        if ticket < (end * 2**64).__floor__():
            return arm
    raise AssertionError("the last interval ends at 2^64")


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lot_ids=st.lists(st.text(min_size=1), max_size=20), beacons=st.lists(st.binary(max_size=40), max_size=3))
def test_the_arm_is_what_anybody_computes(make_trial: Callable[..., Trial], lot_ids: list[str], beacons: list[bytes]):
    sequencer = Design.from_trial(make_trial()).sequencer(mac, CONTEXT)
    for beacon in beacons:
        sequencer.mix(beacon)
    for lot_id in lot_ids:
        lot = sequencer.draw(DrawRequest(lot_id, "n2", date(2020, 3, 1)))
        expected = [Fraction(1, 4), Fraction(1, 4), Fraction(1, 2)]
        assert list(lot.marginal or ()) == list(lot.conditional) == expected
        assert lot.arm == by_hand(lot_id, beacons, expected)


@given(st.lists(st.binary(max_size=5), max_size=4), st.lists(st.binary(max_size=5), max_size=4))
def test_two_lists_of_parts_never_meet(first: list[bytes], second: list[bytes]):
    assert (encode(*first) == encode(*second)) == (first == second)


@given(st.lists(st.integers(1, 10**6), min_size=2, max_size=6))
def test_intervals_cover_all_tickets_in_proportion(shares: list[int]):
    probability = [Fraction(share, sum(shares)) for share in shares]
    ends = [*limits(probability), 2**64]
    widths = [end - start for start, end in zip([0, *ends[:-1]], ends, strict=True)]
    assert all(abs(width - p * 2**64) < 1 for width, p in zip(widths, probability, strict=True))


def test_awkward_decimals_are_exact(make_trial: Callable[..., Trial]):
    """0.7 + 0.2 + 0.1 is not 1 as floats."""
    row = {"site": "north", "from": date(2020, 1, 1), "probability": {"a": "0.7", "b": "0.2"}}
    other = row | {"site": "south"}
    design = Design.from_trial(make_trial(schedule=[row, other]))
    lot = design.sequencer(mac, CONTEXT).draw(DrawRequest("x", "n1", date(2020, 2, 1)))
    assert lot.conditional == (Fraction(1, 10), Fraction(7, 10), Fraction(2, 10))
    assert sum(lot.conditional) == 1


def test_a_lot_does_not_depend_on_order_or_on_others(make_trial: Callable[..., Trial]):
    design = Design.from_trial(make_trial())
    people = [DrawRequest(f"id{i}", "n1", date(2020, 1, 1)) for i in range(40)]
    forwards, backwards = design.sequencer(mac, CONTEXT), design.sequencer(mac, CONTEXT)
    first = {person.lot_id: forwards.draw(person).arm for person in people}
    second = {person.lot_id: backwards.draw(person).arm for person in reversed(people)}
    alone = {person.lot_id: design.sequencer(mac, CONTEXT).draw(person).arm for person in people}
    assert first == second == alone
    assert len(set(first.values())) == 3


def test_key_lock_and_beacon_each_change_the_lots(make_trial: Callable[..., Trial]):
    design = Design.from_trial(make_trial())
    people = [DrawRequest(f"id{i}", "n1", date(2020, 1, 1)) for i in range(60)]

    def arms(mac: Mac, context: bytes, *beacons: bytes) -> list[int]:
        sequencer = design.sequencer(mac, context)
        for beacon in beacons:
            sequencer.mix(beacon)
        return [sequencer.draw(person).arm for person in people]

    def other_mac(message: bytes) -> bytes:
        return hmac.digest(b"another key", message, "sha256")

    kinds = [
        arms(mac, CONTEXT),
        arms(other_mac, CONTEXT),
        arms(mac, bytes(32)),
        arms(mac, CONTEXT, b"1"),
        arms(mac, CONTEXT, b"2"),
        arms(mac, CONTEXT, b"1", b"2"),
        arms(mac, CONTEXT, b"12"),
    ]
    assert len({tuple(kind) for kind in kinds}) == len(kinds)


def test_numbers_below_a_bound_throw_away_what_would_favour_some():
    """Below 3, of 64-bit words only 2^64 - 1 is thrown away; below 2^63 + 1 almost half of them are."""
    words = [2**64 - 1, 2**64 - 2, 5]
    code = b"".join(word.to_bytes(8, "big") for word in words)
    assert Numbers(lambda _: code, b"").below(3) == (2**64 - 2) % 3
    assert Numbers(lambda _: code, b"").below(2**63 + 1) == 5
    assert Numbers(lambda _: code, b"").below(1) == 0


def test_numbers_go_on_with_a_counter():
    seen: list[bytes] = []

    def remembering(message: bytes) -> bytes:
        seen.append(message)
        return mac(message)

    numbers = Numbers(remembering, b"m")
    assert len({numbers.below(2**60) for _ in range(9)}) == 9
    assert seen == [b"m" + encode(i.to_bytes(4, "big")) for i in range(3)]
