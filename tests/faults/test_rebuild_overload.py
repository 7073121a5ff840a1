"""A rebuild of the read models beside people who read them: their queries take no more than half as long again."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from orchestration.home import PROJECT_ROOT, Home
from orchestration.landing import land
from orchestration.operations.follow import follow
from orchestration.operations.home import OperationsHome
from orchestration.publishing import store
from orchestration.publishing.query import query
from simulator import run as simulate

QUERY = "select owner, count(*), max(status_age_seconds) from quote_worklist group by owner order by owner"
CLI = "import sys; from orchestration.cli import main; sys.exit(main())"
IDLE_QUERIES = 200
PACE_SECONDS = 0.05
# A few milliseconds are the clock's and the disk's, whatever else runs.
NOISE_SECONDS = 0.01


def durations(home: OperationsHome, is_enough: Callable[[int], bool]) -> list[float]:
    """How long the query takes, again and again at the pace of a busy page."""
    found: list[float] = []
    while not is_enough(len(found)):
        started = time.perf_counter()
        assert query(home, QUERY).rows
        found.append(time.perf_counter() - started)
        time.sleep(PACE_SECONDS)
    return found


def p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]


def is_undisturbed(idle: list[float], during: list[float]) -> bool:
    return p95(during) <= 1.5 * p95(idle) + NOISE_SECONDS


def test_readers_that_wait_are_told_from_those_that_do_not() -> None:
    idle = [0.02] * 95 + [0.04] * 5
    assert is_undisturbed(idle, [0.02] * 90 + [0.06] * 10)
    assert not is_undisturbed(idle, [0.02] * 90 + [0.09] * 10)
    assert is_undisturbed(idle, [0.02] * 96 + [9.0] * 4), "one in twenty may be slower"


@pytest.mark.proof
def test_a_rebuild_disturbs_no_reader(tmp_path: Path) -> None:
    simulate(2000, seed=7, start=date(2026, 8, 1), end=date(2026, 9, 1), out=tmp_path / "out")
    home = Home(tmp_path / "home")
    land(home, [tmp_path / "out"])
    follow(home, once=True)
    operations = OperationsHome.of(home)
    before = store.current_id(operations)
    idle = durations(operations, lambda count: count >= IDLE_QUERIES)
    command = [sys.executable, "-c", CLI, "follow", "--rebuild", "--json"]
    rebuild = subprocess.Popen(
        command, cwd=PROJECT_ROOT, env={**os.environ, "TIEOUT_HOME": str(home.root)}, stdout=subprocess.PIPE
    )
    during = durations(operations, lambda _: rebuild.poll() is not None)
    assert rebuild.returncode == 0
    assert len(during) > 50, "the rebuild was over before it could disturb anyone"
    assert store.current_id(operations) == before
    told = f"p95 idle {p95(idle) * 1000:.0f} ms, during {p95(during) * 1000:.0f} ms, {len(during)} queries"
    print(told)
    assert is_undisturbed(idle, during), told
