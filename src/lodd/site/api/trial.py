"""What a system must know to ask for draws, and the description of the API itself."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from lodd.allocation.simulated import factor_columns
from lodd.locale import Text
from lodd.site.api.bodies import NamedBody, OfficeBody, TrialBody, Words
from lodd.site.api.callers import Caller
from lodd.site.api.endpoint import answered
from lodd.site.api.problems import ApiError
from lodd.site.installation import Installation, installation


def trial(request: HttpRequest, caller: Caller) -> HttpResponse:
    """The trial, as this system may draw for it."""
    here = installation()
    return answered(_described(here, caller))


def nothing(request: HttpRequest, caller: None, rest: str) -> HttpResponse:
    """No such address."""
    raise ApiError("unknown")


def _described(here: Installation, caller: Caller) -> TrialBody:
    declared = here.trial
    return TrialBody(
        id=declared.trial.id,
        title=_words(declared.trial.title),
        lock_sha256=here.lock_sha256,
        opens=declared.enrolment.opens,
        closes=declared.enrolment.closes,
        arms=tuple(NamedBody(id=arm, label=_words(declared.arms[arm].label)) for arm in declared.arm_ids),
        offices=tuple(
            OfficeBody(id=office, label=here.office_labels[office], site=site)
            for office, site in declared.office_site.items()
            if office in caller.offices
        ),
        eligibility=tuple(
            NamedBody(id=condition.id, label=Words(nb=condition.nb, en=condition.en))
            for condition in declared.enrolment.eligibility
        ),
        factors=tuple(factor_columns(here.service.live.replay.design)),
        programmes=tuple(sorted({programme.code for arm in declared.arms.values() for programme in arm.programmes})),
    )


def _words(text: Text) -> Words:
    return Words(nb=text.nb, en=text.en)
