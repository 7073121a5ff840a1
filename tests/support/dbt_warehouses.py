"""Builds warehouses from test lakes with the project's own dbt runner, sharing one parse between them."""

import shutil
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import duckdb

from orchestration.closing.index import index_folder
from orchestration.home import PROJECT_ROOT, Home
from orchestration.warehouse.checksums import RelationChecksum, schema_checksums
from orchestration.warehouse.dbt_runner import DbtProject
from support.event_lakes import Lake

PARSE_KEY = "tests"


class Warehouse:
    """One working warehouse over one lake; remembers what it was built through, as the runner does."""

    def __init__(self, root: Path, lake: Lake, seeded: Path | None = None) -> None:
        """`seeded`: the root of a home that has the parse and the seeds; without it this one starts with nothing."""
        self.home, self.lake, self.built_through = Home(root), lake, 0
        self._exclusions: dict[str, set[str]] = {}
        if seeded:
            for part in ("dbt/target", "warehouse"):
                shutil.copytree(seeded / part, root / part)
        else:
            self.home.warehouse.parent.mkdir(parents=True)

    def build(
        self, *options: str, command: str = "run", standing: Collection[tuple[str, str]] = (), **variables: Any
    ) -> None:
        """Run dbt up to the lake's last batch; fails on the first node that failed."""
        inputs = self._inputs(variables)
        project = DbtProject(self.home, PROJECT_ROOT, 2)
        outcome = project.run(command, inputs, PARSE_KEY, None, *options, standing=standing)
        broken = [f"{node.name}: {node.status} {node.message}" for node in outcome.nodes if not node.ok]
        assert not broken, "\n".join(broken)
        assert outcome.nodes
        for relation, column in outcome.checksum_exclusions:
            self._exclusions.setdefault(relation, set()).add(column)
        if command == "run":
            self.built_through = inputs["lake_high_water"]

    def failing_tests(self, *models: str) -> list[str]:
        """Names of the dbt data tests of these models that find something wrong."""
        options = ("--select", *models, "--indirect-selection", "buildable", "--resource-type", "test")
        outcome = DbtProject(self.home, PROJECT_ROOT, 2).run("build", self._inputs({}), PARSE_KEY, None, *options)
        assert outcome.nodes
        return [node.name for node in outcome.nodes if not node.ok]

    def show(self, inline: str) -> tuple[Any, ...]:
        """The one row of a query that may use macros."""
        compiled = self.home.root / "dbt" / "target" / "compiled" / "tieout"
        DbtProject(self.home, PROJECT_ROOT, 2).run("compile", self._inputs({}), PARSE_KEY, None, "--inline", inline)
        sql = next(compiled.rglob("inline_query")).read_text()
        return self.row(sql)

    def _inputs(self, variables: dict[str, Any]) -> dict[str, Any]:
        return {
            "lake_path": str(self.lake.path),
            "closes_path": str(index_folder(self.home)),
            "lake_high_water": self.lake.batch_seq,
            "built_through": self.built_through,
            "as_of": "2026-12-01 00:00:00",
            **variables,
        }

    def rows(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.home.warehouse), read_only=True) as connection:
            return connection.execute(sql, list(parameters)).fetchall()

    def row(self, sql: str, *parameters: Any) -> tuple[Any, ...]:
        found = self.rows(sql, *parameters)
        assert len(found) == 1, found
        return found[0]

    def views(self) -> dict[tuple[str, str], str]:
        """The SQL of every view by (schema, name)."""
        found = self.rows("select schema_name, view_name, sql from duckdb_views() where not internal")
        return {(schema, name): sql for schema, name, sql in found}

    def checksums(self) -> Sequence[RelationChecksum]:
        with duckdb.connect(str(self.home.warehouse), read_only=True) as connection:
            return schema_checksums(connection, excluded=self._exclusions)
