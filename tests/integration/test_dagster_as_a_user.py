"""Dagster as a user runs it: daemon and webserver up, files into the inbox, a release out, everything down again."""

import json
import os
import shutil
import signal
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from dagster import DagsterInstance, DagsterRunStatus
from support.dagster_ui import Ui, eventually, processes_of, running_ui
from support.northwind import write_events

from orchestration.home import Home
from orchestration.instance import dagster_home
from orchestration.reconciliation.suites import load_checks

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

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A month of simulated business."""
    folder = tmp_path_factory.mktemp("simulated")
    tieout("simulate", "--quotes", "60", "--from", "2026-09-01", "--to", "2026-10-01", "--out", str(folder))
    return sorted(folder.glob("*.ndjson"))


def net_as_last_priced(files: list[Path]) -> dict[str, Decimal]:
    """Currency → net of every quote line as last priced in its revision, told from the files alone."""
    last: dict[tuple[str, int], tuple[int, str, Decimal]] = {}
    for path in files:
        for line in path.read_bytes().splitlines():
            event = json.loads(line, parse_float=Decimal)
            if event["eventType"] == "QuotePriced":
                payload = event["payload"]
                net = sum((Decimal(priced["netAmount"]) for priced in payload["lines"]), Decimal())
                key = (event["aggregateId"], payload["quoteRevision"])
                known = last.get(key, (0, "", Decimal()))
                last[key] = max(known, (event["aggregateVersion"], payload["currency"], net))
    found: dict[str, Decimal] = {}
    for _, currency, net in last.values():
        found[currency] = found.get(currency, Decimal()) + net
    return found


def tieout(*arguments: str, home: Home | None = None) -> str:
    """What the command line prints."""
    command = [str(Path(sys.executable).with_name("tieout")), *arguments]
    environment = {**os.environ, **({"TIEOUT_HOME": str(home.root)} if home else {})}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=180).stdout


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
    return list(json.loads(tieout("query", "--json", sql, home=home)))


def test_files_in_the_inbox_become_a_release_until_it_is_stopped(tmp_path: Path, files: list[Path]) -> None:
    home = Home(tmp_path / "home")
    expected = net_as_last_priced(files)
    assert expected
    with running_ui(home, tmp_path / "ui.log") as ui:
        alone = launch(ui, [["release"]], checks=[])
        assert finished(ui, alone) == "FAILURE"
        assert not home.releases.exists() or not list(home.releases.glob("*/tieout.duckdb"))

        for path in files:
            shutil.copy(path, home.inbox / f"{path.name}.part")
            (home.inbox / f"{path.name}.part").rename(home.inbox / path.name)
        started = eventually(lambda: first(ui, jobName="refresh"), START_SECONDS, "the sensor starts no run")
        assert finished(ui, started["runId"]) == "SUCCESS"

        assert (home.releases / "current" / "tieout.duckdb").exists()
        found = query(home, "select currency, sum(net_price_amount) as net from fact_quote_line_price group by all")
        assert {row["currency"]: Decimal(row["net"]) for row in found} == expected
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

        # Stopped while a run goes on: no process is left over, and no run that says it is still going.
        write_events(home.inbox / "later.ndjson", ['{"eventId": "not an event"}'])
        later = eventually(lambda: first(ui, status="STARTED"), START_SECONDS, "the sensor starts no run")
        assert ui.stop(signal.SIGTERM) == 0
    eventually(lambda: not processes_of(home) or None, 10, "processes are left over")
    with DagsterInstance.from_config(str(dagster_home(home))) as instance:
        ended = {run.run_id: run.status for run in instance.get_runs()}
    assert ended.pop(later["runId"]) == DagsterRunStatus.FAILURE
    assert ended.pop(started["runId"]) == DagsterRunStatus.SUCCESS
    assert set(ended.values()) <= {DagsterRunStatus.FAILURE, DagsterRunStatus.SUCCESS}
