from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lodd.protocol import Trial, parse_trial

BASE = (Path(__file__).parent / "trial.toml").read_text(encoding="utf-8")
Edit = Callable[..., str]


@pytest.fixture(scope="session")
def base() -> str:
    """The text of a small, sound protocol with three arms."""
    return BASE


@pytest.fixture(scope="session")
def trial() -> Trial:
    return parse_trial(BASE.encode()).trial


@pytest.fixture(scope="session")
def edited() -> Edit:
    """The small protocol with pieces of its text replaced; every piece must be there."""

    def edit(*pairs: tuple[str, str]) -> str:
        text = BASE
        for old, new in pairs:
            assert old in text, old
            text = text.replace(old, new, 1)
        return text

    return edit
