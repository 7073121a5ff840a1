"""How an audit's verdicts become Dagster check results."""

from typing import Any

import dagster as dg
import pytest

from orchestration.assets.reconciliation import check_result
from orchestration.reconciliation.results import CheckResult
from orchestration.reconciliation.suites import Check, Severity


def a_check(severity: Severity = "critical") -> Check:
    return Check("orders", "Orders", "recon_order", "source", severity, {"count": False}, None)


def found(verdict: Any, partition: str = "order/2026-10") -> CheckResult:
    return CheckResult("orders", partition, "source", "critical", verdict, "count=2", "count=1", "one is missing")


def metadata(result: dg.AssetCheckResult) -> dict[str, Any]:
    return {name: value.value for name, value in result.metadata.items()}


def test_all_passed() -> None:
    result = check_result(a_check(), [found("passed"), found("passed", "order/2026-11")])
    assert result.passed
    assert metadata(result) == {"partitions": 2, "passed": 2, "failed": 0, "waived": 0, "unproven": 0}


def test_no_partition_at_all_has_failed() -> None:
    assert not check_result(a_check(), []).passed


@pytest.mark.parametrize("verdict", ["failed", "unproven"])
def test_one_bad_partition_fails_and_is_named(verdict: str) -> None:
    result = check_result(a_check(), [found("passed"), found(verdict, "order/2026-11")])
    assert not result.passed
    assert "order/2026-11" in (result.description or "")
    shown = result.metadata["differences"]
    assert isinstance(shown, dg.TableMetadataValue)
    assert [record.data["partition"] for record in shown.records] == ["order/2026-11"]


def test_waived_passes_and_stays_visible() -> None:
    result = check_result(a_check(), [found("waived")])
    assert result.passed
    assert metadata(result)["waived"] == 1
    assert "differences" in result.metadata


def test_severity_follows_the_suite() -> None:
    assert check_result(a_check("critical"), [found("failed")]).severity is dg.AssetCheckSeverity.ERROR
    assert check_result(a_check("warning"), [found("failed")]).severity is dg.AssetCheckSeverity.WARN
