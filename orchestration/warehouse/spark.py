"""The models on Spark over the lake of a home, and what differs from its DuckDB warehouse; not how DuckDB builds them.

Runs in the environment of requirements-spark.lock (docs/spark.md).
"""

import argparse
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from orchestration.closing.index import index_folder
from orchestration.errors import Refused, TieoutError
from orchestration.home import PROJECT_ROOT, Home
from orchestration.warehouse import record
from orchestration.warehouse.checksums import RelationChecksum, quoted, schema_checksums
from orchestration.warehouse.compacted import as_variable, compactions
from orchestration.warehouse.connection import open_warehouse
from orchestration.warehouse.dbt_runner import NOT_BUILT

NEVER = "0001-01-01 00:00:00"
SHOWN = 5


@dataclass(frozen=True)
class Inputs:
    """What the DuckDB warehouse was built from: Spark builds from the same."""

    variables: dict[str, Any]

    @classmethod
    def of_last_build(cls, home: Home) -> "Inputs":
        """The inputs of the last complete build; raises Refused where there is none."""
        with open_warehouse(home) as connection:
            last = record.last_build(connection)
        if last is None:
            raise Refused(f"{home.warehouse} has no complete build to compare with: run `tieout build` first")
        return cls(
            {
                "lake_path": str(home.lake),
                "closes_path": str(index_folder(home)),
                "lake_high_water": last.lake_high_water,
                "lake_compactions": as_variable(compactions(home)),
                "built_through": 0,
                "as_of": record.timestamp_text(last.as_of),
                "built_as_of": NEVER,
                "reporting_currency": last.reporting_currency,
            }
        )


class SparkWarehouse:
    """The project's models on Spark, with tables, metastore and dbt's files below `spark/` of a home."""

    def __init__(self, home: Home, project: Path = PROJECT_ROOT) -> None:
        self._folder, self._project = home.root / "spark", project
        self._folder.mkdir(parents=True, exist_ok=True)
        os.environ.update(TIEOUT_SPARK_HOME=str(self._folder), DO_NOT_TRACK="1", TZ="UTC")
        time.tzset()

    def dbt(self, command: str, variables: dict[str, Any], *options: str) -> Any:
        """Run a dbt command against Spark; returns dbt's results. Raises Refused naming every node that failed."""
        from dbt.cli.main import dbtRunner

        outputs = ["--target-path", str(self._folder / "target"), "--log-path", str(self._folder / "logs")]
        folders = ["--project-dir", str(self._project), "--profiles-dir", str(self._project), "--target", "spark"]
        arguments = [command, *folders, *outputs, "--vars", json.dumps(variables), *options]
        quiet = ["--log-level", "none", "--log-level-file", "info", "--no-print", "--no-send-anonymous-usage-stats"]
        outcome = dbtRunner().invoke([*quiet, *arguments])
        if outcome.exception is not None:
            raise Refused(f"dbt {command} could not run on Spark: {outcome.exception}")
        results = list(getattr(outcome.result, "results", []))
        failed = [result for result in results if str(result.status) not in ("success", "pass")]
        if failed:
            told = "\n".join(
                f"  {result.node.name}: {result.status} {(result.message or '').strip()}" for result in failed
            )
            raise Refused(f"{len(failed)} of {len(results)} nodes failed on Spark:\n{told}")
        return results

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """The rows of a query, by column name, times in UTC without a zone; after a dbt command."""
        from pyspark.sql import SparkSession

        # The session that dbt made: it is the only one of this process, but active in dbt's threads alone.
        return [row.asDict() for row in SparkSession.builder.getOrCreate().sql(sql).collect()]

    def checksums(self, models: Sequence[str], variables: dict[str, Any]) -> list[RelationChecksum]:
        """Row count and checksum of each model, by the macro `model_checksum`."""
        inline = "\nunion all\n".join(f"{{{{ model_checksum({_reference(model)}) }}}}" for model in models)
        compiled = self.dbt("compile", variables, "--no-populate-cache", "--inline", inline)[0].node.compiled_code
        found = [
            RelationChecksum(row["model_name"], row["row_count"], int(row["checksum"])) for row in self.rows(compiled)
        ]
        return sorted(found)


