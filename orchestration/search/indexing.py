"""Makes the indexes of a home from its releases: locked, validated, switched, pruned, held against what is current."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from orchestration.errors import Refused, TieoutError
from orchestration.home import Home
from orchestration.publishing import store as releases
from orchestration.publishing.store import Release
from orchestration.search import building, store
from orchestration.search.delta import Delta, Limits, NoDelta, find_delta
from orchestration.search.documents import (
    ALL,
    Searched,
    active_documents,
    document_count,
    documents,
    fingerprints,
)
from orchestration.search.query import Unreadable
from orchestration.search.validation import validate
from orchestration.settings import Settings
from orchestration.warehouse.lock import PATIENCE_SECONDS, lock_file

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Indexed:
    """What became of one kind of document: its live index, and what is wrong or why nothing was made (else empty).

    `live_at`: when a new index went live. `written`: how many documents it has that the one before had not; all of them
    where `whole_because` says why.
    """

    noun: str
    index_id: str | None
    release_id: str | None
    lake_high_water: int | None
    documents: int
    is_new: bool
    seconds: float
    live_at: str | None = None
    written: int = 0
    whole_because: str = ""
    held_since: str | None = None
    removed: tuple[str, ...] = ()
    problem: str = ""

    def as_json(self) -> dict[str, Any]:
        """As `tieout index build` gives it."""
        return {**asdict(self), "removed": list(self.removed)}


@contextmanager
def indexes_lock(home: Home, purpose: str, wait_seconds: float = PATIENCE_SECONDS) -> Iterator[Path]:
    """Hold the home's indexes for a change; gives their folder. Raises Refused where another has them."""
    with lock_file(home.search / store.LOCK, purpose, wait_seconds=wait_seconds):
        yield home.search


def build_index(
    home: Home,
    searched: Searched,
    release_id: str | None = None,
    *,
    progress: Progress | None = None,
    wait_seconds: float = PATIENCE_SECONDS,
) -> Indexed:
    """Build a whole index of a release, the current one without an id, and make it live if it is found in order.

    Raises Refused when it is not (readers keep what they have), when nothing is released, or when another builds.
    """
    with indexes_lock(home, f"index {searched.noun}s", wait_seconds) as root:
        release = releases.find(home, release_id) if release_id else documents_release(home)
        return _whole(home, root, searched, release, "asked for", progress, time.monotonic())


def keep_current(
    home: Home, *, progress: Progress | None = None, wait_seconds: float = PATIENCE_SECONDS
) -> tuple[Indexed, ...]:
    """Bring every index to the current release where it is not of it. One that a person holds is left alone.

    It starts from the live index and writes what changed, or is made whole where that cannot be done. What could not be
    made is told in `problem`: one kind of document stops no other, and no release.
    """
    return tuple(_keep_current(home, searched, progress, wait_seconds) for searched in ALL.values())


def as_it_stands(home: Home, searched: Searched, problem: str) -> Indexed:
    """What is live still, where a new index was not made, and why not."""
    return _indexed(home, searched, is_new=False, seconds=0.0, problem=problem)


def documents_release(home: Home) -> Release:
    """The release whose documents are to be found: the current one, or that from which it has its documents.

    `tieout follow` makes documents less often than the rest. Raises Refused where nothing is released.
    """
    current = releases.find(home, None)
    made_in = current.manifest.get("deferred", {}).get("release_id", current.release_id)
    return current if made_in == current.release_id else releases.find(home, made_in)


def is_of(index: store.SearchIndex, searched: Searched, release: Release) -> bool:
    """Whether an index was made from this release with these fields."""
    same_fields = index.manifest.get("fields_hash") == searched.model.fields_hash
    return same_fields and index.source["release_id"] == release.release_id


def problems_of(
    searched: Searched, index: store.SearchIndex, release: Release, delta: Delta | None = None
) -> list[str]:
    """What is wrong with an index that is to show this release; with a delta, that is made by it of a valid one."""
    total = document_count(release, searched)
    if delta is None:
        return validate(searched.model, index, total, active_documents(release, searched), searched.compared)
    keys = delta.written | delta.compared_anew
    active = active_documents(release, searched, keys)
    return validate(searched.model, index, total, active, searched.compared, delta.unchanged, delta.taken_away)


def check_live(home: Home, searched: Searched) -> list[str]:
    """The live index against the active documents of the current release: every one there as it stands now."""
    index, release = store.find(home.search, searched.model), documents_release(home)
    try:
        found = problems_of(searched, index, release)
    except Unreadable as error:
        return [str(error)]
    if found and not is_of(index, searched, release):
        held = store.held_since(home.search, searched.model)
        why = f"held there since {held}" if held else "nothing has built one since"
        found.insert(0, f"it is of release {index.source['release_id']}, not the current {release.release_id}: {why}")
    return found


def standing(home: Home) -> list[dict[str, Any]]:
    """How each index stands: what is live, of which release, how far behind the current one; looks only."""
    return [_standing(home, searched) for searched in ALL.values()]


