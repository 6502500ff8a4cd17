"""The whole of `lodd demo`, as a newcomer runs it after set-up: under 60 s on two cores.

Run with ``python -m benchmarks.demo_time``.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LIMIT_SECONDS = 60.0


def main() -> None:
    """Run the demo once and say how long it took and which stages it was made of."""
    with tempfile.TemporaryDirectory() as folder:
        demo = Path(folder) / "demo"
        started = time.perf_counter()
        subprocess.run([sys.executable, "-m", "lodd", "demo", str(demo)], check=True, capture_output=True)
        seconds = time.perf_counter() - started
        timings = json.loads((demo / "results/results.json").read_text(encoding="utf-8"))["timings"]
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print("lodd demo: simulate, evaluate and report 3,737 people")
    for stage, took in timings.items():
        print(f"    {stage:<15}{took:8.1f} s")
    verdict = "within" if seconds <= LIMIT_SECONDS else "OVER"
    print(
        f"    all of it      {seconds:8.1f} s   {verdict} the limit of {LIMIT_SECONDS:.0f} s; peak memory {peak:.0f} MB"
    )


if __name__ == "__main__":
    main()
