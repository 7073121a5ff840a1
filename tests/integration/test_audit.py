"""An audit over a small warehouse made by hand: what it refuses, what it records, what the ledger then proves."""

import shutil
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest

from orchestration.errors import Refused, Unusable
from orchestration.home import Home
from orchestration.reconciliation import ledger, proof, reconcile
from orchestration.reconciliation.results import ReconcileResult
from orchestration.warehouse import record

SUITES = {
    "canary": """
suite: canary
relation: recon_canary
checks:
  - {key: canary, title: Must fail, kind: canary, severity: critical, pairs: {amount: exact}}
""",
    "lines": """
suite: lines
relation: recon_lines
checks:
  - key: lines
    title: Lines
    kind: integrity
    severity: critical
    pairs: {count: exact, amount: exact}
    expected: [{partition: "quote/{month}", event_types: [QuotePriced]}]
""",
    "control": """
suite: control
relation: recon_control
checks:
  - key: control
    title: Control totals
    kind: source
    severity: critical
    pairs: {count: exact, amount: exact_or_absent}
    expected: [{partition: "{source}"}]
""",
}
RECON = "check_key varchar, partition varchar, kind varchar, severity varchar, is_proven boolean," + ", ".join(
    f"{side}_{pair}" for side in ("left", "right") for pair in ("count bigint", "amount decimal(38, 4)")
)
WAIVER = """
waivers:
  - {check: control, partition: cpq, amount_limit: "1.00", count_limit: 1, reason: known,
     approver: Ada, expires: 2026-12-31}
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    folder = home.lake / "batches" / "batch_seq=00000001" / "events" / "stream=quote" / "event_type=QuotePriced"
    folder.mkdir(parents=True)
    duckdb.execute(
        "copy (select 'cpq' as source_system, 'Quote' as aggregate_type, timestamp '2026-10-02' as event_time,"
        f" 1 as arrival_seq, null::bigint as replaces_arrival_seq) to '{folder}/part-0.parquet'"
    )
    home.warehouse.parent.mkdir(parents=True)
    change(
        home,
        f"""
        create schema marts; create schema reconciliation;
        create table marts.fact_lines as select 'q1' as line_id, 10.0000::decimal(18, 4) as amount;
        create table reconciliation.recon_canary ({RECON});
        insert into reconciliation.recon_canary
        values ('canary', 'c', 'canary', 'critical', true, 1, 1.0000, 1, 1.0001);
        create table reconciliation.recon_lines ({RECON});
        insert into reconciliation.recon_lines
        values ('lines', 'quote/2026-10/USD', 'integrity', 'critical', true, 1, 10.0000, 1, 10.0000);
        create table reconciliation.recon_control ({RECON});
        insert into reconciliation.recon_control
        values ('control', 'cpq', 'source', 'critical', true, 1, 10.0000, 1, 10.0000);
        """,
    )
    with duckdb.connect(str(home.warehouse)) as connection:
        record.prepare(connection)
        built = datetime(2026, 11, 1)
        record.add_attempt(connection, record.Attempt("b1", built, 1, built, "code"))
        record.add_build(connection, record.Build("b1", built, built, 1, built, "code", "git", "dbt", "USD", True))
    return home


@pytest.fixture
def suites(tmp_path: Path) -> Path:
    folder = tmp_path / "expectations"
    folder.mkdir()
    for name, text in SUITES.items():
        (folder / f"{name}.yml").write_text(text)
    return folder


@pytest.fixture
def audit(home: Home, suites: Path, tmp_path: Path) -> Callable[..., ReconcileResult]:
    def run(waivers: str = "waivers: []", today: date = date(2026, 11, 2)) -> ReconcileResult:
        (tmp_path / "waivers.yml").write_text(waivers)
        return reconcile(home, waivers_path=tmp_path / "waivers.yml", expectations=suites, today=today)

    return run


def change(home: Home, statement: str) -> None:
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute(statement)


def blocking(result: ReconcileResult) -> list[tuple[str, str]]:
    return [(check.key, check.partition) for check in result.checks if check.blocking]


def test_a_sound_warehouse_passes_and_is_proven(
    home: Home, suites: Path, audit: Callable[..., ReconcileResult]
) -> None:
    result = audit()
    assert result.passed
    assert [(check.key, check.partition, check.verdict) for check in result.checks] == [
        ("canary", "c", "passed"),
        ("control", "cpq", "passed"),
        ("lines", "quote/2026-10/USD", "passed"),
    ]
    records = list(ledger.read(home))
    assert [entry.kind for entry in records] == ["check", "check", "check", "audit"]
    assert records[2].body == {
        "run_id": result.run_id,
        "data_version": result.data_version,
        "key": "lines",
        "partition": "quote/2026-10/USD",
        "kind": "integrity",
        "severity": "critical",
        "verdict": "passed",
        "left": "count=1 amount=10.0000",
        "right": "count=1 amount=10.0000",
        "message": "",
    }
    assert records[3].body["expected_checks"] == ["canary", "control", "lines"]
    assert records[3].body["counts"] == {"passed": 3, "failed": 0, "waived": 0, "unproven": 0}
    found = proof.last_audit(home)
    assert found is not None
    assert (found.seq, found.hash, len(found.checks)) == (records[3].seq, records[3].hash, 3)
    assert proof.objections(found, result.data_version, suites) == []


BREAKS = {
    "another amount": (
        "update reconciliation.recon_lines set right_amount = 10.0001",
        [("lines", "quote/2026-10/USD")],
    ),
    "an empty relation": ("delete from reconciliation.recon_lines", [("lines", "quote/2026-10")]),
    "no relation": ("drop table reconciliation.recon_lines", [("lines", "none")]),
    "a relation that fails": (
        "drop table reconciliation.recon_lines;"
        " create view reconciliation.recon_lines as select cast(line_id as bigint) as partition from marts.fact_lines",
        [("lines", "none")],
    ),
    "a canary that passes": ("update reconciliation.recon_canary set right_amount = 1", [("canary", "c")]),
    "no canary": ("delete from reconciliation.recon_canary", [("canary", "none")]),
    "a source that differs": ("update reconciliation.recon_control set right_count = 2", [("control", "cpq")]),
    "an unlisted check": (
        "insert into reconciliation.recon_lines select * replace ('other' as check_key)"
        " from reconciliation.recon_lines",
        [("other", "none")],
    ),
}


@pytest.mark.parametrize(("statement", "expected"), BREAKS.values(), ids=BREAKS)
def test_each_break_is_named(
    home: Home,
    suites: Path,
    audit: Callable[..., ReconcileResult],
    statement: str,
    expected: list[tuple[str, str]],
) -> None:
    change(home, statement)
    result = audit()
    assert blocking(result) == expected
    assert not result.passed
    objections = proof.objections(proof.last_audit(home), result.data_version, suites)
    assert any(f"check {expected[0][0]} failed at {expected[0][1]}" in reason for reason in objections)


def test_a_waived_difference_lets_the_audit_pass_and_is_recorded(
    home: Home, suites: Path, audit: Callable[..., ReconcileResult]
) -> None:
    change(home, "update reconciliation.recon_control set right_count = 2, right_amount = 10.5")
    assert blocking(audit()) == [("control", "cpq")]
    result = audit(WAIVER)
    assert result.passed
    assert result.counts["waived"] == 1
    found = proof.last_audit(home)
    assert found is not None
    assert found.body["waivers"] == [
        {
            "check": "control",
            "partition": "cpq",
            "amount_limit": "1.00",
            "count_limit": 1,
            "reason": "known",
            "approver": "Ada",
            "expires": "2026-12-31",
        }
    ]
    assert proof.objections(found, result.data_version, suites) == []
    assert not audit(WAIVER, today=date(2027, 1, 1)).passed


def test_a_waiver_does_not_help_a_check_that_found_no_row(home: Home, audit: Callable[..., ReconcileResult]) -> None:
    change(home, "delete from reconciliation.recon_control")
    assert blocking(audit(WAIVER)) == [("control", "cpq")]


def test_a_changed_mart_is_another_data_version(
    home: Home, suites: Path, audit: Callable[..., ReconcileResult]
) -> None:
    before = audit()
    change(home, "update marts.fact_lines set amount = 11")
    after = audit()
    assert before.data_version != after.data_version
    [reason] = proof.objections(proof.last_audit(home), before.data_version, suites)
    assert "of data version" in reason


def test_changed_suites_are_not_proven(home: Home, suites: Path, audit: Callable[..., ReconcileResult]) -> None:
    result = audit()
    (suites / "more.yml").write_text(SUITES["lines"].replace("lines", "more"))
    reasons = proof.objections(proof.last_audit(home), result.data_version, suites)
    assert reasons == [
        "the expectation suites changed since the last audit",
        "check more has no result in the last audit",
    ]


def test_a_torn_audit_proves_nothing(home: Home, suites: Path, audit: Callable[..., ReconcileResult]) -> None:
    audit()
    lines = home.ledger.read_bytes().splitlines(keepends=True)
    home.ledger.write_bytes(b"".join(lines[:3]) + lines[3][:50])
    assert proof.objections(proof.last_audit(home), None, suites) == ["the ledger has no audit: run `tieout reconcile`"]


def test_a_closing_record_without_its_checks_proves_nothing(
    home: Home, suites: Path, audit: Callable[..., ReconcileResult]
) -> None:
    result = audit()
    found = proof.last_audit(home)
    assert found is not None
    ledger.append(home, "audit", {**found.body, "run_id": "forged"})
    reasons = proof.objections(proof.last_audit(home), result.data_version, suites)
    assert "check lines has no result in the last audit" in reasons
    assert "the last audit has 0 of 3 results in the ledger" in reasons


def test_a_broken_ledger_is_told(home: Home, audit: Callable[..., ReconcileResult]) -> None:
    audit()
    home.ledger.write_bytes(home.ledger.read_bytes().replace(b"amount=10.0000", b"amount=11.0000", 1))
    with pytest.raises(Unusable, match="record 2"):
        proof.last_audit(home)


def test_without_a_warehouse_it_refuses(tmp_path: Path, suites: Path) -> None:
    with pytest.raises(Refused, match="there is no warehouse"):
        reconcile(Home(tmp_path / "nothing"), expectations=suites)


def test_a_build_that_did_not_end_is_refused(home: Home, audit: Callable[..., ReconcileResult]) -> None:
    with duckdb.connect(str(home.warehouse)) as connection:
        later = datetime(2026, 11, 2)
        record.add_attempt(connection, record.Attempt("b2", later, 2, later, "code"))
    with pytest.raises(Refused, match="b2 was started after the last complete one"):
        audit()
    assert not home.ledger.exists()


def test_views_of_a_compaction_that_was_deleted_are_refused(home: Home, audit: Callable[..., ReconcileResult]) -> None:
    folder = home.lake / "compactions" / "batches=00000001-00000300"
    folder.mkdir(parents=True)
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute(f"copy (select 1 as one) to '{folder}/events.parquet'")
        connection.execute(f"create view reading as from read_parquet('{folder}/*.parquet')")
    shutil.rmtree(folder)
    with pytest.raises(Refused, match=r"reads compaction 00000001-00000300 .* Run `tieout build`"):
        audit()


def test_without_a_complete_build_it_refuses(home: Home, audit: Callable[..., ReconcileResult]) -> None:
    change(home, "delete from audit.build")
    with pytest.raises(Refused, match="no build of the warehouse is complete"):
        audit()
