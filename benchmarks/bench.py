"""The course of one measurement: every step on the same simulated events, each in its own process, in one run."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import bare_build
from benchmarks.events import split
from benchmarks.measure import Used, machine, python, tieout
from orchestration.home import Home
from orchestration.landing.layout import batches as landed_batches

# What is not measured runs in a process of its own too: a process inherits the peak memory of the one that starts it.
PREPARE = """
import json, sys
from pathlib import Path
from benchmarks.events import cut, simulated
work = Path(sys.argv[1])
cut(simulated(int(sys.argv[2]), work / "simulated"), work / "cut", json.loads(sys.argv[3]))
"""
BARE_LANDING = """
import sys
from pathlib import Path
from benchmarks.landing import bare
bare([Path(name) for name in sys.argv[2:]], Path(sys.argv[1]))
"""
BARE_BUILD = """
import sys
from pathlib import Path
from benchmarks.bare_build import bare_build
from orchestration.home import Home
bare_build(Home(Path(sys.argv[1])), Path(sys.argv[2]))
"""
MARTS_BUILD = """
import sys
from pathlib import Path
from benchmarks.bare_build import marts
from orchestration.home import Home
from orchestration.warehouse.build import build
# Only tests of what is built here: others read relations that are not there yet.
select = [*(f"+{mart}" for mart in marts()), "--indirect-selection", "buildable"]
failed = build(Home(Path(sys.argv[1])), select=select).failed
if failed:
    sys.exit(f"failed: {', '.join(node.name for node in failed)}")
"""
MARTS_SCRIPT = """
import sys
from pathlib import Path
from benchmarks.bare_marts import write_script
from orchestration.home import Home
write_script(Home(Path(sys.argv[1])), Path(sys.argv[2]))
"""
BARE_MARTS = """
import sys
from pathlib import Path
from benchmarks.bare_marts import run_script
run_script(Path(sys.argv[1]), Path(sys.argv[2]))
"""
COMPARE_MARTS = """
import sys
from pathlib import Path
from benchmarks.bare_marts import differences
from orchestration.home import Home
wrong = differences(Home(Path(sys.argv[1])), Path(sys.argv[2]))
if wrong:
    sys.exit("the script of all models has other rows, so nothing is compared: " + "; ".join(wrong))
"""
COMPARE = """
import sys
from pathlib import Path
from benchmarks.bare_build import differences
from orchestration.home import Home
wrong = differences(Home(Path(sys.argv[1])), Path(sys.argv[2]))
if wrong:
    sys.exit("the hand-written build has other rows, so nothing is compared: " + "; ".join(wrong))
"""


def bench(events: int, increment: int, batches: int, work: Path, told: Callable[[str], None]) -> dict[str, Any]:
    """Measure all steps in the empty folder `work` and return the results; see docs/benchmarks.md for what they mean.

    `batches`: how many small files (of ten events) land between the two increments; 0 leaves that part out. Raises
    SystemExit when a step fails, or the hand-written build or the script of all models has other rows than the marts.
    """
    steps: dict[str, Used] = {}

    def step(name: str, run: Callable[[], Used]) -> None:
        steps[name] = run()
        told(f"{name}: {steps[name].cpu_seconds} CPU s, {steps[name].memory_mib} MiB")

    sizes = [increment, batches * 10, increment] if batches else [increment]
    python(PREPARE, str(work), str(events), json.dumps(sizes))
    shutil.rmtree(work / "simulated")
    history = work / "cut" / "history"
    later = [work / "cut" / f"increment-{number}.ndjson" for number in range(1, len(sizes) + 1)]
    home, bare = work / "home", work / "bare"
    bare.mkdir()
    landed = sorted(map(str, history.iterdir()))
    step("bare_landing", lambda: python(BARE_LANDING, str(bare), *landed))
    shutil.rmtree(bare)
    step("landing", lambda: tieout(home, "land", str(history)))
    step("marts_build", lambda: python(MARTS_BUILD, str(home)))
    database = work / "bare.duckdb"
    step("bare_build", lambda: python(BARE_BUILD, str(home), str(database)))
    python(COMPARE, str(home), str(database))
    database.unlink()
    step("build", lambda: tieout(home, "build", "--full-refresh"))
    script, marts = work / "marts.sql", work / "marts" / Home(home).warehouse.name
    marts.parent.mkdir()
    python(MARTS_SCRIPT, str(home), str(script))
    step("bare_marts", lambda: python(BARE_MARTS, str(script), str(marts)))
    python(COMPARE_MARTS, str(home), str(marts))
    shutil.rmtree(marts.parent)
    step("reconcile", lambda: tieout(home, "reconcile"))
    step("publish", lambda: tieout(home, "publish"))
    step("increment_landing", lambda: tieout(home, "land", str(later[0])))
    step("increment_build", lambda: tieout(home, "build"))
    if batches:
        step("batches_landing", lambda: tieout(home, "land", str(split(later[1], work / "parts", batches))))
        step("batches_build", lambda: tieout(home, "build"))
        step("late_increment_landing", lambda: tieout(home, "land", str(later[2])))
        step("late_increment_build", lambda: tieout(home, "build"))
        step("late_reconcile", lambda: tieout(home, "reconcile"))
    return {
        "events": sum(batch.manifest["verdicts"]["accepted"] for batch in landed_batches(Home(home))),
        "increment": increment,
        "batches": batches,
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": machine(),
        "by_hand": len(bare_build.marts()),
        "steps": {name: used.as_json() for name, used in steps.items()},
    }
