"""Pages made of the parts alone: a template engine, sample values in both languages, the few addresses they link to."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import allauth
from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.template import engines
from django.template.loader import get_template
from django.test import RequestFactory, override_settings
from django.urls import path
from django.utils import translation

import lodd.site
from lodd.identity import synthetic_number
from lodd.site.look import Cell, Column, Table

SITE = Path(lodd.site.__file__).parent
TEMPLATES = SITE / "templates"
CATALOGUE = SITE / "locale" / "look" / "nb" / "LC_MESSAGES"
ALLAUTH = Path(allauth.__file__).parent / "templates"
LIBRARIES = {"allauth": "templatetags.allauth", "account": "account.templatetags.account"}
NUMBER = synthetic_number(7).grouped()

ADDRESSES = (
    "set_language",
    "account_login",
    "account_logout",
    "home",
    "mfa_activate_totp",
    "mfa_add_webauthn",
)
urlpatterns = [path(f"{name}/", lambda _: HttpResponse(), name=name) for name in ADDRESSES]


def said(language: str, nb: str, en: str) -> str:
    return nb if language == "nb" else en


def draw_form(language: str, **given: Any) -> forms.Form:
    class DrawForm(forms.Form):
        identity_number = forms.CharField(
            label=said(language, "Fødselsnummer eller D-nummer", "National identity number or D-number"),
            help_text=said(language, "11 sifre", "11 digits"),
            error_messages={"required": said(language, "Skriv inn fødselsnummeret", "Enter the identity number")},
        )
        office = forms.ChoiceField(
            label=said(language, "Nav-kontor", "Nav office"),
            choices=[("", ""), ("a", "NAV Asker og Bærum"), ("b", "NAV Nord-Gudbrandsdal")],
            error_messages={"required": said(language, "Velg kontoret", "Choose the office")},
        )
        eligible = forms.MultipleChoiceField(
            label=said(language, "Hvem kan trekkes?", "Who can be drawn?"),
            help_text=said(language, "Kryss av for alt som stemmer.", "Tick all that holds."),
            widget=forms.CheckboxSelectMultiple,
            choices=[
                (
                    "14a",
                    said(
                        language,
                        "Har et §14a-vedtak om situasjonsbestemt eller spesielt tilpasset innsats",
                        "Has a section 14a decision on situational or specially adapted effort",
                    ),
                ),
                ("work", said(language, "Ønsker vanlig, lønnet arbeid", "Wants ordinary paid work")),
            ],
            error_messages={"required": said(language, "Kryss av for kravene", "Tick the requirements")},
        )

    return DrawForm(**given)


def every_kind(language: str, prefix: str, **given: Any) -> forms.Form:
    class EveryKind(forms.Form):
        caller = forms.CharField(
            label=said(language, "Hvem ringer?", "Who is calling?"), help_text=said(language, "Fullt navn", "Full name")
        )
        hours = forms.DecimalField(label=said(language, "Timer i uka", "Hours a week"))
        start = forms.DateField(
            label=said(language, "Startdato", "Start date"),
            widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
            help_text=said(language, "Den dagen deltakelsen begynte", "The day that participation began"),
        )
        office = forms.ChoiceField(label=said(language, "Kontor", "Office"), choices=[("a", "NAV Asker og Bærum")])
        reason = forms.ChoiceField(
            label=said(language, "Hvorfor sluttet deltakeren?", "Why did the participant leave?"),
            widget=forms.RadioSelect,
            choices=[("job", said(language, "Fikk jobb", "Got a job")), ("ill", said(language, "Syk", "Ill"))],
        )
        note = forms.CharField(label=said(language, "Merknad", "Note"), widget=forms.Textarea, required=False)
        sure = forms.BooleanField(
            label=said(language, "Jeg har lest opplysningene høyt", "I have read the facts aloud")
        )

    return EveryKind(prefix=prefix, **given)


def filters(language: str) -> forms.Form:
    class Filters(forms.Form):
        county = forms.ChoiceField(
            label=said(language, "Fylke", "County"), required=False, choices=[("", said(language, "Alle", "All"))]
        )
        since = forms.DateField(
            label=said(language, "Fra dato", "From date"),
            required=False,
            widget=forms.DateInput(attrs={"type": "date"}),
        )

    return Filters()


def facts(language: str) -> list[dict[str, Any]]:
    return [
        {"key": said(language, "Kvitteringsnummer", "Receipt number"), "value": "7Q4M-2K9D", "code": True},
        {
            "key": said(language, "Trukket", "Drawn"),
            "value": said(language, "1. mai 2014 kl. 09.12", "1 May 2014, 09:12"),
        },
        {"key": said(language, "Trukket av", "Drawn by"), "value": "Kari Nordmann", "change_url": "/change"},
        {"key": said(language, "Tilstand", "State"), "value": said(language, "Venter", "Waiting"), "tag": "warning"},
    ]


def result(language: str, arm: int, repeated: bool = False) -> dict[str, Any]:
    labels = ("Kontrollgruppe", "Control group"), ("Supported Employment",) * 2, ("Lønnstilskudd", "Wage subsidy")
    return {
        "arm_index": arm,
        "arm_label": said(language, *labels[arm % 3]),
        "repeated": said(language, "Personen ble trukket 1. mai 2014.", "The person was drawn on 1 May 2014.")
        if repeated
        else "",
        "next_steps": [
            said(language, "Søk personen inn til tiltaket i dag.", "Refer the person to the programme today."),
            said(language, "Si fra til personen hvilken gruppe det ble.", "Tell the person which group it was."),
        ],
        "facts": facts(language)[:3],
    }


def sample(language: str) -> SimpleNamespace:
    lead = said(
        language, "En rolig tekst som sier hva siden er til for.", "A calm text that says what the page is for."
    )
    amount = Column(said(language, "Trekninger", "Draws"), amount=True)
    columns = [
        said(language, "Kontor", "Office"),
        amount,
        said(language, "Andel trukket til Supported Employment", "Share drawn to Supported Employment"),
        said(language, "Tilstand", "State"),
    ]
    rows = [
        [
            Cell("NAV Asker og Bærum", url="/office"),
            "1 204",
            "0,41",
            Cell(said(language, "I orden", "In order"), tag="success"),
        ],
        [
            Cell("NAV Nord-Gudbrandsdal", url="/office"),
            "87",
            "0,62",
            Cell(said(language, "Se nærmere", "Look closer"), tag="warning"),
        ],
    ]
    return SimpleNamespace(
        lead=lead,
        details_title=said(language, "Hva betyr dette?", "What does this mean?"),
        steps=[
            {"label": said(language, "Opplysninger", "Details"), "state": "done"},
            {"label": said(language, "Les opp", "Read back"), "state": "current"},
            {"label": said(language, "Resultat", "Result"), "state": "coming"},
        ],
        notices=[
            {
                "kind": kind,
                "title": said(language, "Ingenting er trukket ennå", "Nothing has been drawn yet"),
                "body": lead,
                "url": "/more",
                "link_label": lead,
            }
            for kind in ("info", "success", "warning", "danger")
        ],
        tags=[
            {"kind": kind, "label": said(language, "Påmeldt", "Enrolled")}
            for kind in ("", "info", "success", "warning", "danger")
        ],
        draw_form=draw_form(language, auto_id="draw_%s"),
        right=said(language, "Kontrollsifrene stemmer.", "The control digits are right."),
        wrong=said(language, "Kontrollsifrene stemmer ikke.", "The control digits are wrong."),
        form=every_kind(language, "new"),
        wrong_form=every_kind(language, "wrong", data={}),
        button=said(language, "Fortsett", "Continue"),
        filters=filters(language),
        figures=[
            {"value": "3 737", "label": said(language, "trukket så langt", "drawn so far")},
            {"value": "35,1 %", "label": lead},
        ],
        table=Table.of(said(language, "Trekninger etter kontor", "Draws by office"), columns, rows, noticed=[1]),
        stacked_table=Table.of(
            said(language, "Det samme, som kort", "The same, as cards"), columns, rows, stacked=True
        ),
        empty_table=Table.of(
            said(language, "Ingen rader", "No rows"),
            columns,
            [],
            nothing=said(language, "Ingen er trukket ennå.", "Nobody has been drawn yet."),
        ),
        page=Paginator(range(100), 10).page(3),
        facts=facts(language),
        events=[
            {
                "kind": "draw",
                "when": said(language, "1. mai 2014", "1 May 2014"),
                "datetime": "2014-05-01",
                "title": said(language, "Trukket", "Drawn"),
                "by": "Kari Nordmann",
            },
            {
                "kind": "warning",
                "when": said(language, "15. mai 2014", "15 May 2014"),
                "title": said(language, "Ingen henvisning", "No referral"),
                "body": lead,
            },
            {
                "kind": "coming",
                "when": said(language, "1. juni 2014", "1 June 2014"),
                "title": said(language, "Starter", "Starts"),
                "url": "/more",
                "link_label": lead,
            },
        ],
        readback_title=said(language, "Les dette opp", "Read this aloud"),
        number=NUMBER,
        number_label=said(language, "Fødselsnummer", "Identity number"),
    )


RESULT_PAGE = """{% extends "base.html" %}{% block title %}{{ arm_label }}{% endblock %}
{% block content %}{% include "parts/result.html" %}{% endblock %}"""
DRAW_PAGE = """{% extends "base.html" %}{% block title %}Draw{% endblock %}
{% block content %}{% include "parts/errors.html" %}
<h1>{{ heading }}</h1><form method="post" action="/sent" novalidate>{% csrf_token %}
{% include "parts/identity_field.html" with field=form.identity_number check_url="/check" focus=True %}
{% include "parts/field.html" with field=form.office %}{% include "parts/field.html" with field=form.eligible %}
{% include "parts/submit.html" with label=heading large=True %}</form>{% endblock %}"""


def context(language: str) -> dict[str, Any]:
    """What the context processor gives every page."""
    labels = (
        ("Hjem", "Home"),
        ("Trekning", "Draw"),
        ("Deltakere", "Participants"),
        ("Oppfølging", "Monitoring"),
        ("Trekningsplan", "Schedule"),
    )
    return {
        "site_trial": SimpleNamespace(
            id="se-2014",
            title=said(language, "Supported Employment i sju fylker", "Supported Employment in seven counties"),
        ),
        "demo": True,
        "user": SimpleNamespace(is_authenticated=True, get_full_name="Kari Nordmann"),
        "nav": [{"url": f"/{en}", "label": said(language, nb, en), "current": en == "Draw"} for nb, en in labels],
        "languages": [("nb", "Bokmål", language == "nb"), ("en", "English", language == "en")],
        "lodd_version": "0.1.0",
        "crumbs": [("/", said(language, "Hjem", "Home")), ("/draws", said(language, "Trekninger", "Draws"))],
    }


TEMPLATE_SETTINGS = {
    "BACKEND": "django.template.backends.django.DjangoTemplates",
    "DIRS": [TEMPLATES, ALLAUTH],
    "OPTIONS": {
        "context_processors": ["django.template.context_processors.request"],
        "libraries": {name: f"allauth.{path}" for name, path in LIBRARIES.items()},
    },
}


def rendered(template: str, language: str, values: dict[str, Any] | None = None, *, bare: bool = False) -> str:
    """A page by its template's name (or source); ``bare`` as Django renders the page for a fault in the server."""
    staticfiles = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
    own = override_settings(
        ROOT_URLCONF=__name__,
        LOCALE_PATHS=[str(SITE / "locale" / "look")],
        STATIC_URL="/static/",
        USE_I18N=True,
        LANGUAGES=[("nb", "Bokmål"), ("en", "English")],
        TEMPLATES=[TEMPLATE_SETTINGS],
        STORAGES={**settings.STORAGES, **staticfiles},
    )
    with own, translation.override(language):
        made = engines.all()[0].from_string(template) if "{%" in template else get_template(template)
        if bare:
            return made.render()
        return made.render({**context(language), **(values or {})}, RequestFactory().get("/list", {"county": "a"}))
