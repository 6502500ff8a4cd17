"""Text is taken apart alike by every engine: what Ibis writes for one of them is not always what it says.

With ``LODD_ENGINE=spark`` or ``postgresql`` on that engine (``.ci/run``).
"""

from __future__ import annotations

import ibis
import pyarrow as pa
import pytest

from lodd.registers.engines import engine_of

TEXTS = ["vif", " \tf\n", "\x0b\x0cv\x0c", "x'y\\d", "5f", "007", "", None]


@pytest.fixture(scope="module")
def found() -> dict[str, list[object]]:
    with engine_of() as engine:
        table = engine.take(pa.table({"a": TEXTS}), numbered=True).order_by("lodd_row")
        a = table.a
        return engine.fetch(
            table.select(
                strip=a.strip(),
                left=a.lstrip(),
                right=a.rstrip(),
                digits=a.re_search(r"^\d+f$"),
                quoted=a == "x'y\\d",
                bare=a.re_replace("^0+", ""),
                upper=a.upper(),
                part=a.substr(1, 2),
                last=a.right(1),
                length=a.length().cast("int64"),
                swapped=a.translate("vf", "fv"),
                stated=a.strip().nullif(""),
                number=a.strip().try_cast("int64"),
                day=ibis.ifelse(a == "vif", "2015-02-30", "2016-02-29").try_cast("date").cast("string"),
            )
        ).to_dict(as_series=False)


def test_white_space(found: dict[str, list[object]]) -> None:
    """Form feeds and vertical tabs too, and never the letters f and v that they are written with."""
    assert found["strip"] == ["vif", "f", "v", "x'y\\d", "5f", "007", "", None]
    assert found["left"] == ["vif", "f\n", "v\x0c", "x'y\\d", "5f", "007", "", None]
    assert found["right"] == ["vif", " \tf", "\x0b\x0cv", "x'y\\d", "5f", "007", "", None]
    assert found["stated"] == ["vif", "f", "v", "x'y\\d", "5f", "007", None, None]


def test_patterns_and_quotation_marks(found: dict[str, list[object]]) -> None:
    assert found["digits"] == [False, False, False, False, True, False, False, None]
    assert found["quoted"] == [False, False, False, True, False, False, False, None]
    assert found["bare"] == ["vif", " \tf\n", "\x0b\x0cv\x0c", "x'y\\d", "5f", "7", "", None]


def test_parts(found: dict[str, list[object]]) -> None:
    assert found["upper"][:2] == ["VIF", " \tF\n"]
    assert found["part"] == ["if", "\tf", "\x0cv", "'y", "f", "07", "", None]
    assert found["last"] == ["f", "\n", "\x0c", "d", "f", "7", "", None]
    assert found["length"] == [3, 4, 4, 5, 2, 3, 0, None]
    assert found["swapped"][0] == "fiv"


def test_what_is_no_number_or_day_is_missing(found: dict[str, list[object]]) -> None:
    assert found["number"] == [None, None, None, None, None, 7, None, None]
    assert found["day"] == [None, *["2016-02-29"] * 7]
