"""Broken protocols, one flaw each: which place is named, and what is said of it."""

from __future__ import annotations

import re

import pytest

from lodd.errors import ProtocolError
from lodd.protocol import parse_trial

ROW = '{ site = "north", from = 2020-07-01, probability = { coaching = "0.25", subsidy = "0.25" } }'
IN_WORK = 'register = "jobs"\nmeasure = { sum = "hours", at_least = 4 }'
COVERS = "covers = { from = 2019-01-01, until = 2022-12-31 }\n"
JOBS = f'temporality = "status"\n{COVERS}start = "start"\nstop = "stop"\ncolumns'


def with_plan(site: str, days: str = "", n: int = 3) -> tuple[str, str]:
    """The protocol with a plan of two rows: one for the north, and one that is wrong."""
    rows = f'{{ site = "north", per_month = 9 }}, {{ site = "{site}", {days} per_month = {n} }}'
    return "closes = 2020-12-31\n", f"closes = 2020-12-31\nplan = [{rows}]\n"


CASES = {
    "unknown key": (('method = "keyed"', 'method = "keyed"\nstrata_by = []'), "draw.strata_by", "unknown"),
    "nearest key": (("covariates =", "covariats ="), "analysis.covariats", 'Did you mean "covariates"'),
    "unknown table": (("[participation]", "[participaton]"), "participaton", 'Did you mean "participation"'),
    "missing key": (('id = "small"\n', ""), "trial.id", '"id" is missing'),
    "unknown method": (('"keyed"', '"coin"'), "draw.method", "keyed, complete, blocks"),
    "probability a float": (('"0.40"', "0.40"), "schedule[2].probability.coaching", "in quotes"),
    "probability one": (('"0.40"', '"1"'), "schedule[2].probability.coaching", "smaller than 1"),
    "probability zero": (('"0.40"', '"0"'), "schedule[2].probability.coaching", "larger than 0"),
    "probabilities together": (('"0.40", s', '"0.90", s'), "schedule[2].probability", "the sum is 1.00"),
    "reference has a probability": (
        ('{ coaching = "0.40",', '{ control = "0.1", coaching = "0.40",'),
        "control",
        "remainder",
    ),
    "arm without probability": (
        ('coaching = "0.40", subsidy = "0.10"', 'coaching = "0.40"'),
        "probability",
        '"subsidy"',
    ),
    "probability of no arm": (
        ('subsidy = "0.10"', 'subsidi = "0.10"'),
        "probability.subsidi",
        'Did you mean "subsidy"',
    ),
    "gap": (("until = 2020-06-30", "until = 2020-06-28"), "schedule[1].from", "n1, n2 from 2020-06-29 to 2020-06-30"),
    "late start": (
        ('"south", from = 2020-01-01', '"south", from = 2020-02-01'),
        "[2].from",
        "2020-01-01 to 2020-01-31",
    ),
    "early end": ((ROW, ROW.replace("2020-07-01,", "2020-07-01, until = 2020-11-30,")), "schedule[1]", "to 2020-12-31"),
    "office twice": ((', { id = "n2"', ', { id = "s1"'), "south", "also"),
    "overlap": (("until = 2020-06-30", "until = 2020-07-02"), "schedule[1].from", "from 2020-07-01 to 2020-07-02"),
    "until before from": (("until = 2020-06-30", "until = 2019-06-30"), "schedule[0].until", "before"),
    "unknown site": (('site = "south"', 'site = "soth"'), "schedule[2].site", 'Did you mean "south"'),
    "unknown office": (('site = "south", ', 'site = "south", office = "n1", '), "schedule[2].office", "s1"),
    "enrolment backwards": (("closes = 2020-12-31", "closes = 2019-12-31"), "enrolment.closes", "before"),
    "plan for no site": (with_plan("soth"), "enrolment.plan[1].site", 'Did you mean "south"'),
    "plan backwards": (with_plan("south", "from = 2020-05-01, until = 2020-04-30,"), "plan[1].until", "before"),
    "planned twice": (with_plan("north", "from = 2020-12-31,"), "plan[1]", "same time"),
    "plan below zero": (with_plan("south", n=-1), "plan[1].per_month", "0"),
    "arm not described": (('"coaching", "subsidy"]', '"coaching", "subsidy", "both"]'), "trial.arms", '"both"'),
    "arm twice": (('"coaching", "subsidy"]', '"coaching", "subsidy", "subsidy"]'), "trial.arms", "2 times"),
    "arm not listed": (('"coaching", "subsidy"]', '"coaching"]'), "arms.subsidy", "there is no arm"),
    "code of two arms": (('code = "SUB"', 'code = "COACH"'), "programmes[0].code", "also counts"),
    "programme backwards": (("from = 2020-01-01 }]", "from = 2020-01-01, until = 2019-01-01 }]"), "until", "before"),
    "codes without a register": (
        ('[participation]\nregister = "programmes"\ncode = "programme"\n', ""),
        "arms.coaching",
        "which",
    ),
    "blocks without sizes": (('"keyed"', '"blocks"'), "draw.method", "block_sizes"),
    "block not divisible": (
        ('"keyed"', '"blocks"\nblock_sizes = [10]'),
        "schedule[1].probability",
        "cannot be divided",
    ),
    "coin that prefers nobody": (
        ('"keyed"', '"minimisation"\nfactors = ["office"]\nbiased_coin = "0.10"'),
        "draw.biased_coin",
        "prefers nobody where the smallest probability is 0.25",
    ),
    "minimisation without factors": (('"keyed"', '"minimisation"'), "draw.method", "factors"),
    "status without stop": (
        ('start = "start"\nstop = "stop"\ncolumns', 'start = "start"\ncolumns'),
        "registers.jobs",
        '"stop"',
    ),
    "no coverage": (
        (JOBS, JOBS.replace(COVERS, "")),
        "jobs",
        '"covers"',
    ),
    "coverage backwards": (
        ("from = 2019-01-01, until = 2022", "from = 2019-01-01, until = 2018"),
        "covers.until",
        "before",
    ),
    "stop of an event": (('start = "died_on"', 'start = "died_on"\nstop = "x"'), "deaths.stop", "means nothing"),
    "period of spells": (
        ('temporality = "status"', 'temporality = "status"\nperiod = "year"'),
        "jobs.period",
        "nothing",
    ),
    "merge of events": (('start = "died_on"', 'start = "died_on"\nmerge = { by = ["x"] }'), "deaths.merge", "nothing"),
    "record alone": (
        ('stop = "stop"\ncolumns', 'stop = "stop"\nrecord = ["id"]\ncolumns'),
        "jobs.record",
        'needs "registered"',
    ),
    "deaths of no register": (('deaths = "deaths"', 'deaths = "death"'), "population.deaths", 'Did you mean "deaths"'),
    "participation of events": (
        ('register = "programmes"\ncode', 'register = "deaths"\ncode'),
        "participation.register",
        "status",
    ),
    "unknown register": ((IN_WORK, IN_WORK.replace("jobs", "job")), "outcomes.in_work.register", 'Did you mean "jobs"'),
    "circle": (
        ('all_of = ["in_work"]', 'all_of = ["in_work_alone"]'),
        "outcomes.in_work_alone",
        "in_work_alone → in_work_alone",
    ),
    "unknown part": (
        ('none_of = ["in_programme"]', 'none_of = ["in_program"]'),
        "none_of[0]",
        'Did you mean "in_programme"',
    ),
    "part is a number": (('all_of = ["in_work"]', 'all_of = ["hours"]'), "all_of[0]", "is a number"),
    "undeclared column": (('{ sum = "hours", at', '{ sum = "hour", at'), "measure.sum", 'Did you mean "hours"'),
    "threshold zero": (("at_least = 4", "at_least = 0"), "measure.at_least", "always reached"),
    "threshold too fine": (("at_least = 4", "at_least = 4.25"), "measure.at_least", "more decimals"),
    "number without unit": (('unit = { nb = "timer", en = "hours" }\n', ""), "outcomes.hours", '"unit"'),
    "counts of an event": (
        (
            'register = "jobs"\nmeasure = { sum = "hours", at_least = 4 }',
            'register = "deaths"\nmeasure = { count = true }\ncounts = "first day"\nunit = "x"',
        ),
        "outcomes.in_work.counts",
        "means nothing",
    ),
    "outcome of facts": (
        ('temporality = "event"\ncovers', 'temporality = "fixed"\ncovers'),
        "population.deaths",
        "event",
    ),
    "reserved name": (
        ("[outcomes.in_programme]", '[outcomes.dead]\nlabel = "x"\nall_of = ["in_work"]\n[outcomes.in_programme]'),
        "outcomes.dead",
        "itself",
    ),
    "two measures": (('sum = "hours" }', 'sum = "hours", any = true }'), "outcomes.hours.measure", "exactly one"),
    "no measure": (('sum = "hours" }', "at_least = 2 }"), "outcomes.hours.measure", "exactly one"),
    "any with threshold": (("any = true,", "any = true, at_least = 2,"), "in_programme.measure", "takes no"),
    "measure and parts": (
        ('all_of = ["in_work"]', 'all_of = ["in_work"]\nregister = "jobs"'),
        "in_work_alone",
        "measure or a combination",
    ),
    "register without measure": (('\nmeasure = { sum = "hours" }', ""), "outcomes.hours", "go together"),
    "empty condition": (('programme = ["COACH", "SUB"]', "programme = {}"), "where.programme", "empty"),
    "unknown comparison": (
        ('programme = ["COACH", "SUB"]', "programme = { at_leas = 1 }"),
        "where.programme.at_leas",
        "at_least",
    ),
    "months outside": (('months = "1..24"', 'months = "1..25"'), "primary[0].months", "-12..24"),
    "months backwards": (('months = "1..24"', 'months = "24..1"'), "primary[0].months", "ends before"),
    "months unreadable": (('months = "1..24"', 'months = "1-24"'), "primary[0].months", "not a range"),
    "period outside": (('"13..24"]', '"13..30"]'), "periods[1]", "outside the window"),
    "nobody completes": (
        (
            'until = 2022-12-31 }\nstart = "start"\nstop = "stop"\ncolumns',
            'until = 2021-12-31 }\nstart = "start"\nstop = "stop"\ncolumns',
        ),
        "primary[0].months",
        "nobody can be followed",
    ),
    "unknown primary": (('outcome = "in_work"', 'outcome = "inwork"'), "primary[0].outcome", 'Did you mean "in_work"'),
    "unknown in family": (
        ('["in_work", "hours"]', '["in_work", "hous"]'),
        "families[0].outcomes[1]",
        'Did you mean "hours"',
    ),
    "two families": (
        ("[[analysis.subgroups]]", '[[analysis.families]]\nid = "x"\noutcomes = ["hours"]\n[[analysis.subgroups]]'),
        "families[1].outcomes[0]",
        '"work"',
    ),
    "unknown cumulative": (('cumulative = ["in_work"]', 'cumulative = ["work"]'), "cumulative[0]", "in_work"),
    "covariate after the draw": (("in_work@-12..-1", "in_work@-12..1"), "covariates[1]", "not all before the draw"),
    "covariate unreadable": (("in_work@-12..-1", "in_work@then"), "covariates[1]", "cannot be read"),
    "covariate of no outcome": (("in_work@-12..-1", "in_wrk@-12..-1"), "covariates[1]", 'Did you mean "in_work"'),
    "subgroup of no outcome": (('by = "age"', 'by = "wages@-12..-1"'), "subgroups[0].by", "no outcome"),
    "same twice": (('periods = ["1..12", "13..24"]', 'periods = ["1..12", "1..12"]'), "periods[1]", "twice"),
    "not a date": (("opens = 2020-01-01", 'opens = "January"'), "enrolment.opens", "2014-05-01"),
    "not a number": (("margin = 0.03", 'margin = "small"'), "margin", "a number"),
    "negative margin": (("margin = 0.03", "margin = -1"), "margin", "larger than 0"),
    "not a name": (('deaths = "deaths"', "deaths = 3"), "population.deaths", "text"),
    "list for text": (('label = "North"', 'label = ["North"]'), "sites.north.label", "found a list"),
    "bad identifier": (("[sites.north]", "[sites.North]"), "sites.North", "small letters"),
    "no language": (
        ('{ nb = "Kontroll", en = "Control" }', '{ nb = "Kontroll" }'),
        "arms.control.label",
        '"en" is missing',
    ),
}


