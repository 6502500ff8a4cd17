"""The hash is of what the protocol says, not of how it is written."""

from __future__ import annotations

import json
import random
import tomllib
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lodd.examples
from lodd.protocol import Trial, canonical, parse_trial, protocol_sha256
from lodd.protocol.canonical import trial_from_canonical

EXAMPLES = Path(lodd.examples.__file__).parent


def sha(text: str) -> str:
    return protocol_sha256(parse_trial(text.encode()).trial)


def test_known_hash_stays(base: str) -> None:
    """A locked protocol must have the same hash in every later version of Lodd."""
    assert sha(base) == "5a35714210c7a563d11c99ecdb0e066c86a28afbb7e7c341a32823eb292f77fc"


def test_comments_spacing_and_line_ends_do_not_matter(base: str) -> None:
    noisy = base.replace(" = ", "   =  ").replace("\n[", "\n\n# words\n[")
    assert sha(noisy) == sha(base)
    assert sha(base.replace("\n", "\r\n")) == sha(base)
    assert sha("\ufeff" + base) == sha(base)


@given(st.integers(0, 10_000))
def test_order_of_tables_and_keys_does_not_matter(base: str, seed: int) -> None:
    blocks = base.split("\n\n")
    shuffler = random.Random(seed)
    shuffler.shuffle(blocks)
    shuffled = "\n\n".join(_shuffled_keys(block, shuffler) for block in blocks)
    assert sha(shuffled) == sha(base)


def _shuffled_keys(block: str, shuffler: random.Random) -> str:
    header, *lines = block.strip().split("\n")
    if any(line.startswith((" ", "]")) for line in lines):
        return block.strip()
    shuffler.shuffle(lines)
    return "\n".join([header, *lines])


def test_a_default_written_out_does_not_matter(edited, base: str) -> None:
    assert sha(edited(("[analysis]", '[analysis]\nestimand = "ate"\ndraws = 10000\nconfidence = 0.950'))) == sha(base)


def test_the_same_number_written_otherwise_does_not_matter(edited, base: str) -> None:
    assert sha(
        edited(("margin = 0.03", "margin = 0.0300"), ('"0.30"', '"0.3"'), ("at_least = 4", "at_least = 4.0"))
    ) == sha(base)


def test_what_is_said_matters(edited, base: str) -> None:
    changes = [("0.03", "0.04"), ('"0.30"', '"0.31"'), ("at_least = 4", "at_least = 5"), ("before = 12", "before = 13")]
    hashes = {sha(edited(change)) for change in changes}
    assert len(hashes | {sha(base)}) == len(changes) + 1


def test_text_and_number_differ(edited) -> None:
    as_text, as_number = (edited(('["COACH", "SUB"]', value)) for value in ('["4.5"]', "[4.5]"))
    assert sha(as_text) != sha(as_number)


def test_canonical_form_has_its_format_and_no_defaults(trial) -> None:
    form = canonical(trial)
    assert form["format"] == 1
    assert "draws" not in form["analysis"]
    assert form["analysis"]["primary"][0]["margin"] == {"decimal": "0.03"}


def test_nothing_is_lost(base: str) -> None:
    """Every value of the file is in the canonical form, unless it is a default."""
    assert tomllib.loads(base).keys() <= canonical(parse_trial(base.encode()).trial).keys()


@pytest.mark.parametrize("example", ["se", "se-klar", "nsw"])
def test_a_packaged_trial_comes_back_whole_from_its_canonical_form(example: str) -> None:
    trial = parse_trial((EXAMPLES / example / "trial.toml").read_bytes()).trial
    assert trial_from_canonical(json.loads(json.dumps(canonical(trial)))) == trial


def test_every_kind_of_value_comes_back(trial) -> None:
    assert trial_from_canonical(canonical(trial)) == trial


@given(
    st.decimals("0.001", "0.999", places=3),
    st.one_of(st.text("0123456789.", min_size=1), st.decimals(-9, 9, places=2), st.integers(-9, 9), st.booleans()),
    st.sampled_from(["decimal", "code"]),
)
def test_texts_numbers_and_columns_called_decimal_come_back(trial, share: Decimal, wanted: object, column: str) -> None:
    values = trial.model_dump(exclude_defaults=True)
    values["draw"] |= {"biased_coin": str(share), "schedule": [_named(row) for row in values["draw"]["schedule"]]}
    name = next(name for name, outcome in trial.outcomes.items() if outcome.measure and not outcome.measure.where)
    values["outcomes"][name]["measure"]["where"] = {column: wanted}
    changed = Trial.model_validate(values)
    assert trial_from_canonical(canonical(changed)) == changed


def _named(row: dict) -> dict:
    return row | {"probability": {arm: str(p) for arm, p in row["probability"].items()}}
