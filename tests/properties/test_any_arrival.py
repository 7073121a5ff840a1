"""The marts are a function of the accepted events: any order, repetition and split into batches, incremental or full.

`make proof` draws as many arrivals as TIEOUT_PROOF_ARRIVALS says; the seed is fixed, so a run can be repeated.
"""

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dbt.contracts.graph.manifest import Manifest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from support import awkward_stream
from support.closes import closed_october
from support.dbt_warehouses import Warehouse

from orchestration.home import Home
from orchestration.landing import Verdicts, land
from orchestration.landing.compaction import compact
from orchestration.sources.exchange_rates import land_exchange_rates
from orchestration.warehouse.checksums import RelationChecksum
from orchestration.warehouse.compacted import as_variable, compactions
from orchestration.warehouse.lake import high_water
from orchestration.warehouse.steady_views import steady_views

LINES = awkward_stream.lines()
MARTS = ("--select", "+path:models/marts")
NEVER = "0001-01-01 00:00:00"
# Before, between and after the due times in the stream; the last build is always at the same moment.
MOMENTS = ("2026-10-05 00:00:00", "2026-10-09 00:00:00", "2026-10-21 00:00:00", "2026-10-26 00:00:00")
FULL_SIZE = int(os.environ.get("TIEOUT_PROOF_ARRIVALS", "50"))


@dataclass(frozen=True)
class Step:
    """What follows a batch: conflicts decided or left open, batches put together or not, a build or none, from nothing
    or from what there is."""

    settles: bool
    builds: bool
    is_full: bool
    compacts: bool


@dataclass(frozen=True)
class Arrival:
    """`order`: the lines by number, repeated ones more than once; `cuts`: where a batch ends; a step after each."""

    order: tuple[int, ...]
    cuts: tuple[int, ...]
    steps: tuple[Step, ...]
    rates_after: int
    ends_full: bool
    ends_compacted: bool = False

    def batches(self) -> list[list[bytes]]:
        bounds = [0, *self.cuts, len(self.order)]
        return [[LINES[number] for number in self.order[start:end]] for start, end in pairwise(bounds)]


@st.composite
def arrivals(draw: st.DrawFn, most_cuts: int = 3) -> Arrival:
    numbers = range(len(LINES))
    repeated = draw(st.lists(st.sampled_from(numbers), min_size=5, max_size=60))
    order = draw(st.permutations([*numbers, *repeated]))
    cuts = draw(st.lists(st.integers(1, len(order) - 1), min_size=1, max_size=most_cuts, unique=True).map(sorted))
    mostly, rarely = st.sampled_from([True, True, False]), st.sampled_from([False, False, True])
    step = st.builds(Step, st.booleans(), mostly, rarely, st.booleans())
    steps = draw(st.lists(step, min_size=len(cuts), max_size=len(cuts)))
    rates_after = draw(st.integers(0, len(cuts)))
    return Arrival(tuple(order), tuple(cuts), tuple(steps), rates_after, draw(rarely), draw(st.booleans()))


class Worlds:
    """Homes that start with the seeds; each holds one arrival of the stream."""

    def __init__(self, root: Path, seeded: Path) -> None:
        self.root, self.count, self._seeded = root, 0, seeded

    def built(self, arrival: Arrival) -> Warehouse:
        """Land and build as the arrival says; the last build ends at the moment that all arrivals share."""
        self.count += 1
        home = Home(self.root / f"world-{self.count}")
        warehouse = _Stepwise(home, self._seeded)
        closed_october(home, home.root / "close")
        told = Verdicts()
        last = len(arrival.cuts)
        for number, batch in enumerate(arrival.batches()):
            file = home.root / f"{number}.ndjson"
            file.write_bytes(b"\n".join(batch) + b"\n")
            told = Verdicts.sum([told, land(home, [file]).verdicts])
            if number == arrival.rates_after:
                land_exchange_rates(home)
            if number < last:
                self._step(warehouse, arrival.steps[number], MOMENTS[number])
        assert told.total == len(arrival.order)
        awkward_stream.settle(home)
        if arrival.ends_compacted:
            compact(home, least=2)
        warehouse.build_marts(awkward_stream.AS_OF, arrival.ends_full)
        return warehouse

    @staticmethod
    def _step(warehouse: "_Stepwise", step: Step, moment: str) -> None:
        if step.settles:
            awkward_stream.settle(warehouse.home)
        if step.compacts:
            compact(warehouse.home, least=2)
        if step.builds:
            warehouse.build_marts(moment, step.is_full)


class _Landed:
    """A lake that landing writes, in the form in which a test warehouse reads it."""

    def __init__(self, home: Home) -> None:
        self._home, self.path = home, home.lake

    @property
    def batch_seq(self) -> int:
        return high_water(self._home)


class _Stepwise(Warehouse):
    """Remembers through what and as of when it was built, as the build record does."""

    def __init__(self, home: Home, seeded: Path) -> None:
        super().__init__(home.root, _Landed(home), seeded)  # type: ignore[arg-type]
        self.built_as_of = NEVER

    def build_marts(self, as_of: str, is_full: bool) -> None:
        if self.built_through == 0:
            is_full = True
        before: dict[str, Any] = {"built_as_of": NEVER if is_full else self.built_as_of}
        if is_full:
            before["built_through"] = 0
        before["lake_compactions"] = as_variable(compactions(self.home))
        full, standing = (("--full-refresh",), ()) if is_full else ((), self.views())
        self.build(*MARTS, *full, standing=standing, as_of=as_of, **before)
        self.built_as_of = as_of


