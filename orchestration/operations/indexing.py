"""Has the search indexes follow the read models: when a process is started for them, and how late they show a file."""

import contextlib
import json
import os
import subprocess
import sys
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from orchestration.home import Home
from orchestration.operations.home import OperationsHome
from orchestration.publishing import store
from orchestration.search.indexing import documents_release

STEPS = "steps.ndjson"
# At most so often; documents are made less often (DEFERRED_SECONDS in follow.py), and each time an index of them.
EVERY_SECONDS = 10.0
RETRY_SECONDS = 60.0
COMMAND = (sys.executable, "-m", "orchestration.search.keep")


@dataclass(frozen=True)
class IndexStep:
    """What became of one index: through which batch it is, and how long the oldest file that it newly shows waited.

    `written`: how many documents are others than in the index before, all where `whole_because` says why.
    """

    at: str
    noun: str
    index_id: str | None
    lake_high_water: int | None
    documents: int
    seconds: float
    lag_seconds: float
    problem: str
    written: int = 0
    whole_because: str = ""


def last_lags(home: Home) -> dict[str, float]:
    """Per kind of document, after how long its last index showed a file; without those that were not made."""
    path = OperationsHome.of(home).search / STEPS
    if not path.exists():
        return {}
    with path.open("rb") as handle:
        handle.seek(max(handle.seek(0, 2) - 65536, 0))
        lines = handle.read().splitlines()
    lags = {}
    for line in lines:
        # The first line may be cut, the last one still be written.
        with contextlib.suppress(json.JSONDecodeError):
            step = json.loads(line)
            if not step["problem"]:
                lags[step["noun"]] = step["lag_seconds"]
    return lags


class Indexing(AbstractContextManager["Indexing"]):
    """The search indexes of a home's followed models, brought along by one process at a time.

    A build reads a whole release, so it runs beside the steps and not in them.
    """

    def __init__(self, home: Home, every_seconds: float = EVERY_SECONDS) -> None:
        self._home, self._every = OperationsHome.of(home), every_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._not_before = float("-inf")
        self._asked_for: str | None = None
        self._unindexed: list[tuple[int, float]] = []
        self.steps: list[IndexStep] = []

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._collect(wait=True)

    def look(self, released: tuple[int, float] | None = None) -> list[IndexStep]:
        """Start a process if one is due; returns what one that has ended did.

        `released`: the batch through which readers see the read models anew, and how late its oldest file was then.
        """
        if released is not None:
            self._unindexed.append((released[0], time.time() - released[1]))
        ended = self._collect(wait=False)
        current = self._current()
        due = time.monotonic() >= self._not_before
        if self._process is None and due and current is not None and current != self._asked_for:
            self._start(current)
        return ended

    def finish(self) -> list[IndexStep]:
        """Bring the indexes to the current release, and wait for it."""
        ended = self._collect(wait=True)
        current = self._current()
        if current is not None and current != self._asked_for:
            self._start(current)
            ended += self._collect(wait=True)
        return ended

    def _current(self) -> str | None:
        """The release whose documents are to be found."""
        return documents_release(self._home).release_id if store.current_id(self._home) else None

    def _start(self, release_id: str) -> None:
        environment = {**os.environ, "TIEOUT_HOME": str(self._home.root)}
        self._process = subprocess.Popen(COMMAND, env=environment, stdout=subprocess.PIPE)
        self._not_before, self._asked_for = time.monotonic() + self._every, release_id

    def _collect(self, *, wait: bool) -> list[IndexStep]:
        process = self._process
        if process is None or (not wait and process.poll() is None):
            return []
        output, _ = process.communicate()
        self._process = None
        try:
            told: list[dict[str, Any]] = json.loads(output)
        except json.JSONDecodeError:
            told = []
        if not told:
            problem = f"{' '.join(COMMAND)} ended with {process.returncode} and said nothing of the indexes"
            told = [{"noun": "document", "problem": problem}]
        ended = [self._step(one) for one in told if one.get("is_new") or one["problem"]]
        through = min(one.get("lake_high_water") or 0 for one in told)
        if any(step.problem for step in ended):
            # Again, but not at once: what was not in order may be so for long.
            self._asked_for, self._not_before = None, time.monotonic() + RETRY_SECONDS
        self._unindexed = [waiting for waiting in self._unindexed if waiting[0] > through]
        self.steps += ended
        path = self._home.search / STEPS
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as handle:
            handle.writelines(json.dumps(vars(step)) + "\n" for step in ended)
        return ended

    def _step(self, told: dict[str, Any]) -> IndexStep:
        through, live_at = told.get("lake_high_water") or 0, told.get("live_at")
        # Found from when the alias moved, not from when somebody looks whether the process has ended.
        found = datetime.fromisoformat(live_at).timestamp() if live_at else time.time()
        since = min((since for batch, since in self._unindexed if batch <= through), default=found)
        return IndexStep(
            at=datetime.now(UTC).isoformat(),
            noun=told["noun"],
            index_id=told.get("index_id"),
            lake_high_water=told.get("lake_high_water"),
            documents=told.get("documents", 0),
            seconds=told.get("seconds", 0.0),
            lag_seconds=round(max(found - since, 0.0), 3),
            problem=told["problem"],
            written=told.get("written", 0),
            whole_because=told.get("whole_because", ""),
        )
