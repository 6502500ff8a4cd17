"""The words around every page's content."""

from __future__ import annotations

from lodd.report.model import Chrome
from lodd.report.words import Words


def chrome(w: Words, version: str) -> Chrome:
    """Links and labels in the language of the words; ``version`` is Lodd's when the numbers were made, or empty."""
    return Chrome(
        skip=w("page.skip"),
        contents=w("page.contents"),
        other_language=w("page.other_language"),
        note=w("page.note"),
        source=w("page.source"),
        made_with=w("page.made_with", version=version).replace("  ", " ").strip(),
        print_hint=w("page.print_hint"),
    )
