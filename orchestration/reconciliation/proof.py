"""What the ledger proves: the last audit, and every reason why it does not cover a data version; publish asks here."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestration.home import Home
from orchestration.reconciliation import ledger
from orchestration.reconciliation.suites import expected_checks, suites_hash


@dataclass(frozen=True)
class Audit:
    """An audit as recorded: the closing record's place and body, and the bodies of its check records."""

    seq: int
    hash: str
    body: dict[str, Any]
    checks: tuple[dict[str, Any], ...]

    @property
    def data_version(self) -> str:
        return str(self.body["data_version"])


def last_audit(home: Home) -> Audit | None:
    """The last audit that was closed; None before the first. Raises Unusable when the ledger's chain is broken."""
    pending: dict[str, list[dict[str, Any]]] = {}
    found: Audit | None = None
    for record in ledger.read(home):
        run_id = str(record.body.get("run_id"))
        if record.kind == "check":
            pending.setdefault(run_id, []).append(record.body)
        elif record.kind == "audit":
            found = Audit(record.seq, record.hash, record.body, tuple(pending.get(run_id, [])))
            pending.clear()
    return found


def objections(audit: Audit | None, data_version: str | None = None, expectations: Path | None = None) -> list[str]:
    """Every reason why this audit does not prove (this data version of) the warehouse; empty when it does.

    Judged from the check records themselves, not from what the closing record says of them.
    """
    if audit is None:
        return ["the ledger has no audit: run `tieout reconcile`"]
    reasons = []
    if data_version is not None and audit.data_version != data_version:
        reasons.append(f"the last audit is of data version {audit.data_version[:12]}…, not of {data_version[:12]}…")
    if audit.body["suites_hash"] != suites_hash(expectations):
        reasons.append("the expectation suites changed since the last audit")
    keys = {check["key"] for check in audit.checks}
    missing = sorted({*expected_checks(expectations), *audit.body["expected_checks"]} - keys)
    reasons += [f"check {key} has no result in the last audit" for key in missing]
    if len(audit.checks) != audit.body["results"]:
        reasons.append(f"the last audit has {len(audit.checks)} of {audit.body['results']} results in the ledger")
    foreign = {check["data_version"] for check in audit.checks} - {audit.data_version}
    if foreign:
        reasons.append("results of the last audit are of another data version")
    for check in audit.checks:
        if check["verdict"] == "failed" and check["severity"] == "critical":
            reasons.append(f"check {check['key']} failed at {check['partition']}: {check['message']}")
    if audit.body["passed"] is not True and not reasons:
        reasons.append("the last audit did not pass")
    return reasons