ALL = tuple(range(len(LINES)))
CALM = Arrival(ALL, (), (), 0, True)
THIRD = len(ALL) * 2 // 3
# Backwards and everything twice, so that what is stale, late and contradicted comes first; never rebuilt from nothing.
BACKWARDS = Arrival(
    (*ALL[::-1], *ALL[::-1]),
    (THIRD, 2 * THIRD),
    (Step(False, True, False, False), Step(True, False, False, True)),
    1,
    False,
)


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory, seeded: Path) -> Worlds:
    return Worlds(tmp_path_factory.mktemp("worlds"), seeded)


@dataclass(frozen=True)
class Wanted:
    """Every mart, and the SQL of every view that an increment leaves alone."""

    marts: Sequence[RelationChecksum]
    views: dict[tuple[str, str], str]


def _result(warehouse: Warehouse) -> Wanted:
    manifest = Manifest.from_msgpack((warehouse.home.root / "dbt/target/partial_parse.msgpack").read_bytes())
    steady = {(view.schema, view.alias) for view in steady_views(manifest)}
    return Wanted(warehouse.checksums(), {key: sql for key, sql in warehouse.views().items() if key in steady})


@pytest.fixture(scope="module")
def wanted(worlds: Worlds) -> Wanted:
    """After a calm day: one file in order, one full build."""
    found = _result(worlds.built(CALM))
    assert [mart.relation for mart in found.marts if not mart.row_count] == []
    assert found.views
    return found


Check = Callable[[Arrival], None]


@pytest.fixture(scope="module")
def told() -> list[bool]:
    """Of each arrival that was compared, whether its last build read compactions."""
    return []


@pytest.fixture(scope="module")
def check(worlds: Worlds, wanted: Wanted, told: list[bool]) -> Check:
    def checked(arrival: Arrival) -> None:
        warehouse = worlds.built(arrival)
        assert _result(warehouse) == wanted
        reads_compactions = any("/compactions/" in sql for sql in warehouse.views().values())
        assert reads_compactions == bool(compactions(warehouse.home))
        shutil.rmtree(warehouse.home.root)
        told.append(reads_compactions)

    return checked


FIXED: dict[str, Any] = {
    "derandomize": True,
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
    "database": None,
}


@pytest.mark.slow
def test_events_that_come_backwards_and_twice_give_the_same_marts(check: Check, told: list[bool]) -> None:
    check(BACKWARDS)
    assert told[-1:] == [True]


@pytest.mark.slow
@settings(max_examples=1, phases=[Phase.generate], **FIXED)
@given(arrivals(most_cuts=1))
def test_any_arrival_gives_the_same_marts(check: Check, arrival: Arrival) -> None:
    check(arrival)


@pytest.mark.proof
def test_many_arrivals_give_the_same_marts(check: Check, told: list[bool], record_property: Any) -> None:
    compared = 0
    told.clear()

    @settings(max_examples=FULL_SIZE, phases=[Phase.generate], **FIXED)
    @given(arrivals())
    def run(arrival: Arrival) -> None:
        nonlocal compared
        check(arrival)
        compared += 1

    run()
    record_property("arrivals compared", compared)
    record_property("of which read compactions", sum(told))
    assert compared >= FULL_SIZE
    assert any(told)


@pytest.mark.slow
def test_what_a_build_overlooks_shows(worlds: Worlds, wanted: Wanted) -> None:
    """The comparison is worth something: overlook a batch or change one value, and it fails."""
    half = len(ALL) // 2
    warehouse = worlds.built(Arrival(ALL[:half], (), (), 0, True))
    land(warehouse.home, [_file(warehouse.home.root / "rest.ndjson", LINES[half:])])
    warehouse.build_marts(awkward_stream.AS_OF, False)
    for mart in ("fact_order_fulfillment_task", "fact_quote_line_price", "fact_invoice_line"):
        assert warehouse.row(f"select count(*) > 0 from marts.{mart} where has_open_conflict") == (True,), mart
    before = high_water(warehouse.home)
    assert awkward_stream.settle(warehouse.home) == len(awkward_stream.conflicts())
    warehouse.build(*MARTS, as_of=awkward_stream.AS_OF, built_through=high_water(warehouse.home))
    assert _result(warehouse) != wanted, "batches were overlooked"
    warehouse.built_through = before
    warehouse.build_marts(awkward_stream.AS_OF, False)
    assert _result(warehouse) == wanted
    with duckdb.connect(str(warehouse.home.warehouse)) as connection:
        connection.execute("update marts.fact_quote_line_price set cost_amount = 0.0001 where quote_id = 'foreign'")
    assert _result(warehouse) != wanted, "a value was changed"


@pytest.mark.proof
def test_what_time_changes_shows(worlds: Worlds, wanted: Wanted) -> None:
    """A build as of a later time differs, because a due time passed; it goes back by a build in full only."""
    warehouse = worlds.built(CALM)
    warehouse.build_marts("2026-10-30 00:00:00", False)
    assert _result(warehouse) != wanted
    warehouse.build_marts(awkward_stream.AS_OF, True)
    assert _result(warehouse) == wanted


def _file(path: Path, lines: Sequence[bytes]) -> Path:
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path
