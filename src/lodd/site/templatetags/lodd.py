"""Numbers, dates and texts in the reader's language, in templates."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import template
from django.utils.timezone import localtime

from lodd import locale
from lodd.locale import Text
from lodd.site.context import language
from lodd.site.installation import installation
from lodd.site.models import Grant
from lodd.site.permissions import ROLE_LABELS, Role

register = template.Library()


@register.filter
def said(text: Text | str) -> str:
    """A text in two languages, in the reader's."""
    return text[language()] if isinstance(text, Text) else text


@register.filter
def shown(value: float | int, decimals: int = 0) -> str:
    """A number as the reader writes it."""
    return locale.number(value, language(), decimals)


@register.filter
def day(value: date | None) -> str:
    """A day: «1. mai 2014»."""
    if value is None:
        return "–"
    return locale.long_date(localtime(value).date() if isinstance(value, datetime) else value, language())


@register.filter
def moment(value: datetime | None) -> str:
    """A day and the time of it: «1. mai 2014 kl. 09.12»."""
    return "–" if value is None else locale.long_moment(localtime(value), language())


@register.filter
def grouped(number: Any) -> str:
    """An identity number in two groups, as people read it aloud."""
    return str(number.grouped())


@register.filter
def role_label(grant: Grant) -> str:
    """A role and where it is held: «Veileder, NAV Sentrum»."""
    here = installation()
    county = here.trial.sites[grant.site].label if grant.site in here.trial.sites else grant.site
    place = here.office_labels.get(grant.office, grant.office) or county
    label = ROLE_LABELS[Role(grant.role)][language()]
    return f"{label}, {place}" if place else label
