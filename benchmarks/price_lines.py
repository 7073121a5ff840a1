"""`python -m benchmarks.price_lines`: a home of many price lines from few events, for dashboards and a close.

Large quotes of which few are won: ten million price lines need some four million events, where the usual mix of
business needs fifty.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.events import MONTH
from benchmarks.measure import Used, machine, python, tieout, write

MEASURED = "measured.json"
"""Beside a home that is left: what its steps took."""

LINE_FACTOR, WIN_RATE = 12, 5
LINES_PER_QUOTE = 51  # price lines of a quote in this mix; only says how many quotes to ask for
SIMULATE = """
import sys
from datetime import date
from pathlib import Path
from simulator import Mix, run
quotes, start, end, factor, rate, out = sys.argv[1:]
mix = Mix(int(factor), int(rate))
run(int(quotes), 1, date.fromisoformat(start), date.fromisoformat(end), Path(out), "none", mix=mix)
"""


def make(lines: int, work: Path, told: Callable[[str], None]) -> dict[str, Any]:
    """Simulate, land, build in full, audit and publish in the empty folder `work`; what each step but the first took.

    Raises SystemExit when a step fails.
    """
    steps: dict[str, Used] = {}

    def took(name: str, used: Used) -> None:
        steps[name] = used
        told(f"{name}: {used.cpu_seconds} CPU s, {used.memory_mib} MiB")

    home, simulated = work / "home", work / "simulated"
    quotes = max(round(lines / LINES_PER_QUOTE), 100)
    mix = [str(LINE_FACTOR), str(WIN_RATE)]
    python(SIMULATE, str(quotes), *(day.isoformat() for day in MONTH), *mix, str(simulated))
    took("landing", tieout(home, "land", str(simulated)))
    shutil.rmtree(simulated)
    took("build", tieout(home, "build", "--full-refresh"))
    took("reconcile", tieout(home, "reconcile"))
    took("publish", tieout(home, "publish"))
    return {
        "price_lines_asked": lines,
        "line_factor": LINE_FACTOR,
        "win_rate": WIN_RATE,
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": machine(),
        "steps": {name: used.as_json() for name, used in steps.items()},
    }


def main() -> None:
    """Parse the arguments, make the home and say where it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=10_000_000, help="how many price lines, about")
    parser.add_argument("--work", type=Path, help="where to work, on a disk with room; a temporary folder without it")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(dir=options.work, prefix="tieout-lines-")).absolute()
    write(folder / MEASURED, make(options.lines, folder, _say))
    _say(f"left: {folder / 'home'}")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
