"""Every address of the API."""

from __future__ import annotations

from typing import Final

from lodd.site.api import draws, openapi, trial
from lodd.site.api.bodies import DrawBody, DrawnBody, FollowUpBody, HappenedBody, ParticipantBody, TrialBody
from lodd.site.api.endpoint import Endpoint, Operation

ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    Endpoint(
        "api/v1/draws",
        "api_draws",
        {
            "POST": Operation(
                draws.draw,
                "Draw a person, or give the person's first answer again",
                DrawBody,
                {201: ("Drawn now", DrawnBody), 200: ("Drawn before: the first answer", DrawnBody)},
                (403, 409),
                keyed=True,
            )
        },
    ),
    Endpoint(
        "api/v1/draws/<str:receipt>",
        "api_participant",
        {
            "GET": Operation(
                draws.participant,
                "What is known of somebody drawn",
                answers={200: ("Somebody drawn at one of the system's offices", ParticipantBody)},
                problems=(404,),
            )
        },
    ),
    Endpoint(
        "api/v1/draws/<str:receipt>/follow-up",
        "api_follow_up",
        {
            "POST": Operation(
                draws.follow_up,
                "Record a referral, a start or an end",
                FollowUpBody,
                {201: ("Recorded", HappenedBody)},
                (404, 409),
                keyed=True,
            )
        },
    ),
    Endpoint(
        "api/v1/trial",
        "api_trial",
        {
            "GET": Operation(
                trial.trial,
                "Arms, offices, conditions and factors",
                answers={200: ("The trial, as this system may draw for it", TrialBody)},
            )
        },
    ),
    Endpoint(
        "api/v1/openapi.json",
        "api_openapi",
        {"GET": Operation(openapi.openapi, "This description", answers={200: ("OpenAPI 3.1", None)})},
        open=True,
    ),
    Endpoint(
        "api/<path:rest>",
        "api_nothing",
        {
            method: Operation(trial.nothing, "No such address")
            for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
        },
        open=True,
    ),
)
