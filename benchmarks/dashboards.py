"""`python -m benchmarks.dashboards`: ten queries on the marts of a home, and the same figures from its raw facts."""

import argparse
import json
import math
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.dashboard_queries import QUERIES, Query
from benchmarks.measure import machine, write
from benchmarks.report import RESULTS, replace_table
from orchestration.home import Home

if TYPE_CHECKING:
    import duckdb

KEPT = "dashboards-*.json"


def measure(home: Home, repeat: int, raw_repeat: int, queries: Sequence[Query] = QUERIES) -> dict[str, Any]:
    """Ask every query of both sides, compare the answers, and time them on a warm connection.

    With a `raw_repeat` of 0 the raw facts are asked just once: where that takes minutes, a second time says little.
    Raises SystemExit when the two sides of a query differ, or both have no row: then there is nothing to compare.
    """
    import duckdb

    timed = []
    with duckdb.connect(str(home.warehouse), read_only=True, config={"threads": 2, "memory_limit": "4GB"}) as con:
        con.execute("set timezone = 'UTC'")
        for query in queries:
            rows, _ = _answer(con, query.marts)
            from_raw, once = _answer(con, query.raw)
            if rows != from_raw or len(rows) < 2:
                raise SystemExit(f"{query.name}: the marts and the raw facts differ, or have nothing; nothing was kept")
            raw = [_asked(con, query.raw)[1] for _ in range(raw_repeat)] or [once]
            sides = {"marts": _times([_asked(con, query.marts)[1] for _ in range(repeat)]), "raw": _times(raw)}
            sys.stderr.write(f"{query.name}: {sides['marts']['cpu_ms_p50']} and {sides['raw']['cpu_ms_p50']} CPU ms\n")
            timed.append({"name": query.name, "rows": len(rows) - 1, **sides})
        counted = con.execute(
            "select (select count(*) from intermediate.int_event_sequenced),"
            " (select count(*) from marts.fact_quote_line_price)"
        ).fetchone()
    assert counted
    return {
        "events": counted[0],
        "price_lines": counted[1],
        "repeat": repeat,
        "raw_repeat": raw_repeat,
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": machine(),
        "queries": timed,
    }


def _asked(con: "duckdb.DuckDBPyConnection", sql: str) -> tuple[list[tuple[Any, ...]], tuple[float, float]]:
    """The rows, and milliseconds of wall clock and of CPU (all threads of the process)."""
    began, used = time.perf_counter(), time.process_time()
    rows = con.execute(sql).fetchall()
    return rows, (1000 * (time.perf_counter() - began), 1000 * (time.process_time() - used))


def _answer(con: "duckdb.DuckDBPyConnection", sql: str) -> tuple[list[tuple[Any, ...]], tuple[float, float]]:
    """The names of the columns, then the rows in an order of their own; and what the query took."""
    rows, took = _asked(con, sql)
    return [tuple(column[0] for column in con.description or ()), *sorted(rows, key=repr)], took


def _times(taken: Sequence[tuple[float, float]]) -> dict[str, float]:
    """The parts of the table, of what each repetition took."""
    wall, cpu = zip(*taken, strict=True)
    return {
        f"{kind}_ms_p{part}": round(percentile(values, part), 2)
        for kind, values in (("wall", wall), ("cpu", cpu))
        for part in (50, 95)
    }


def percentile(values: Sequence[float], percent: int) -> float:
    """The least value that so many percent of the values do not exceed."""
    return sorted(values)[max(math.ceil(percent * len(values) / 100), 1) - 1]


def table(kept: Sequence[Mapping[str, Any]]) -> str:
    """A table per kept result."""
    return "\n\n".join(_of(result) for result in kept) or "Not measured."


def _of(result: Mapping[str, Any]) -> str:
    found = result["machine"]
    told = (
        f"{_number(result['events'])} events, {_number(result['price_lines'])} price lines; "
        f"{result['date']}, {found['cores']} cores, DuckDB {found['duckdb']}; {result['repeat']} repetitions on the"
        f" marts, {result['raw_repeat'] or 'asked once'} on the raw facts. Milliseconds."
    )
    parts = ("wall_ms_p50", "wall_ms_p95", "cpu_ms_p50", "cpu_ms_p95")
    lines = [
        "| query | marts: wall p50 | p95 | CPU p50 | p95 | raw facts: wall p50 | p95 | CPU p50 | p95"
        " | raw ÷ marts, CPU p50 |",
        "|" + " --- |" * 10,
    ]
    for query in result["queries"]:
        sides = [f"{query[side][part]:.1f}" for side in ("marts", "raw") for part in parts]
        ratio = query["raw"]["cpu_ms_p50"] / query["marts"]["cpu_ms_p50"]
        lines.append(f"| {' | '.join([query['name'], *sides])} | **{ratio:.1f}** |")
    return told + "\n\n" + "\n".join(lines)


def _number(count: int) -> str:
    return f"{count:,}".replace(",", " ")


def results() -> list[dict[str, Any]]:
    """Kept results, the smallest size first."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in RESULTS.glob(KEPT)]
    return sorted(found, key=lambda result: result["events"])


def main() -> None:
    """Parse the arguments, measure, and keep what was asked to be kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="a home with a finished build")
    parser.add_argument("--repeat", type=int, default=20, help="repetitions of a query on the marts")
    parser.add_argument(
        "--raw-repeat", type=int, default=5, help="repetitions of a query on the raw facts; 0: just once"
    )
    parser.add_argument("--keep", action="store_true", help="keep the results for the table in docs/benchmarks.md")
    options = parser.parse_args()
    found = measure(Home(options.home.absolute()), options.repeat, options.raw_repeat)
    if options.keep:
        write(RESULTS / f"dashboards-{found['events']}.json", found)
        replace_table("dashboards", table(results()))
    sys.stdout.write(table([found]) + "\n")


if __name__ == "__main__":
    main()
