"""Whatever is typed into the forms: it is taken, or refused in words; never a traceback, never another number."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from lodd.identity import IdentityNumber, synthetic_number
from lodd.site.forms.draw import DrawForm
from lodd.site.forms.fields import DayField, IdentityField, without_identity_number
from lodd.site.forms.follow_up import EntryForm
from lodd.site.forms.participants import ErrorForm, FilterForm, FindForm, LinkForm, WhyForm, WithdrawForm
from lodd.site.models import Participant
from tests.site.world import World

numbers = st.integers(0, 100_000).map(synthetic_number)
separators = st.text(" .-\u00a0\u2013", max_size=2)
NAMES = (
    *("office", "caller", "identity_number", "confirmed", "looked_for", "why", "kind", "note", "old_number"),
    *("new_number", "sure", "site", "arm", "state", "since", "until", "day", "programme", "reason", "cross_over"),
)
fields = st.dictionaries(
    st.sampled_from(NAMES),
    st.one_of(
        st.text(max_size=70),
        st.text("0123456789 .-", max_size=30),
        st.dates().map(str),
        st.sampled_from(["n1", "s1", "coaching", "other", "end", "on", "wants_work", "without_referral", "work"]),
    ),
    max_size=8,
)
tried = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def written_with(number: IdentityNumber, between: list[str]) -> str:
    return "".join(digit + gap for digit, gap in zip(number.digits(), between, strict=True))


@tried
@given(number=numbers, between=st.lists(separators, min_size=11, max_size=11))
def test_a_number_is_read_however_it_is_spaced(world: World, number: IdentityNumber, between: list[str]) -> None:
    written = written_with(number, between)
    assume(len(written) <= 40)
    assert IdentityField().clean(written) == number


@tried
@given(number=numbers, between=st.lists(separators, min_size=11, max_size=11), around=st.tuples(st.text(), st.text()))
def test_a_note_with_a_number_in_it_is_refused(
    number: IdentityNumber, between: list[str], around: tuple[str, str]
) -> None:
    with pytest.raises(ValidationError):
        without_identity_number(around[0] + written_with(number, between) + around[1])


@pytest.mark.parametrize("note", ["", "Ring 22 33 44 55", "12.03.2026 and 13.03.2026", "+47 99887766", "room 12345"])
def test_other_figures_may_be_written(note: str) -> None:
    without_identity_number(note)


@pytest.mark.parametrize("written", ["2026-03-12", "12.03.2026", " 12.3.2026 ", "12.3.26"])
def test_days_are_read_as_people_write_them(world: World, written: str) -> None:
    assert DayField().clean(written) == date(2026, 3, 12)


@tried
@given(data=fields)
def test_no_form_falls_over(world: World, data: dict[str, Any]) -> None:
    operator, steward = world.user("operator"), world.user("steward")
    one = Participant(seq=1, arm="coaching", site="north", office="n1", day=date(2026, 1, 1))
    forms = [
        DrawForm(operator, data),
        FilterForm(steward, data),
        FindForm(data, by_number=True),
        FindForm(data),
        WhyForm(steward, data),
        ErrorForm(data),
        LinkForm(data),
        WithdrawForm(data),
        *(EntryForm(one, kind, data) for kind in ("referral", "start", "end")),
    ]
    for form in forms:
        assert form.is_valid() or form.errors
        assert str(form.errors) is not None
    assert forms[1].narrowed is not None


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=fields)
def test_no_address_falls_over(world: World, data: dict[str, Any]) -> None:
    client = world.client("steward")
    assert client.get("/participants/", data).status_code == 200
