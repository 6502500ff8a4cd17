"""What to say on the phone when a number is wrong: which kind of slip, and what to ask for. Never the number itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from lodd.errors import DataError, Problem
from lodd.identity.rules import LENGTH, Slip
from lodd.locale import Text

Hint = Literal["transposed", "last_digit", "one_digit", "leading_zero"]
"""The mistake that would explain it: a guess, said as a guess, and never with the number that it would lead to."""


class IdentityNumberError(DataError):
    """Not an identity number, or not one for this setting. Holds the ``slip`` and perhaps a ``hint``; no digits."""

    def __init__(self, slip: Slip, *, digits_found: int = LENGTH, hint: Hint | None = None) -> None:
        self.slip = slip
        self.hint = hint
        super().__init__(_problem(slip, digits_found, hint))


_ELEVEN: Final = Text(
    nb="elleve sifre; mellomrom, punktum og bindestrek gjør ingenting",
    en="eleven digits; spaces, full stops and hyphens do not matter",
)
_REAL_KINDS: Final = Text(
    nb="fødselsnummer og D-nummer fra Folkeregisteret",
    en="fødselsnummer and D-numbers from the National Population Register",
)
_SYNTHETIC_KINDS: Final = Text(
    nb="syntetiske numre: Skatteetatens (måned + 80), NAVs (måned + 40) og Norsk helsenetts (måned + 65)",
    en="synthetic numbers: the Tax Administration's (month + 80), NAV's (month + 40), Norsk helsenett's (month + 65)",
)
_ASK_AGAIN: Final = Text(
    nb="Be om hele nummeret én gang til, og les det tilbake i grupper.",
    en="Ask for the whole number once more, and read it back in groups.",
)
_ASK_DATE: Final = Text(
    nb="Spør om fødselsdatoen med ord, og be så om hele nummeret én gang til.",
    en="Ask for the date of birth in words, and then for the whole number once more.",
)

_SAID: Final[Mapping[Slip, tuple[Text, Text | None, Text]]] = {
    "empty": (
        Text(nb="Det er ikke skrevet noe nummer.", en="No number was written."),
        _ELEVEN,
        Text(nb="Skriv fødselsnummeret eller D-nummeret.", en="Write the fødselsnummer or D-number."),
    ),
    "characters": (
        Text(nb="Nummeret inneholder noe annet enn sifre.", en="The number has something else than digits in it."),
        _ELEVEN,
        Text(
            nb="Se etter bokstaven O i stedet for tallet 0, og bokstaven l i stedet for tallet 1.",
            en="Look for the letter O instead of the digit 0, and the letter l instead of the digit 1.",
        ),
    ),
    "other_digits": (
        Text(
            nb="Nummeret er skrevet med andre siffertegn enn 0 til 9, for eksempel brede tegn.",
            en="The number is written with other digit characters than 0 to 9, such as full-width ones.",
        ),
        _ELEVEN,
        Text(nb="Skriv nummeret på nytt med vanlige sifre.", en="Write the number again with ordinary digits."),
    ),
    "impossible_month": (
        Text(
            nb="Sifrene for måned (siffer 3 og 4) er ingen måned.",
            en="The digits of the month (digits 3 and 4) are no month.",
        ),
        None,
        _ASK_DATE,
    ),
    "impossible_day": (
        Text(
            nb="Sifrene for dag (siffer 1 og 2) er ingen dag i måneden.",
            en="The digits of the day (digits 1 and 2) are no day of the month.",
        ),
        None,
        _ASK_DATE,
    ),
    "no_leap_day": (
        Text(
            nb="Datoen er en skuddårsdag, men året er ikke et skuddår.",
            en="The date is a leap day, but the year is not a leap year.",
        ),
        None,
        _ASK_DATE,
    ),
    "control_digit_1": (
        Text(
            nb="Det første kontrollsifferet (siffer 10) stemmer ikke med sifrene foran.",
            en="The first control digit (digit 10) does not agree with the digits before it.",
        ),
        None,
        _ASK_AGAIN,
    ),
    "control_digit_2": (
        Text(
            nb="Det siste kontrollsifferet (siffer 11) stemmer ikke med sifrene foran.",
            en="The last control digit (digit 11) does not agree with the digits before it.",
        ),
        None,
        _ASK_AGAIN,
    ),
    "control_digits": (
        Text(
            nb="Ingen av de to kontrollsifrene (siffer 10 og 11) stemmer med sifrene foran.",
            en="Neither of the two control digits (digits 10 and 11) agrees with the digits before them.",
        ),
        None,
        _ASK_AGAIN,
    ),
    "individual_number": (
        Text(
            nb="Individnummeret (siffer 7 til 9) er ikke i bruk for fødselsåret (siffer 5 og 6).",
            en="The individual number (digits 7 to 9) is not in use for the year of birth (digits 5 and 6).",
        ),
        None,
        _ASK_DATE,
    ),
    "synthetic_in_production": (
        Text(
            nb="Dette er et syntetisk nummer, laget for test. Det hører ikke til noen person.",
            en="This is a synthetic number, made for tests. It belongs to nobody.",
        ),
        _REAL_KINDS,
        Text(
            nb="Bruk personens eget nummer. Prøv ut systemet i en egen testinstallasjon.",
            en="Use the person's own number. Try the system out in an installation set up for tests.",
        ),
    ),
    "real_in_test": (
        Text(
            nb="Dette ser ut som nummeret til en virkelig person, og denne installasjonen er satt opp for test.",
            en="This looks like the number of a real person, and this installation is set up for tests.",
        ),
        _SYNTHETIC_KINDS,
        Text(
            nb="Skriv aldri virkelige personer inn i en test. Bruk et syntetisk nummer.",
            en="Never enter real people in a test. Use a synthetic number.",
        ),
    ),
    "nav_internal": (
        Text(
            nb="Dette er et nummer som NAV har laget til eget bruk (NPID, måned + 20).",
            en="This is a number that NAV made for its own use (NPID, month + 20).",
        ),
        _REAL_KINDS,
        Text(
            nb="Spør om personen har fått fødselsnummer eller D-nummer.",
            en="Ask whether the person has been given a fødselsnummer or D-number.",
        ),
    ),
    "not_drawable": (
        Text(
            nb="Et hjelpenummer (H- eller FH-nummer) kan ikke trekkes: det er midlertidig, én person kan ha flere, og "
            "to personer kan ha det samme H-nummeret. NAVs testnumre har samme form som H-numre.",
            en="A help number (H- or FH-number) cannot be drawn: it is temporary, one person may have several, and two "
            "people may have the same H-number. NAV's test numbers have the same form as H-numbers.",
        ),
        _REAL_KINDS,
        Text(
            nb="Vent med trekningen til personen har fødselsnummer eller D-nummer.",
            en="Wait with the draw until the person has a fødselsnummer or D-number.",
        ),
    ),
}

_HINTS: Final[Mapping[Hint, Text]] = {
    "transposed": Text(
        nb="Kanskje er to sifre ved siden av hverandre byttet om.", en="Perhaps two neighbouring digits are swapped."
    ),
    "last_digit": Text(
        nb="De ti første sifrene henger sammen: kanskje er bare det siste feil.",
        en="The first ten digits agree: perhaps only the last one is wrong.",
    ),
    "one_digit": Text(nb="Kanskje er ett siffer feil.", en="Perhaps one digit is wrong."),
    "leading_zero": Text(
        nb="Kanskje er nullen foran falt bort, slik regneark gjør.",
        en="Perhaps the zero in front was lost, as spreadsheets do.",
    ),
}


def _problem(slip: Slip, digits_found: int, hint: Hint | None) -> Problem:
    wrong_length = (_length(digits_found), _ELEVEN, _ASK_AGAIN)
    found, allowed, next_step = _SAID.get(slip, wrong_length)
    if hint:
        said = _HINTS[hint]
        found = Text(nb=f"{found.nb} {said.nb}", en=f"{found.en} {said.en}")
    return Problem(found, allowed=allowed, next_step=next_step)


def _length(digits_found: int) -> Text:
    nb = "ett siffer" if digits_found == 1 else f"{digits_found} sifre"
    en = "one digit" if digits_found == 1 else f"{digits_found} digits"
    if digits_found < LENGTH:
        return Text(
            nb=f"Nummeret har bare {nb}; {LENGTH - digits_found} mangler.",
            en=f"The number has only {en}; {LENGTH - digits_found} missing.",
        )
    return Text(
        nb=f"Nummeret har {nb}; det er {digits_found - LENGTH} for mye.",
        en=f"The number has {en}; {digits_found - LENGTH} too many.",
    )
