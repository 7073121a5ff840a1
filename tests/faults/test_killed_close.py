"""kill -9 at the steps of a close, then the same again: package, record, breaks and index are the undisturbed ones.

The steps are not listed here: an undisturbed close tells them (every change of a file, half-way through each write of
the ledger, each checkpoint). The build that follows a close is the pipeline's, killed in test_killed_pipeline.
"""

import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from support.killing import Pipeline, Point, pipeline, points_of
from support.northwind import build_home

import simulator
from orchestration.closing import breaks
from orchestration.closing.close import close
from orchestration.home import PROJECT_ROOT
from orchestration.publishing.publish import publish
from orchestration.reconciliation import reconcile
from orchestration.reconciliation.suites import EXPECTATIONS

PERIOD = "2026-08"
IN_CI, IN_FULL = 3, 20


@dataclass(frozen=True)
class Ready:
    """A home whose August can be closed, what an undisturbed close leaves, and the steps that it takes."""

    pipeline: Pipeline
    home: Path
    before: Path
    end: dict[str, Any]
    points: list[Point]

    def reset(self) -> None:
        # Packages are read-only folders.
        for path in self.home.rglob("*"):
            if path.is_dir() and not path.is_symlink():
                path.chmod(0o755)
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.copytree(self.before, self.home, symlinks=True)

    def check(self, point: Point) -> None:
        """Kill a close at a step and close again."""
        self.reset()
        assert self.pipeline.close(self.home, PERIOD, kill=point)[0] == -signal.SIGKILL, point
        assert self.pipeline.close(self.home, PERIOD)[0] == 0, point
        assert self.pipeline.close_state(self.home) == self.end, point


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ready]:
    root = tmp_path_factory.mktemp("killed-close")
    simulator.run(30, 7, date(2026, 8, 1), date(2026, 10, 1), root / "events")
    home = build_home(root / "homes" / "home", [root / "events"])
    assert reconcile(home).passed
    publish(home)
    standing = [one.break_id for one in close(home, PERIOD, by="Ada", soft=True).breaks]
    if standing:
        breaks.explain(home, standing, reason="known", by="Ada")
    before = home.root.with_name("before")
    home.root.rename(before)
    with pipeline(PROJECT_ROOT, EXPECTATIONS) as started:
        made = Ready(started, home.root, before, {}, [])
        made.reset()
        code, steps = started.close(home.root, PERIOD)
        assert code == 0
        end = started.close_state(home.root)
        assert (len(end["packages"]), end["wrong"], end["left over"]) == (1, [], [])
        assert [one[:3] for one in end["periods"]] == [[PERIOD, "soft_closed", 0], [PERIOD, "closed", 1]]
        assert [one[1] for one in end["index"]] == [PERIOD]
        yield Ready(started, home.root, before, end, points_of(steps))
    made.reset()


def spread(points: list[Point], count: int) -> list[Point]:
    """So many of them, evenly, the last among them."""
    return [points[(number + 1) * len(points) // count - 1] for number in range(count)]


def test_a_close_that_is_killed_and_made_again_ends_the_same(ready: Ready) -> None:
    assert len(ready.points) >= IN_FULL
    for point in spread(ready.points, IN_CI):
        ready.check(point)


def test_a_close_that_is_killed_and_left_so_differs(ready: Ready) -> None:
    """So the comparison is worth something."""
    ready.reset()
    assert ready.pipeline.close(ready.home, PERIOD, kill=("told package", 1))[0] == -signal.SIGKILL
    assert ready.pipeline.close_state(ready.home) != ready.end


@pytest.mark.proof
def test_killed_at_every_step_of_a_close(ready: Ready, record_property: Any) -> None:
    for point in ready.points:
        ready.check(point)
    record_property("close: points of kill", len(ready.points))
    assert len(ready.points) >= IN_FULL
