"""Verdicts: from the rows of one check to one result per partition; nothing that reads files or databases."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from orchestration.errors import Unusable
from orchestration.reconciliation.expectations import Row, unequal_partitions
from orchestration.reconciliation.results import CheckResult, Verdict
from orchestration.reconciliation.suites import Check
from orchestration.reconciliation.waivers import Waiver

NOTHING = "none"


@dataclass(frozen=True)
class Finding:
    """A result with what a waiver needs: the absolute difference per pair; None where no waiver can help."""

    result: CheckResult
    differences: Mapping[str, Decimal] | None

    @classmethod
    def structural(cls, check: Check, message: str, partition: str = NOTHING) -> "Finding":
        """The check could not be made: always a critical failure, whatever the check is, and never waived."""
        result = _result(check, partition, "failed", "", "", message)
        return cls(replace(result, severity="critical"), None)


def judge(check: Check, rows: Sequence[Row], expected: Mapping[str, int]) -> list[Finding]:
    """One finding per row, and one per expected partition (→ events of the lake) that no row covers."""
    findings = [
        _missing(check, partition, events) for partition, events in expected.items() if not _covered(partition, rows)
    ]
    proven = [row for row in rows if row.get("is_proven", True)]
    try:
        _same_kind(check, rows)
        unequal = (
            unequal_partitions(check.key, proven, check.pairs) if proven else {pair: set() for pair in check.pairs}
        )
        _agree(check, proven, unequal)
    except Unusable as error:
        return [*findings, Finding.structural(check, str(error))]
    findings += [_unproven(check, row) for row in rows if not row.get("is_proven", True)]
    if check.kind == "canary":
        return [*findings, *_canary(check, proven, unequal)]
    findings += [_compared(check, row, unequal) for row in proven]
    if not findings:
        findings.append(_nothing_to_check(check))
    return findings


def unlisted(relation: str, rows: Sequence[Row], checks: Sequence[Check]) -> list[Finding]:
    """A failure for every check key in the relation that no suite lists: rows that nobody would look at."""
    keys = {str(row["check_key"]) for row in rows} - {check.key for check in checks}
    message = f"{relation} has rows of this check, but no suite in expectations/ lists it"
    return [
        Finding(CheckResult(key, NOTHING, "integrity", "critical", "failed", "", "", message), None)
        for key in sorted(keys)
    ]


def apply_waivers(
    findings: Sequence[Finding], waivers: Sequence[Waiver], today: date
) -> tuple[list[CheckResult], list[str]]:
    """Results with waived ones marked, and notes on waivers that expired, were exceeded or met no difference."""
    by_place = {(waiver.check, waiver.partition): waiver for waiver in waivers}
    results, notes, met = [], [], set()
    for finding in findings:
        result, waiver = finding.result, by_place.get((finding.result.key, finding.result.partition))
        if waiver is not None and result.verdict == "failed" and finding.differences is not None:
            met.add((waiver.check, waiver.partition))
            objection = waiver.objection(finding.differences, today)
            if objection is None:
                told = f"{result.message}; waived by {waiver.approver} until {waiver.expires}: {waiver.reason}"
                result = replace(result, verdict="waived", message=told)
            else:
                result = replace(result, message=f"{result.message}; {objection}")
                notes.append(f"{result.key} at {result.partition}: {objection}")
        results.append(result)
    notes += [
        f"waiver not used: {waiver.check} at {waiver.partition} has no difference; remove it"
        for waiver in waivers
        if (waiver.check, waiver.partition) not in met
    ]
    return results, notes


def _compared(check: Check, row: Row, unequal: Mapping[str, set[str]]) -> Finding:
    differing = [pair for pair in check.pairs if row["partition"] in unequal[pair]]
    if not differing:
        return _finding(check, row, "passed", "")
    message = "; ".join(_difference_text(row, pair) for pair in differing)
    if row.get("example"):
        message += f"; for example {row['example']}"
    differences = {pair: _difference(row, pair) for pair in differing}
    return _finding(check, row, "failed", message, differences)


def _canary(check: Check, rows: Sequence[Row], unequal: Mapping[str, set[str]]) -> list[Finding]:
    """A canary is wrong on purpose: it passes when every row was seen to differ, and every pair saw a difference."""
    if not rows:
        return [Finding.structural(check, "the canary is gone: there is no row that must fail")]
    seen = set().union(*unequal.values())
    blind = [pair for pair in check.pairs if not unequal[pair]]
    findings = []
    for row in rows:
        if row["partition"] in seen and not blind:
            findings.append(_finding(check, row, "passed", "differs, and was seen to differ, as it must"))
        else:
            why = f"pair {blind[0]} saw no difference" if blind else "its difference was not seen"
            findings.append(
                _finding(check, row, "failed", f"the canary passed: {why}; no verdict of this audit counts")
            )
    return findings


def _agree(check: Check, rows: Sequence[Row], unequal: Mapping[str, set[str]]) -> None:
    """Compare once more, exactly: a library that misses a difference, or invents one, is told rather than believed."""
    for pair, may_be_absent in check.pairs.items():
        exact = {
            row["partition"] for row in rows if not _equal(row[f"left_{pair}"], row[f"right_{pair}"], may_be_absent)
        }
        if exact != unequal[pair]:
            odd = sorted(exact ^ unequal[pair])
            raise Unusable(f"Great Expectations and exact comparison disagree on {pair} at {', '.join(odd)}")


def _same_kind(check: Check, rows: Sequence[Row]) -> None:
    repeated = [name for name, times in Counter(row["partition"] for row in rows).items() if times > 1 or not name]
    if repeated:
        raise Unusable(f"partition {repeated[0]!r} is empty or stands in more than one row")
    for row in rows:
        if (row["kind"], row["severity"]) != (check.kind, check.severity):
            raise Unusable(
                f"{check.relation} calls {row['partition']} {row['kind']}/{row['severity']}, "
                f"the suite {check.kind}/{check.severity}"
            )


def _equal(left: Any, right: Any, may_be_absent: bool) -> bool:
    if left is None or right is None:
        return may_be_absent and left is right
    return bool(left == right)


def _covered(partition: str, rows: Sequence[Row]) -> bool:
    return any(row["partition"] == partition or str(row["partition"]).startswith(partition + "/") for row in rows)


def _missing(check: Check, partition: str, events: int) -> Finding:
    message = f"nothing was checked: the lake has events here, {check.relation} has no row"
    result = _result(check, partition, "failed", f"events={events}", "rows=0", message)
    return Finding(replace(result, severity="critical"), None)


def _unproven(check: Check, row: Row) -> Finding:
    left, right = _sides(check, row)
    message = str(row.get("example") or "the source publishes no control total for this")
    return Finding(
        replace(_result(check, row["partition"], "unproven", left, right, message), severity="warning"), None
    )


def _nothing_to_check(check: Check) -> Finding:
    return Finding(
        _result(check, NOTHING, "passed", "events=0", "rows=0", "the lake has no event that calls for it"), None
    )


def _finding(
    check: Check, row: Row, verdict: Verdict, message: str, differences: Mapping[str, Decimal] | None = None
) -> Finding:
    left, right = _sides(check, row)
    return Finding(_result(check, row["partition"], verdict, left, right, message), differences)


def _result(check: Check, partition: str, verdict: Verdict, left: str, right: str, message: str) -> CheckResult:
    return CheckResult(check.key, partition, check.kind, check.severity, verdict, left, right, message)


def _sides(check: Check, row: Row) -> tuple[str, str]:
    left, right = (
        " ".join(f"{pair}={_text(row[f'{side}_{pair}'])}" for pair in check.pairs if not _absent(row, pair))
        for side in ("left", "right")
    )
    return left, right


def _absent(row: Row, pair: str) -> bool:
    return row[f"left_{pair}"] is None and row[f"right_{pair}"] is None


def _text(value: Any) -> str:
    if value is None:
        return "NULL"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _difference(row: Row, pair: str) -> Decimal:
    left, right = row[f"left_{pair}"] or 0, row[f"right_{pair}"] or 0
    return abs(Decimal(left) - Decimal(right))


def _difference_text(row: Row, pair: str) -> str:
    left, right = row[f"left_{pair}"], row[f"right_{pair}"]
    if left is None or right is None:
        return f"{pair} is missing on the {'left' if left is None else 'right'}"
    return f"{pair} differs" if pair == "checksum" else f"{pair} differs by {_text(left - right)}"
