"""The loop of `tieout follow`: step after step, with search beside it, until it is told to stop."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestration.home import Home
from orchestration.operations.follower import Follower
from orchestration.operations.indexing import Indexing, IndexStep
from orchestration.operations.intake import POLL_SECONDS
from orchestration.operations.steps import Step

if TYPE_CHECKING:
    from orchestration.warehouse.dbt_runner import Progress


@dataclass(frozen=True)
class Followed:
    """What a run of `follow` did: its steps, files left in the inbox with the reason, and the indexes it made."""

    steps: tuple[Step, ...]
    left: tuple[str, ...]
    indexes: tuple[IndexStep, ...] = ()


def follow(
    home: Home,
    *,
    seconds: float | None = None,
    once: bool = False,
    search: bool = False,
    stop: threading.Event | None = None,
    told: Callable[[Step], None] | None = None,
    progress: "Progress | None" = None,
) -> Followed:
    """Keep the read models current until `seconds` have passed or `stop` is set; `once` ends with an empty inbox.

    `search` has the search indexes follow, in a process beside it; `once` then ends with indexes that are current too.

    Raises Refused when another process follows, when nothing has landed, or when a read model does not build. Stopped
    or killed at any point, the next run goes on where the last whole step ended.
    """
    steps: list[Step] = []
    left: tuple[str, ...] = ()
    stop = stop or threading.Event()
    until = time.monotonic() + seconds if seconds is not None else float("inf")
    with Indexing(home) as indexing:

        def tell(step: Step) -> None:
            steps.append(step)
            if search and step.release_id:
                indexing.look((step.lake_high_water, step.lag_seconds))
            if told:
                told(step)

        with Follower(home, progress, tell) as follower:
            if not once:
                follower.work_beside()
            while not stop.is_set():
                is_new, left = follower.begin(deferred=once)
                follower.ended(wait=once)
                if search:
                    indexing.look()
                if (once and not is_new) or time.monotonic() >= until:
                    break
                if not is_new:
                    stop.wait(POLL_SECONDS)
            follower.ended()
            if not once and steps:
                # What is deferred is not left behind.
                _, left = follower.begin(deferred=True)
                follower.ended()
        if search and once:
            indexing.finish()
    return Followed(tuple(steps), left, tuple(indexing.steps))
