"""Makes deferred models in a thread beside the steps, of what one step left; not when, and not what readers get."""

import os
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING

from orchestration.operations import engine
from orchestration.operations.arrivals import Arrivals
from orchestration.operations.plan import Inputs, Plan

if TYPE_CHECKING:
    import duckdb

GENTLE = 5


class Deferring(AbstractContextManager["Deferring"]):
    """The deferred models of an open warehouse, made in a transaction of their own: steps see them from `take` on.

    Only here and in steps that wait for it (`take`) are deferred models written, so the two transactions meet nowhere.
    """

    def __init__(self, connection: "duckdb.DuckDBPyConnection") -> None:
        self._connection = connection
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="deferred", initializer=_be_gentle)
        self._running: Future[dict[str, int]] | None = None
        self._making: duckdb.DuckDBPyConnection | None = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._thread.shutdown()
        if self._making is not None:
            self._making.close()

    @property
    def is_running(self) -> bool:
        """Whether there are models that `take` has not made visible."""
        return self._running is not None

    def start(self, plan: Plan, inputs: Inputs, arrived: Arrivals, *, checked: bool) -> None:
        """Bring what is deferred up to the step that is whole now; `arrived`: since it was made last.

        With `checked` the tests of all read models run on what both are then.
        """
        assert self._running is None
        engine.gather_touched(self._connection)
        self._making = engine.snapshot(self._connection)
        checks = plan.checks if checked else ()
        self._running = self._thread.submit(_make, self._making, plan.deferred_alone(), inputs, arrived, checks)

    def take(self, *, wait: bool) -> dict[str, int] | None:
        """Let steps see what was made, and return the checks that failed, each with its rows.

        None where nothing is there, or where it would be waited for. Raises what stopped it: nothing has changed then.
        """
        if self._running is None or self._making is None or not (wait or self._running.done()):
            return None
        running, self._running = self._running, None
        making, self._making = self._making, None
        try:
            failed = running.result()
            making.execute("commit")
        finally:
            making.close()
        return failed


def _be_gentle() -> None:
    """Let steps and releases go first, where a system gives threads priorities of their own."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), GENTLE)


def _make(
    making: "duckdb.DuckDBPyConnection", plan: Plan, inputs: Inputs, arrived: Arrivals, checks: "engine.Checks"
) -> dict[str, int]:
    engine.run_deferred(making, plan, inputs, arrived)
    return engine.failing(making, checks)
