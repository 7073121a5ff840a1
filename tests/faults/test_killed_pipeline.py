"""kill -9 at any step of land, build, reconcile and publish, then the same again: the end is the undisturbed one.

The steps are not listed here: an undisturbed run tells them. CI kills at a few of them, `make proof` at each.
"""

import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from support.killing import Pipeline, Point, pipeline, points_of, small_project
from support.quote_stories import event, quotes

import simulator
from orchestration.home import PROJECT_ROOT
from orchestration.reconciliation.suites import EXPECTATIONS
from tests.unit.landing.landing_files import account, write

IN_CI = 5
AT_LEAST = 40
REAL_MODELS = 12


@dataclass(frozen=True)
class Prepared:
    """A home with one release and new files in the inbox, how its next run ends undisturbed, and where to kill it.

    Every run is at one path, as in life: dbt's kept parse is of one home.
    """

    pipeline: Pipeline
    home: Path
    before: Path
    end: dict[str, Any]
    points: list[Point]

    def reset(self) -> None:
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.copytree(self.before, self.home, symlinks=True)

    def check(self, point: Point) -> None:
        """Kill a run at a point and make it again."""
        self.reset()
        assert self.pipeline.run(self.home, kill=point)[0] == -signal.SIGKILL, point
        assert self.pipeline.run(self.home)[0] == 0, point
        assert self.pipeline.state(self.home) == self.end, point


def prepared(started: Pipeline, home: Path) -> Prepared:
    """From a home with files in its inbox: one release, and new files, run undisturbed."""
    before = home.with_name("before")
    home.rename(before)
    made = Prepared(started, home, before, {}, [])
    made.reset()
    code, steps = started.run(home)
    assert code == 0
    end = started.state(home)
    assert (len(end["releases"]), end["wrong"], end["left over"], end["waiting"]) == (2, [], [], [])
    assert end["published in order"] and end["current is the last"]
    return Prepared(started, home, before, end, points_of(steps))


def spread(points: list[Point], count: int) -> list[Point]:
    """So many of them, evenly over the run."""
    return [points[(2 * number + 1) * len(points) // (2 * count)] for number in range(count)]


def amount(number: int, **changes: Any) -> dict[str, Any]:
    told = account(f"e{number}", **changes)
    told["payload"]["amount"] = f"{number}.0001"
    return told


def entry(currency: str) -> dict[str, Any]:
    """The price that the later quotes are priced with."""
    payload = {"priceBookVersion": "b1", "productOfferingId": "p1", "currency": currency, "chargeType": "ONE_TIME"}
    told = payload | {"listUnitPrice": "99.9999", "validFrom": "2026-07-01"}
    happened = event("PriceBookEntryUpserted", f"PriceBookEntry:p1-{currency}", 1, "02T00:00", told, source="cpq-two")
    return happened | {"eventTime": "2026-07-02T00:00:00+00:00"}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prepared]:
    root = tmp_path_factory.mktemp("killed")
    home = root / "homes" / "home"
    write(home / "inbox" / "a.ndjson", [*map(amount, range(50)), b"nope"])
    with pipeline(*small_project(root)) as started:
        assert started.run(home)[0] == 0
        write(home / "inbox" / "b.ndjson", [amount(7), *map(amount, range(50, 90)), b"{"])
        write(home / "inbox" / "c.ndjson.gz", [amount(number) for number in range(80, 120)])
        yield prepared(started, home)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prepared]:
    """Tieout's own models: a simulated month is released, then quotes of another source come in."""
    root = tmp_path_factory.mktemp("killed-real")
    home = root / "homes" / "home"
    simulator.run(20, 7, date(2026, 7, 1), date(2026, 8, 1), home / "inbox")
    with pipeline(PROJECT_ROOT, EXPECTATIONS) as started:
        assert started.run(home)[0] == 0
        whole = {"Quote:revised", "Quote:foreign", "ProductOffering:p1", "ProductOffering:p2", "Account:a1"}
        # Of a source that publishes no totals, in the simulated month: so no check misses a figure or a later bill.
        later = [
            {**one, "source": "cpq-two", "eventTime": one["eventTime"].replace("2026-10", "2026-07")}
            for one in quotes()
            if f"{one['aggregateType']}:{one['aggregateId']}" in whole and one["eventType"] != "QuoteAccepted"
        ]
        write(home / "inbox" / "later.ndjson", [*later, *map(entry, ("USD", "GBP"))])
        yield prepared(started, home)


def test_a_run_that_is_killed_and_made_again_ends_the_same(small: Prepared) -> None:
    assert len(small.points) >= AT_LEAST
    for point in spread(small.points, IN_CI):
        small.check(point)


def test_an_end_that_differs_shows(small: Prepared) -> None:
    """Killed and not made again, the state is another one; so the comparison is worth something."""
    small.reset()
    (half_way,) = (point for point in small.points if point[0].startswith("told model fact_event"))
    assert small.pipeline.run(small.home, kill=half_way)[0] == -signal.SIGKILL
    assert small.pipeline.state(small.home) != small.end


@pytest.mark.proof
def test_killed_at_every_step(small: Prepared, record_property: Any) -> None:
    for point in small.points:
        small.check(point)
    record_property("small project: points of kill", len(small.points))
    assert len(small.points) >= AT_LEAST


@pytest.mark.proof
def test_killed_while_the_own_models_are_built(real: Prepared, record_property: Any) -> None:
    models = [point for point in real.points if point[0].startswith("told model")]
    assert len(models) > 100
    for point in spread(models, REAL_MODELS):
        real.check(point)
    record_property("own project: points of kill", REAL_MODELS)
