"""Fields that several forms have, and what keeps identity numbers out of where they do not belong."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from lodd.errors import LoddError, Problem
from lodd.identity import IdentityNumber, IdentityNumberError, check_drawable, parse_identity_number
from lodd.site.context import language
from lodd.site.free_text import has_unseen, holds_identity_number, is_identity_number
from lodd.site.installation import installation

_DAY_FORMATS: Final = ["%Y-%m-%d", "%d.%m.%Y", "%d.%m.%y"]


class IdentityField(forms.CharField):
    """An identity number as people write it, cleaned to an :class:`IdentityNumber` that can be drawn."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("help_text", _("11 digits"))
        super().__init__(max_length=40, **options)
        self.error_messages["max_length"] = _("This is too long to be an identity number.")
        self.error_messages["required"] = _("Enter the identity number.")

    def clean(self, value: Any) -> IdentityNumber | None:
        written = super().clean(value)
        if not written:
            return None
        try:
            number = parse_identity_number(written, installation().setting)
            check_drawable(number)
        except IdentityNumberError as error:
            raise ValidationError([sentence(problem) for problem in error.problems]) from None
        return number


class DayField(forms.DateField):
    """A day, from the browser's calendar or typed as Norwegians write it."""

    def __init__(self, **options: Any) -> None:
        widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
        super().__init__(input_formats=_DAY_FORMATS, widget=widget, **options)
        self.error_messages["invalid"] = _("Enter a date, such as 31.12.2026.")
        self.error_messages["required"] = _("Enter the date.")

    def clean(self, value: Any) -> date | None:
        day: date | None = super().clean(value)
        if day is not None and not 1900 <= day.year <= 2200:
            raise ValidationError(self.error_messages["invalid"])
        return day


def name_what_is_missing(fields: Mapping[str, forms.Field]) -> None:
    """Let fields say their own names when they are not filled in: the error summary stands far from them."""
    for field in fields.values():
        if field.error_messages["required"] is forms.Field.default_error_messages["required"]:
            choice = isinstance(field, forms.ChoiceField)
            said = _("Choose an answer to “%(label)s”.") if choice else _("Fill in “%(label)s”.")
            field.error_messages["required"] = said % {"label": field.label}


class NamesWhatIsMissing:
    """Mixed into a form whose fields are to do so."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name_what_is_missing(self.fields)  # of the form that it is mixed into


def without_identity_number(written: str) -> None:
    """Refuse text that has something like an identity number in it: it is not sealed, and others read it.

    Raises:
        ValidationError: it has.
    """
    if holds_identity_number(written):
        raise ValidationError(_("This looks like it has an identity number in it. Write it without the number."))


def not_an_identity_number(written: str) -> None:
    """As :func:`without_identity_number`, for what may rightly have many digits in it: only a whole number is refused.

    Raises:
        ValidationError: it is one.
    """
    if is_identity_number(written):
        raise ValidationError(_("This is an identity number. It does not belong here."))


def without_unseen(written: str) -> None:
    """Refuse a name with characters that nobody sees: it could be read as another's.

    Raises:
        ValidationError: it has.
    """
    if has_unseen(written):
        raise ValidationError(_("This has characters in it that cannot be seen. Type it anew."))


def sentence(problem: Problem) -> str:
    """A problem and what to do next, as sentences for an error at a field."""
    found = problem.found[language()]
    parts = [found[:1].upper() + found[1:]]
    if problem.next_step:
        parts.append(problem.next_step[language()])
    return " ".join(part if part.endswith((".", "!", "?")) else f"{part}." for part in parts)


def add_problems(form: forms.Form, error: LoddError) -> None:
    """Show an error of Lodd's own in a form: at the field that ``where`` names, else above the form."""
    for problem in error.problems:
        field = problem.where if problem.where in form.fields else None
        form.add_error(field, sentence(problem))


def only_problems(error: LoddError) -> forms.Form:
    """A form without fields that shows an error, for a page with just a button."""
    form = forms.Form({})
    add_problems(form, error)
    return form
