"""Every benchmark, one after the other; or those named: ``python -m benchmarks linear_speed demo_time``."""

from __future__ import annotations

import subprocess
import sys

ALL = (
    "linear_speed",
    "draw_speed",
    "verify_speed",
    "demo_time",
    "lot_uniformity",
    "coverage",
    "randomisation",
    "linking",
    "national",
    "integrity",
    "site_draws",
    "site_pages",
)
"""All but ``calibration``, which takes an hour: ``python -m benchmarks.calibration``. ``national`` is a tenth
of a nation here; the whole one is ``python -m benchmarks.national --full``.
"""


def main() -> int:
    """Each in a process of its own, so that one's memory does not count as another's."""
    chosen = sys.argv[1:] or ALL
    codes = []
    for name in chosen:
        print(f"== {name}", flush=True)
        codes.append(subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode)
        print(flush=True)
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
