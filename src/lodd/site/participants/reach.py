"""Which participants somebody may do something with."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from lodd.site.models import Participant, User
from lodd.site.permissions import REACH, WHO, Place, Reach, Role, Task, active_grants, can


def within_reach(user: User, task: Task) -> QuerySet[Participant]:
    """The participants where somebody may do this."""
    holders = [grant for grant in active_grants(user) if Role(grant.role) in WHO[task]]
    reaches = {REACH[Role(grant.role)] for grant in holders}
    if Reach.TRIAL in reaches:
        return Participant.objects.all()
    sites = {grant.site for grant in holders if REACH[Role(grant.role)] is Reach.COUNTY}
    offices = {grant.office for grant in holders if REACH[Role(grant.role)] is Reach.OFFICE}
    if not sites:
        return Participant.objects.filter(office__in=offices) if offices else Participant.objects.none()
    return Participant.objects.filter(Q(site__in=sites) | Q(office__in=offices) if offices else Q(site__in=sites))


def place_of(participant: Participant) -> Place:
    return Place(participant.site, participant.office)


def may(user: User, task: Task, participant: Participant) -> bool:
    """May somebody do this with this participant?"""
    return can(user, task, place_of(participant))
