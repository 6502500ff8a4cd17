"""A user's error crosses processes and keeps what it says, in both languages."""

from __future__ import annotations

import pickle

import pytest

from lodd.errors import DataError, LoddError, Problem
from lodd.identity.sealing import SealError
from lodd.locale import Text
from lodd.registers.engines.problems import NoRoomError

PROBLEM = Problem(Text(nb="filen mangler", en="the file is missing"), where="register.csv:3", next_step=Text("a", "b"))


ERRORS = [LoddError([PROBLEM, PROBLEM]), DataError(PROBLEM), NoRoomError(PROBLEM), SealError("malformed", "row 3")]


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_comes_whole_from_another_process(error):
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is type(error)
    assert back.__dict__ == error.__dict__
    assert str(back) == str(error)
    assert back.render("nb") == error.render("nb")
