"""Target groups in the protocol: what they may declare, and that the lock holds them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from lodd.errors import ProtocolError
from lodd.protocol import compare, parse_trial, write_lock
from lodd.protocol.analysis import group_names

AFTER = 'by = "age"\nsplit = "median"\n'
HEAD = '\n[[analysis.targets]]\nid = "others"\n'


def with_target(margins: str, head: str = HEAD) -> tuple[str, str]:
    return AFTER, f"{AFTER}{head}margins = [{margins}]\n"


@pytest.mark.parametrize(
    ("margin", "place", "said"),
    [
        ('{ by = "age" }', "targets[0].margins[0]", "neither shares nor a mean"),
        ('{ by = "age", mean = 30, shares = { x = 1 } }', "targets[0].margins[0]", "both shares and a mean"),
        ('{ by = "region", shares = { a = 0.5, b = 0.4 } }', "margins[0].shares", "sum to 0.9"),
        ('{ by = "region", shares = { a = 1.5, b = -0.5 } }', "margins[0].shares", "from 0 to 1"),
        (
            '{ by = "age", split = [30, 45], shares = { below = 0.5, above = 0.5 } }',
            "margins[0].shares.above",
            "from 30 and from 45",
        ),
        ('{ by = "wages@-12..-1", mean = 1 }', "margins[0].by", "no outcome"),
        ('{ by = "in_work@1..12", mean = 1 }', "margins[0].by", "not all before the draw"),
        ('{ by = "age", split = "median", mean = 1 }', "margins[0].split", "categories"),
        ("", "targets[0].margins", "at least"),
    ],
)
def test_flaws(edited, margin: str, place: str, said: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        parse_trial(edited(with_target(margin)).encode())
    english, norwegian = caught.value.render("en"), caught.value.render("nb")
    assert place in english
    assert said in english
    assert english != norwegian


def test_one_id_is_one_target(edited) -> None:
    once = '{ by = "age", mean = 30 }'
    with pytest.raises(ProtocolError, match="twice"):
        parse_trial(edited((AFTER, AFTER + 2 * f"{HEAD}margins = [{once}]\n")).encode())


def test_a_sound_target(edited, tmp_path: Path) -> None:
    thirds = '{ by = "age", split = [45, 30], shares = { below = 0.3333, "from 30" = 0.3333, "from 45" = 0.3333 } }'
    trial = parse_trial(edited(with_target(f'{thirds}, {{ by = "in_work@-12..-1", mean = 0.2 }}')).encode()).trial
    assert [margin.mean for margin in trial.analysis.targets[0].margins] == [None, Decimal("0.2")]
    lock = write_lock(trial, tmp_path)
    assert compare(trial, lock).covers("in_work", "target:others")
    changed = parse_trial(edited(with_target('{ by = "in_work@-12..-1", mean = 0.3 }')).encode()).trial
    after = compare(changed, lock)
    assert not after.covers("in_work", "target:others")
    assert after.covers("in_work", "curve")


def test_without_targets_a_locked_protocol_has_the_hash_it_had(trial) -> None:
    assert "targets" not in trial.model_dump(exclude_defaults=True)["analysis"]


def test_names_of_groups() -> None:
    assert group_names("categories") == []
    assert group_names("median") == ["below", "above"]
    assert group_names((Decimal(30),)) == ["below", "above"]
    assert group_names((Decimal(45), Decimal(30))) == ["below", "from 30", "from 45"]
