"""Both engines over one lake: every mart and every reconciliation relation is equal, and a difference is told."""

import json
import os
import re
import subprocess
from datetime import date
from pathlib import Path

import duckdb
import pytest
from support.northwind import ABSENT, NORTHWIND, build_home

import simulator
from orchestration.home import PROJECT_ROOT, Home
from orchestration.landing.compaction import compact
from orchestration.reconciliation.suites import load_checks

pytestmark = pytest.mark.spark

PYTHON = PROJECT_ROOT / ".venv-spark" / "bin" / "python"
QUOTES = 120
FAULTS = (
    "lost=2,duplicated=2,conflicting=2,late=2,corrupt=1,new_field=2,renamed_field=1,new_type=1,missing_reference=2,"
    "price_differs=2,order_differs=2,invoice_differs=1,header_differs=1,unbilled=1,wrong_currency=1,version_reused=2"
)

# RFC 3339 has zones up to 23:59, Spark's own reading of times ends at 18:00.
FAR_ZONE = {
    "eventId": "far",
    "source": "cpq",
    "eventType": "ApprovalRequested",
    "eventTime": "2026-09-02T10:00:00+23:59",
    "aggregateType": "ApprovalRequest",
    "aggregateId": "far",
    "aggregateVersion": 1,
    "payload": {
        "quoteId": "far",
        "quoteRevision": 1,
        "submissionSequence": 1,
        "approver": "far",
        "approverGroup": "far",
        "policyVersion": "far",
        "reasonCodes": [],
        "requestedBy": "far",
        "slaDueAt": "2026-09-03T10:00:00.123456-23:59",
    },
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A simulated month of all event types in which things go wrong, and Northwind where it is, built on DuckDB.

    DuckDB read the batches; Spark reads the compaction of them that is made after.
    """
    root = tmp_path_factory.mktemp("spark")
    simulator.run(QUOTES, 7, date(2026, 9, 1), date(2026, 10, 1), root / "events", faults=FAULTS)
    (root / "far.ndjson").write_text(json.dumps(FAR_ZONE) + "\n")
    northwind = [] if ABSENT else sorted(NORTHWIND.glob("*.ndjson.gz"))
    home = build_home(root / "home", [root / "events", root / "far.ndjson", *northwind])
    assert compact(home, least=2)
    return home


def compare(home: Home, *options: str) -> tuple[int, str]:
    """Exit code and output of the comparison, run in the environment of Spark."""
    ended = subprocess.run(
        [PYTHON, "-m", "orchestration.warehouse.spark", *options],
        cwd=PROJECT_ROOT,
        env={**os.environ, "TIEOUT_HOME": str(home.root), "TIEOUT_SPARK_CODEGEN": "false"},
        capture_output=True,
        text=True,
        check=False,
    )
    return ended.returncode, f"{ended.stdout}\n{ended.stderr[-8000:] if ended.returncode else ''}"


@pytest.fixture(scope="module")
def first(home: Home) -> tuple[int, str]:
    """The build on Spark and its comparison."""
    return compare(home)


def test_marts_and_reconciliation_are_equal_and_data_tests_pass(first: tuple[int, str]) -> None:
    code, told = first
    marts = len(list((PROJECT_ROOT / "models" / "marts").rglob("*.sql")))
    relations = len({check.relation for check in load_checks()})
    assert f"{marts} marts and {relations} reconciliation relations compared: no differences" in told
    built = re.search(r"Built (\d+) models and seeds on Spark, (\d+) tests passed", told)
    assert built and int(built[1]) > 100 and int(built[2]) > 50
    assert code == 0, told


def test_one_changed_row_is_told(first: tuple[int, str], home: Home, tmp_path: Path) -> None:
    """A mart that lost a ten-thousandth in one row differs, and so does each control that reads it."""
    with duckdb.connect(str(home.warehouse)) as connection:
        row = "rowid = (select min(rowid) from marts.fact_invoice_line)"
        connection.execute(f"update marts.fact_invoice_line set tax_amount = tax_amount - 0.0001 where {row}")
    code, told = compare(home, "--no-build")
    assert code == 1, told
    differing = {line.split(":")[0] for line in told.splitlines() if re.match(r"(fact|dim|recon)_\w+: ", line)}
    assert differing == {"fact_invoice_line", "recon_invoice_line"}, told


WITH_NULL = "(select cast(null as string) as missing, 'x' as present, cast(null as string) as optional) as row_of_model"
CONSTRAINTS = """
import sys
from pathlib import Path
from orchestration.errors import Refused
from orchestration.home import Home
from orchestration.warehouse.spark import SparkWarehouse
try:
    SparkWarehouse(Home(Path(sys.argv[1]))).dbt("compile", {}, "--no-populate-cache", "--inline", sys.argv[2])
except Refused as error:
    sys.exit(str(error))
"""


@pytest.mark.parametrize(("required", "missing"), [(["present"], ""), (["missing", "present"], "missing")])
def test_a_required_column_without_a_value_is_refused(tmp_path: Path, required: list[str], missing: str) -> None:
    """`macros/spark/constraints.sql` lets rows with every required value pass, and names the column that lacks one."""
    columns = {
        name: {"name": name, "constraints": [{"type": "not_null"}] if name in required else []}
        for name in ("missing", "present", "optional")
    }
    model = json.dumps({"name": "probe", "columns": columns})
    call = f"{{% if execute %}}{{% do spark__persist_constraints({json.dumps(WITH_NULL)}, {model}) %}}{{% endif %}}"
    ended = subprocess.run(
        [PYTHON, "-c", CONSTRAINTS, str(tmp_path), f"{call} select 1 as one"],
        cwd=PROJECT_ROOT,
        env={**os.environ, "TIEOUT_SPARK_CODEGEN": "false"},
        capture_output=True,
        text=True,
        check=False,
    )
    told = re.findall(r"probe has rows without a value that its contract requires: (.*)", ended.stderr)
    assert told == ([missing] if missing else []), ended.stderr[-4000:]
    assert bool(ended.returncode) == bool(missing), ended.stderr[-4000:]
