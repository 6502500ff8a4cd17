"""Registers whose pseudonyms are not written as the participants'."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from lodd.errors import DataError
from tests.registers.small import IN_WORK, JOBS, notes, panel_of, people_of, table, trial_of

DAY = date(2015, 3, 7)
TRIAL = trial_of({"jobs": JOBS}, {"in_work": {"register": "jobs"} | IN_WORK})


def of(participants: list[str], register: list[Any]):
    rows = table("person_id start stop hours", *((name, DAY, None, 5.0) for name in register))
    return panel_of(TRIAL, people_of(**dict.fromkeys(participants, DAY)), jobs=rows)


@pytest.mark.parametrize(
    ("participants", "register"),
    [
        (["0017", "0018"], ["17", "19"]),
        pytest.param(["17"], ["0017"], marks=pytest.mark.long),
        pytest.param(["a1f"], ["A1F"], marks=pytest.mark.long),
        pytest.param(["a1f"], [" a1f"], marks=pytest.mark.long),
        (["0017"], ["18", "17 "]),
    ],
)
def test_alike_but_for_what_other_programs_lose(participants: list[str], register: list[str]) -> None:
    with pytest.raises(DataError) as caught:
        of(participants, register)
    assert "nuller foran, mellomrom og store bokstaver" in caught.value.render("nb")
    assert "registers.jobs" in caught.value.render("en")
    assert "if leading zeros, spaces and capitals did not count" in caught.value.render("en")
    assert not any(name.strip() in caught.value.render("en") for name in (*participants, *register))


def test_of_other_lengths() -> None:
    with pytest.raises(DataError) as caught:
        of(["a1f", "b2"], ["9xxxx", "8xxxx", "7xxxxxx", None])
    assert "pseudonymene har 5 og 7 tegn, deltakernes 2 og 3" in caught.value.render("nb")
    assert "its pseudonyms have 5 and 7 characters, the participants' 2 and 3" in caught.value.render("en")


def test_none_at_all() -> None:
    with pytest.raises(DataError, match="every pseudonym is missing"):
        of(["a1f"], [None, None])


def test_others_of_the_same_kind_are_let_through() -> None:
    assert notes(of(["a1f"], ["b1f", "c0000"]), "jobs")["not_drawn"] == 2
