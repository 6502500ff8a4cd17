"""What is asked about referral, start and end."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lodd.protocol.model import Programme
from lodd.site.actions.follow_up import CrossOverError, Entered
from lodd.site.context import language
from lodd.site.forms.fields import DayField, add_problems
from lodd.site.installation import Installation, installation
from lodd.site.models import FollowUp, Participant
from lodd.site.participants.programmes import own_programme, programmes
from lodd.site.participants.words import END_REASONS, OTHER_PROGRAMME
from lodd.site.templatetags.lodd import day as shown_day


class EntryForm(forms.Form):
    """One entry: when, and to which programme or for which reason."""

    day = DayField(label=_("Date"))
    programme = forms.ChoiceField(label=_("Programme"), error_messages={"required": _("Choose the programme.")})
    reason = forms.ChoiceField(
        label=_("Why did it end?"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose why it ended.")},
    )
    cross_over = forms.BooleanField(
        label=_("It is right: the person gets another group’s programme"),
        help_text=_("It will be marked as a cross-over. The draw stands as it is."),
        required=False,
    )

    def __init__(self, participant: Participant, kind: str, data: Any = None, **options: Any) -> None:
        here = installation()
        initial = {"day": here.today, "programme": own_programme(here.trial, participant.arm, here.today)}
        super().__init__(data, initial=initial | options.pop("initial", {}), **options)
        self.kind = kind
        if kind == FollowUp.Kind.END:
            del self.fields["programme"], self.fields["cross_over"]
            self.fields["reason"].choices = [(code, said[language()]) for code, said in END_REASONS.items()]
        else:
            del self.fields["reason"]
            self.fields["programme"].choices = programme_choices(here)
            self.fields["day"].label = _REFERRED if kind == FollowUp.Kind.REFERRAL else _STARTED
            self.asks_cross_over = bool(data and data.get("cross_over"))

    @property
    def entered(self) -> Entered:
        given = self.cleaned_data
        return Entered(self.kind, given["day"], given.get("programme", ""), given.get("reason", ""))

    @property
    def crosses_over(self) -> bool:
        return bool(self.cleaned_data.get("cross_over"))

    def refused(self, error: CrossOverError | Any) -> None:
        """Show why it was not taken; another arm's programme is asked about."""
        self.asks_cross_over = self.asks_cross_over or isinstance(error, CrossOverError)
        add_problems(self, error)

    asks_cross_over = False


_REFERRED = _("Date of the referral")
_STARTED = _("First day in the programme")


def programme_choices(here: Installation) -> list[tuple[str, str]]:
    """Every programme of the protocol with its group and dates, and one for all others."""
    reader = language()
    known: dict[str, str] = {}
    for arm, programme in programmes(here.trial):
        label = f"{programme.code} – {here.trial.arms[arm].label[reader]}{_period(programme)}"
        known[programme.code] = f"{known[programme.code]}; {label}" if programme.code in known else label
    return [("", gettext("Choose the programme")), *known.items(), (OTHER_PROGRAMME, gettext("Another programme"))]


def _period(programme: Programme) -> str:
    since, until = shown_day(programme.since), shown_day(programme.until)
    if programme.since and programme.until:
        return gettext(" (%(since)s to %(until)s)") % {"since": since, "until": until}
    if programme.since:
        return gettext(" (from %(since)s)") % {"since": since}
    return gettext(" (until %(until)s)") % {"until": until} if programme.until else ""
