"""Drawings: what is drawn where, and that everything drawn lies on the paper."""

import itertools
import re
from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from lodd.report.drawing import svg
from lodd.report.drawing.curves import NARROW, WIDE, Band, Chart, Line, Size, curve
from lodd.report.drawing.dots import Dot, DotRow, dot_plot, strip
from lodd.report.drawing.flow import Box, Column, flow
from lodd.report.drawing.scale import Scale, extent, month_ticks, nice_step, ticks
from lodd.report.drawing.shares import PeriodShare, SitePanel, share_panels
from lodd.report.drawing.spark import spark
from lodd.report.model import Drawing

numbers = st.floats(-1e6, 1e6, allow_nan=False)


def elements(drawing: Drawing) -> list[etree._Element]:
    return list(etree.fromstring(f"<svg>{drawing.body}</svg>"))


def texts(drawing: Drawing) -> list[str]:
    return [element.text or "" for element in elements(drawing) if element.tag == "text"]


def points(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", path)]


def paths(drawing: Drawing, css: str) -> list[list[tuple[float, float]]]:
    found = [e for e in elements(drawing) if e.tag == "path" and css in (e.get("class") or "").split()]
    return [points(e.get("d") or "") for e in found]


def chart(months: Sequence[int], values: Sequence[float | None], **changes: object) -> Chart:
    given_: dict[str, object] = {
        "months": months,
        "lines": [Line("A line", "arm-1", values)],
        "tick": lambda v: f"{v:g}",
        "number": lambda v: f"{v:g}",
        "y_title": "Per cent",
        "x_title": "Months",
        "draw": "draw",
    }
    return Chart(**{**given_, **changes})  # type: ignore[arg-type]


# Scales ---------------------------------------------------------------------------------------------------------------


@given(numbers, st.floats(1e-3, 1e6), st.integers(2, 8))
def test_ticks_are_inside_even_and_about_as_many_as_asked(low: float, width: float, count: int) -> None:
    found = ticks(low, low + width, count)
    assert all(low - 1e-6 * width <= t <= low + width * (1 + 1e-6) for t in found)
    assert len(found) <= count + 1
    steps = {round(b - a, 6) for a, b in itertools.pairwise(found)}
    assert max(steps, default=0) - min(steps, default=0) <= 1e-5 * width


@given(st.floats(1e-9, 1e9))
def test_a_nice_step_is_1_2_or_5_times_a_power_of_ten_and_not_below(rough: float) -> None:
    step = nice_step(rough)
    assert rough * (1 - 1e-6) <= step <= rough * 2.6
    assert f"{step:e}"[0] in "125"


@given(st.lists(numbers, max_size=20), st.booleans())
def test_an_extent_holds_every_value_and_is_never_empty(values: list[float], zero: bool) -> None:
    low, high = extent(values, zero)
    assert low < high
    slack = 1e-6 * (high - low)
    assert all(low - slack <= value <= high + slack for value in values)
    assert not zero or low <= 0 <= high


def test_month_ticks_hold_the_month_of_the_draw() -> None:
    assert month_ticks(-60, 72, 24) == [-48, -24, 0, 24, 48, 72]


# Curves ---------------------------------------------------------------------------------------------------------------


def test_a_line_breaks_where_a_month_is_missing() -> None:
    drawn = curve(chart(range(5), [1.0, 2.0, None, 3.0, 2.0]), WIDE)
    (path,) = [
        e.get("d") or "" for e in elements(drawn) if e.get("class") == "line arm-1" and "L" in (e.get("d") or "")
    ][-1:]
    assert path.count("M") == 2


@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_everything_in_a_curve_lies_on_its_paper(size: Size) -> None:
    months = range(-60, 73)
    values = [0.1 + 0.001 * m for m in months]
    band = Band("95% interval", "arm-1", [v - 0.05 for v in values], [v + 0.05 for v in values])
    drawn = curve(chart(months, values, bands=[band], partial=[(37, 72)], partial_label="fewer"), size)
    for css in ("line", "band", "grid", "zero"):
        for path in paths(drawn, css):
            assert all(0 <= x <= drawn.width and 0 <= y <= drawn.height for x, y in path)
    for element in elements(drawn):
        if element.tag == "text":
            x, length = float(element.get("x") or 0), svg.width_of(element.text or "", 13)
            left = {None: x, "middle": x - length / 2, "end": x - length}[element.get("text-anchor")]
            assert left >= -14
            assert left + length <= drawn.width + 14, element.text


def test_a_higher_value_is_drawn_higher_and_later_months_to_the_right() -> None:
    drawn = curve(chart([0, 1, 2], [0.0, 5.0, 10.0]), WIDE)
    (line,) = [p for p in paths(drawn, "line") if len(p) == 3]
    assert line == sorted(line)
    assert [y for _, y in line] == sorted((y for _, y in line), reverse=True)


def test_the_draw_is_marked_only_where_there_are_months_on_both_sides() -> None:
    assert "draw" in texts(curve(chart(range(-3, 4), [1.0] * 7), WIDE))
    assert "draw" not in texts(curve(chart(range(1, 5), [1.0] * 4), WIDE))


def test_months_in_which_not_all_are_followed_are_shaded_and_said() -> None:
    drawn = curve(chart(range(-10, 61), [1.0] * 71, partial=[(20, 60)], partial_label="not all"), WIDE)
    assert [e.get("class") for e in elements(drawn)].count("partial") == 1
    assert "not all" in texts(drawn)


def test_a_long_legend_takes_more_rows_on_narrow_paper() -> None:
    lines = [Line(f"A rather long name, number {i}", f"arm-{i}", [1.0, 2.0]) for i in range(3)]
    wide, narrow = (curve(chart([0, 1], [], lines=lines), size) for size in (WIDE, NARROW))
    assert wide.height - WIDE.plot_height < narrow.height - NARROW.plot_height


def test_words_are_escaped() -> None:
    drawn = curve(chart([0, 1], [], lines=[Line("<script> & co", "arm-1", [1.0, 2.0])]), WIDE)
    assert "<script> & co" in texts(drawn)


# Marks ----------------------------------------------------------------------------------------------------------------


@given(st.lists(st.one_of(st.none(), numbers), min_size=1, max_size=30))
def test_a_polyline_has_a_run_for_each_stretch_without_gaps(values: list[float | None]) -> None:
    drawn = svg.polyline([(float(i), v) for i, v in enumerate(values)], "x")
    padded = [None, *values]
    runs = sum(a is None and b is not None for a, b in zip(padded, values, strict=False))
    assert drawn.count("M") == runs


def test_a_ribbon_goes_there_and_back() -> None:
    drawn = svg.ribbon([(0, 1.0), (1, 1.0)], [(0, 2.0), (1, 3.0)], "band")
    assert points(drawn) == [(0, 2), (1, 3), (1, 1), (0, 1)]
    assert svg.ribbon([(0, None)], [(0, 1.0)], "band") == ""


def test_coordinates_are_short_and_zero_has_no_sign() -> None:
    assert [svg.coordinate(v) for v in (1.04, 1.0, -0.01, 12.56, -3.0)] == ["1", "1", "0", "12.6", "-3"]


@given(st.text(alphabet="ab ", min_size=1, max_size=60), st.floats(20, 300))
def test_wrapping_loses_no_words(words: str, width: float) -> None:
    assert " ".join(svg.wrap(words, width)) == words


def test_a_scale_maps_ends_to_ends() -> None:
    y = Scale(0, 10, 200, 0)
    assert (y(0), y(10), y(5)) == (200, 0, 100)


# Other figures --------------------------------------------------------------------------------------------------------


def test_a_dot_lies_within_its_interval_and_the_shaded_margin_around_zero() -> None:
    drawn = strip(Dot("arm-1", 0.01, -0.01, 0.03), 0.02, "margin", lambda v: f"{v:g}")
    (whisker,) = paths(drawn, "whisker")
    (dot,) = [float(e.get("cx") or 0) for e in elements(drawn) if e.tag == "circle"]
    (shade,) = [e for e in elements(drawn) if e.get("class") == "partial"]
    assert whisker[0][0] < dot < whisker[1][0]
    middle = float(shade.get("x") or 0) + float(shade.get("width") or 0) / 2
    assert middle == pytest.approx(drawn.width / 2, abs=0.2)


def test_an_interval_that_ends_at_zero_is_drawn_to_zero() -> None:
    drawn = strip(Dot("arm-1", 1.0, 0.0, 2.0), None, "", lambda v: f"{v:g}")
    assert paths(drawn, "whisker")[0][0][0] == pytest.approx(drawn.width / 2, abs=0.2)


@pytest.mark.parametrize("width", [720, 350])
def test_dot_plots_name_every_row(width: int) -> None:
    rows = [DotRow("Heading"), *(DotRow(f"Row {i}", [Dot("arm-1", i / 10), Dot("arm-2", -i / 10)]) for i in range(4))]
    drawn = dot_plot(rows, tick=str, x_title="Units", width=width, legend=[("SE", "arm-1")], shaded=(-0.1, 0.1))
    assert {row.label for row in rows} | {"Units", "SE"} <= set(texts(drawn))
    assert sum(e.tag == "circle" for e in elements(drawn)) == 9


def test_the_flow_stands_side_by_side_where_there_is_room() -> None:
    columns = [Column(f"arm-{i}", [Box(f"Arm {i}", ["many people " * 4]), Box("Analysed", ["12"])]) for i in range(3)]
    wide, narrow = (flow(Box("All"), columns, width) for width in (720, 350))
    assert wide.height < narrow.height
    tops = {e.get("y") for e in elements(wide) if e.tag == "rect"}
    assert len(tops) == 3
    for drawn in (wide, narrow):
        boxes = [e for e in elements(drawn) if e.tag == "rect"]
        assert len(boxes) == 7
        assert all(float(b.get("y") or 0) + float(b.get("height") or 0) <= drawn.height for b in boxes)


def test_share_panels_show_declared_and_drawn_and_leave_out_the_unknown() -> None:
    year = [date(2014, 1, 1), date(2014, 12, 31)]
    known = PeriodShare("arm-1", *year, 0.4, 0.35)
    drawn = share_panels(
        [SitePanel("North", [known]), SitePanel("South", [PeriodShare("arm-1", *year, None, None)])],
        tick=str,
        legend=("Declared", "Drawn"),
        columns=2,
        width=700,
    )
    assert {"North", "South", "2014"} <= set(texts(drawn))
    assert len(paths(drawn, "declared")) == 2  # the legend's and one period's
    assert sum(e.tag == "circle" for e in elements(drawn)) == 2


def test_a_spark_stays_inside_its_cell_even_where_the_band_is_wide() -> None:
    drawn = spark(range(-2, 3), [0.1, 0.2, None, -0.1, 0.0], ([-9.0] * 5, [9.0] * 5), "arm-1")
    for css in ("band", "line"):
        assert all(0 <= y <= drawn.height for path in paths(drawn, css) for _, y in path)


def test_a_spark_of_nothing_is_a_line_at_zero() -> None:
    assert paths(spark([0, 1], [None, None], ([None] * 2, [None] * 2), "arm-1"), "zero")
