"""Which part of the trial monitoring looks at: never more than the reader's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lodd.site.installation import installation
from lodd.site.models import Caseworker, User
from lodd.site.monitoring import Selection
from lodd.site.permissions import TRIAL, Place, Task, can

MOST_CASEWORKERS: Final = 60
"""Of more than this many one is chosen when an office is chosen first."""


class MonitoringForm(forms.Form):
    """County, office and caseworker. Whoever reaches one county only is not asked for it."""

    site = forms.ChoiceField(label=_("County"), required=False)
    office = forms.ChoiceField(label=_("Office"), required=False)
    caseworker = forms.ChoiceField(label=_("Caseworker"), required=False)

    def __init__(self, user: User, data: Mapping[str, Any]) -> None:
        super().__init__(data)
        trial = installation().trial
        self.whole = can(user, Task.MONITOR, TRIAL)
        self.sites = [site for site in trial.sites if can(user, Task.MONITOR, Place(site))]
        self.site = self._site(str(data.get("site", "")))
        self._choose_site()
        within = [self.site] if self.site else self.sites
        self.offices = {office.id: office.label for site in within for office in trial.sites[site].offices}
        self.fields["office"].choices = [("", gettext("All")), *self._by_site(within)]
        self.fields["office"].error_messages["invalid_choice"] = gettext("The office is not in this county.")
        self._choose_caseworker(str(data.get("office", "")))

    def _site(self, asked: str) -> str:
        """The county that is looked at; empty for the whole trial."""
        if asked in self.sites:
            return asked
        return "" if self.whole else self.sites[0]

    def _choose_site(self) -> None:
        if len(self.sites) == 1:
            del self.fields["site"]
            return
        sites = installation().trial.sites
        choices = [(site, sites[site].label) for site in self.sites]
        self.fields["site"].choices = [("", gettext("The whole trial")), *choices] if self.whole else choices
        self.fields["site"].error_messages["invalid_choice"] = gettext("Choose one of the counties in the list.")

    def _by_site(self, within: list[str]) -> list[Any]:
        sites = installation().trial.sites
        groups = [(sites[site].label, [(one.id, one.label) for one in sites[site].offices]) for site in within]
        return groups if len(groups) > 1 else [office for _, offices in groups for office in offices]

    def _choose_caseworker(self, office: str) -> None:
        one_office = office in self.offices
        offices = [office] if one_office else list(self.offices)
        found = list(self.caseworkers(offices)[: None if one_office else MOST_CASEWORKERS + 1])
        if not one_office and len(found) > MOST_CASEWORKERS:
            self.fields["office"].help_text = gettext("To choose a caseworker, choose the office first.")
            found = []
        if not found:
            del self.fields["caseworker"]
            return
        named = [
            (one.code, f"{one.name} ({self.offices[one.office]})" if not one_office else one.name) for one in found
        ]
        field = self.fields["caseworker"]
        field.choices = [("", gettext("All")), *named]
        field.error_messages["invalid_choice"] = gettext("The caseworker is not at this office.")

    @staticmethod
    def caseworkers(offices: list[str]) -> QuerySet[Caseworker]:
        """Everybody who is or was a caseworker at these offices, by name."""
        return Caseworker.objects.filter(office__in=offices).order_by("name", "pk")

    @property
    def selection(self) -> Selection:
        """The part that is asked for (a valid form's)."""
        given = self.cleaned_data
        return Selection(self.site or None, given.get("office") or None, given.get("caseworker") or None)
