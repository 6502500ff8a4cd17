"""A list of slips as one page for each envelope, with a cover that says how they are used. HTML, in both languages."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final

from lodd.allocation.outage import SlipSheet
from lodd.locale import LANGUAGES, Language, Text, long_date
from lodd.protocol.model import Trial

_TITLE: Final = Text(nb="Lapper til bruk når linjen er nede", en="Slips for use when the line is down")
_STEPS: Final = (
    Text(
        nb="Bruk lappene bare når det ikke går an å trekke på vanlig måte, og bare i tiden som står over.",
        en="Use the slips only when it is impossible to draw in the usual way, and only in the time stated above.",
    ),
    Text(
        nb="Ta alltid konvolutten med det laveste nummeret som er igjen.",
        en="Always take the envelope with the lowest number that is left.",
    ),
    Text(
        nb="Skriv personens fødselsnummer, dato og klokkeslett utenpå konvolutten før du åpner den.",
        en="Write the person's identity number, the date and the time on the envelope before you open it.",
    ),
    Text(
        nb="Åpne konvolutten. Svaret gjelder, og kan ikke byttes.",
        en="Open the envelope. The answer holds, and cannot be exchanged.",
    ),
    Text(
        nb="Meld fra om brukte og ubrukte konvolutter så snart linjen er oppe igjen. Send alle tilbake.",
        en="Report used and unused envelopes as soon as the line is up again. Send all of them back.",
    ),
)
_OUTSIDE: Final = Text(nb="Utenpå konvolutten", en="On the envelope")
_PERSON: Final = Text(nb="Fødselsnummer", en="Identity number")
_TIME: Final = Text(nb="Dato og klokkeslett", en="Date and time")
_SIGNED: Final = Text(nb="Åpnet av", en="Opened by")
_INSIDE: Final = Text(nb="Inni konvolutten", en="Inside the envelope")
_SLIP: Final = Text(nb="Lapp", en="Slip")
_VALID: Final = Text(nb="Gjelder", en="Valid")
_STYLE: Final = """
body{font:16px/1.5 system-ui,sans-serif;max-width:42rem;margin:2rem auto;padding:0 1rem;color:#111}
section{break-after:page;border-top:1px solid #999;padding:1.5rem 0}
.fold{border-top:1px dashed #999;margin-top:2rem;padding-top:1.5rem}
.arm{font-size:1.6rem;font-weight:600;margin:.3rem 0}
dl{display:grid;grid-template-columns:14rem 1fr;gap:.9rem}dd{margin:0;border-bottom:1px solid #999}
@media print{body{margin:0;max-width:none}section{border:0}}
"""


def sheet_html(trial: Trial, sheet: SlipSheet) -> str:
    """The whole list as one HTML page that prints one envelope a sheet. Holds arms: print it, and keep no copy."""
    office = next(o.label for site in trial.sites.values() for o in site.offices if o.id == sheet.office)
    head = f"{escape(office)} · {escape(sheet.list_id)}"
    pages = "".join(_page(trial, head, slip.number, slip.arm) for slip in sheet.slips)
    return (
        f'<!doctype html><html lang="nb"><head><meta charset="utf-8"><title>{head}</title>'
        f"<style>{_STYLE}</style></head><body>{_cover(head, sheet)}{pages}</body></html>\n"
    )


def _cover(head: str, sheet: SlipSheet) -> str:
    count = len(sheet.slips)
    parts = []
    for language in LANGUAGES:
        days = f"{long_date(sheet.since, language)} – {long_date(sheet.until, language)}"
        steps = _joined(f"<li>{escape(step[language])}</li>" for step in _STEPS)
        parts.append(
            f'<div lang="{language}"><h2>{escape(_TITLE[language])}</h2>'
            f"<p>{_VALID[language]}: {days}. {_numbers(count, language)}</p><ol>{steps}</ol></div>"
        )
    return f"<section><h1>{head}</h1>{_joined(parts)}</section>"


def _numbers(count: int, language: Language) -> str:
    return Text(nb=f"Lapp 1 til {count}.", en=f"Slips 1 to {count}.")[language]


def _page(trial: Trial, head: str, number: int, arm: str) -> str:
    label = trial.arms[arm].label
    both = (("nb", label.nb), ("en", label.en)) if label.nb != label.en else (("nb", label.nb),)
    arms = _joined(f'<p class="arm" lang="{language}">{escape(words)}</p>' for language, words in both)
    fields = _joined(f"<dt>{_twice(words)}</dt><dd>&nbsp;</dd>" for words in (_PERSON, _TIME, _SIGNED))
    return (
        f"<section><h2>{_twice(_SLIP)} {number}</h2><p>{head}</p><h3>{_twice(_OUTSIDE)}</h3><dl>{fields}</dl>"
        f'<div class="fold"><h3>{_twice(_INSIDE)}</h3><p>{head} · {_twice(_SLIP)} {number}</p>{arms}</div></section>'
    )


def _twice(words: Text) -> str:
    return f'{escape(words.nb)} / <span lang="en">{escape(words.en)}</span>'


def _joined(parts: Iterable[str]) -> str:
    return "".join(parts)
