"""What the trial's parts are called, in both languages."""

from __future__ import annotations

from collections.abc import Callable

from lodd.locale import Language, Text
from lodd.protocol import Trial
from lodd.site.monitoring.shares import Level

SITE = Text(nb="Fylke", en="County")
OFFICE = Text(nb="Kontor", en="Office")
CASEWORKER = Text(nb="Veileder", en="Caseworker")
ARM = Text(nb="Trukket til", en="Drawn to")
LEVEL = {
    "trial": Text(nb="Forsøket", en="Trial"),
    "site": SITE,
    "office": OFFICE,
    "caseworker": CASEWORKER,
}
_WHOLE = Text(nb="Hele forsøket", en="The whole trial")


def stream_name(trial: Trial, level: Level, id_: str) -> Text:
    """A stream as readers know it; a caseworker by the code that leaves the site."""
    if level == "trial":
        return _WHOLE
    if level == "caseworker":
        return Text.same(id_)
    return site_name(trial, id_) if level == "site" else office_name(trial, id_)


def site_name(trial: Trial, site: str) -> Text:
    return Text.same(trial.sites[site].label) if site in trial.sites else Text.same(site)


def office_name(trial: Trial, office: str) -> Text:
    labels = {one.id: one.label for site in trial.sites.values() for one in site.offices}
    return Text.same(labels.get(office, office))


def arm_name(trial: Trial, arm: str) -> Text:
    return trial.arms[arm].label


def arm_class(trial: Trial, arm: str) -> str:
    """The class that colours an arm in every drawing."""
    return f"arm-{trial.arm_ids.index(arm)}"


def both(say: Callable[[Language], str]) -> Text:
    """A sentence with numbers, said in each language."""
    return Text(nb=say("nb"), en=say("en"))
