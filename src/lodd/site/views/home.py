"""Home, and the public page of the trial."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from lodd.site.pages import Page, reads
from lodd.site.permissions import Task


def home(request: HttpRequest) -> HttpResponse:
    """What somebody can do here, by role."""
    return render(request, "home.html")


def public(request: HttpRequest) -> HttpResponse:
    """What anybody may know of the trial."""
    return render(request, "public.html")


PAGES = (
    Page("", "public", public, reads(Task.PUBLIC)),
    Page("home/", "home", home, reads(Task.SIGNED_IN)),
)
