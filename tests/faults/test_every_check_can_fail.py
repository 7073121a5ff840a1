"""Every check that exists has been seen to fail here: each data test of the dbt models, each key of expectations/.

Nothing lists the checks: they are read from dbt's manifest and from the suites. A check is broken by the file
`breakages/<check>.sql` (damage done to the warehouse) or `breakages/<check>.ndjson` (lines that land on top). Without
a file, each simple damage to what the check reads is tried until one makes it fail. See CONTRIBUTING.md.
"""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
from support import awkward_stream
from support.closes import closed_october
from support.mutations import Relation, damaged, simple_damages

from orchestration.home import Home
from orchestration.landing import land
from orchestration.reconciliation.audit import read_rows
from orchestration.reconciliation.judge import judge
from orchestration.reconciliation.lake_presence import expected_partitions, read_presence
from orchestration.reconciliation.suites import Check, expected_checks, load_checks
from orchestration.warehouse.build import build

pytestmark = pytest.mark.slow
BREAKAGES = Path(__file__).parent / "breakages"
DAMAGED = re.compile(r"(?:update|insert into|delete from)\s+(\w+)\.(\w+)")


@dataclass(frozen=True)
class DataTest:
    """A data test of a dbt model: the SQL that finds what is wrong, and the relations that it reads."""

    name: str
    sql: str
    reads: tuple[Relation, ...]
    column: str | None


class Built:
    """A warehouse that was built from the awkward stream with every test passed, and what dbt knows of it."""

    def __init__(self, home: Home) -> None:
        self.home = home
        target = home.root / "dbt" / "target"
        self._nodes: dict[str, Any] = json.loads((target / "manifest.json").read_text())["nodes"]
        self._compiled = target / "compiled" / "tieout"

    def data_tests(self) -> list[DataTest]:
        found = []
        for node in self._nodes.values():
            if node["resource_type"] == "test":
                reads = sorted(self._reads(node), key=lambda name: name != node.get("attached_node"))
                relations = tuple(self._relation(name) for name in reads)
                found.append(DataTest(node["name"], self._sql(node), relations, node.get("column_name")))
        return found

    def never_null(self) -> list[tuple[Relation, str]]:
        """The columns whose contract says that they are never NULL, each with its relation."""
        return [
            (Relation(node["schema"], node["alias"]), name)
            for node in self._nodes.values()
            for name, column in node["columns"].items()
            if "not_null" in [constraint["type"] for constraint in column["constraints"]]
        ]

    def read_by(self, recon_model: str) -> list[Relation]:
        """What a recon model compares: the relations outside of reconciliation that it is made from."""
        waiting, found = [f"model.tieout.{recon_model}"], []
        while waiting:
            for key in self._reads(self._nodes[waiting.pop()]):
                relation = self._relation(key)
                if relation.schema == "reconciliation":
                    waiting.append(key)
                elif relation not in found:
                    found.append(relation)
        return found

    def _sql(self, node: dict[str, Any]) -> str:
        file = Path(node["original_file_path"])
        return (self._compiled / (file if file.suffix == ".sql" else file / node["path"])).read_text()

    def _reads(self, node: dict[str, Any]) -> list[str]:
        return [key for key in node["depends_on"]["nodes"] if key in self._nodes]

    def _relation(self, key: str) -> Relation:
        return Relation(self._nodes[key]["schema"], self._nodes[key]["alias"])


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    root = tmp_path_factory.mktemp("checked")
    home = Home(root / "home")
    file = root / "stream.ndjson"
    file.write_bytes(b"\n".join(awkward_stream.lines()) + b"\n")
    land(home, [file])
    awkward_stream.settle(home)
    closed_october(home, root / "close")
    result = build(home)
    assert result.complete, [node.message for node in result.failed]
    return Built(home)


@pytest.fixture
def connection(built: Built) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(built.home.warehouse)) as opened:
        yield opened


def finds(connection: duckdb.DuckDBPyConnection, test: DataTest) -> bool:
    return bool(connection.execute(test.sql).fetchall())


