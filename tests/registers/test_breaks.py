"""What the panel says of a register's breaks."""

from __future__ import annotations

from datetime import date

from tests.registers.small import IN_WORK, JOBS, notes, panel_of, people_of, table, trial_of


def test_people_followed_across_a_break_are_counted() -> None:
    """The window is a month before to two after: of the three, b alone has months on both sides of 1 April 2015."""
    breaks = [{"from": date(2015, 4, 1), "label": "x"}, {"from": date(2016, 12, 31), "label": "y"}]
    outcomes = {"in_work": {"register": "jobs"} | IN_WORK}
    people = people_of(a=date(2015, 1, 7), b=date(2015, 2, 1), c=date(2015, 5, 31))
    rows = table("person_id start stop hours", ("a", date(2015, 3, 1), None, 30.0))
    panel = panel_of(trial_of({"jobs": JOBS | {"breaks": breaks}}, outcomes), people, jobs=rows)
    assert notes(panel, "jobs")["break:2015-04-01"] == 1
    assert notes(panel, "jobs")["break:2016-12-31"] == 0
