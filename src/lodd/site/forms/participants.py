"""What is asked about participants: which ones, why an identity is needed, errors, other numbers, withdrawal."""

from __future__ import annotations

import re
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lodd.identity import IdentityNumber, IdentityNumberError, check_drawable, parse_identity_number
from lodd.site.context import language
from lodd.site.forms.fields import DayField, IdentityField, sentence, without_identity_number
from lodd.site.installation import installation
from lodd.site.models import User
from lodd.site.participants.listing import WITHOUT_REFERRAL, WITHOUT_START, Narrowed
from lodd.site.participants.words import ERRORS, SHOWN_BECAUSE, STATES, STEWARD_BECAUSE
from lodd.site.permissions import Role, Task, offices_for, roles_of

_RECEIPT: Final = re.compile(r"[A-Z2-7]{16}")
_PSEUDONYM: Final = re.compile(r"[a-z2-7]{26}")
_MISREAD: Final = str.maketrans({"0": "O", "1": "I", "8": "B"})


class FilterForm(forms.Form):
    """Which participants a list shows. What makes no sense narrows nothing down."""

    site = forms.ChoiceField(label=_("County"), required=False)
    office = forms.ChoiceField(label=_("Office"), required=False)
    arm = forms.ChoiceField(label=_("Group"), required=False)
    state = forms.ChoiceField(label=_("State"), required=False)
    since = DayField(label=_("Drawn from"), required=False)
    until = DayField(label=_("Drawn until"), required=False)

    def __init__(self, user: User, data: Any = None) -> None:
        super().__init__(data)
        here = installation()
        trial, reader = here.trial, language()
        offices = offices_for(user, Task.SEE_PARTICIPANT, trial.office_site)
        sites = dict.fromkeys(trial.office_site[office] for office in offices)
        self._choose("site", [(site, trial.sites[site].label) for site in sites], least=2)
        self._choose("office", [(office, here.office_labels[office]) for office in offices], least=2)
        self._choose("arm", [(arm, trial.arms[arm].label[reader]) for arm in trial.arm_ids])
        waiting = [(WITHOUT_REFERRAL, gettext("Referral is overdue")), (WITHOUT_START, gettext("Start is overdue"))]
        self._choose("state", [*waiting, *((code, said[reader]) for code, said in STATES.items())])

    def _choose(self, name: str, choices: list[tuple[str, str]], least: int = 1) -> None:
        if len(choices) < least:
            del self.fields[name]
        else:
            self.fields[name].choices = [("", gettext("All")), *choices]

    @property
    def narrowed(self) -> Narrowed:
        self.is_valid()
        return Narrowed(**{name: value for name, value in self.cleaned_data.items() if value})


class FindForm(forms.Form):
    """One box for a receipt, a pseudonym or (for those who may) an identity number. Sent by POST only."""

    looked_for = forms.CharField(max_length=60, error_messages={"required": _("Enter what to look for.")})

    def __init__(self, data: Any = None, *, by_number: bool = False) -> None:
        super().__init__(data)
        self.by_number = by_number
        field = self.fields["looked_for"]
        field.label = gettext("Receipt, pseudonym or identity number") if by_number else gettext("Receipt or pseudonym")
        field.widget.attrs |= {"autocomplete": "off", "spellcheck": "false"}
        self.number: IdentityNumber | None = None
        self.receipt = self.lot_id = ""

    def clean_looked_for(self) -> str:
        written: str = self.cleaned_data["looked_for"]
        compact = "".join(character for character in written if character.isalnum())
        if _PSEUDONYM.fullmatch(compact.lower()):
            self.lot_id = compact.lower()
        elif _RECEIPT.fullmatch(letters := compact.upper().translate(_MISREAD)):
            self.receipt = "-".join(letters[start : start + 4] for start in range(0, 16, 4))
        elif self.by_number:
            self._number(written)
        else:
            raise ValidationError(gettext("This is neither a receipt (16 characters) nor a pseudonym (26)."))
        return written

    def _number(self, written: str) -> None:
        if sum(character.isdigit() for character in written) < 2 * sum(map(str.isalpha, written)):
            raise ValidationError(
                gettext(
                    "This is neither a receipt (16 characters), a pseudonym (26) nor an identity number (11 digits)."
                )
            )
        try:
            self.number = parse_identity_number(written, installation().setting)
            check_drawable(self.number)
        except IdentityNumberError as error:
            raise ValidationError([sentence(problem) for problem in error.problems]) from None


class WhyForm(forms.Form):
    """Why somebody needs to see who a participant is."""

    why = forms.ChoiceField(
        label=_("Why do you need to see who this is?"),
        help_text=_("It is noted in the audit log that you saw it, and why."),
        error_messages={"required": _("Choose why.")},
    )

    def __init__(self, user: User, data: Any = None) -> None:
        super().__init__(data)
        steward = STEWARD_BECAUSE if Role.STEWARD in roles_of(user) else {}
        reasons = [(code, said[language()]) for code, said in {**steward, **SHOWN_BECAUSE}.items()]
        self.fields["why"].choices = [("", gettext("Choose why")), *reasons]


class ErrorForm(forms.Form):
    """A mistake in a draw, noted beside it."""

    kind = forms.ChoiceField(
        label=_("What is wrong?"), widget=forms.RadioSelect, error_messages={"required": _("Choose what is wrong.")}
    )
    note = forms.CharField(
        label=_("What happened?"),
        help_text=_("At most 500 characters. No names and no identity numbers."),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        validators=[without_identity_number],
        error_messages={"max_length": _("Write at most 500 characters.")},
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        self.fields["kind"].choices = [(code, said[language()]) for code, said in ERRORS.items()]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("kind") == "other" and not cleaned.get("note") and not self.has_error("note"):
            self.add_error("note", gettext("Write what happened."))
        return cleaned


class LinkForm(forms.Form):
    """The old and the new number of one person."""

    old_number = IdentityField(label=_("The number that the person was drawn with"))
    new_number = IdentityField(label=_("The person’s new number"))


class WithdrawForm(forms.Form):
    """The last question before everything is destroyed."""

    sure = forms.BooleanField(
        label=_("The person has said that they withdraw, and I have checked that this is the right participant"),
        error_messages={"required": _("Confirm that the person withdraws and that this is the right participant.")},
    )
