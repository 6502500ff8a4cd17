"""National identity numbers: read, told apart by kind, never shown by accident."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final, NoReturn

from lodd.identity.rules import LENGTH, ControlRule, Kind, Reading, Setting, Slip, Synthetic, judge, remainders
from lodd.identity.slips import Hint, IdentityNumberError

_IGNORED: Final = str.maketrans(
    "",
    "",
    " \t\r\n.-"
    "\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}\N{FIGURE SPACE}\N{SOFT HYPHEN}\N{ZERO WIDTH SPACE}"
    "\N{ZERO WIDTH NO-BREAK SPACE}\N{HYPHEN}\N{NON-BREAKING HYPHEN}\N{FIGURE DASH}\N{EN DASH}\N{EM DASH}\N{MINUS SIGN}",
)
_ASCII_DIGITS: Final = frozenset("0123456789")
_HINTED: Final[frozenset[Slip]] = frozenset(
    {
        "impossible_month",
        "impossible_day",
        "no_leap_day",
        "control_digit_1",
        "control_digit_2",
        "control_digits",
        "individual_number",
    }
)


class IdentityNumber:
    """One person's number. Frozen; equal and hashed by its digits.

    The digits come out only where code asks for them by name (:meth:`digits`, :meth:`grouped`, :meth:`spoken_groups`);
    ``repr``, ``str``, formatting, logs and error messages say the kind only, and pickling and copying are refused: to
    keep a number, seal it. There is on purpose no property for sex: numbers are sex-neutral from 2032.

    Made by :func:`parse_identity_number`, not by hand.
    """

    __slots__ = ("_digits", "_reading")
    _digits: str
    _reading: Reading

    def __init__(self, digits: str, reading: Reading) -> None:
        object.__setattr__(self, "_digits", digits)
        object.__setattr__(self, "_reading", reading)

    @property
    def kind(self) -> Kind:
        return self._reading.kind

    @property
    def synthetic(self) -> Synthetic | None:
        """Whose synthetic number it is; None for a real one."""
        return self._reading.synthetic

    @property
    def setting(self) -> Setting:
        """The one setting that this number belongs to."""
        return "test" if self._reading.synthetic else "production"

    @property
    def control_rule(self) -> ControlRule:
        """``current`` when the number is valid by today's rule, ``2032`` when only by the rule that comes then."""
        return self._reading.control_rule

    @property
    def birth_date(self) -> date | None:
        """The date in the number by the series in force until 2032, or None where it does not tell the year.

        Not evidence of age: a D-number may carry the day and month of its order instead, and from 2032 only the
        population register tells a date of birth.
        """
        return self._reading.birth_date

    @property
    def permanent(self) -> bool:
        """True for a fødselsnummer; all other kinds give way to one when the person gets it."""
        return self._reading.kind == "fødselsnummer"

    @property
    def drawable(self) -> bool:
        """Can this number stand for one person in a draw? True for fødselsnummer and D-number.

        Not H-numbers (given within one health enterprise: two people may share one; and NAV's synthetic numbers look
        the same) and not FH-numbers (one person may have several, and would be drawn several times).
        """
        return self._reading.kind in ("fødselsnummer", "D-number")

    def digits(self) -> str:
        """The eleven digits, to whoever asks for them by name."""
        return self._digits

    def grouped(self) -> str:
        """For reading on a screen: six digits, a no-break space, five digits."""
        return f"{self._digits[:6]}\N{NO-BREAK SPACE}{self._digits[6:]}"

    def spoken_groups(self) -> tuple[str, str, str, str, str]:
        """For reading back on the phone: day, month, year, three and two digits."""
        digits = self._digits
        return digits[:2], digits[2:4], digits[4:6], digits[6:9], digits[9:]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IdentityNumber) and other._digits == self._digits

    def __hash__(self) -> int:
        return hash(("IdentityNumber", self._digits))

    def __repr__(self) -> str:
        made_for = f", synthetic ({self.synthetic})" if self.synthetic else ""
        return f"<IdentityNumber: {self.kind}{made_for}>"

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("an identity number is frozen")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("an identity number is frozen")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("an identity number is not pickled or copied; seal it")


