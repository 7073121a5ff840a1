"""From inbox to release in one go: land, build, reconcile, publish, index; each step is its own part's matter."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestration.errors import TieoutError
from orchestration.home import Home
from orchestration.inbox import Waiting, remember, settled, waiting
from orchestration.settings import Settings
from orchestration.warehouse.dbt_runner import Progress

if TYPE_CHECKING:
    from orchestration.landing.known import KnownIds
    from orchestration.landing.results import FileResult, LandResult
    from orchestration.publishing.store import Release
    from orchestration.reconciliation.results import ReconcileResult
    from orchestration.search.indexing import Indexed
    from orchestration.warehouse.build import BuildResult


@dataclass(frozen=True)
class RefreshResult:
    """What each step did; None where it was not reached. `left`: files that wait for the next run, and why."""

    landed: "LandResult | None"
    left: tuple[str, ...]
    build: "BuildResult"
    audit: "ReconcileResult | None"
    release: "Release | None"
    refused: str
    indexes: "tuple[Indexed, ...]" = ()

    @property
    def ok(self) -> bool:
        """Everything that was there has landed, is published and can be searched."""
        searched = all(not index.problem for index in self.indexes)
        return self.release is not None and not self.left and searched


def refresh(home: Home, *, progress: Progress | None = None) -> RefreshResult:
    """Land what waits in the inbox, build, reconcile, publish and index; run again after an interruption, it goes on.

    A file that cannot be read stops nothing: it is named, left where it is, and tried again by the next run. A build
    that is not complete, or an audit that does not pass, ends it there. Raises Refused when there is nothing to build.
    """
    from orchestration.publishing.publish import publish
    from orchestration.reconciliation import reconcile
    from orchestration.search.indexing import keep_current
    from orchestration.warehouse.build import build

    landed, left = land_inbox(home, progress)
    built = build(home, progress=progress)
    audit = reconcile(home, progress=progress) if built.complete else None
    release, refused = None, ""
    if audit is not None:
        try:
            release = publish(home, progress=progress)
        except TieoutError as error:
            refused = str(error)
    indexes = keep_current(home, progress=progress) if release is not None else ()
    return RefreshResult(landed, left, built, audit, release, refused, indexes)


def land_inbox(
    home: Home,
    progress: Progress | None = None,
    known: "KnownIds | None" = None,
    told: "Callable[[FileResult], None] | None" = None,
) -> "tuple[LandResult | None, tuple[str, ...]]":
    """Land every waiting file that has settled; returns what landed and, for each file left, why.

    `known` and `told` as for `land`.
    """
    from orchestration.landing import land
    from orchestration.landing.results import FilesUnusable

    ready, left = _ready(waiting(home))
    if not ready:
        return None, left
    try:
        paths = [file.path for file in ready]
        result = land(home, paths, progress=_landing_progress(progress), known=known, told=told)
    except FilesUnusable as error:
        result = error.result
        left = (*left, *result.errors)
    done = {file.path.resolve() for file in result.files}
    for file in ready:
        if file.path.resolve() in done:
            remember(home, file)
    return result, left


def _ready(files: list[Waiting]) -> tuple[list[Waiting], tuple[str, ...]]:
    seconds = Settings.from_environment().inbox_settle_seconds
    ready = [file for file in files if settled(file, seconds)]
    return ready, tuple(f"{file.path} is still being written" for file in files if file not in ready)


def _landing_progress(progress: Progress | None) -> "Callable[[str, int, int], None] | None":
    if progress is None:
        return None
    return lambda name, done, total: progress(f"landing {name}: {100 * done // max(total, 1)} %")
