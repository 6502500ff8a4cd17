"""Which numbers are read, as what, and in which setting."""

from __future__ import annotations

import copy
import json
import logging
import pickle
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lodd.identity import IdentityNumber, IdentityNumberError, check_drawable, parse_identity_number, synthetic_number
from lodd.identity.rules import Reading, Setting, birth_year, control_digits, judge
from tests.identity import reference
from tests.identity.real_looking import HELP, fh_number, real_looking

BEFORE, AFTER = date(2031, 12, 31), date(2032, 1, 1)

# Published as examples by their makers (navikt/fnrvalidator issue 116: NAV's own, and Tenor's as received from the Tax
# Administration; folkeregisteret-api-dokumentasjon, "Utvidelse av D-nummerserien"). All synthetic.
PUBLISHED = [
    ("17912099997", "fødselsnummer", "tax_administration", date(2020, 11, 17)),
    ("57912075186", "D-number", "tax_administration", date(2020, 11, 17)),
    ("29822099635", "fødselsnummer", "tax_administration", date(2020, 2, 29)),
    ("69822075096", "D-number", "tax_administration", date(2020, 2, 29)),
    ("12905299938", "fødselsnummer", "tax_administration", date(1952, 10, 12)),
    ("52905200100", "D-number", "tax_administration", date(1952, 10, 12)),
    ("21883649874", "fødselsnummer", "tax_administration", date(1936, 8, 21)),
    ("61883600222", "D-number", "tax_administration", date(1936, 8, 21)),
    ("21929774873", "fødselsnummer", "tax_administration", date(1897, 12, 21)),
    ("61929750062", "D-number", "tax_administration", date(1897, 12, 21)),
    ("41814061033", "D-number", "tax_administration", date(1940, 1, 1)),
    ("41814065640", "D-number", "tax_administration", date(1940, 1, 1)),
    ("41814075603", "D-number", "tax_administration", date(1940, 1, 1)),
    ("41810021827", "D-number", "tax_administration", date(2000, 1, 1)),
    ("41810025091", "D-number", "tax_administration", date(2000, 1, 1)),
    ("41810034422", "D-number", "tax_administration", date(2000, 1, 1)),
    ("15507600333", "fødselsnummer", "nav", date(1976, 10, 15)),
    ("55507608360", "D-number", "nav", date(1976, 10, 15)),
    ("29422059278", "fødselsnummer", "nav", date(2020, 2, 29)),
    ("69422056629", "D-number", "nav", date(2020, 2, 29)),
    ("05440355678", "fødselsnummer", "nav", date(2003, 4, 5)),
    ("45440356293", "D-number", "nav", date(2003, 4, 5)),
]


def slip_of(written: str, setting: Setting, on: date = BEFORE) -> str:
    with pytest.raises(IdentityNumberError) as caught:
        parse_identity_number(written, setting, on=on)
    return caught.value.slip


@pytest.mark.parametrize(("digits", "kind", "synthetic", "born"), PUBLISHED)
def test_the_published_synthetic_numbers_are_read_as_their_makers_say(
    digits: str, kind: str, synthetic: str, born: date
) -> None:
    number = parse_identity_number(digits, "test")
    assert (number.kind, number.synthetic, number.birth_date) == (kind, synthetic, born)
    assert number.control_rule == "current"


@pytest.mark.parametrize("digits", [row[0] for row in PUBLISHED if row[2] == "tax_administration" or row[1][0] == "D"])
def test_production_refuses_synthetic_numbers(digits: str) -> None:
    assert slip_of(digits, "production") == "synthetic_in_production"


def test_the_worked_examples_of_the_rule_of_2032() -> None:
    """Nytt fødselsnummer fra 2032, «Eksempler»: born 2 January 2032, and two born 30 October 1982."""
    assert control_digits("020132" + "999") == "97"
    assert control_digits("301082" + "999") == "20"
    assert control_digits("301082" + "999", remainder=1) == "39"


TEN_KINDS = [  # month added, day added, production reads it as, test reads it as
    (0, 0, ("fødselsnummer", None), "real_in_test"),
    (0, 40, ("D-number", None), "real_in_test"),
    (40, 0, ("H-number", None), ("fødselsnummer", "nav")),
    (40, 40, "synthetic_in_production", ("D-number", "nav")),
    (65, 0, "synthetic_in_production", ("fødselsnummer", "health_network")),
    (65, 40, "synthetic_in_production", ("D-number", "health_network")),
    (80, 0, "synthetic_in_production", ("fødselsnummer", "tax_administration")),
    (80, 40, "synthetic_in_production", ("D-number", "tax_administration")),
    (20, 0, "nav_internal", "nav_internal"),
]