def parse_identity_number(written: str, setting: Setting, *, on: date | None = None) -> IdentityNumber:
    """Read a number as a person writes it.

    Spaces of all kinds, full stops, hyphens and dashes are ignored. Both control rules are read in parallel. ``on`` is
    the day of reading (default: today): from 1 January 2032, a number whose individual number fits no century by the
    old series may be a new one and is accepted as such.

    Args:
        setting: ``production`` refuses every synthetic number, ``test`` everything that is not synthetic.

    Raises:
        IdentityNumberError: with the kind of ``slip``; never with the digits.

    >>> parse_identity_number("298220 996 35", "test")
    <IdentityNumber: fødselsnummer, synthetic (tax_administration)>
    """
    digits = _only_digits(written, setting)
    day = on or date.today()
    outcome = judge(digits, setting, day)
    if isinstance(outcome, Reading):
        return IdentityNumber(digits, outcome)
    raise IdentityNumberError(outcome, hint=_hint(digits, outcome, setting, day))


def check_drawable(number: IdentityNumber) -> None:
    """Raise when the number cannot stand for one person in a draw.

    Raises:
        IdentityNumberError: slip ``not_drawable``.
    """
    if not number.drawable:
        raise IdentityNumberError("not_drawable")


def check_setting(number: IdentityNumber, setting: Setting) -> None:
    """Raise when a synthetic number meets production, or a real one a test.

    Raises:
        IdentityNumberError: slip ``synthetic_in_production`` or ``real_in_test``.
    """
    if number.setting != setting:
        raise IdentityNumberError("synthetic_in_production" if setting == "production" else "real_in_test")


def _only_digits(written: str, setting: Setting) -> str:
    kept = written.translate(_IGNORED)
    if not kept:
        raise IdentityNumberError("empty")
    if not _ASCII_DIGITS.issuperset(kept):
        raise IdentityNumberError("other_digits" if kept.isdigit() else "characters")
    if len(kept) < LENGTH:
        restored = len(kept) == LENGTH - 1 and isinstance(judge(f"0{kept}", setting, date.today()), Reading)
        raise IdentityNumberError("too_short", digits_found=len(kept), hint="leading_zero" if restored else None)
    if len(kept) > LENGTH:
        raise IdentityNumberError("too_long", digits_found=len(kept))
    return kept


def _hint(digits: str, slip: Slip, setting: Setting, on: date) -> Hint | None:
    """The slip that would explain an invalid number: a swap of neighbours first, then a wrong digit.

    Every single wrong digit and every swap of two neighbours breaks the second control digit (its weights, and the
    differences of neighbouring weights, are never 0 modulo 11). When the first control digit holds without remainder,
    only the last digit can be a single wrong one.
    """
    if slip not in _HINTED:
        return None
    if any(_fits(candidate, setting, on) for candidate in _swapped(digits)):
        return "transposed"
    if slip == "control_digit_2" and remainders(digits)[0] == 0:
        return "last_digit" if any(_fits(digits[:-1] + last, setting, on) for last in "0123456789") else None
    return "one_digit" if any(_fits(candidate, setting, on) for candidate in _one_changed(digits)) else None


def _fits(candidate: str, setting: Setting, on: date) -> bool:
    """Valid by today's rule: four times as many numbers would fit by both, and a guess from them says little."""
    reading = judge(candidate, setting, on)
    return isinstance(reading, Reading) and reading.control_rule == "current"


def _swapped(digits: str) -> Iterator[str]:
    for place in range(LENGTH - 1):
        yield digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :]


def _one_changed(digits: str) -> Iterator[str]:
    for place in range(LENGTH):
        for other in "0123456789":
            if other != digits[place]:
                yield digits[:place] + other + digits[place + 1 :]
