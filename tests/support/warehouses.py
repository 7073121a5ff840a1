"""Small warehouses with a complete build and its audit, written without dbt and without Great Expectations."""

from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from orchestration.home import Home
from orchestration.reconciliation import ledger
from orchestration.reconciliation.suites import expected_checks, suites_hash
from orchestration.warehouse import record
from orchestration.warehouse.checksums import data_version, schema_checksums
from orchestration.warehouse.record import timestamp_text
from support.lakes import Event, add_batch

AS_OF = datetime(2026, 9, 1, 10)
MARTS = """
create schema if not exists marts;
create or replace table marts.fact_line (line_id varchar, amount decimal(18, 4), created_at timestamp, seq bigint);
insert into marts.fact_line select 'L' || i, i * 1.0001, timestamp '2026-09-01 10:00:00', i from range(1, 101) t(i);
create or replace view marts.dim_currency as select 'USD' as currency;
comment on table marts.fact_line is 'One row per line; it''s small.';
comment on column marts.fact_line.amount is 'Amount in USD.';
"""
SUITE = """
suite: small
relation: recon_small
checks:
  - key: line_mart
    title: Lines of the mart
    kind: integrity
    severity: critical
    pairs: {count: exact}
    expected: [{partition: all}]
  - key: line_source
    title: Totals of the source
    kind: source
    severity: critical
    pairs: {count: exact}
    expected: [{partition: all}]
  - {key: canary, title: Must fail, kind: canary, severity: critical, pairs: {count: exact}}
"""
PASSED = {"kind": "integrity", "severity": "critical", "verdict": "passed", "left": "1", "right": "1", "message": ""}


def write_suites(folder: Path) -> Path:
    """A folder of expectations with three checks; point `suites.EXPECTATIONS` to it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "small.yml").write_text(SUITE)
    return folder


def make_home(root: Path) -> Home:
    """A home with a lake of one batch and a warehouse that is built from it completely, not audited."""
    home = Home(root)
    add_batch(home, 0, [])
    add_batch(home, 1, [Event("a", "1.5")])
    home.warehouse.parent.mkdir(parents=True)
    build_marts(home, MARTS, "build-1")
    return home


def build_marts(home: Home, sql: str, build_id: str, *, complete: bool = True) -> None:
    """Run SQL on the warehouse as a build that is recorded."""
    with duckdb.connect(str(home.warehouse)) as connection:
        record.prepare(connection)
        now = datetime.now()
        record.add_attempt(connection, record.Attempt(build_id, now, 1, AS_OF, "code"))
        connection.execute(sql)
        record.write_exclusions(connection, [("fact_line", "seq")])
        record.write_mart_event_types(connection, [("fact_line", "QuotePriced"), ("fact_line", "QuoteSent")])
        if complete:
            done = record.Build(build_id, now, now, 1, AS_OF, "code", "revision", "manifest", "USD", True)
            record.add_build(connection, done)


def current_version(home: Home) -> str:
    """The data version of the warehouse as it is."""
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        return data_version(schema_checksums(connection), lake_high_water=1, as_of=timestamp_text(AS_OF))


def add_audit(home: Home, checks: list[dict[str, Any]] | None = None, **closing: Any) -> None:
    """Append an audit as the reconciliation does: a record per check, then the closing one."""
    shared = {"run_id": "run", "data_version": current_version(home)}
    if checks is None:
        checks = [{"key": key, "partition": "all"} for key in expected_checks()]
    bodies = [{**PASSED, **shared, **check} for check in checks]
    body = {
        **shared,
        "build_id": "build-1",
        "lake_high_water": 1,
        "as_of": timestamp_text(AS_OF),
        "expected_checks": expected_checks(),
        "suites_hash": suites_hash(),
        "results": len(bodies),
        "counts": {},
        "passed": True,
        "waivers": [],
        "notes": [],
    }
    ledger.append_all(home, [*(("check", one) for one in bodies), ("audit", {**body, **closing})])
