"""Writes ``golden.json``: what a fixed key draws by every method. Run with ``python tests/allocation/make_golden.py``.

The file changes only when the mechanism does, and then no trial that is under way could be verified any more: so a
change needs a new version in the labels of the messages (``lodd/lot/v1`` ...), never a new golden file alone.
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

from lodd.allocation import Lot
from lodd.protocol.model import Trial

HERE = Path(__file__).parent
GOLDEN = HERE / "golden.json"


def golden() -> dict[str, list[dict[str, Any]]]:
    from tests.allocation.cases import NAMES, case_of, mac_of
    from tests.allocation.conftest import PROTOCOL, two_arm_values

    three, two = maker(tomllib.loads(PROTOCOL, parse_float=Decimal)), maker(two_arm_values())
    return {name: [plain(lot) for lot in case_of(name, three, two).draw(mac_of(0))] for name in NAMES}


def maker(values: dict[str, Any]) -> Callable[..., Trial]:
    return lambda **draw: Trial.model_validate(values | {"draw": values["draw"] | draw})


def plain(lot: Lot) -> dict[str, Any]:
    return {
        "arm": lot.arm,
        "stratum": lot.stratum,
        "conditional": [str(p) for p in lot.conditional],
        "marginal": None if lot.marginal is None else [str(p) for p in lot.marginal],
    }


if __name__ == "__main__":
    tests = ModuleType("tests")  # not another package's tests, which some distributions install
    tests.__path__ = [str(HERE.parent)]
    sys.modules["tests"] = tests
    GOLDEN.write_text(json.dumps(golden(), indent=1, sort_keys=True) + "\n", encoding="utf-8")
