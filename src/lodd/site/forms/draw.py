"""What is asked before a draw, in the order of the conversation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lodd.allocation import Design
from lodd.allocation.simulated import factor_columns
from lodd.protocol import Trial
from lodd.site.context import language
from lodd.site.forms.fields import IdentityField, without_identity_number, without_unseen
from lodd.site.installation import installation
from lodd.site.models import Caseworker, DrawRequest, User
from lodd.site.permissions import Place, Role, Task, active_grants, offices_for, reaches

FACTOR: Final = "factor_"
_AS_RADIOS: Final = 4


class DrawForm(forms.Form):
    """Office, who is calling, the number, the conditions, and the facts that the lot depends on."""

    office = forms.ChoiceField(label=_("Office"), error_messages={"required": _("Choose the office.")})
    caller = forms.CharField(
        label=_("Who is calling?"),
        help_text=_("First and last name. Choose a name from the list, or write a new one."),
        max_length=120,
        required=False,
        validators=[without_identity_number, without_unseen],
    )
    identity_number = IdentityField(label=_("National identity number or D-number"))
    confirmed = forms.MultipleChoiceField(
        label=_("Can this person be drawn?"),
        help_text=_("Tick what the caseworker confirms. All of it must hold."),
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, user: User, data: Any = None, **options: Any) -> None:
        super().__init__(data, **options)
        self.user = user
        here = installation()
        self.trial = here.trial
        self._offices(offices_for(user, Task.DRAW, self.trial.office_site))
        self._caller()
        self._conditions()
        for name in factor_columns(Design.from_trial(self.trial)):
            self.fields[FACTOR + name] = _factor_field(self.trial, name)

    def _offices(self, offices: list[str]) -> None:
        labels = installation().office_labels
        choices = [(office, labels[office]) for office in offices]
        field = self.fields["office"]
        if len(choices) == 1:
            field.initial, field.widget = choices[0][0], forms.HiddenInput()
            field.choices = choices
            self.only_office = choices[0][1]
        else:
            field.choices = [("", gettext("Choose the office")), *_by_site(self.trial, dict(choices))]

    def _caller(self) -> None:
        """Those on the lists of the offices where somebody else calls; nobody where all draw for themselves."""
        offices = [office for office, _ in _flat(self.fields["office"].choices) if office]
        lines = [office for office in offices if not self._own(office)]
        self.draws_for_themself = len(lines) < len(offices)
        if not lines:
            del self.fields["caller"]
            return
        on_lists = Caseworker.objects.filter(office__in=lines, left=False).order_by("name")
        labels = installation().office_labels
        self.callers = [(one.name, labels[one.office]) for one in on_lists]
        self.fields["caller"].widget = forms.TextInput(attrs={"list": "callers", "autocomplete": "off"})

    def _conditions(self) -> None:
        conditions = self.trial.enrolment.eligibility
        if not conditions:
            del self.fields["confirmed"]
            return
        said = [(one.id, getattr(one, language())) for one in conditions]
        self.fields["confirmed"].choices = said
        self.fields["confirmed"].error_messages["required"] = gettext(
            "Tick what the caseworker confirms. If something does not hold, the person cannot be drawn."
        )

    def _own(self, office: str) -> bool:
        """Does the user draw for themself at this office?"""
        place = Place(self.trial.office_site[office], office)
        return any(grant.role == Role.CASEWORKER and reaches(grant, place) for grant in active_grants(self.user))

    def clean_confirmed(self) -> list[str]:
        confirmed: list[str] = self.cleaned_data["confirmed"]
        missing = [label for value, label in self.fields["confirmed"].choices if value not in confirmed]
        if missing:
            raise ValidationError(
                [gettext("Not confirmed: %(condition)s. Without it, the person cannot be drawn.") % {"condition": one}
                 for one in missing]
            )  # fmt: skip
        return confirmed

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        office, called = cleaned.get("office"), "caller" in self.fields
        somebody_else = called and (not self._own(office) if office else not self.draws_for_themself)
        if somebody_else and not cleaned.get("caller") and not self.has_error("caller"):
            self.add_error("caller", gettext("Enter who is calling: the caseworker’s first and last name."))
        return cleaned

    @property
    def caseworker(self) -> Caseworker | None:
        """The user as the caseworker that the draw is for, unless somebody else calls."""
        if self.cleaned_data.get("caller"):
            return None
        return Caseworker.objects.filter(user=self.user).first()

    @property
    def factors(self) -> Mapping[str, str]:
        """The facts that the lot depends on."""
        return {
            name.removeprefix(FACTOR): value for name, value in self.cleaned_data.items() if name.startswith(FACTOR)
        }


def filled_in(request: DrawRequest, number: str) -> dict[str, Any]:
    """What a request says, to be corrected."""
    caller = request.caseworker
    return {
        "office": request.office,
        "caller": caller.name if caller is not None and caller.user_id != request.by_id else "",
        "identity_number": number,
        "confirmed": request.confirmed,
        **{FACTOR + name: value for name, value in request.factors.items()},
    }


def _by_site(trial: Trial, labels: Mapping[str, str]) -> list[Any]:
    """Offices to choose from, under their counties where there are several."""
    groups = [
        (site.label, [(office.id, labels[office.id]) for office in site.offices if office.id in labels])
        for site in trial.sites.values()
    ]
    groups = [(label, offices) for label, offices in groups if offices]
    return groups if len(groups) > 1 else [office for _, offices in groups for office in offices]


def _flat(choices: Any) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for value, label in choices:
        found += label if isinstance(label, list) else [(value, label)]
    return found


def _factor_field(trial: Trial, name: str) -> forms.Field:
    """A fact that the lot depends on: its categories where the protocol has them, else what is written."""
    fact = trial.facts.get(name)
    label = fact.label[language()] if fact else name
    needed = {"required": gettext("Answer this: the lot depends on it.")}
    if fact is None or not fact.categories:
        return forms.CharField(label=label, max_length=64, validators=[without_identity_number], error_messages=needed)
    choices = [(value, said[language()]) for value, said in fact.categories.items()]
    if len(choices) <= _AS_RADIOS:
        return forms.ChoiceField(label=label, choices=choices, widget=forms.RadioSelect, error_messages=needed)
    return forms.ChoiceField(label=label, choices=[("", gettext("Choose")), *choices], error_messages=needed)


def fact_label(trial: Trial, name: str) -> str:
    fact = trial.facts.get(name)
    return fact.label[language()] if fact else name


def fact_value(trial: Trial, name: str, value: str) -> str:
    """A fact's value as people read it."""
    fact = trial.facts.get(name)
    said = fact.categories.get(value) if fact else None
    return said[language()] if said else value
