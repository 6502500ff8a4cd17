"""Where in `trial.toml` a value stands: tomllib tells what a file says, this tells on which line it says it.

tomllib keeps no positions, so the text is parsed a second time with tree-sitter's TOML grammar, which does
(docs/decisions/0002-positions-in-toml.md).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import tree_sitter_toml
from tree_sitter import Language, Node, Parser

Path = tuple[str | int, ...]


def line_numbers(text: str) -> dict[Path, int]:
    """The line (from 1) of every key and list item in a valid TOML text, by path.

    >>> line_numbers("[a]\\nb = [{ c = 1 }]")[("a", "b", 0, "c")]
    2
    """
    tree = Parser(Language(tree_sitter_toml.language())).parse(text.encode())
    lines: dict[Path, int] = {}
    arrays: dict[Path, int] = {}
    for node in tree.root_node.named_children:
        for path, line in _top_level(node, arrays):
            lines.setdefault(path, line)
    return lines


def line_of(lines: Mapping[Path, int], path: Path) -> int | None:
    """The line of a path, or of its nearest parent that has one."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None


def _top_level(node: Node, arrays: dict[Path, int]) -> Iterator[tuple[Path, int]]:
    if node.type == "pair":
        yield from _pair(node, ())
    elif node.type in {"table", "table_array_element"}:
        key, *pairs = node.named_children
        base = _table_path(_key(key), arrays, new_item=node.type == "table_array_element")
        yield from ((base[:length], _line(key)) for length in range(1, len(base) + 1))
        for pair in pairs:
            if pair.type == "pair":
                yield from _pair(pair, base)


def _table_path(keys: Path, arrays: dict[Path, int], *, new_item: bool) -> Path:
    """The header's path, with the index of the current item after every key that names an array of tables."""
    path: Path = ()
    for position, key in enumerate(keys):
        path = (*path, key)
        if new_item and position == len(keys) - 1:
            arrays[path] = arrays.get(path, -1) + 1
        if path in arrays:
            path = (*path, arrays[path])
    return path


def _pair(node: Node, base: Path) -> Iterator[tuple[Path, int]]:
    key, value = (child for child in node.named_children if child.type != "comment")
    path = base
    for part in _key(key):
        path = (*path, part)
        yield path, _line(key)
    yield from _value(value, path)


def _value(node: Node, path: Path) -> Iterator[tuple[Path, int]]:
    children = [child for child in node.named_children if child.type != "comment"]
    if node.type == "inline_table":
        for pair in children:
            yield from _pair(pair, path)
    elif node.type == "array":
        for index, item in enumerate(children):
            yield (*path, index), _line(item)
            yield from _value(item, (*path, index))


def _key(node: Node) -> Path:
    if node.type == "dotted_key":
        return tuple(part for child in node.named_children for part in _key(child))
    text = (node.text or b"").decode()
    if node.type == "bare_key":
        return (text,)
    return (text[1:-1] if text.startswith("'") else str(json.loads(text)),)


def _line(node: Node) -> int:
    return node.start_point.row + 1
