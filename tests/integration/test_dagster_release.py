"""The way to a release in Dagster: a failed check stops the run, and publish refuses what skips the checks."""

from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest
from support.warehouses import add_audit, make_home, write_suites

from orchestration.assets.naming import RELEASE
from orchestration.assets.reconciliation import reconciliation_checks
from orchestration.assets.release import release_asset
from orchestration.home import Home
from orchestration.publishing import store
from orchestration.reconciliation import suites
from orchestration.reconciliation.results import CheckResult, ReconcileResult, Verdict

RELATION = dg.AssetKey(["reconciliation", "recon_small"])


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(suites, "EXPECTATIONS", write_suites(tmp_path / "expectations"))
    return make_home(tmp_path / "home")


def definitions(home: Home) -> dg.Definitions:
    """The audit and the release, over a warehouse that is already built."""

    @dg.multi_asset(specs=[dg.AssetSpec(RELATION, group_name="reconciliation")])
    def built() -> Any:
        yield dg.MaterializeResult(asset_key=RELATION)

    return dg.Definitions(
        assets=[built, release_asset(home, built)],
        asset_checks=[reconciliation_checks(home)],
        executor=dg.in_process_executor,
    )


def run(home: Home, *selection: dg.AssetKey) -> dg.ExecuteInProcessResult:
    job = definitions(home).resolve_implicit_global_asset_job_def()
    selected = list(selection) or None
    with dg.DagsterInstance.ephemeral() as instance:
        return job.execute_in_process(instance=instance, asset_selection=selected, raise_on_error=False)


def refusal(result: dg.ExecuteInProcessResult) -> str:
    failure = result.failure_data_for_node("release")
    assert failure is not None
    assert failure.user_failure_data is not None
    return failure.user_failure_data.description or ""


def audit_with(monkeypatch: pytest.MonkeyPatch, home: Home, verdict: Verdict) -> None:
    """Let the audit record and return this verdict for the check of the mart."""

    def reconcile(home: Home, **_: Any) -> ReconcileResult:
        checks = [
            CheckResult(check.key, "all", check.kind, check.severity, verdict, "count=1", "count=2", "one is missing")
            if check.key == "line_mart"
            else CheckResult(check.key, "all", check.kind, check.severity, "passed", "count=1", "count=1", "")
            for check in suites.load_checks()
        ]
        add_audit(home, [check.as_json() for check in checks], passed=verdict == "passed")
        return ReconcileResult("run", "version", tuple(checks), ())

    monkeypatch.setattr("orchestration.reconciliation.reconcile", reconcile)


def test_the_release_alone_is_refused_without_an_audit(home: Home) -> None:
    result = run(home, RELEASE)
    assert not result.success
    assert "the ledger has no audit" in refusal(result)
    assert store.list_releases(home) == []


def test_the_release_alone_is_refused_when_the_rows_changed_after_the_audit(home: Home) -> None:
    add_audit(home)
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute("update marts.fact_line set amount = amount + 0.0001 where line_id = 'L7'")
    result = run(home, RELEASE)
    assert not result.success
    assert "changed after the audit" in refusal(result)
    assert store.list_releases(home) == []


def test_what_the_ledger_proves_is_released(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    audit_with(monkeypatch, home, "passed")
    result = run(home)
    assert result.success
    [release] = store.list_releases(home)
    [materialization] = result.asset_materializations_for_node("release")
    assert materialization.metadata["release_id"].value == release.release_id
    evaluations = {event.check_name: event.passed for event in result.get_asset_check_evaluations()}
    assert evaluations == {"line_mart": True, "line_source": True, "canary": True}


def test_a_failed_critical_check_stops_the_run_before_the_release(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    audit_with(monkeypatch, home, "failed")
    monkeypatch.setattr("orchestration.publishing.publish.publish", lambda *_, **__: pytest.fail("publish was called"))
    result = run(home)
    assert not result.success
    evaluations = {event.check_name: event.passed for event in result.get_asset_check_evaluations()}
    assert evaluations == {"line_mart": False, "line_source": True, "canary": True}
    assert [event.step_key for event in result.all_events if event.is_step_start] == ["built", "reconcile"]
    monkeypatch.undo()
    assert store.list_releases(home) == []
