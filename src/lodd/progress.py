"""How long work tells that it is alive: rooms call a :class:`Progress`, the command line shows it."""

from __future__ import annotations

from typing import Protocol

from lodd.locale import Text


class Progress(Protocol):
    """Called as work goes on: what is being done, and how much of it (``done`` of ``total`` steps)."""

    def __call__(self, label: Text, done: int, total: int) -> None: ...


def silent(label: Text, done: int, total: int) -> None:
    """The progress that nobody watches."""
