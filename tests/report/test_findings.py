"""Sentences that say no more than their numbers."""

from typing import Any

import polars as pl
import pytest

from lodd.report.context import Context
from lodd.report.findings import finding
from lodd.report.model import Finding
from tests.report.builders import external_world, se_world, three_arm_world


def context_with(language: Any = "en", **values: Any) -> Context:
    """The primary results of the first outcome replaced by given numbers."""
    world = se_world()
    primary = (pl.col("role") == "primary") & pl.col("main") & pl.col("subgroup").is_null()
    columns = [pl.when(primary).then(pl.lit(v)).otherwise(pl.col(k)).alias(k) for k, v in values.items()]
    return world.changed(estimates=world.evaluation.estimates.with_columns(columns)).context(language)


def found(c: Context) -> Finding:
    result = finding(c, c.primaries[0], c.treated_arms[0])
    assert result is not None
    return result


def test_no_difference_found_is_never_no_effect() -> None:
    said = found(context_with(estimate=0.008, ci_low=-0.012, ci_high=0.028, p_value=0.43, p_equivalence=0.02))
    assert said.headline == "In work: no difference found"
    assert said.estimate == "+0.8 percentage points"
    assert said.interval == "95% confidence interval: −1.2 to 2.8 (p\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}0.430)"
    assert "does not show that there is none" in " ".join(said.sentences)
    assert "no effect" not in " ".join(said.sentences)


def test_the_same_in_norwegian() -> None:
    said = found(context_with("nb", estimate=0.008, ci_low=-0.012, ci_high=0.028, p_equivalence=0.02))
    assert said.headline == "I arbeid: ingen forskjell påvist"
    assert said.estimate == "+0,8 prosentpoeng"
    assert "−1,2 til 2,8" in said.interval


@pytest.mark.parametrize(
    ("low", "high", "headline"),
    [
        (0.01, 0.05, "In work: higher among those drawn to Supported Employment"),
        (-0.05, -0.01, "In work: lower among those drawn to Supported Employment"),
        (0.0, 0.05, "In work: no difference found"),
    ],
)
def test_the_headline_follows_the_interval(low: float, high: float, headline: str) -> None:
    assert found(context_with(estimate=(low + high) / 2, ci_low=low, ci_high=high)).headline == headline


def test_equivalence_is_claimed_only_by_its_test() -> None:
    ruled_out = " ".join(found(context_with(ci_low=-0.01, ci_high=0.01, p_equivalence=0.01)).sentences)
    assert "3.0 percentage points or more in either direction can be ruled out" in ruled_out
    open_ = " ".join(found(context_with(ci_low=-0.05, ci_high=0.05, p_equivalence=0.3)).sentences)
    assert "cannot be ruled out" in open_


def test_an_estimate_without_an_interval_is_said_to_have_none() -> None:
    said = found(context_with(ci_low=None, ci_high=None))
    assert "could not be estimated" in said.headline
    assert said.drawing.body == ""


def test_a_result_that_was_not_locked_is_exploratory() -> None:
    assert found(context_with(prespecified=False)).tag == "Exploratory: not in the lock"
    assert found(context_with(prespecified=True)).tag == ""


def test_with_several_arms_the_finding_names_the_comparison() -> None:
    c = three_arm_world().context("en")
    heads = [result.headline for arm in c.treated_arms if (result := finding(c, c.primaries[0], arm))]
    assert any("IPS" in head for head in heads)
    assert any("Supported Employment" in head for head in heads)


def test_a_sum_is_told_as_a_total_in_its_own_unit() -> None:
    c = external_world().context("en")
    said = found(c)
    assert "the total was" in said.sentences[0]
    assert said.estimate.endswith(" dollars")


def test_what_was_not_estimated_has_no_finding() -> None:
    world = se_world()
    c = world.changed(estimates=world.evaluation.estimates.clear()).context("en")
    assert finding(c, c.primaries[0], "se") is None


def test_the_plain_control_group_reads_as_running_text() -> None:
    en, nb = se_world().context("en"), se_world().context("nb")
    assert (en.group("control"), en.group("se")) == ("the control group", "the Supported Employment group")
    assert (nb.group("control"), nb.group("se")) == ("kontrollgruppen", "gruppen Supported Employment")
    assert nb.drawn_to("se") == "Supported Employment"
