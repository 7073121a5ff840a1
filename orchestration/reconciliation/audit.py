"""One audit of the working warehouse: judge every check and roll the breaks forward, append all to the ledger."""

import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.errors import Refused, Unusable
from orchestration.home import Home
from orchestration.reconciliation import ledger
from orchestration.reconciliation.judge import Finding, apply_waivers, judge, unlisted
from orchestration.reconciliation.lake_presence import Presence, expected_partitions, read_presence
from orchestration.reconciliation.results import ReconcileResult
from orchestration.reconciliation.suites import Check, load_checks, suites_hash
from orchestration.reconciliation.waivers import Waiver, load_waivers
from orchestration.warehouse.checksums import data_version, quoted, schema_checksums
from orchestration.warehouse.compacted import require_what_views_read
from orchestration.warehouse.connection import bounded
from orchestration.warehouse.lock import warehouse_lock
from orchestration.warehouse.record import Build, last_attempt, last_build, timestamp_text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from orchestration.closing.audited_breaks import AuditedBreaks

SCHEMA = "reconciliation"


def reconcile(
    home: Home,
    *,
    waivers_path: Path | None = None,
    expectations: Path | None = None,
    progress: Callable[[str], None] | None = None,
    wait_seconds: float = 0,
    today: date | None = None,
) -> ReconcileResult:
    """Audit the last complete build and return every result; failed checks do not raise: see `passed`.

    `waivers_path`: instead of `waivers.yml` of the project. `expectations`: another folder of suites. `today`: the day
    on which waivers are looked at (UTC). Raises Refused when there is no complete build to audit or the warehouse is in
    use, Unusable when a suite or the waivers are malformed.
    """
    checks = load_checks(expectations)
    waivers = load_waivers(checks, waivers_path)
    day = today or datetime.now(UTC).date()
    with warehouse_lock(home, "reconcile", wait_seconds=wait_seconds):
        build, version, findings, breaks = _examine(home, checks, waivers_path, day, progress or (lambda _: None))
    results, notes = apply_waivers(findings, waivers, day)
    if breaks is not None:
        results += breaks.results
    run_id = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"
    audit = ReconcileResult(run_id, version, tuple(results), tuple(notes))
    entries = _entries(audit, build, checks, waivers, suites_hash(expectations))
    ledger.append_all(home, [*(breaks.entries if breaks else ()), *entries])
    return audit


def _examine(
    home: Home, checks: Sequence[Check], waivers_path: Path | None, day: date, progress: Callable[[str], None]
) -> tuple[Build, str, list[Finding], "AuditedBreaks | None"]:
    import duckdb

    # The closing package reads the ledger of this one.
    from orchestration.closing.audited_breaks import audit_breaks

    if not home.warehouse.exists():
        raise Refused(f"Refused to reconcile: there is no warehouse at {home.warehouse}. Run `tieout build`.")
    try:
        connection = duckdb.connect(str(home.warehouse), read_only=True)
    except duckdb.IOException as error:
        raise Refused(f"Refused to reconcile: the warehouse cannot be opened: {error}") from error
    with bounded(connection):
        build = _complete_build(connection)
        require_what_views_read(connection, home)
        progress("checksums of the marts")
        version = data_version(
            schema_checksums(connection), lake_high_water=build.lake_high_water, as_of=timestamp_text(build.as_of)
        )
        lake = read_presence(connection, home, build.lake_high_water)
        findings: list[Finding] = []
        for relation in dict.fromkeys(check.relation for check in checks):
            progress(f"checks of {relation}")
            findings += _relation(connection, relation, [check for check in checks if check.relation == relation], lake)
        progress("breaks")
        breaks = audit_breaks(connection, home, build.as_of, waivers_path, day)
    return build, version, findings, breaks


def _complete_build(connection: "DuckDBPyConnection") -> Build:
    build, attempt = last_build(connection), last_attempt(connection)
    if build is None:
        raise Refused("Refused to reconcile: no build of the warehouse is complete. Run `tieout build`.")
    if attempt is not None and attempt.build_id != build.build_id:
        raise Refused(
            f"Refused to reconcile: build {attempt.build_id} was started after the last complete one and did not end. "
            "Run `tieout build` again."
        )
    return build


def _relation(
    connection: "DuckDBPyConnection", relation: str, checks: Sequence[Check], lake: Sequence[Presence]
) -> list[Finding]:
    findings: list[Finding] = []
    try:
        rows = read_rows(connection, relation)
    except Unusable as error:
        return [Finding.structural(check, str(error)) for check in checks]
    for check in checks:
        own = [row for row in rows if row["check_key"] == check.key]
        findings += judge(check, own, expected_partitions(check.expected, lake))
    return [*findings, *unlisted(relation, rows, checks)]


def read_rows(connection: "DuckDBPyConnection", relation: str) -> list[dict[str, Any]]:
    """The rows of a recon relation as exact Python values. Raises Unusable when it cannot be read."""
    import duckdb

    try:
        cursor = connection.execute(f"select * from {quoted(SCHEMA)}.{quoted(relation)}")
        names = [column[0] for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        told = (str(error).splitlines() or [type(error).__name__])[0]
        raise Unusable(f"{SCHEMA}.{relation} cannot be read, so nothing was checked: {told}") from error


def _entries(
    audit: ReconcileResult, build: Build, checks: Sequence[Check], waivers: Sequence[Waiver], suites: str
) -> list[tuple[str, dict[str, Any]]]:
    """A record per result, then the one that closes the audit and by which a torn one is known."""
    shared = {"run_id": audit.run_id, "data_version": audit.data_version}
    waived = {(check.key, check.partition) for check in audit.checks if check.verdict == "waived"}
    closing = {
        **shared,
        "build_id": build.build_id,
        "lake_high_water": build.lake_high_water,
        "as_of": timestamp_text(build.as_of),
        "expected_checks": sorted({*(check.key for check in checks), *(one.key for one in audit.checks)}),
        "suites_hash": suites,
        "results": len(audit.checks),
        "counts": audit.counts,
        "passed": audit.passed,
        "waivers": [waiver.as_json() for waiver in waivers if (waiver.check, waiver.partition) in waived],
        "notes": list(audit.notes),
    }
    return [*(("check", {**shared, **check.as_json()}) for check in audit.checks), ("audit", closing)]