@pytest.mark.parametrize(("edit", "place", "said"), CASES.values(), ids=CASES.keys())
def test_flaw_is_named_with_its_place(edit: tuple[str, str], place: str, said: str, edited) -> None:
    text = edited(edit)
    with pytest.raises(ProtocolError) as caught:
        parse_trial(text.encode())
    english = caught.value.render("en")
    norwegian = caught.value.render("nb")
    assert place in english
    assert said in english
    assert re.search(r"^trial\.toml:\d+ ", english)
    assert english != norwegian


def test_syntax_error_has_its_line(edited) -> None:
    text = edited(("[enrolment]", "[enrolment"))
    with pytest.raises(ProtocolError, match=rf"trial\.toml:{text[: text.index('[enrolment')].count(chr(10)) + 1}:"):
        parse_trial(text.encode())


def test_unclosed_end_of_file_has_the_last_line(base: str) -> None:
    text = base + 'x = """'
    with pytest.raises(ProtocolError, match=r"trial\.toml:\d+: this is not valid TOML"):
        parse_trial(text.encode())


@pytest.mark.parametrize("deep", ["x = " + "[" * 3000 + "]" * 3000, "x." + ".".join("a" * 5000) + " = 1"])
def test_nested_too_deeply(deep: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        parse_trial(deep.encode())
    assert "trial.toml: noe er nøstet dypere" in caught.value.render("nb")
    assert "nested more deeply" in caught.value.render("en")


def test_not_utf8(base: str) -> None:
    with pytest.raises(ProtocolError, match=r"trial\.toml:3: the file is not UTF-8"):
        parse_trial(base.encode("latin-1"))


def test_all_problems_at_once(edited) -> None:
    text = edited(('"keyed"', '"coin"'), ('id = "small"\n', ""), ("covariates", "covariats"))
    with pytest.raises(ProtocolError) as caught:
        parse_trial(text.encode())
    assert len(caught.value.problems) == 3


def test_longer_circle_is_said_once(edited) -> None:
    text = edited(
        ('all_of = ["in_work"]', 'all_of = ["a"]'),
        (
            "[analysis]",
            '[outcomes.a]\nlabel = "a"\nany_of = ["b"]\n'
            '[outcomes.b]\nlabel = "b"\nany_of = ["in_work_alone"]\n[analysis]',
        ),
    )
    with pytest.raises(ProtocolError) as caught:
        parse_trial(text.encode())
    assert "in_work_alone → a → b → in_work_alone" in str(caught.value)
    assert len(caught.value.problems) == 1
