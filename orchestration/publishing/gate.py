"""The gate before a release: what must be proven, and every reason why it is not; nothing is written here."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from orchestration.errors import Refused
from orchestration.home import Home
from orchestration.observability.integrity import check_lake, check_ledger, unsupported_releases
from orchestration.reconciliation.proof import Audit, last_audit, objections
from orchestration.warehouse import record
from orchestration.warehouse.connection import open_warehouse
from orchestration.warehouse.record import Build


@dataclass(frozen=True)
class Evidence:
    """What a release rests on: the complete build in the warehouse and the audit of its data version."""

    build: Build
    audit: Audit

    @property
    def data_version(self) -> str:
        return self.audit.data_version

    @property
    def checks(self) -> tuple[dict[str, Any], ...]:
        return self.audit.checks


def examine(home: Home, today: date | None = None) -> Evidence:
    """The evidence for a release, for the holder of the warehouse lock.

    The rows themselves are still to be held against `data_version`. Raises Refused with every reason that there is.
    """
    build, reasons = _build(home)
    broken = [
        f"{finding.what}: {finding.found}"
        for finding in (check_ledger(home), check_lake(home, contents=False))
        if not finding.ok
    ]
    audit = None if broken else last_audit(home)
    if not broken:
        reasons += objections(audit)
        reasons += _expired(audit, today or datetime.now(UTC).date())
        reasons += [f"release {name}: {why}: restore the ledger" for name, why in unsupported_releases(home).items()]
    reasons += broken
    if reasons or build is None or audit is None:
        listed = "\n".join(f"  - {reason}" for reason in reasons)
        raise Refused(f"Refused to publish:\n{listed}")
    return Evidence(build, audit)


def _build(home: Home) -> tuple[Build | None, list[str]]:
    if not home.warehouse.exists():
        return None, ["there is no warehouse: run `tieout build`"]
    with open_warehouse(home) as connection:
        build, attempt = record.last_build(connection), record.last_attempt(connection)
    if build is None:
        return None, ["no build of the warehouse is complete: run `tieout build`"]
    if attempt is not None and attempt.build_id != build.build_id:
        started = attempt.started_at.isoformat(sep=" ", timespec="seconds")
        return build, [f"the build started at {started} UTC did not end: run `tieout build` and `tieout reconcile`"]
    return build, []


def _expired(audit: Audit | None, today: date) -> Iterator[str]:
    for waiver in audit.body["waivers"] if audit else []:
        if date.fromisoformat(str(waiver["expires"])) < today:
            yield f"the waiver of {waiver['check']} at {waiver['partition']} expired on {waiver['expires']}"
