"""LoddError and its kinds: what a user did that cannot be done, said so that they can mend it.

A message says what was found and where, what is allowed, and what to do next, in both languages; the command line
shows it without a traceback and exits with the kind's code. A traceback (exit code 1) is always a bug of ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from lodd.locale import Language, Text

_ALLOWED = Text(nb="tillatt", en="allowed")
_NEXT = Text(nb="gjør dette", en="do this")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. ``where`` is a place a person can go to: ``trial.toml:12 draw.schedule[0].from``."""

    found: Text
    where: str = ""
    allowed: Text | None = None
    next_step: Text | None = None

    def render(self, language: Language) -> str:
        lines = [f"{self.where}: {self.found[language]}" if self.where else self.found[language]]
        if self.allowed:
            lines.append(f"  {_ALLOWED[language]}: {self.allowed[language]}")
        if self.next_step:
            lines.append(f"  {_NEXT[language]}: {self.next_step[language]}")
        return "\n".join(lines)


class LoddError(Exception):
    """A user's mistake, or a state of the data that Lodd must not go on from.

    Carries one or more :class:`Problem`; ``str(error)`` renders them in English.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, problems: Problem | Sequence[Problem]) -> None:
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__(self.render("en"))

    def __reduce__(self) -> tuple[object, ...]:
        """Comes whole from another process, also a kind whose own ``__init__`` takes something else."""
        return type(self).__new__, (type(self), *self.args), self.__dict__

    def render(self, language: Language) -> str:
        return "\n".join(problem.render(language) for problem in self.problems)


class UsageError(LoddError):
    """The command's words are off, or a folder is not what it must be (exit code 2)."""

    exit_code = 2


class ProtocolError(LoddError):
    """``trial.toml`` is not a valid protocol (exit code 3)."""

    exit_code = 3


class DataError(LoddError):
    """Participants or registers are missing, broken or contradict the protocol (exit code 4)."""

    exit_code = 4


class LockError(LoddError):
    """Something differs from ``trial.lock.json`` (exit code 5)."""

    exit_code = 5


class VerificationError(LoddError):
    """A recorded draw is not what the mechanism gives (exit code 6)."""

    exit_code = 6
