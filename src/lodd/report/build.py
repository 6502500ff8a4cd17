"""From an evaluation to a report: which sections there are, and in what order."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from lodd.allocation import Verification
from lodd.evaluation.results import Evaluation
from lodd.locale import Language, long_date
from lodd.protocol.model import Trial
from lodd.protocol.types import Participants, RegisterNote
from lodd.report.chrome import chrome
from lodd.report.context import Context, truth_by_month
from lodd.report.estimates import Estimates
from lodd.report.model import Report
from lodd.report.sections.balance import balance
from lodd.report.sections.banners import banners
from lodd.report.sections.checks import checks
from lodd.report.sections.draw import draw
from lodd.report.sections.effects import effects
from lodd.report.sections.groups import groups
from lodd.report.sections.methods import methods
from lodd.report.sections.participants import participants
from lodd.report.sections.participation import participation
from lodd.report.sections.quality import quality
from lodd.report.sections.record import record
from lodd.report.sections.rivals import rivals
from lodd.report.sections.summary import summary
from lodd.report.sections.verdict import verdict

_SECTIONS = (
    summary, verdict, rivals, participants, draw, balance, participation, effects, groups, checks, quality, methods,
    record,
)  # fmt: skip


def build_report(
    trial: Trial,
    people: Participants,
    evaluation: Evaluation,
    language: Language,
    *,
    panel_notes: Sequence[RegisterNote] = (),
    truth: pl.DataFrame | None = None,
    verification: Verification | None = None,
    agrees: bool | None = None,
) -> Report:
    """The report in one language, every word and number decided.

    ``truth`` (``outcome, arm, event_month, effect``) is the true path of a simulation; it is shown only if the
    evaluation's data are simulated. ``verification`` is that of the ledger, if there is one; ``agrees`` says whether
    the participants are those of the ledger, by office, day and arm.
    """
    simulated = evaluation.provenance.get("simulated") == "yes"
    known = truth_by_month(truth, trial.analysis.estimand) if simulated else {}
    estimates = Estimates(evaluation.estimates)
    c = Context(language, trial, people, evaluation, estimates, tuple(panel_notes), known, verification, agrees)
    return Report(
        language=language,
        other="en" if language == "nb" else "nb",
        kicker=c.words("page.kicker"),
        title=c.text(trial.trial.title),
        subtitle=_subtitle(c),
        facts=_facts(c),
        banners=banners(c),
        sections=tuple(section(c) for section in _SECTIONS),
        chrome=chrome(c.words, c.evaluation.versions.get("lodd", "")),
    )


def _subtitle(c: Context) -> str:
    compared = c.join([c.drawn_to(arm) for arm in c.treated_arms])
    return c.words("page.subtitle", arms=compared, reference=c.drawn_to(c.reference))


def _facts(c: Context) -> tuple[tuple[str, str], ...]:
    w, enrolment = c.words, c.trial.enrolment
    dates = w("page.dates", since=long_date(enrolment.opens, c.language), until=long_date(enrolment.closes, c.language))
    sites = w.counted("page.sites", len(c.trial.sites))
    return (
        (w("page.people"), c.number(len(c.participants))),
        (w("page.drawn"), dates),
        (w("page.where"), sites),
        (w("page.plan"), w(f"record.status_{c.lock_status}")),
    )