@pytest.mark.parametrize("index", range(0, 3000, 211))
@pytest.mark.parametrize(("month_added", "day_added", "in_production", "in_test"), TEN_KINDS)
def test_every_kind_in_both_settings(
    index: int, month_added: int, day_added: int, in_production: object, in_test: object
) -> None:
    digits = real_looking(index, month_added=month_added, day_added=day_added)
    for setting, expected in (("production", in_production), ("test", in_test)):
        outcome = judge(digits, setting, BEFORE)  # type: ignore[arg-type]
        assert expected == ((outcome.kind, outcome.synthetic) if isinstance(outcome, Reading) else outcome)


def test_fh_numbers_have_no_date_and_no_synthetic_form() -> None:
    number = parse_identity_number(fh_number(), "production")
    assert (number.kind, number.synthetic, number.birth_date) == ("FH-number", None, None)
    assert slip_of(fh_number(), "test") == "real_in_test"


@pytest.mark.parametrize("rest", [1, 2, 3])
def test_the_rule_of_2032_is_for_the_population_registers_numbers_only(rest: int) -> None:
    for day_added in (0, 40):
        number = parse_identity_number(real_looking(3, day_added=day_added, rest=rest), "production", on=BEFORE)
        assert (number.control_rule, number.birth_date) == ("2032", None)
    assert slip_of(real_looking(3, month_added=HELP, rest=rest), "production") == "control_digit_1"


def test_what_a_number_is_good_for() -> None:
    kinds = {
        "fødselsnummer": (real_looking(1), True, True),
        "D-number": (real_looking(1, day_added=40), False, True),
        "H-number": (real_looking(1, month_added=HELP), False, False),
        "FH-number": (fh_number(1), False, False),
    }
    for kind, (digits, permanent, drawable) in kinds.items():
        number = parse_identity_number(digits, "production")
        assert (number.kind, number.permanent, number.drawable) == (kind, permanent, drawable)
        if drawable:
            check_drawable(number)
        else:
            with pytest.raises(IdentityNumberError) as caught:
                check_drawable(number)
            assert caught.value.slip == "not_drawable"


@pytest.mark.parametrize(
    ("kind", "two_digits", "individual", "year"),
    [
        ("fødselsnummer", 53, 500, None),
        ("fødselsnummer", 54, 500, 1854),
        ("fødselsnummer", 99, 749, 1899),
        ("fødselsnummer", 54, 750, None),
        ("fødselsnummer", 0, 499, 1900),
        ("fødselsnummer", 99, 0, 1999),
        ("fødselsnummer", 39, 900, 2039),
        ("fødselsnummer", 40, 899, None),
        ("fødselsnummer", 40, 900, 1940),
        ("fødselsnummer", 99, 999, 1999),
        ("fødselsnummer", 0, 500, 2000),
        ("fødselsnummer", 39, 999, 2039),
        ("H-number", 99, 999, 1999),
        ("D-number", 57, 500, None),
        ("D-number", 58, 500, 1858),
        ("D-number", 99, 599, 1899),
        ("D-number", 0, 199, 1900),
        ("D-number", 0, 200, 2000),
        ("D-number", 39, 200, 2039),
        ("D-number", 40, 200, 1940),
        ("D-number", 40, 600, 1940),
        ("D-number", 99, 999, 1999),
    ],
)
def test_the_individual_number_tells_the_century(kind: str, two_digits: int, individual: int, year: int | None) -> None:
    assert birth_year(kind, two_digits, individual) == year  # type: ignore[arg-type]


def completed(six: str, lowest: int) -> str:
    """A number from six digits and the first individual number from ``lowest`` on that has control digits."""
    return next(made for each in range(lowest, 1000) if (made := reference.complete(f"{six}{each:03}")))


def test_an_individual_number_that_fits_no_century_is_a_slip_until_2032() -> None:
    digits = completed("018554", 750)
    assert slip_of(digits, "test") == "individual_number"
    number = parse_identity_number(digits, "test", on=AFTER)
    assert (number.control_rule, number.birth_date) == ("2032", None)
    help_number = completed("014554", 750)
    assert slip_of(help_number, "production", on=AFTER) == "individual_number"


@pytest.mark.parametrize(
    ("six", "lowest", "expected"),
    [
        ("298200", 500, date(2000, 2, 29)),
        ("298200", 0, "no_leap_day"),  # 1900 was no leap year
        ("298201", 500, "no_leap_day"),
        ("298296", 0, date(1996, 2, 29)),
        ("308296", 0, "impossible_day"),
        ("318496", 0, "impossible_day"),
        ("318596", 0, date(1996, 5, 31)),
        ("008596", 0, "impossible_day"),
        ("328596", 0, "impossible_day"),
        ("408596", 0, "impossible_day"),
        ("728596", 0, "impossible_day"),
        ("010096", 0, "impossible_month"),
        ("011396", 0, "impossible_month"),
        ("015396", 0, "impossible_month"),
        ("018096", 0, "impossible_month"),
        ("019396", 0, "impossible_month"),
    ],
)
def test_days_and_months(six: str, lowest: int, expected: date | str) -> None:
    outcome = judge(completed(six, lowest), "test", BEFORE)
    assert (outcome.birth_date if isinstance(outcome, Reading) else outcome) == expected


