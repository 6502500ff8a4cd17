"""The hash is of what the protocol says, not of how it is written."""

from __future__ import annotations

import random
import tomllib

from hypothesis import given
from hypothesis import strategies as st

from lodd.protocol import canonical, parse_trial, protocol_sha256


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
