"""All models of a full build as one DuckDB script without dbt, and the proof that it makes the same marts.

The script is the models' own SQL, as dbt compiles it, as plain `create table` and `create view` statements: it says
what dbt, contracts, tests and our Python cost on top of the statements. What the SQL itself costs is held against
benchmarks/bare, which is written by hand.
"""

import json
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.closing.index import index_folder
from orchestration.home import PROJECT_ROOT, Home
from orchestration.warehouse import record
from orchestration.warehouse.checksums import excluded_columns, schema_checksums
from orchestration.warehouse.compacted import as_variable, compactions
from orchestration.warehouse.dbt_runner import DbtProject

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest


def write_script(home: Home, script: Path) -> None:
    """Write what a full build of this home would run, by the inputs of its last build and the parse that it kept.

    Seeds are copied from the built warehouse: loading a few hundred rows is no part of the comparison.
    """
    parse_key = json.loads((home.dbt_target / "parse.json").read_text(encoding="utf-8"))["key"]
    project = DbtProject(home, PROJECT_ROOT, 2)
    compiled = project.compile(_inputs(home), parse_key, "resource_type:model", "--full-refresh")
    script.write_text(script_of(compiled.manifest, compiled.sql, home.warehouse), encoding="utf-8")


def _inputs(home: Home) -> dict[str, Any]:
    import duckdb

    with duckdb.connect(str(home.warehouse), read_only=True) as con:
        built = record.last_build(con)
    if built is None:
        raise SystemExit(f"{home.root} has no finished build")
    return {
        "lake_path": str(home.lake),
        "closes_path": str(index_folder(home)),
        "lake_high_water": built.lake_high_water,
        "lake_compactions": as_variable(compactions(home)),
        "built_through": 0,
        "as_of": record.timestamp_text(built.as_of),
        "reporting_currency": built.reporting_currency,
    }


def script_of(manifest: "Manifest", sql: dict[str, str], warehouse: Path) -> str:
    """Seeds first, then every model after those that it reads."""
    models = {key: node for key, node in manifest.nodes.items() if key.startswith("model.")}
    seeds = [node for key, node in manifest.nodes.items() if key.startswith("seed.")]
    order = TopologicalSorter({key: set(node.depends_on_nodes) & models.keys() for key, node in models.items()})
    parts = [f"attach '{warehouse}' as built (read_only)"]
    parts += [f"create schema if not exists {name}" for name in sorted({n.schema for n in (*models.values(), *seeds)})]
    parts += [f"create table {seed.schema}.{seed.alias} as from built.{seed.schema}.{seed.alias}" for seed in seeds]
    for key in order.static_order():
        kind = "view" if models[key].config.materialized == "view" else "table"
        parts.append(f"create {kind} {models[key].schema}.{models[key].alias} as (\n{sql[key].strip()}\n)")
    return ";\n".join(parts) + ";\n"


def run_script(script: Path, database: Path) -> None:
    """Run the script in a new database, whose file has the warehouse's name because compiled SQL names the catalog."""
    import duckdb

    config: dict[str, Any] = {"threads": 2, "memory_limit": "4GB", "preserve_insertion_order": "false"}
    with duckdb.connect(str(database), config=config) as con:
        con.execute("set timezone = 'UTC'")
        con.execute(script.read_text(encoding="utf-8"))


def differences(home: Home, database: Path) -> list[str]:
    """Marts whose rows in `database` are not those of the built warehouse, by count or checksum."""
    import duckdb

    with duckdb.connect(str(home.warehouse), read_only=True) as built, duckdb.connect(str(database)) as bare:
        excluded = excluded_columns(built)
        sides = [{found.relation: found for found in schema_checksums(con, excluded=excluded)} for con in (built, bare)]
    names = sorted({*sides[0], *sides[1]})
    return [
        f"{name}: {sides[0].get(name)} is not {sides[1].get(name)}"
        for name in names
        if sides[0].get(name) != sides[1].get(name)
    ]