def freshness(home: Home, searched: Searched, index: store.SearchIndex) -> dict[str, Any]:
    """Of which release an index is, and how old the one to be found is where that is another (0: it is not)."""
    wanted = documents_release(home) if releases.current_id(home) else None
    behind = 0
    if wanted is not None and index.source["release_id"] != wanted.release_id:
        created = datetime.fromisoformat(wanted.manifest["created_at"])
        behind = max(int((datetime.now(UTC) - created).total_seconds()), 1)
    return {
        "index_id": index.index_id,
        **index.source,
        "built_at": index.manifest["built_at"],
        "is_current": behind == 0,
        "behind_seconds": behind,
        "held_since": store.held_since(home.search, searched.model) if index.is_live else None,
    }


def source_of(release: Release) -> dict[str, Any]:
    """What an index says of the release that it was made from."""
    as_of = str(release.manifest["as_of"]).replace(" ", "T").removesuffix("Z") + "Z"
    return {
        "release_id": release.release_id,
        "as_of": as_of,
        "lake_high_water": int(release.manifest["lake_high_water"]),
    }


def _keep_current(home: Home, searched: Searched, progress: Progress | None, wait_seconds: float) -> Indexed:
    root, model = home.search, searched.model
    try:
        release = documents_release(home)
        live = store.live_id(root, model)
        if live and (store.held_since(root, model) or is_of(store.find(root, model), searched, release)):
            return _indexed(home, searched, is_new=False, seconds=0.0)
        return _brought_along(home, searched, progress, wait_seconds)
    except TieoutError as error:
        return as_it_stands(home, searched, str(error))


def _brought_along(home: Home, searched: Searched, progress: Progress | None, wait_seconds: float) -> Indexed:
    """A new index out of the live one, or a whole one where that is not to be done or not in order."""
    began = time.monotonic()
    with indexes_lock(home, f"index {searched.noun}s", wait_seconds) as root:
        release = documents_release(home)
        try:
            index = _extended(root, searched, release, progress)
        except NoDelta as reason:
            return _whole(home, root, searched, release, str(reason), progress, began)
        return _made(home, root, searched, index, began)


def _extended(root: Path, searched: Searched, release: Release, progress: Progress | None) -> store.SearchIndex:
    """The live index with the documents of a release, made live. Raises NoDelta where it is not to be or not right."""
    model, settings = searched.model, Settings.from_environment()
    limits = Limits(settings.search_deltas, settings.search_replaced_percent)
    wanted = fingerprints(release, searched)
    delta = find_delta(root, model, wanted, limits)
    if progress:
        progress(f"indexing {len(delta.written)} changed {searched.noun}s of release {release.release_id}")
    changed = documents(release, searched, delta.written)
    try:
        index = building.extend(root, model, delta, changed, source_of(release), wanted)
        building.go_live(root, model, index, lambda built: problems_of(searched, built, release, delta))
    except (Refused, Unreadable, ValueError) as error:
        raise NoDelta(f"{len(delta.written)} changed documents could not be brought into it: {error}") from None
    return index


def _whole(
    home: Home,
    root: Path,
    searched: Searched,
    release: Release,
    because: str,
    progress: Progress | None,
    began: float,
) -> Indexed:
    if progress:
        progress(f"indexing the {searched.noun}s of release {release.release_id}")
    wanted = fingerprints(release, searched)
    found = documents(release, searched)
    index = building.build(root, searched.model, found, source_of(release), wanted, because)
    building.go_live(root, searched.model, index, lambda built: problems_of(searched, built, release))
    return _made(home, root, searched, index, began)


def _made(home: Home, root: Path, searched: Searched, index: store.SearchIndex, began: float) -> Indexed:
    live_at, seconds = datetime.now(UTC).isoformat(), time.monotonic() - began
    removed = tuple(store.prune(root, searched.model))
    return replace(
        _indexed(home, searched, is_new=True, seconds=seconds, removed=removed),
        live_at=live_at,
        written=index.manifest["written"],
        whole_because=index.manifest["whole_because"],
    )


def _indexed(
    home: Home, searched: Searched, *, is_new: bool, seconds: float, removed: tuple[str, ...] = (), problem: str = ""
) -> Indexed:
    root, model = home.search, searched.model
    live = store.find(root, model) if store.live_id(root, model) else None
    return Indexed(
        noun=searched.noun,
        index_id=live.index_id if live else None,
        release_id=live.source["release_id"] if live else None,
        lake_high_water=live.source["lake_high_water"] if live else None,
        documents=live.manifest["documents"] if live else 0,
        is_new=is_new,
        seconds=round(seconds, 3),
        held_since=store.held_since(root, model),
        removed=removed,
        problem=problem,
    )


def _standing(home: Home, searched: Searched) -> dict[str, Any]:
    told: dict[str, Any] = {"noun": searched.noun, "documents": 0, "index_id": None, "problem": None}
    if store.live_id(home.search, searched.model) is None:
        return told
    try:
        index = store.find(home.search, searched.model)
    except Refused as error:
        return {**told, "problem": str(error)}
    return {**told, "documents": index.manifest["documents"], **freshness(home, searched, index)}
