"""Lands what comes into the inbox, beside the steps that show it or at their beginning; not when a step is made."""

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from orchestration.home import Home
from orchestration.landing.known import KnownIds
from orchestration.refresh import land_inbox

if TYPE_CHECKING:
    from orchestration.landing.results import FileResult
    from orchestration.warehouse.dbt_runner import Progress

POLL_SECONDS = 0.25


@dataclass(frozen=True)
class Landed:
    """Files that landed: how many, since when the oldest had waited (seconds of the epoch), how long landing took."""

    files: int = 0
    since: float | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class _File:
    batch_seq: int
    since: float | None
    seconds: float


class Intake(AbstractContextManager["Intake"]):
    """The inbox of a home. `beside` lands in a thread of its own, so that no file waits for the step before it."""

    def __init__(self, home: Home, progress: "Progress | None" = None) -> None:
        self._home, self._progress = home, progress
        self._files: list[_File] = []
        self._left: tuple[str, ...] = ()
        self._known = KnownIds()
        self._changing, self._stop = threading.Lock(), threading.Event()
        self._thread = ThreadPoolExecutor(1, "intake")
        self._beside: Future[None] | None = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.shutdown()

    @property
    def left(self) -> tuple[str, ...]:
        """The files that stay in the inbox, and why."""
        return self._left

    def beside(self) -> "Intake":
        """Land what waits, then go on landing in a thread until this is left."""
        self._land()
        self._beside = self._thread.submit(self._run)
        return self

    def look(self) -> None:
        """Land what waits, where no thread does. Raises what the thread has met."""
        if self._beside is None:
            self._land()
        elif self._beside.done():
            self._beside.result()

    def taken(self, high_water: int) -> Landed:
        """What landed through this batch, once."""
        with self._changing:
            taken = [file for file in self._files if file.batch_seq <= high_water]
            self._files = [file for file in self._files if file.batch_seq > high_water]
        since = min((file.since for file in taken if file.since is not None), default=None)
        return Landed(len(taken), since, sum(file.seconds for file in taken))

    def _run(self) -> None:
        while not self._stop.wait(POLL_SECONDS):
            self._land()

    def _land(self) -> None:
        began = time.monotonic()

        def note(file: "FileResult") -> None:
            # At once: a step may show it while the next file still lands.
            nonlocal began
            ended = time.monotonic()
            with self._changing:
                self._files.append(_File(file.batch_seq, _came(file.path), ended - began))
            began = ended

        _, self._left = land_inbox(self._home, self._progress, self._known, note)


def _came(path: Path) -> float | None:
    """When a file came into the inbox, in seconds of the epoch; None where it is gone."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return None
