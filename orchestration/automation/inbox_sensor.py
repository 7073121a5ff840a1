"""New files in the inbox start a refresh, once; which files count as new is decided in orchestration/inbox.py."""

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from dagster import DefaultSensorStatus, RunRequest, SensorDefinition, SkipReason, sensor

from orchestration.automation.jobs import REFRESH
from orchestration.home import Home

if TYPE_CHECKING:
    from orchestration.inbox import Waiting

INTERVAL_SECONDS = 15
TAG_LIMIT = 250


def inbox_sensor(home: Home) -> SensorDefinition:
    """A sensor over the inbox of `home`. The run key is made of the files' names, sizes and times of change."""

    @sensor(
        name="inbox",
        job_name=REFRESH,
        minimum_interval_seconds=INTERVAL_SECONDS,
        default_status=DefaultSensorStatus.RUNNING,
        description="Starts a refresh when files have come into the inbox, or have changed there.",
    )
    def inbox() -> RunRequest | SkipReason:
        from orchestration.inbox import waiting

        files = waiting(home)
        if not files:
            return SkipReason(f"Nothing new in {home.inbox}")
        names = ", ".join(file.path.name for file in files)
        return RunRequest(run_key=run_key(files), tags={"tieout/files": names[:TAG_LIMIT]})

    return inbox


def run_key(files: Sequence["Waiting"]) -> str:
    """The same for the same files as they are now: Dagster starts one run per key."""
    listed = sorted(f"{file.path}\0{file.size}\0{file.mtime_ns}" for file in files)
    return hashlib.sha256("\n".join(listed).encode()).hexdigest()