def _reference(relation: str) -> str:
    """How dbt refers to the model of a relation: an older version has its number behind its name."""
    name, _, version = relation.rpartition("_v")
    return f"'{name}', {version}" if version.isdigit() else f"'{relation}'"


def differing_checksums(left: Iterable[RelationChecksum], right: Iterable[RelationChecksum]) -> list[str]:
    """One line per relation whose rows differ, or that only one side has. Raises Refused where a side has nothing."""
    duckdb_side, spark_side = ({item.relation: item for item in side} for side in (left, right))
    if not duckdb_side or not spark_side:
        raise Refused("a side has no relation: nothing was compared")
    told = []
    for name in sorted(duckdb_side.keys() | spark_side.keys()):
        if duckdb_side.get(name) != spark_side.get(name):
            told.append(f"{name}: DuckDB {_told(duckdb_side.get(name))}, Spark {_told(spark_side.get(name))}")
    return told


def differing_rows(name: str, left: Iterable[dict[str, Any]], right: Iterable[dict[str, Any]]) -> list[str]:
    """The rows that only one side has, as text; numbers count by their value, not by their type."""
    duckdb_side, spark_side = (sorted(_row_text(row) for row in side) for side in (left, right))
    if not duckdb_side and not spark_side:
        return [f"{name}: no row on either side"]
    only = [f"{name}: only in DuckDB {row}" for row in _without(duckdb_side, spark_side)]
    only += [f"{name}: only in Spark {row}" for row in _without(spark_side, duckdb_side)]
    return only


def compare(home: Home, spark: SparkWarehouse, inputs: Inputs) -> tuple[list[str], int, int]:
    """What differs between the engines, and how many marts and reconciliation relations were compared."""
    from orchestration.reconciliation.suites import load_checks

    told: list[str] = []
    with open_warehouse(home) as connection:
        duckdb_side = schema_checksums(connection)
        marts = [item.relation for item in duckdb_side]
        told += differing_checksums(duckdb_side, spark.checksums(marts, inputs.variables))
        relations = sorted({check.relation for check in load_checks()})
        for name in relations:
            cursor = connection.execute(f"select * from reconciliation.{quoted(name)}")
            columns = [column[0] for column in cursor.description or []]
            left = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
            told += differing_rows(name, left, spark.rows(f"select * from reconciliation.`{name}`"))
    return told, len(marts), len(relations)


def main(arguments: Sequence[str] | None = None) -> int:
    """Build on Spark and compare; 0 only when every mart and every reconciliation relation is equal."""
    parser = argparse.ArgumentParser(prog="python -m orchestration.warehouse.spark", description=__doc__)
    parser.add_argument("--no-build", action="store_true", help="compare what is built already")
    options = parser.parse_args(arguments)
    try:
        home = Home.from_environment()
        inputs, spark = Inputs.of_last_build(home), SparkWarehouse(home)
        if not options.no_build:
            nodes = spark.dbt("build", inputs.variables, "--full-refresh", *NOT_BUILT)
            tests = sum(str(result.node.resource_type) == "test" for result in nodes)
            sys.stdout.write(f"Built {len(nodes) - tests} models and seeds on Spark, {tests} tests passed\n")
        told, marts, relations = compare(home, spark, inputs)
    except TieoutError as error:
        sys.stderr.write(f"tieout: {error}\n")
        return error.exit_code
    for line in told[:50]:
        sys.stdout.write(line + "\n")
    sys.stdout.write(
        f"{marts} marts and {relations} reconciliation relations compared: {len(told) or 'no'} differences\n"
    )
    return 1 if told else 0


def _told(item: RelationChecksum | None) -> str:
    return f"{item.row_count} rows, checksum {item.checksum}" if item else "nothing"


def _row_text(row: dict[str, Any]) -> str:
    return json.dumps({name: _value_text(value) for name, value in sorted(row.items())}, ensure_ascii=False)


def _value_text(value: Any) -> Any:
    if isinstance(value, Decimal):
        text = format(value, "f")
        return (text.rstrip("0").rstrip(".") if "." in text else text) if value else "0"
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value if value is None else str(value)


def _without(these: Sequence[str], those: Sequence[str]) -> list[str]:
    return sorted((Counter(these) - Counter(those)).elements())[:SHOWN]


if __name__ == "__main__":
    sys.exit(main())
