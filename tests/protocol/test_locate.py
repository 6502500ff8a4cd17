"""The paths that have a line are exactly the paths that tomllib reads."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodd.protocol.locate import line_numbers, line_of


def paths(value: object, base: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*base, key)
        yield from paths(item, (*base, key))


@pytest.mark.parametrize("example", ["se", "se-klar", "nsw"])
def test_every_path_of_the_examples_has_a_line(example: str) -> None:
    text = files("lodd.examples").joinpath(example, "trial.toml").read_text(encoding="utf-8")
    assert set(line_numbers(text)) == set(paths(tomllib.loads(text)))


keys = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=5)
scalars = st.integers(0, 9) | st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=4)
values = st.recursive(scalars, lambda v: st.lists(v, max_size=3) | st.dictionaries(keys, v, max_size=3), max_leaves=8)


def inline(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{quoted(k)} = {inline(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[\n" + ",\n".join(inline(item) for item in value) + "\n]"
    return quoted(value) if isinstance(value, str) else str(value)


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


@given(st.dictionaries(keys, st.dictionaries(keys, values, max_size=3), max_size=3), st.lists(values, max_size=3))
def test_generated_documents(tables: dict[str, dict[str, object]], items: list[object]) -> None:
    text = ""
    for name, table in tables.items():
        text += f"# a comment\n[{quoted(name)}]\n" + "".join(f"{quoted(k)} = {inline(v)}\n" for k, v in table.items())
    for item in items:
        text += f"[[aaaaaaaa.items]]\nx.y = {inline(item)}\n"
    lines = line_numbers(text)
    assert set(lines) == set(paths(tomllib.loads(text)))
    for path, line in lines.items():
        if path and isinstance(path[-1], str):
            assert quoted(path[-1])[1:-1] in text.split("\n")[line - 1]


def test_line_of_falls_back_to_the_parent() -> None:
    lines = line_numbers("[a]\nb = { c = 1 }\n")
    assert line_of(lines, ("a", "b", "nothing", "here")) == 2
    assert line_of(lines, ("x",)) is None


def test_array_tables_number_their_items() -> None:
    lines = line_numbers("[[a]]\nx = 1\n[[a]]\nx = 2\n[[a.b]]\ny = 1\n[a.c]\nz = 1\n'lit eral' = 2\n")
    assert lines[("a", 1, "x")] == 4
    assert lines[("a", 1, "b", 0, "y")] == 6
    assert lines[("a", 1, "c", "lit eral")] == 9
