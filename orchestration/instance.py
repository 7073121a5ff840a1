"""The Dagster instance that belongs to a home: its configuration, and runs that a stop cut short."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.home import Home

if TYPE_CHECKING:
    from dagster import DagsterInstance

# A refresh is one run in the pool, so a second one waits for the whole of the first: a build, its audit and its
# release belong together. DuckDB gives a file to one process, so nothing is lost by it.
CONFIGURATION = """\
# Written at each start of the user interface (orchestration/instance.py): changes made here do not last.
telemetry:
  enabled: false
nux:
  enabled: false
freshness:
  enabled: true
storage:
  sqlite:
    base_dir: {storage}
concurrency:
  pools:
    default_limit: 1
    granularity: run
run_monitoring:
  enabled: true
  free_slots_after_run_end_seconds: 10
code_servers:
  local_startup_timeout: 300
retention:
  sensor:
    purge_after_days:
      skipped: 1
      success: 90
"""
# `dagster dev` recommends another command line at each start.
QUIET = {"PYTHONWARNINGS": "ignore:Function `dev_command` is superseded"}
NO_TELEMETRY = {
    "DAGSTER_DISABLE_TELEMETRY": "1",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "DO_NOT_TRACK": "1",
    "GX_ANALYTICS_ENABLED": "false",
}


def dagster_home(home: Home) -> Path:
    """Where Dagster keeps runs, events, schedules and logs of this home."""
    return home.root / "dagster"


def prepare_instance(home: Home) -> dict[str, str]:
    """Write the instance's configuration; return the environment for Dagster's processes, telemetry off."""
    folder = dagster_home(home)
    folder.mkdir(parents=True, exist_ok=True)
    home.inbox.mkdir(parents=True, exist_ok=True)
    (folder / "dagster.yaml").write_text(CONFIGURATION.format(storage=folder / "storage"))
    return {**QUIET, **os.environ, **NO_TELEMETRY, "DAGSTER_HOME": str(folder), "TIEOUT_HOME": str(home.root)}


def fail_interrupted_runs(home: Home) -> int:
    """Report runs whose processes are gone as failed, which frees their place in the pool; return how many.

    Only to be called while no Dagster process runs over this home. Queued runs stay queued.
    """
    from dagster import DagsterInstance, DagsterRunStatus, RunsFilter

    with DagsterInstance.from_config(str(dagster_home(home))) as instance:
        started = [DagsterRunStatus.STARTING, DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING]
        runs = instance.get_runs(RunsFilter(statuses=started))
        for run in runs:
            instance.report_run_failed(run, "Dagster was stopped during this run. Run it again: nothing is lost.")
            _free_pool(instance, run.run_id)
        return len(runs)


def _free_pool(instance: "DagsterInstance", run_id: str) -> None:
    instance.event_log_storage.free_concurrency_slots_for_run(run_id)
