"""A small trial and its records, made for monitoring's tests."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache

import numpy as np

from lodd.protocol import Trial, parse_trial
from lodd.site.monitoring.inputs import FollowUpDates, MonitoredDraw, MonitoredRequest, Records

PROTOCOL = """
[trial]
id = "small"
title = "Small"
arms = [{arms}]
{arm_tables}
[enrolment]
opens = 2020-01-15
closes = 2020-12-31
plan = [{{ site = "north", per_month = 31 }}, {{ site = "south", from = 2020-03-01, per_month = 10 }}]
[sites.north]
label = "Nord"
offices = [{{ id = "n1", label = "NAV En" }}, {{ id = "n2", label = "NAV To" }}]
[sites.south]
label = "Sør"
offices = [{{ id = "s1", label = "NAV Tre & Fire" }}]
[draw]
method = "keyed"
schedule = [
  {{ site = "north", from = 2020-01-15, probability = {{ {probability} }} }},
  {{ site = "south", from = 2020-01-15, probability = {{ {probability} }} }},
]
[registers.programmes]
file = "programmes.parquet"
temporality = "status"
covers = {{ from = 2020-01-01, until = 2021-12-31 }}
start = "start_date"
stop = "stop_date"
columns = {{ programme = {{}} }}
[participation]
register = "programmes"
code = "programme"
[analysis]
window = {{ before = 1, after = 1 }}
"""
ARM = """[arms.{arm}]
label = {{ nb = "{arm} nb", en = "{arm} en" }}
programmes = [{{ code = "P_{arm}" }}]"""
SITE_OF = {"n1": "north", "n2": "north", "s1": "south"}


@cache
def trial(arms: tuple[str, ...] = ("control", "se")) -> Trial:
    """A trial with two sites and three offices, 0.4 to the first treated arm and 0.2 to a second."""
    tables = "\n".join(ARM.format(arm=arm) for arm in arms)
    shares = ", ".join(f'{arm} = "{p}"' for arm, p in zip(arms[1:], ("0.4", "0.2"), strict=False))
    named = ", ".join(f'"{arm}"' for arm in arms)
    return parse_trial(PROTOCOL.format(arms=named, arm_tables=tables, probability=shares).encode()).trial


def draw(seq: int, arm: str = "se", **changes: object) -> MonitoredDraw:
    """A draw in office n1 on 1 March 2020, unless said otherwise."""
    office = str(changes.get("office", "n1"))
    day = changes.get("day", date(2020, 3, 1))
    assert isinstance(day, date)
    given: dict[str, object] = {
        "day": day,
        "at": datetime.combine(day, time(12), tzinfo=UTC),
        "site": SITE_OF[office],
        "office": office,
        "caseworker": f"{office}-a",
        "conditional": (0.6, 0.4),
        "marginal": (0.6, 0.4),
    }
    return MonitoredDraw(seq=seq, arm=arm, **{**given, **changes})


def request(seq: int, first: int, office: str = "n1", caseworker: str | None = "n1-a") -> MonitoredRequest:
    return MonitoredRequest(seq, first, date(2020, 4, 1), SITE_OF[office], office, caseworker)


def crowd(n: int = 600, biased: str | None = "n2", seed: int = 5) -> Records:
    """Draws over 300 days, of which one office gives the treated arm twice as often as it should, and follow-up."""
    rng = np.random.default_rng(seed)
    draws, follow_up, requests = [], [], []
    for seq in range(1, n + 1):
        office = ("n1", "n2", "s1")[rng.integers(3)]
        share = 0.8 if office == biased else 0.4
        day = date(2020, 1, 15) + timedelta(days=300 * seq // n)
        arm = "se" if rng.random() < share else "control"
        draws.append(draw(seq, arm, office=office, day=day, caseworker=f"{office}-{'abc'[rng.integers(3)]}"))
        referred = day + timedelta(days=int(rng.integers(30)))
        started = ((referred + timedelta(days=int(rng.integers(60))), arm if rng.random() < 0.9 else "se"),)
        if rng.random() < 0.9:
            follow_up.append(FollowUpDates(seq, referred, arm, started if rng.random() < 0.8 else ()))
        if rng.random() < 0.1:
            requests.append(MonitoredRequest(n + seq, seq, day, SITE_OF[office], office, None))
    return Records(tuple(draws), tuple(requests), tuple(follow_up))
