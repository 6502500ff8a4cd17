"""The form by which a system is proposed."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from lodd.site.forms.fields import NamesWhatIsMissing, without_identity_number, without_unseen
from lodd.site.installation import installation

_NAME: Final = r"^[^\x00-\x1f\x7f]+$"
_ISSUER: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"


class SystemForm(NamesWhatIsMissing, forms.Form):
    """A system that is to draw, and where."""

    name = forms.RegexField(
        _NAME,
        label=_("Name of the system"),
        max_length=120,
        validators=[without_identity_number, without_unseen],
        error_messages={"required": _("Write what the system is called.")},
    )
    place = forms.ChoiceField(label=_("Where it may draw"))
    issuer = forms.RegexField(
        _ISSUER,
        label=_("Issuer of signed tokens"),
        required=False,
        help_text=_("If the system signs its own tokens: iss in them, which is also the name of its key's file."),
        error_messages={"invalid": _("Use letters, digits, full stops, hyphens and underscores only.")},
    )
    per_minute = forms.IntegerField(
        label=_("Requests a minute"), min_value=1, max_value=100_000, initial=600, help_text=_("More than these wait.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places = [("trial:", _("The whole trial"))]
        for site_id, site in installation().trial.sites.items():
            places += [(f"site:{site_id}", _("%(county)s: all offices") % {"county": site.label})]
            places += [(f"office:{office.id}", f"{site.label}: {office.label}") for office in site.offices]
        self.fields["place"].choices = places

    def where(self) -> dict[str, str]:
        """``site`` or ``office``, by keyword."""
        kind, _colon, place = self.cleaned_data["place"].partition(":")
        return {kind: place} if place else {}
