"""Forms of the schedule, the beacons, the close, and the check of a receipt."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from lodd.locale import percent
from lodd.site.context import language
from lodd.site.forms.fields import DayField, not_an_identity_number, without_identity_number, without_unseen
from lodd.site.installation import installation

_PERCENT: Final = Decimal(100)
_MOST_DECIMALS: Final = 6
_LINE: Final = r"^[^\x00-\x1f\x7f]+$"


class PercentField(forms.CharField):
    """A share as people write it, «33,3», cleaned to an exact decimal: "0.333"."""

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
        super().__init__(max_length=12, widget=widget, **options)
        self.error_messages["required"] = _("Enter a percentage.")

    def clean(self, value: Any) -> str:
        written = super().clean(value).replace(",", ".").replace("%", "").strip()
        try:
            share = Decimal(written) / _PERCENT
        except InvalidOperation:
            share = Decimal("NaN")
        if not share.is_finite() or not 0 < share < 1 or -int(share.as_tuple().exponent) > _MOST_DECIMALS:
            raise ValidationError(_("Enter a percentage above 0 and below 100, with at most four decimals."))
        return f"{share.normalize():f}"


_ASKED: Final = {
    "places": _("Choose at least one county or office."),
    "beacon_source": _("Write who publishes the public value."),
    "beacon_round": _("Write which public value it is."),
    "value": _("Type the value."),
    "confirmation": _("Type the trial’s name."),
    "receipt": _("Type the receipt."),
}


class _Asked(forms.Form):
    """What is missing is asked for in words of its own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, words in _ASKED.items():
            if name in self.fields:
                self.fields[name].error_messages["required"] = words


class ProposalForm(_Asked):
    """Other probabilities for some counties or offices, from a day to come."""

    places = forms.MultipleChoiceField(
        label=_("Where"), widget=forms.CheckboxSelectMultiple, help_text=_("A county stands for all its offices.")
    )
    effective_from = DayField(
        label=_("From"), help_text=_("A day to come. If the public value comes later, from then.")
    )
    beacon_source = forms.RegexField(
        _LINE,
        label=_("Who publishes the public value"),
        max_length=200,
        validators=[without_identity_number, without_unseen],
    )
    beacon_round = forms.RegexField(
        _LINE,
        label=_("Which public value"),
        max_length=200,
        validators=[not_an_identity_number, without_unseen],
        help_text=_("One that nobody knows yet, such as the lottery of a date to come."),
    )
    note = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        validators=[without_identity_number],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        trial = installation().trial
        self.fields["places"].choices = [
            choice
            for site_id, site in trial.sites.items()
            for choice in (
                (site_id, _("%(county)s: all offices") % {"county": site.label}),
                *((office.id, f"{site.label}: {office.label}") for office in site.offices),
            )
        ]
        for arm in trial.arm_ids[1:]:
            label = trial.arms[arm].label[language()]
            field = PercentField(label=_("Per cent drawn to %(arm)s") % {"arm": label})
            self.fields[f"share_{arm}"] = field
        self.order_fields(["places", *(f"share_{arm}" for arm in trial.arm_ids[1:])])
        self.fields["beacon_source"].initial = installation().lock.beacon.get("source", "")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        shares = self.shares()
        total = sum(map(Decimal, shares.values()))
        if total >= 1 and len(shares) == len(installation().trial.arm_ids) - 1:
            arm = installation().trial.trial.arms[1]
            self.add_error(
                f"share_{arm}",
                _("Together these are %(total)s; the first group must have a share too.")
                % {"total": percent(float(total), language(), 0)},
            )
        return given

    def shares(self) -> dict[str, str]:
        """By arm, those that are right."""
        arms = installation().trial.arm_ids[1:]
        return {arm: self.cleaned_data[f"share_{arm}"] for arm in arms if f"share_{arm}" in self.cleaned_data}

    def rows(self) -> dict[str, dict[str, str]]:
        """What is proposed, by place."""
        return {place: self.shares() for place in self.cleaned_data["places"]}


class BeaconForm(_Asked):
    """A public random value, as it was published."""

    value = forms.RegexField(
        _LINE,
        label=_("The value"),
        max_length=2000,
        validators=[not_an_identity_number],
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("Exactly as it was published. Spaces and capital letters do not matter."),
    )


class CloseForm(_Asked):
    """Typed in full, so that nobody closes a trial by a slip of the hand."""

    confirmation = forms.CharField(
        label=_("Type the trial’s name to close it"), widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["confirmation"].help_text = installation().trial.trial.id

    def clean_confirmation(self) -> str:
        typed: str = self.cleaned_data["confirmation"]
        if typed.strip() != installation().trial.trial.id:
            raise ValidationError(_("Type the name exactly as it stands above the field."))
        return typed


class ReceiptForm(_Asked):
    """The receipt of a draw."""

    receipt = forms.CharField(
        label=_("Receipt"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
        help_text=_("16 letters and digits: ABCD-EFGH-IJKL-MNOP"),
    )
