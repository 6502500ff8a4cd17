"""Reviews of the programme's fidelity: a score a site and half-year."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np
import polars as pl

from lodd.protocol import FidelityScores, Trial, fidelity_from
from lodd.simulate.processes import Streams
from lodd.simulate.settings import Fidelity


def fidelity_reviews(trial: Trial, settings: Fidelity, streams: Streams) -> FidelityScores:
    """One score of every site in every half-year of enrolment, the first and the last included."""
    rng, halves = streams["fidelity"], list(_half_years(trial.enrolment.opens, trial.enrolment.closes))
    sites = sorted(trial.sites)
    number, mean = zip(*settings.points, strict=True)
    score = np.interp(np.arange(len(halves)), number, mean) + settings.by_site * rng.standard_normal((len(sites), 1))
    score = score + settings.by_review * rng.standard_normal((len(sites), len(halves)))
    frame = pl.DataFrame(
        {
            "site": [site for site in sites for _ in halves],
            "half_year": halves * len(sites),
            "score": np.clip(np.rint(score), *settings.limits).ravel(),
        },
        schema_overrides={"half_year": pl.Date},
    )
    return fidelity_from(trial, frame)


def _half_years(first: date, last: date) -> Iterator[date]:
    half = date(first.year, 1 if first.month <= 6 else 7, 1)
    while half <= last:
        yield half
        half = date(half.year, 7, 1) if half.month == 1 else date(half.year + 1, 1, 1)
