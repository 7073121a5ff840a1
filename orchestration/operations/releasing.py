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
    def is_done(self) -> bool:
        """Whether `finish` would not have to wait: the release is there, or it failed."""
        return self._running is not None and self._running.done()

    @property
    def is_there(self) -> bool:
        """Whether readers have the release that is running; one that failed never is."""
        return self._running is not None and self._running.done() and self._running.exception() is None

    def is_bringing(self, lake_high_water: int) -> bool:
        """Whether the release that is being written is of that batch."""
        return self._running is not None and self._through == lake_high_water

    def start(self, inputs: "Inputs", *, at_rest: bool = True) -> None:
        """Release the read models as they are now, in the thread; the one before has to be finished.

        `at_rest`: nobody is making deferred models. What of them changed is otherwise left for the next release: where
        this one has to be whole it has them, and the next one only more rows than it had to.
        """
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
        base = release.lean(prepared.home, self._released)
        stay = base is not None and release.shows_deferred(base, content.deferred_of)
        changes = engine.take_changes(prepared.connection, prepared.plan, deferred=at_rest and not stay)
        after = base.release_id if base is not None and changes is not None else None
        # What is taken is noted nowhere else: were this release to fail, the next one has to be whole.
        self._released = None
        self._through = inputs.lake_high_water
        snapshot = engine.snapshot(prepared.connection)
        self._running = self._thread.submit(self._publish, snapshot, inputs, content, after, changes)

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
        after: str | None,
        changes: "Mapping[str, Changes] | None",
    ) -> tuple[str, datetime]:
        try:
            release_id = release.publish(snapshot, self._prepared.home, inputs, content, after, changes)
            return release_id, datetime.now(UTC)
        finally:
            snapshot.close()
