"""A value that does not show itself: not in ``repr``, a log line, a traceback with locals, a pickle."""

from __future__ import annotations

from typing import Generic, NoReturn, TypeVar

Value = TypeVar("Value", bytes, str)


class Hidden(Generic[Value]):
    """Holds key material between the one place that reads it and the few that compute with it."""

    __slots__ = ("_value",)

    def __init__(self, value: Value) -> None:
        self._value: Value = value

    def expose(self) -> Value:
        """The value itself. Never keep it in a variable of a function that raises: tracebacks can show variables."""
        return self._value

    def __repr__(self) -> str:
        return "<hidden>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("key material is not pickled or copied")
