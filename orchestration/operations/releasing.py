"""Releases in a thread beside the steps, one at a time, each of what the warehouse held when its step was whole."""

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING

from orchestration.operations import engine, release

if TYPE_CHECKING:
    import duckdb

    from orchestration.operations.bootstrap import Prepared
    from orchestration.operations.engine import Changes
    from orchestration.operations.plan import Inputs


class Releasing(AbstractContextManager["Releasing"]):
    """The releases of an open warehouse; `released` is the last one that readers have of it."""

    def __init__(self, prepared: "Prepared") -> None:
        self._prepared = prepared
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="release")
        self._running: Future[tuple[str, datetime]] | None = None
        self._through: int | None = None
        self._released: str | None = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._thread.shutdown()

    @property
    def is_running(self) -> bool:
        """Whether there is a release that `finish` has not looked at."""
        return self._running is not None

    @property
    def is_there(self) -> bool:
        """Whether readers have the release that is running; one that failed never is."""
        return self._running is not None and self._running.done() and self._running.exception() is None

    def is_bringing(self, lake_high_water: int) -> bool:
        """Whether the release that is being written is of that batch."""
        return self._running is not None and self._through == lake_high_water

    @property
    def is_lean(self) -> bool:
        """Whether the next release can go on from the last one; taken for granted while that is being written."""
        return self.is_running or release.is_lean(self._prepared.home, self._released)

    def start(self, inputs: "Inputs") -> None:
        """Release the read models as they are now, in the thread; the one before has to be finished."""
        assert self._running is None
        prepared = self._prepared
        read_models = prepared.plan.read_models
        content = release.Content(
            prepared.code,
            tuple(step.relation for step in read_models),
            prepared.comments,
            frozenset(step.relation for step in read_models if step.is_deferred),
            engine.deferred_of(prepared.connection),
        )
        is_lean = release.is_lean(prepared.home, self._released)
        shows_deferred = content.deferred_of[0] == inputs.lake_high_water
        changes = engine.take_changes(prepared.connection, prepared.plan, deferred=shows_deferred or not is_lean)
        base = self._released if changes is not None and is_lean else None
        # What is taken is noted nowhere else: were this release to fail, the next one has to be whole.
        self._released = None
        self._through = inputs.lake_high_water
        snapshot = engine.snapshot(prepared.connection)
        self._running = self._thread.submit(self._publish, snapshot, inputs, content, base, changes)

    def finish(self) -> tuple[str, datetime]:
        """Wait for the release: its id, and since when readers have it. Raises what stopped it."""
        assert self._running is not None
        running, self._running = self._running, None
        self._released, at = running.result()
        return self._released, at

    def _publish(
        self,
        snapshot: "duckdb.DuckDBPyConnection",
        inputs: "Inputs",
        content: release.Content,
        base: str | None,
        changes: "Mapping[str, Changes] | None",
    ) -> tuple[str, datetime]:
        try:
            release_id = release.publish(snapshot, self._prepared.home, inputs, content, base, changes)
            return release_id, datetime.now(UTC)
        finally:
            snapshot.close()
