"""The result of a verification: a frozen value that says what was found, what is proven, and what is not."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from lodd.allocation.findings import Finding
from lodd.locale import Language, Text, number

_SHOWN: Final = 40

_TITLE: Final = Text(nb="Kontroll av trekningen", en="Verification of the draw")
_SOUND: Final = Text(nb="Ingenting galt er funnet.", en="Nothing was found to be wrong.")
_OFF: Final = Text(nb="Noe er galt. Antall funn: {count}.", en="Something is wrong. Findings: {count}.")
_NOT_APPLICABLE: Final = Text(
    nb="Kontroll er ikke aktuelt: loddene er trukket utenfor Lodd.",
    en="Verification does not apply: the lots were drawn outside Lodd.",
)
_FOUND: Final = Text(nb="Funn", en="Findings")
_PROVEN: Final = Text(nb="Dette er vist", en="What is shown")
_NOT_PROVEN: Final = Text(nb="Dette er ikke vist", en="What is not shown")
_COUNTS: Final = Text(nb="Antall", en="Counts")
_EVENT: Final = Text(nb="hendelse", en="event")
_MORE: Final = Text(nb="… og flere funn: {count}", en="… and more findings: {count}")
_LOCK: Final = Text(nb="Låsens avtrykk", en="The lock's hash")
_HEAD: Final = Text(nb="Siste hendelses avtrykk", en="The last event's hash")
_COUNTED: Final[Mapping[str, Text]] = {
    "events": Text(nb="hendelser", en="events"),
    "answers": Text(nb="personer trukket", en="people drawn"),
    "recomputed": Text(nb="lodd regnet ut på nytt", en="lots recomputed"),
    "repeated_request": Text(nb="gjentatte forespørsler", en="repeated requests"),
    "error_noted": Text(nb="noterte feil", en="errors noted"),
    "amendment": Text(nb="endringer av planen", en="amendments"),
    "outage_used": Text(nb="brukte lapper", en="slips used"),
    "outage_voided": Text(nb="annullerte lapper", en="slips voided"),
    "withdrawal": Text(nb="trukket seg", en="withdrawals"),
}


@dataclass(frozen=True, slots=True)
class Verification:
    """What verifying a ledger gave.

    ``counts`` has the number of events of each type, and ``events``, ``answers`` (people given an arm),
    ``recomputed``, ``not_recomputed`` (no key) and ``without_factors`` (erased, or not at hand). ``applicable`` is
    False where the lots were not drawn by Lodd.
    """

    applicable: bool
    findings: tuple[Finding, ...]
    proven: tuple[Text, ...]
    not_proven: tuple[Text, ...]
    counts: Mapping[str, int]
    lock_sha256: str
    head: str

    @property
    def ok(self) -> bool:
        """Is there nothing wrong with what could be verified?"""
        return not self.findings

    @property
    def verdict(self) -> Text:
        """The result in one sentence."""
        if not self.applicable:
            return _NOT_APPLICABLE
        if self.ok:
            return _SOUND
        count = len(self.findings)
        return Text(nb=_OFF.nb.format(count=count), en=_OFF.en.format(count=count))

    def render(self, language: Language) -> str:
        """One page in words."""
        parts = [
            [_TITLE[language], "=" * len(_TITLE[language]), "", self.verdict[language]],
            _section(_FOUND[language], self._shown(language)),
            _section(_PROVEN[language], [said[language] for said in self.proven]),
            _section(_NOT_PROVEN[language], [said[language] for said in self.not_proven]),
            _section(_COUNTS[language], self._counted(language)),
            ["", f"{_LOCK[language]}: {self.lock_sha256}", f"{_HEAD[language]}: {self.head}", ""],
        ]
        return "\n".join(line for part in parts for line in part)

    def to_json(self) -> str:
        """The same for programs; texts in both languages."""
        content = {
            "ok": self.ok,
            "applicable": self.applicable,
            "verdict": _both(self.verdict),
            "findings": [{"kind": f.kind, "event": f.seq, "text": _both(f.text)} for f in self.findings],
            "proven": [_both(said) for said in self.proven],
            "not_proven": [_both(said) for said in self.not_proven],
            "counts": dict(sorted(self.counts.items())),
            "lock_sha256": self.lock_sha256,
            "head": self.head,
        }
        return json.dumps(content, ensure_ascii=False, indent=2)

    def _shown(self, language: Language) -> list[str]:
        shown = [
            f"{_EVENT[language]} {f.seq}: {f.text[language]}" if f.seq else f.text[language]
            for f in self.findings[:_SHOWN]
        ]
        more = len(self.findings) - _SHOWN
        return [*shown, _MORE[language].format(count=more)] if more > 0 else shown

    def _counted(self, language: Language) -> list[str]:
        return [
            f"{number(self.counts[name], language)} {words[language]}"
            for name, words in _COUNTED.items()
            if self.counts.get(name)
        ]


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return ["", title, "-" * len(title), *(f"- {line}" for line in lines)] if lines else []


def _both(text: Text) -> dict[str, str]:
    return {"nb": text.nb, "en": text.en}
