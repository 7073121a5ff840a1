"""Dagster as a user runs it: daemon and webserver up, files into the inbox, a release out, everything down again."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.dagster_ui import Ui, eventually, processes_of, running_ui

from orchestration.home import PROJECT_ROOT, Home
from orchestration.reconciliation.suites import load_checks

NORTHWIND = Path(os.environ.get("TIEOUT_NORTHWIND") or PROJECT_ROOT / ".." / "shared" / "data" / "northwind")
RUN_SECONDS = 600
START_SECONDS = 180
RUNS = """query { runsOrError { ... on Runs { results { runId jobName status tags { key value } } } } }"""
ASSET = """query ($key: AssetKeyInput!) { assetNodeOrError(assetKey: $key) { ... on AssetNode {
  assetMaterializations(limit: 1) { metadataEntries { label ... on IntMetadataEntry { intValue } } }
  assetChecksOrError { ... on AssetChecks {
    checks { name blocking executionForLatestMaterialization { status } } } } } } }"""
LAUNCH = """mutation ($params: ExecutionParams!) { launchRun(executionParams: $params) { __typename
  ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
REPOSITORY = {"repositoryLocationName": "orchestration.definitions", "repositoryName": "__repository__"}

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not NORTHWIND.is_dir(), reason="Northwind is not at hand")]


def runs(ui: Ui) -> list[dict[str, Any]]:
    return list(ui.ask(RUNS)["runsOrError"]["results"])


def first(ui: Ui, **wanted: str) -> dict[str, Any] | None:
    return next((run for run in runs(ui) if wanted.items() <= run.items()), None)


def finished(ui: Ui, run_id: str) -> str:
    def ended() -> str | None:
        status = next(run["status"] for run in runs(ui) if run["runId"] == run_id)
        return status if status in ("SUCCESS", "FAILURE", "CANCELED") else None

    return eventually(ended, RUN_SECONDS, f"run {run_id} does not end")


def launch(ui: Ui, selection: list[list[str]], checks: list[Any]) -> str:
    params = {
        "selector": {
            **REPOSITORY,
            "jobName": "__ASSET_JOB",
            "assetSelection": [{"path": path} for path in selection],
            "assetCheckSelection": checks,
        },
        "mode": "default",
    }
    answer = ui.ask(LAUNCH, params=params)["launchRun"]
    assert answer["__typename"] == "LaunchRunSuccess", answer
    return str(answer["run"]["runId"])


def asset(ui: Ui, *path: str) -> dict[str, Any]:
    return dict(ui.ask(ASSET, key={"path": list(path)})["assetNodeOrError"])


def query(home: Home, sql: str) -> list[dict[str, Any]]:
    command = [str(Path(sys.executable).with_name("tieout")), "query", "--json", sql]
    environment = {**os.environ, "TIEOUT_HOME": str(home.root)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=120)
    return list(json.loads(done.stdout))


def test_files_in_the_inbox_become_a_release(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    expected = json.loads((NORTHWIND / "expected.json").read_text())
    with running_ui(home, tmp_path / "ui.log") as ui:
        alone = launch(ui, [["release"]], checks=[])
        assert finished(ui, alone) == "FAILURE"
        assert not home.releases.exists() or not list(home.releases.glob("*/tieout.duckdb"))

        for path in sorted(NORTHWIND.glob("*.ndjson.gz")):
            shutil.copy(path, home.inbox / f"{path.name}.part")
            (home.inbox / f"{path.name}.part").rename(home.inbox / path.name)
        started = eventually(lambda: first(ui, jobName="refresh"), START_SECONDS, "the sensor starts no run")
        assert finished(ui, started["runId"]) == "SUCCESS"

        assert (home.releases / "current" / "tieout.duckdb").exists()
        [row] = query(home, "select cast(sum(net_price_amount) as varchar) as net from fact_quote_line_price")
        assert row["net"] == expected["amounts"]["net_amount"]
        by_relation: dict[str, list[Any]] = {}
        for check in load_checks():
            by_relation.setdefault(check.relation, []).append(check)
        for relation, checks in by_relation.items():
            recorded = {
                check["name"]: check for check in asset(ui, "reconciliation", relation)["assetChecksOrError"]["checks"]
            }
            for check in checks:
                assert recorded[check.key]["blocking"] == (check.severity == "critical")
                status = recorded[check.key]["executionForLatestMaterialization"]["status"]
                assert status == "SUCCEEDED" or check.severity == "warning", (check.key, status)
        entries = asset(ui, "marts", "fact_quote_line_price")["assetMaterializations"][0]["metadataEntries"]
        rows = query(home, "select count(*) as n from fact_quote_line_price")
        assert {"dagster/row_count": int(rows[0]["n"])}.items() <= {
            entry["label"]: entry.get("intValue") for entry in entries
        }.items()
        assert len([run for run in runs(ui) if run["jobName"] == "refresh"]) <= 2
        assert processes_of(home)
        assert ui.stop(signal.SIGINT) == 0
    eventually(lambda: not processes_of(home) or None, 10, "processes are left over")


def test_stopped_during_a_run_leaves_no_process_and_no_open_run(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with running_ui(home, tmp_path / "ui.log") as ui:
        for path in sorted(NORTHWIND.glob("*.ndjson.gz")):
            shutil.copy(path, home.inbox / path.name)
        eventually(lambda: first(ui, status="STARTED"), START_SECONDS, "the sensor starts no run")
        assert ui.stop(signal.SIGTERM) == 0
    eventually(lambda: not processes_of(home) or None, 10, "processes are left over")
    with running_ui(home, tmp_path / "again.log") as ui:
        assert [run["status"] for run in runs(ui) if run["status"] == "STARTED"] == []
        assert "FAILURE" in {run["status"] for run in runs(ui)}
