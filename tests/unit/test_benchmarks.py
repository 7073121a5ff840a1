"""The measurements measure what they say: input cut without loss, equal rows on both sides, figures from results."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

import benchmarks.bare_build
from benchmarks import closing, dashboards, follow_steps, report
from benchmarks.bare_build import bare_build, differences, marts
from benchmarks.bare_marts import differences as marts_that_differ
from benchmarks.bare_marts import run_script, script_of
from benchmarks.dashboard_queries import QUERIES, Query
from benchmarks.events import cut, simulated, split
from benchmarks.measure import python
from orchestration.home import PROJECT_ROOT, Home
from orchestration.landing import land
from orchestration.sources.exchange_rates import land_exchange_rates


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return simulated(2_700, tmp_path_factory.mktemp("simulated"))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, files: list[Path]) -> tuple[Home, Path]:
    """A home with a lake, and the marts that the hand-written script makes of it."""
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


def test_the_hand_written_build_fills_every_mart(built: tuple[Home, Path]) -> None:
    with duckdb.connect(str(built[1]), read_only=True) as con:
        for mart in marts():
            assert con.execute(f"select count(*) from {mart}").fetchone() != (0,), mart


def test_every_mart_but_those_of_closes_is_written_by_hand() -> None:
    models = {path.stem: path.parent.name for path in (PROJECT_ROOT / "models" / "marts").glob("*/*.sql")}
    missing = models.keys() - set(marts())
    assert set(marts()) <= models.keys()
    assert {models[mart] for mart in missing} == {"close"}


def test_one_changed_amount_is_told(built: tuple[Home, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    home, database = built
    monkeypatch.setattr(benchmarks.bare_build, "marts", lambda: ("fact_invoice_line", "fact_order_line", "dim_region"))
    home.warehouse.parent.mkdir(parents=True)
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute(f"attach '{database}' as bare (read_only)")
        con.execute("create schema marts; create schema audit")
        con.execute("create table audit.checksum_exclusion (relation varchar, column_name varchar)")
        for mart in benchmarks.bare_build.marts():
            con.execute(f"create table marts.{mart} as from bare.{mart}")
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
        "by_hand": 7,
        "asked": {"events": 990},
        "machine": {"cores": 2, "memory_gib": 8, "python": "3", "duckdb": "2", "dbt": "1"},
        "steps": {**steps, "marts_build": {"cpu_seconds": 9.0, "memory_mib": 1}},
    }
    # On a machine half as fast: nine times the events take eighteen times as long.
    slower = {"bare_landing": 36.0, "increment_landing": 4.0, "increment_build": 8.0}
    large = {
        **small,
        "events": 9_000,
        "steps": {**steps, **{name: {"cpu_seconds": cpu, "memory_mib": 1} for name, cpu in slower.items()}},
    }
    table = report.table([small, large])
    ratio = "| **build of the marts that are written by hand ÷ the script (aim: 1.5)** |"
    assert f"{ratio} **4.50** (7 marts) | **1.00** (7 marts) |" in table
    assert "| hand-written script | 2.0 CPU s, 100 MiB (7 marts) |" in table
    assert "at 9 000 ÷ at 1 000 events: **1.50**" in table
    del large["steps"]["late_increment_build"]
    assert "not measured" in report.table([large])


def test_a_result_from_before_the_count_is_of_five_marts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = {"bare_build": {"cpu_seconds": 2.0, "memory_mib": 1}, "facts_build": {"cpu_seconds": 6.0, "memory_mib": 1}}
    (tmp_path / "events-10.json").write_text(json.dumps({"events": 10, "steps": steps}))
    (tmp_path / "events-20.json").write_text(json.dumps({"events": 20, "by_hand": 7, "steps": {}}))
    monkeypatch.setattr(report, "RESULTS", tmp_path)
    first, second = report.results()
    assert (first["by_hand"], second["by_hand"]) == (5, 7)
    assert first["steps"]["marts_build"] == steps["facts_build"]


def test_the_page_shows_the_kept_results() -> None:
    page = report.PAGE.read_text(encoding="utf-8")
    assert report.table(report.results()) in page
    assert dashboards.table(dashboards.results()) in page
    assert closing.table(closing.results(), report.results()) in page


def test_steps_with_what_may_wait_are_told_apart() -> None:
    plain = [
        follow_steps.Measured(cpu, 1.0, cpu - 2, 1.0, {"worklist": cpu / 2, "orders": 0.5}, False)
        for cpu in (4.0, 6.0, 9.0)
    ]
    waited = follow_steps.Measured(12.0, 1.0, 9.0, 2.0, {"timeline": 3.0}, True)
    told = follow_steps.summary([*plain, waited])
    assert told["steps"]["count"] == 3
    assert told["steps"]["cpu_seconds"] == 6.0
    assert list(told["steps"]["models"].items()) == [("worklist", 3.0), ("orders", 0.5)]
    assert told["steps_with_deferred"]["models_seconds"] == 9.0
    assert "steps_with_deferred" not in follow_steps.summary(plain)


def test_a_close_is_compared_with_the_build_of_as_many_events() -> None:
    close = {"cpu_seconds": 3.0, "memory_mib": 9}
    kept = {"events": 1_000, "price_lines": 200, "rows": 300, "mib": 2, "close": close}
    built = [{"events": size, "steps": {"build": {"cpu_seconds": 6.0}}} for size in (1_030, 5_000)]
    assert "| 1 000 | 200 | 300 | 2 MiB | 3.0 CPU s, 9 MiB | **0.50** |" in closing.table([kept], built)
    assert "| not measured |" in closing.table([kept], built[1:])
    assert "| **0.25** |" in closing.table([{**kept, "build": {"cpu_seconds": 12.0}}], built), "that of its own home"


@pytest.fixture
def dashboard(tmp_path: Path) -> Home:
    """A warehouse of three lines, as facts and as raw facts."""
    home = Home(tmp_path)
    home.warehouse.parent.mkdir(parents=True)
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute("create schema marts; create schema intermediate; create schema staging")
        con.execute("create table intermediate.int_event_sequenced as select 1 as arrival_seq")
        con.execute("create table staging.line as select unnest([1, 2, 3]) as amount")
        con.execute("create table marts.fact_quote_line_price as from staging.line")
    return home


SUM = Query(
    "sum", "select sum(amount) as a from marts.fact_quote_line_price", "select sum(amount) as a from staging.line"
)


def test_both_sides_of_a_dashboard_query_are_compared_and_timed(dashboard: Home) -> None:
    found = dashboards.measure(dashboard, 3, 2, [SUM])
    assert (found["events"], found["price_lines"]) == (1, 3)
    (timed,) = found["queries"]
    assert timed["rows"] == 1
    assert 0 < timed["marts"]["wall_ms_p50"] <= timed["marts"]["wall_ms_p95"]
    (once,) = dashboards.measure(dashboard, 1, 0, [SUM])["queries"]
    assert 0 < once["raw"]["wall_ms_p50"] == once["raw"]["wall_ms_p95"]
    for wrong in (
        Query("other amount", SUM.marts, "select sum(amount) + 1 as a from staging.line"),
        Query("other name", SUM.marts, "select sum(amount) as b from staging.line"),
        Query("nothing", f"{SUM.marts} having false", f"{SUM.raw} having false"),
    ):
        with pytest.raises(SystemExit, match=wrong.name):
            dashboards.measure(dashboard, 1, 1, [SUM, wrong])


def test_dashboard_figures_are_computed_from_the_times() -> None:
    assert dashboards.percentile([5, 1, 4, 2, 3], 50) == 3
    assert dashboards.percentile(list(range(1, 101)), 95) == 95
    marts = {"wall_ms_p50": 1.0, "wall_ms_p95": 2.0, "cpu_ms_p50": 2.0, "cpu_ms_p95": 4.0}
    result = {
        "events": 28_914,
        "price_lines": 5_776,
        "repeat": 20,
        "raw_repeat": 5,
        "date": "2026-01-01",
        "machine": {"cores": 2, "duckdb": "2"},
        "queries": [{"name": "q", "marts": marts, "raw": {name: 9 * time for name, time in marts.items()}}],
    }
    table = dashboards.table([result])
    assert "28 914 events, 5 776 price lines" in table
    assert table.endswith("| q | 1.0 | 2.0 | 2.0 | 4.0 | 9.0 | 18.0 | 18.0 | 36.0 | **9.0** |")


def test_ten_queries_ask_the_marts_and_the_raw_facts() -> None:
    assert len({query.name for query in QUERIES}) == len(QUERIES) == 10
    for query in QUERIES:
        assert "staging." not in query.marts and "marts." in query.marts
        assert "marts." not in query.raw and "staging." in query.raw


def test_the_script_of_all_models_runs_in_the_order_of_their_references(tmp_path: Path) -> None:
    built, bare = tmp_path / "built" / "tieout.duckdb", tmp_path / "bare" / "tieout.duckdb"
    for folder in (built.parent, bare.parent):
        folder.mkdir()
    with duckdb.connect(str(built)) as con:
        con.execute("create schema marts; create schema reference; create schema audit")
        con.execute("create table audit.checksum_exclusion (relation varchar, column_name varchar)")
        con.execute("create table reference.seed as select 2 as factor; create table marts.mart as select 6 as amount")
    script = tmp_path / "all.sql"
    script.write_text(script_of(_manifest(), {"model.b": "select 3 as n", "model.a": MART}, built))
    run_script(script, bare)
    home = Home(tmp_path / "home")
    home.warehouse.parent.mkdir(parents=True)
    built.replace(home.warehouse)
    assert marts_that_differ(home, bare) == []
    with duckdb.connect(str(bare)) as con:
        con.execute("update marts.mart set amount = 7")
    (told,) = marts_that_differ(home, bare)
    assert told.startswith("mart: ")


MART = 'select v.n * s.factor as amount from "tieout"."intermediate"."view" as v, "tieout"."reference"."seed" as s'


def _manifest() -> Any:
    """Two models, the reader named before what it reads, and a seed, as dbt describes them."""
    config = {"table": SimpleNamespace(materialized="incremental"), "view": SimpleNamespace(materialized="view")}
    nodes = {
        "model.a": ("marts", "mart", config["table"], ["model.b", "seed.s"]),
        "model.b": ("intermediate", "view", config["view"], []),
        "seed.s": ("reference", "seed", config["table"], []),
    }
    return SimpleNamespace(
        nodes={
            key: SimpleNamespace(schema=schema, alias=alias, config=how, depends_on_nodes=reads)
            for key, (schema, alias, how, reads) in nodes.items()
        }
    )


def _lines(files: list[Path]) -> list[str]:
    return [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]


def _moment(line: str) -> str:
    return line.partition('"eventTime":"')[2][:24]
