"""Verdicts and findings as values, on disk and back."""

from __future__ import annotations

import json
from dataclasses import replace
from math import inf, nan
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodd.errors import DataError
from lodd.evaluation import Evaluation, read_results, write_results
from lodd.evaluation.conclusions import LETTERS, BayesFactor, Finding, Number, Size, Verdict
from lodd.evaluation.conclusions_json import conclusion_from_json, conclusion_to_json

VERDICT = Verdict(
    outcome="work", arm="se", reference="control", months="1..3", summary="mean", code="inconclusive",
    estimate=Size(0.02, points=2.0, days=1.8, relative=0.05), std_error=0.02, df=230.0, level=0.95,
    ci_low=-0.02, ci_high=0.06, ruled_out_below=Size(-0.02), ruled_out_above=Size(0.06),
    mean_control=0.4, mean_treated=0.42, n_control=120, n_treated=110, p_value=0.31, p_kind="randomisation_family",
    margin=nan, margin_locked=False, equivalence="not_preregistered", p_equivalence=nan, equivalence_level=0.9,
    equivalence_low=-0.013, equivalence_high=0.053, bayes=BayesFactor("normal", 0.05, -0.2, locked=True),
)  # fmt: skip
FINDING = Finding("catch_up", "cannot_tell", "change_holds_zero", "se", "control", numbers=(Number("change", 0.01),))


def test_conclusions_are_read_as_they_were_written(evaluated: Evaluation, tmp_path: Path) -> None:
    findings = (FINDING, replace(FINDING, numbers=(Number("change", 0.1, -inf, inf, of="x"), Number("p", nan))))
    write_results(replace(evaluated, verdicts=(VERDICT, replace(VERDICT, bayes=None)), findings=findings), tmp_path)
    found = read_results(tmp_path)
    assert found.verdicts == (VERDICT, replace(VERDICT, bayes=None))
    assert found.findings == findings
    assert found.verdicts[0].bayes is not None
    assert found.verdicts[0].bayes.factor == pytest.approx(10**-0.2)


def test_a_conclusion_of_another_kind_is_an_error(evaluated: Evaluation, tmp_path: Path) -> None:
    write_results(replace(evaluated, findings=(FINDING,)), tmp_path)
    file = tmp_path / "results/results.json"
    data = json.loads(file.read_text())
    data["findings"][0]["mood"] = "glad"
    file.write_text(json.dumps(data))
    with pytest.raises(DataError):
        read_results(tmp_path)


NUMBERS = st.floats(allow_nan=False) | st.just(nan)


@given(NUMBERS, NUMBERS, st.text())
def test_any_number_survives(value: float, low: float, of: str) -> None:
    number = Number("n", value, low, of=of)
    written = json.dumps(conclusion_to_json(number), allow_nan=False)
    assert conclusion_from_json(Number, json.loads(written)) == number


def test_letters_and_numbers_are_found() -> None:
    assert "".join(LETTERS.values()) == "abcdefgh"
    assert FINDING.letter == "g"
    assert FINDING.number("change") == FINDING.numbers[0]
    assert FINDING.number("change", of="other") is None
    assert BayesFactor("normal", 1.0, 400.0).factor == inf
