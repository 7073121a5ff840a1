"""The audit as asset checks: one per check of the suites, blocking when critical; comparing is not its matter."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from dagster import (
    AssetCheckExecutionContext,
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetKey,
    MetadataValue,
    TableRecord,
    multi_asset_check,
)

from orchestration.assets.naming import RECONCILIATION_GROUP, WAIT_SECONDS, WRITER_POOL
from orchestration.assets.outcome import refusals_as_failures
from orchestration.closing.audited_breaks import CHECK as ROLL_FORWARD
from orchestration.home import Home
from orchestration.reconciliation.suites import Check, load_checks

if TYPE_CHECKING:
    from orchestration.reconciliation.results import CheckResult

SHOWN = 50
# In no suite, because one of its sides is the ledger; shown where the legs of orders and billing are held together.
BREAKS = Check(
    ROLL_FORWARD,
    "Breaks of the audit before, new, cleared and adjusted come to what the legs add up to now.",
    "recon_order_billing",
    "integrity",
    "critical",
    {"amount": False},
    (),
)


def reconciliation_checks(home: Home) -> AssetChecksDefinition:
    """Every expected check, on the reconciliation relation that holds its pairs. The audit always runs whole."""
    checks = {check.key: check for check in load_checks()}

    @multi_asset_check(
        name="reconcile",
        specs=[_spec(check) for check in (*checks.values(), BREAKS)],
        description="Runs every check of the suites and appends the results to the ledger.",
        can_subset=True,
        pool=WRITER_POOL,
    )
    def reconcile_checks(context: AssetCheckExecutionContext) -> Iterator[AssetCheckResult]:
        from orchestration.reconciliation import reconcile

        with refusals_as_failures():
            audit = reconcile(home, progress=context.log.info, wait_seconds=WAIT_SECONDS)
        for note in audit.notes:
            context.log.warning(note)
        selected = {key.name for key in context.selected_asset_check_keys}
        for key, check in checks.items():
            if key in selected:
                yield check_result(check, [found for found in audit.checks if found.key == key])
        rolled = [found for found in audit.checks if found.key == BREAKS.key]
        if rolled and BREAKS.key in selected:
            yield check_result(BREAKS, rolled)

    return reconcile_checks


def relation_key(check: Check) -> AssetKey:
    """The asset that holds a check's pairs."""
    return AssetKey([RECONCILIATION_GROUP, check.relation])


def _spec(check: Check) -> AssetCheckSpec:
    return AssetCheckSpec(
        name=check.key,
        asset=relation_key(check),
        description=check.title,
        blocking=check.severity == "critical",
        metadata={"kind": check.kind, "severity": check.severity, "pairs": ", ".join(check.pairs)},
    )


def check_result(check: Check, found: Sequence["CheckResult"]) -> AssetCheckResult:
    """One verdict over all partitions of a check; without any partition it has failed, for nothing was checked."""
    from orchestration.reconciliation.results import VERDICTS

    verdicts = [item.verdict for item in found]
    open_items = [item for item in found if item.verdict not in ("passed", "waived")]
    metadata: dict[str, Any] = {
        "partitions": len(found),
        **{verdict: verdicts.count(verdict) for verdict in VERDICTS},
    }
    told = [item for item in found if item.verdict != "passed"]
    if told:
        metadata["differences"] = MetadataValue.table(list(_records(told[:SHOWN])))
    return AssetCheckResult(
        passed=bool(found) and not open_items,
        asset_key=relation_key(check),
        check_name=check.key,
        severity=AssetCheckSeverity.ERROR if check.severity == "critical" else AssetCheckSeverity.WARN,
        metadata=metadata,
        description=_description(found, open_items),
    )


def _description(found: Sequence["CheckResult"], open_items: Sequence["CheckResult"]) -> str | None:
    if not found:
        return "The audit has no result for this check."
    if not open_items:
        return None
    first = open_items[0]
    return f"{len(open_items)} of {len(found)} partitions; {first.partition}: {first.message}"


def _records(items: Iterable["CheckResult"]) -> Iterator[TableRecord]:
    for item in items:
        shown = {"partition": item.partition, "verdict": item.verdict, "left": item.left, "right": item.right}
        yield TableRecord({**shown, "message": item.message})
