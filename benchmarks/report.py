"""The tables of docs/benchmarks.md, made from the results in benchmarks/results; nothing in them is written by hand."""

import json
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from orchestration.home import PROJECT_ROOT

RESULTS = PROJECT_ROOT / "benchmarks" / "results"
PAGE = PROJECT_ROOT / "docs" / "benchmarks.md"
COSTS = {
    "bare_landing": "bare DuckDB: NDJSON to Parquet",
    "landing": "landing",
    "bare_build": "hand-written script",
    "marts_build": "build of the same marts, what they are made of, and their tests",
    "bare_marts": "the models' own SQL as one script, without dbt, contracts and tests",
    "build": "full build: all marts, all tests",
    "reconcile": "reconciliation",
    "publish": "publish",
    "increment_landing": "increment: landing",
    "increment_build": "increment: build",
    "batches_landing": "small batches: landing all of them",
    "batches_build": "small batches: building all of them",
    "late_increment_landing": "increment after them: landing",
    "late_increment_build": "increment after them: build",
    "late_reconcile": "reconciliation after them",
}
RATIOS = {
    "landing ÷ bare DuckDB (aim: 1.25)": (("landing",), ("bare_landing",)),
    "build of the marts that are written by hand ÷ the script (aim: 1.5)": (("marts_build",), ("bare_build",)),
    "full build ÷ the same SQL as one script": (("build",), ("bare_marts",)),
    "reconciliation ÷ full build (aim: 0.15)": (("reconcile",), ("build",)),
    "increment after the small batches ÷ before (aim: 1.3)": (
        ("late_increment_landing", "late_increment_build"),
        ("increment_landing", "increment_build"),
    ),
}


# Steps of the marts that are written by hand; how many these were, each result says.
BY_HAND = {"bare_build", "marts_build"}


def write_table() -> None:
    """Put the table of the steps into the page."""
    replace_table("results", table(results()))


def replace_table(name: str, text: str) -> None:
    """Put a text between the markers of this name in the page. Raises ValueError where the page has none."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    page = PAGE.read_text(encoding="utf-8")
    if begin not in page or end not in page:
        raise ValueError(f"{PAGE.name} has no markers {begin} and {end}")
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    PAGE.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")


def results() -> list[dict[str, Any]]:
    """Kept results, the smallest size first."""
    found = [_current(json.loads(path.read_text(encoding="utf-8"))) for path in RESULTS.glob("events-*.json")]
    return sorted(found, key=lambda result: result["events"])


def _current(result: dict[str, Any]) -> dict[str, Any]:
    """A result in the form of today: the first ones do not say how many marts were written by hand, which was five."""
    steps = {"marts_build" if name == "facts_build" else name: used for name, used in result["steps"].items()}
    return {"by_hand": 5, **result, "steps": steps}


def table(kept: Sequence[Mapping[str, Any]]) -> str:
    """Conditions, ratios, and CPU seconds with peak memory; a column per size."""
    rows = [["", *(f"{result['events']:,} events".replace(",", " ") for result in kept)]]
    rows.append(["---"] * len(rows[0]))
    rows.append(["measured", *(result["date"] for result in kept)])
    rows.append(["command", *(f"`{_command(result)}`" for result in kept)])
    rows.append(["machine", *(_machine(result["machine"]) for result in kept)])
    rows += [[f"**{name}**", *(_ratio(result, *sides) for result in kept)] for name, sides in RATIOS.items()]
    rows += [[name, *(_cost(result, step) for result in kept)] for step, name in COSTS.items()]
    first, last = (kept[0], kept[-1]) if kept else (None, None)
    growth = ""
    if first and last and first is not last:
        sizes = f"{last['events']:,} ÷ at {first['events']:,}".replace(",", " ")
        growth = (
            f"\n\nAn increment of the same size, landed and built, at {sizes} events: "
            f"**{_increment(last) / _increment(first):.2f}** (aim: 1.3). Machines differ in speed from run to run, so"
            " each is taken by what bare DuckDB takes for an event in the same run."
        )
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + growth


def _command(result: Mapping[str, Any]) -> str:
    asked = result["asked"]
    return f"make bench EVENTS={asked['events']} INCREMENT={result['increment']} BATCHES={result['batches']}"


def _machine(found: Mapping[str, Any]) -> str:
    return (
        f"{found['cores']} cores, {found['memory_gib']} GiB, Python {found['python']}, DuckDB {found['duckdb']}, "
        f"dbt {found['dbt']}"
    )


def _ratio(result: Mapping[str, Any], above: Sequence[str], below: Sequence[str]) -> str:
    steps = result["steps"]
    if not {*above, *below} <= set(steps):
        return "not measured"
    return f"**{_sum(steps, above) / _sum(steps, below):.2f}**{_of_marts(result, {*above, *below})}"


def _increment(result: Mapping[str, Any]) -> float:
    """An increment, in the events that bare DuckDB turns into Parquet in the same time."""
    steps = result["steps"]
    of_an_event = steps["bare_landing"]["cpu_seconds"] / result["events"]
    return _sum(steps, ("increment_landing", "increment_build")) / float(of_an_event)


def _sum(steps: Mapping[str, Any], names: Sequence[str]) -> float:
    return float(sum(steps[name]["cpu_seconds"] for name in names))


def _cost(result: Mapping[str, Any], step: str) -> str:
    used = result["steps"].get(step)
    if not used:
        return "not measured"
    return f"{used['cpu_seconds']:.1f} CPU s, {used['memory_mib']} MiB{_of_marts(result, {step})}"


def _of_marts(result: Mapping[str, Any], steps: AbstractSet[str]) -> str:
    return f" ({result['by_hand']} marts)" if steps & BY_HAND else ""
