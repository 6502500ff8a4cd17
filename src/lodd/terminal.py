"""What the command line shows: messages in the reader's language, progress, and errors without a traceback."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from lodd.errors import LoddError, Problem
from lodd.locale import Language, Text
from lodd.progress import Progress

if TYPE_CHECKING:
    from rich.progress import TaskID

_ERROR = Text(nb="Feil", en="Error")
_WARNING = Text(nb="Merk", en="Note")
_BUG = Text(
    nb="Dette er en feil i Lodd. Meld den gjerne med linjene over, men ta først bort det som røper personer.",
    en="This is a bug in Lodd. Please report it with the lines above, but first take out what names people.",
)


def say(text: Text, language: Language) -> None:
    """One line to a person, on standard output."""
    sys.stdout.write(text[language] + "\n")


def say_json(content: Mapping[str, Any]) -> None:
    """One JSON object to a script."""
    sys.stdout.write(json.dumps(content, ensure_ascii=False, indent=2) + "\n")


def warn(problem: Problem, language: Language) -> None:
    """Something doubtful, on standard error."""
    sys.stderr.write(f"{_WARNING[language]}: {problem.render(language)}\n")


def fail(error: LoddError, language: Language) -> None:
    """A user's mistake, on standard error."""
    sys.stderr.write("".join(mistake(problem, language) + "\n" for problem in error.problems))


def mistake(problem: Problem, language: Language) -> str:
    """A user's mistake, as it is shown."""
    return f"{_ERROR[language]}: {problem.render(language)}"


def own_bug(language: Language) -> None:
    """After a traceback."""
    sys.stderr.write(_BUG[language] + "\n")


@contextmanager
def progress_shown(language: Language, *, quiet: bool = False) -> Iterator[Progress]:
    """A live bar a stage on a terminal; elsewhere (a log, a pipe) one line a stage. Goes to standard error."""
    from lodd.progress import silent

    if quiet:
        yield silent
    elif sys.stderr.isatty():
        with _bars(language) as progress:
            yield progress
    else:
        yield _lines(language)


@contextmanager
def _bars(language: Language) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bars(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[Text, TaskID] = {}

        def show(label: Text, done: int, total: int) -> None:
            if label not in tasks:
                tasks[label] = bars.add_task(label[language], total=total)
            bars.update(tasks[label], completed=done, total=total)

        yield show


def _lines(language: Language) -> Progress:
    shown: set[Text] = set()

    def show(label: Text, done: int, total: int) -> None:
        if label not in shown:
            shown.add(label)
            sys.stderr.write(f"{label[language]} …\n")
            sys.stderr.flush()

    return show
