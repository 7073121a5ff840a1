"""The measurements measure what they say: input cut without loss, equal rows on both sides, figures from results."""

from pathlib import Path

import duckdb
import pytest

from benchmarks import report
from benchmarks.bare_build import FACTS, bare_build, differences
from benchmarks.events import cut, simulated, split
from benchmarks.measure import python
from orchestration.home import Home
from orchestration.landing import land
from orchestration.sources.exchange_rates import land_exchange_rates


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return simulated(2_700, tmp_path_factory.mktemp("simulated"))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, files: list[Path]) -> tuple[Home, Path]:
    """A home with a lake, and the facts that the hand-written script makes of it."""
    root = tmp_path_factory.mktemp("bare")
    home, database = Home(root / "home"), root / "bare.duckdb"
    land(home, files)
    land_exchange_rates(home)
    bare_build(home, database)
    return home, database


def test_cutting_and_splitting_lose_no_line(files: list[Path], tmp_path: Path) -> None:
    history, tails = cut(files, tmp_path / "cut", [40, 100])
    parts = split(tails[1], tmp_path / "parts", 7)
    pieces = [*history.iterdir(), tails[0], *parts.iterdir()]
    assert sorted(_lines(pieces)) == sorted(_lines(files))
    assert len(list(parts.iterdir())) == 7
    assert [len(_lines([tail])) for tail in tails] == pytest.approx([40, 100], abs=5)
    assert max(map(_moment, _lines(list(history.iterdir())))) <= min(map(_moment, _lines([tails[0]])))


def test_the_hand_written_build_fills_every_fact(built: tuple[Home, Path]) -> None:
    with duckdb.connect(str(built[1]), read_only=True) as con:
        for fact in FACTS:
            assert con.execute(f"select count(*) from {fact}").fetchone() != (0,), fact


def test_one_changed_amount_is_told(built: tuple[Home, Path]) -> None:
    home, database = built
    home.warehouse.parent.mkdir(parents=True)
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute(f"attach '{database}' as bare (read_only)")
        con.execute("create schema marts; create schema audit")
        con.execute("create table audit.checksum_exclusion (relation varchar, column_name varchar)")
        for fact in FACTS:
            con.execute(f"create table marts.{fact} as from bare.{fact}")
    assert differences(home, database) == []
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute(
            "update marts.fact_invoice_line set net_amount = net_amount + 0.0001"
            " where invoice_line_id = (select min(invoice_line_id) from marts.fact_invoice_line)"
        )
    (told,) = differences(home, database)
    assert told.startswith("fact_invoice_line") and told.endswith("columns that differ: net_amount")


def test_a_side_that_fails_is_no_measurement() -> None:
    used = python("sum(range(2_000_000))")
    assert used.cpu_seconds > 0 and used.memory_mib > 0
    with pytest.raises(SystemExit, match="boom"):
        python("raise ValueError('boom')")


def test_the_table_is_computed_from_the_results() -> None:
    steps = {name: {"cpu_seconds": 2.0, "memory_mib": 100} for name in report.COSTS}
    small = {
        "events": 1_000,
        "increment": 10,
        "batches": 5,
        "date": "2026-01-01",
        "asked": {"events": 990},
        "machine": {"cores": 2, "memory_gib": 8, "python": "3", "duckdb": "2", "dbt": "1"},
        "steps": {**steps, "build": {"cpu_seconds": 9.0, "memory_mib": 1}},
    }
    large = {**small, "events": 9_000, "steps": {**steps, "increment_build": {"cpu_seconds": 4.0, "memory_mib": 1}}}
    table = report.table([small, large])
    assert "| **full build ÷ hand-written script (aim: 1.5)** | **4.50** | **1.00** |" in table
    assert "at 9 000 ÷ at 1 000 events: **1.50**" in table
    del large["steps"]["late_increment_build"]
    assert "not measured" in report.table([large])


def test_the_page_shows_the_kept_results() -> None:
    assert report.table(report.results()) in report.PAGE.read_text(encoding="utf-8")


def _lines(files: list[Path]) -> list[str]:
    return [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]


def _moment(line: str) -> str:
    return line.partition('"eventTime":"')[2][:24]