@pytest.mark.parametrize(("year", "exists"), [("00", True), ("01", False), ("04", True), ("90", False), ("96", True)])
def test_leap_days_of_new_numbers_whose_century_is_unknown(year: str, exists: bool) -> None:
    made = (reference.complete(f"2982{year}{individual:03}", 1) for individual in range(1000))
    outcome = judge(next(digits for digits in made if digits), "test", AFTER)
    assert (isinstance(outcome, Reading) and outcome.control_rule == "2032") if exists else outcome == "no_leap_day"


def near_numbers() -> st.SearchStrategy[str]:
    """Digits that are often valid: real days and months with and without marks, and often the right control digits."""
    six = st.builds(
        "{:02}{:02}{:02}".format,
        st.builds(int.__add__, st.integers(0, 32), st.sampled_from([0, 0, 40])),
        st.builds(int.__add__, st.integers(0, 13), st.sampled_from([0, 40, 65, 80])),
        st.integers(0, 99),
    )
    nine = st.builds(
        "{}{:03}".format, st.one_of(six, st.from_regex("[89][0-9]{5}", fullmatch=True)), st.integers(0, 999)
    )
    right = st.builds(lambda nine, rest: reference.complete(nine, rest) or f"{nine}00", nine, st.integers(0, 3))
    return st.one_of(right, right, st.builds("{}{:02}".format, nine, st.integers(0, 99)))


@settings(max_examples=1500, deadline=None)
@given(near_numbers(), st.sampled_from(["production", "test"]))
def test_it_agrees_with_the_slow_reference(digits: str, setting: Setting) -> None:
    outcome = judge(digits, setting, BEFORE)
    read = reference.read(digits, setting)
    if isinstance(outcome, Reading):
        assert read == (outcome.kind, outcome.synthetic, outcome.control_rule, outcome.birth_date)
    else:
        assert read is None


@settings(deadline=None)
@given(st.integers(0, 100_000), st.sampled_from(["current", "2032"]), st.sampled_from(["test", "production"]))
def test_every_wrong_digit_and_every_swap_of_neighbours_is_caught_under_both_rules(
    index: int, rule: str, setting: Setting
) -> None:
    """Also by the rule of 2032: the second control digit alone finds them all."""
    digits = synthetic_number(index, control_rule=rule).digits()  # type: ignore[arg-type]
    wrong = [digits[:place] + other + digits[place + 1 :] for place in range(11) for other in "0123456789"]
    wrong += [digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :] for place in range(10)]
    wrong += [digits[:place] + digits[place : place + 3][::-1] + digits[place + 3 :] for place in range(9)]
    assert not any(isinstance(judge(each, setting, AFTER), Reading) for each in wrong if each != digits)


@pytest.mark.parametrize("between", [" ", "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}", ".", "-", "\N{EN DASH}"])
def test_spaces_stops_and_hyphens_do_not_matter(between: str) -> None:
    plain = synthetic_number(1)
    digits = plain.digits()
    assert parse_identity_number(f" {digits[:6]}{between}{digits[6:]}\n", "test") == plain
    assert parse_identity_number(between.join(digits), "test") == plain


def test_reading_back() -> None:
    number = parse_identity_number("17912099997", "test")
    assert number.grouped() == "179120\N{NO-BREAK SPACE}99997"
    assert number.spoken_groups() == ("17", "91", "20", "999", "97")


def test_equal_by_digits_and_usable_in_sets() -> None:
    one, same, other = synthetic_number(1), synthetic_number(1), synthetic_number(2)
    assert one == same != other
    assert {one, same, other} == {one, other}
    assert one != one.digits()


def test_it_is_frozen() -> None:
    number = synthetic_number(1)
    for change in (lambda: setattr(number, "_digits", "0"), lambda: delattr(number, "_digits")):
        with pytest.raises(AttributeError):
            change()
    assert not hasattr(number, "__dict__")


def test_it_is_never_shown_or_copied_by_accident(caplog: pytest.LogCaptureFixture) -> None:
    number = synthetic_number(1)
    logging.getLogger("test").warning("%s %r", number, [number])
    shown = [repr(number), str(number), f"{number}", f"{number!r:>40}", str({"n": number}), caplog.text]
    assert not any(number.digits() in each or number.digits()[6:] in each for each in shown)
    for way in (pickle.dumps, copy.copy, copy.deepcopy, json.dumps):
        with pytest.raises(TypeError):
            way(number)
    assert isinstance(number, IdentityNumber)
