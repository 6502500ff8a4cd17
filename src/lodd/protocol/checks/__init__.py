"""What types cannot say: checks across the parts of a protocol, each a function from Trial to findings."""

from __future__ import annotations

from lodd.protocol.checks.breaks import check_breaks, check_crossings
from lodd.protocol.checks.code_lists import check_code_lists
from lodd.protocol.checks.explanations import check_explanations
from lodd.protocol.checks.finding import Finding
from lodd.protocol.checks.outcomes import check_outcomes
from lodd.protocol.checks.plan import check_plan
from lodd.protocol.checks.registers import check_as_of, check_population, check_registers, check_roles
from lodd.protocol.checks.trial import check_arms, check_draw, check_enrolment
from lodd.protocol.model import Trial

__all__ = ["Finding", "check_trial"]

_FIRST = (
    check_arms,
    check_enrolment,
    check_draw,
    check_registers,
    check_as_of,
    check_breaks,
    check_roles,
    check_population,
    check_code_lists,
    check_outcomes,
)


def check_trial(trial: Trial) -> tuple[Finding, ...]:
    """Everything that is wrong or doubtful in a protocol whose parts are each well formed.

    The plan is checked only when arms, registers and outcomes are sound: it is about them.
    """
    findings = tuple(finding for check in _FIRST for finding in check(trial))
    if any(not finding.warning for finding in findings):
        return findings
    plan = tuple(check_plan(trial))
    sound = all(finding.warning for finding in plan)
    return (*findings, *plan, *(check_crossings(trial) if sound else ()), *check_explanations(trial))