def seen_to_fail(connection: duckdb.DuckDBPyConnection, test: DataTest) -> bool:
    file = BREAKAGES / f"{test.name}.sql"
    if file.exists():
        damage = file.read_text()
        with damaged(connection, damaged_by(damage), damage):
            return finds(connection, test)
    for relation in test.reads:
        for damage in simple_damages(connection, relation, test.column):
            with damaged(connection, [relation], damage):
                if finds(connection, test):
                    return True
    return False


def damaged_by(sql: str) -> list[Relation]:
    return [Relation(schema, name) for schema, name in dict.fromkeys(DAMAGED.findall(sql))]


def test_every_data_test(built: Built, connection: duckdb.DuckDBPyConnection) -> None:
    tests = built.data_tests()
    assert len(tests) > 50
    assert [test.name for test in tests if finds(connection, test)] == []
    never = [test.name for test in tests if not seen_to_fail(connection, test)]
    assert never == [], "never seen to fail: add tests/faults/breakages/<name>.sql, see CONTRIBUTING.md"


def test_every_column_that_must_not_be_null_refuses_null(built: Built, connection: duckdb.DuckDBPyConnection) -> None:
    columns = built.never_null()
    assert len(columns) > 100
    refused = []
    for relation, column in columns:
        with pytest.raises(
            duckdb.ConstraintException, match=f'NOT NULL constraint failed: {relation.name}."?{column}"?$'
        ):
            connection.execute(f"update {relation} set {column} = null")
        refused.append((relation, column))
    assert refused == columns


def failed(connection: duckdb.DuckDBPyConnection, home: Home, check: Check) -> set[str]:
    """The partitions at which a check fails."""
    through = connection.execute("select max(lake_high_water) from audit.build").fetchone()
    assert through
    lake = read_presence(connection, home, through[0])
    rows = [row for row in read_rows(connection, check.relation) if row["check_key"] == check.key]
    findings = judge(check, rows, expected_partitions(check.expected, lake))
    return {finding.result.partition for finding in findings if finding.result.verdict == "failed"}


@pytest.fixture(scope="module")
def landed_on_top(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The same home with every breakage that is a file of lines landed on it, and built again."""
    root = tmp_path_factory.mktemp("broken")
    shutil.copytree(built.home.root, root / "home", symlinks=True)
    home = Home(root / "home")
    land(home, sorted(BREAKAGES.glob("*.ndjson")))
    result = build(home)
    assert result.complete, [node.message for node in result.failed]
    return home


def newly_failed(
    check: Check, built: Built, connection: duckdb.DuckDBPyConnection, landed_on_top: Home, before: set[str]
) -> set[str]:
    if (BREAKAGES / f"{check.key}.ndjson").exists():
        with duckdb.connect(str(landed_on_top.warehouse), read_only=True) as broken:
            return failed(broken, landed_on_top, check) - before
    file = BREAKAGES / f"{check.key}.sql"
    if file.exists():
        damage = file.read_text()
        with damaged(connection, damaged_by(damage), damage):
            return failed(connection, built.home, check) - before
    for relation in built.read_by(check.relation):
        for damage in simple_damages(connection, relation, None):
            with damaged(connection, [relation], damage):
                found = failed(connection, built.home, check) - before
            if found:
                return found
    return set()


@pytest.mark.parametrize("key", expected_checks())
def test_every_check_of_the_audit(
    built: Built, connection: duckdb.DuckDBPyConnection, landed_on_top: Home, key: str
) -> None:
    (check,) = (one for one in load_checks() if one.key == key)
    before = failed(connection, built.home, check)
    found = newly_failed(check, built, connection, landed_on_top, before)
    assert found, f"never seen to fail: add tests/faults/breakages/{key}.sql or {key}.ndjson, see CONTRIBUTING.md"


def test_every_breakage_belongs_to_a_check(built: Built) -> None:
    checks = {*expected_checks(), *(test.name for test in built.data_tests())}
    files = [*BREAKAGES.glob("*.sql"), *BREAKAGES.glob("*.ndjson")]
    assert files
    assert {file.stem for file in files} <= checks


def test_a_check_that_cannot_fail_is_found_out(connection: duckdb.DuckDBPyConnection) -> None:
    blind = DataTest("blind", "select 1 where false", (Relation("marts", "dim_currency"),), None)
    assert not seen_to_fail(connection, blind)
