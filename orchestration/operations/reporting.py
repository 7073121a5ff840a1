"""Tells the home's Dagster instance of the steps of `tieout follow`, as materialisations and checks without a run."""

import time
from typing import TYPE_CHECKING

from orchestration.home import Home
from orchestration.instance import dagster_home

if TYPE_CHECKING:
    from orchestration.operations.steps import Step

# A step every few seconds would drown the history of the asset.
REPORT_SECONDS = 30.0


class Reporter:
    """Reports steps to the instance of a home: one in so many seconds, and each one whose checks end differently."""

    def __init__(self, home: Home, every_seconds: float = REPORT_SECONDS) -> None:
        self._home, self._every = home, every_seconds
        self._reported_at, self._failed = float("-inf"), frozenset[str]()

    @property
    def is_there(self) -> bool:
        """Whether the home has an instance: it has one from the first start of the user interface on."""
        return (dagster_home(self._home) / "dagster.yaml").exists()

    def report(self, step: "Step") -> bool:
        """Report a step where its turn has come; returns whether it was reported."""
        failed = frozenset(step.failed_checks)
        if not self.is_there or (failed == self._failed and time.monotonic() - self._reported_at < self._every):
            return False
        from dagster import DagsterInstance

        from orchestration.assets.operations_release import reported

        with DagsterInstance.from_config(str(dagster_home(self._home))) as instance:
            for event in reported(self._home, step):
                instance.report_runless_asset_event(event)
        self._reported_at, self._failed = time.monotonic(), failed
        return True
