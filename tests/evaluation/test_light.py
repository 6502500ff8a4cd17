"""What an evaluation does without: the engines of registers, 60 MB and half a second."""

from __future__ import annotations

import subprocess
import sys


def test_estimating_loads_no_engine() -> None:
    program = "import lodd.evaluation, sys; print({'ibis', 'duckdb', 'pandas', 'lodd.registers'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
