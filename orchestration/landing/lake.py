"""Opens the lake for one writer and makes batches visible: the lock, temporary folders, fsync and the one rename."""

import contextlib
import fcntl
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from errno import EDQUOT, ENOSPC
from pathlib import Path
from tempfile import mkdtemp

import duckdb

from orchestration.contracts import registry
from orchestration.errors import Unusable
from orchestration.home import Home
from orchestration.landing.checks import literal
from orchestration.landing.layout import (
    DUPLICATE_COLUMNS,
    DUPLICATES_FILE,
    EVENT_COLUMNS,
    MANIFEST_FILE,
    QUARANTINE_COLUMNS,
    QUARANTINE_FILE,
    RESOLUTION_COLUMNS,
    batch_folder,
    batches_folder,
    column_list,
    event_file,
    resolutions_folder,
    temporary_folder,
)
from orchestration.landing.limits import Limits
from orchestration.landing.results import DiskFull, Verdicts
from orchestration.landing.writing import MANIFEST_FORMAT, timestamp

Checkpoint = Callable[[str], None]


def no_checkpoint(name: str) -> None:
    """Where a test may interrupt; nothing happens here."""


@contextlib.contextmanager
def lake_lock(home: Home, limits: Limits) -> Iterator[None]:
    """Makes this process the only one that lands, and clears what killed ones left. Raises Unusable after a wait."""
    home.lake.mkdir(parents=True, exist_ok=True)
    with (home.lake / "lock").open("a") as lock:
        deadline = time.monotonic() + limits.lock_wait_seconds
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise Unusable(f"another landing is running on {home.lake}; try again when it is done") from None
                time.sleep(0.05)
        shutil.rmtree(temporary_folder(home), ignore_errors=True)
        temporary_folder(home).mkdir()
        yield


@contextlib.contextmanager
def batch_in_progress(home: Home, batch_seq: int, checkpoint: Checkpoint) -> Iterator[Path]:
    """A temporary folder that becomes batch `batch_seq` by one rename when the block ends well, else is removed."""
    folder = Path(mkdtemp(prefix=f"batch-{batch_seq:08d}-", dir=temporary_folder(home)))
    folder.chmod(0o755)
    try:
        yield folder
        checkpoint("written")
        sync_tree(folder)
        checkpoint("synced")
        folder.rename(batch_folder(home, batch_seq))
        checkpoint("renamed")
        sync_folder(batches_folder(home))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


@contextlib.contextmanager
def disk_errors(what: str) -> Iterator[None]:
    """Turns a full disk, and a memory that lines are too wide for, into an error that says so."""
    hint = f"no space left on the disk while {what} was written; nothing of it is visible: free space and land it again"
    try:
        yield
    except OSError as error:
        if error.errno in (ENOSPC, EDQUOT):
            raise DiskFull(hint) from error
        raise
    except duckdb.Error as error:
        if "no space left" in str(error).lower() or "max_temp_directory_size" in str(error):
            raise DiskFull(hint) from error
        if isinstance(error, duckdb.OutOfMemoryException):
            raise Unusable(
                f"{what} needs more memory than landing has: its lines are too wide to be taken together; nothing of "
                "it is visible: cut the file into several of fewer lines and land these"
            ) from error
        raise


def ensure_lake(home: Home, limits: Limits | None = None) -> None:
    """Makes sure that every read has a schema: batch 0, an empty file in it per event type, empty resolutions."""
    if batch_folder(home, 0).exists() and _first_resolutions(home).exists() and not _types_without_file(home):
        return
    with lake_lock(home, limits or Limits()):
        create_empty(home)


def add_new_event_types(home: Home, limits: Limits | None = None) -> None:
    """Gives a lake that is older than an event type of the contract the empty file for it; else does nothing."""
    if batch_folder(home, 0).exists() and _types_without_file(home):
        with lake_lock(home, limits or Limits()), disk_errors("the empty lake"), duckdb.connect(":memory:") as con:
            _add_event_types(home, con, no_checkpoint)


def create_empty(home: Home, checkpoint: Checkpoint = no_checkpoint) -> None:
    """As `ensure_lake`, for who holds the lock."""
    batches_folder(home).mkdir(exist_ok=True)
    resolutions_folder(home).mkdir(exist_ok=True)
    with disk_errors("the empty lake"), duckdb.connect(":memory:") as con:
        if not _first_resolutions(home).exists():
            temporary = temporary_folder(home) / "resolutions.parquet"
            _write_empty(con, RESOLUTION_COLUMNS, temporary)
            _sync_file(temporary)
            temporary.rename(_first_resolutions(home))
            sync_folder(resolutions_folder(home))
        if not batch_folder(home, 0).exists():
            with batch_in_progress(home, 0, checkpoint) as folder:
                _write_empty_batch(con, folder)
        _add_event_types(home, con, checkpoint)


def _first_resolutions(home: Home) -> Path:
    return resolutions_folder(home) / "resolutions-00000000.parquet"


def _types_without_file(home: Home) -> list[str]:
    """Event types that came into the contract after batch 0 was written."""
    return [name for name in registry.event_types() if not _empty_file(home, name).exists()]


def _empty_file(home: Home, event_type: str) -> Path:
    return batch_folder(home, 0) / event_file(registry.stream_of(event_type), event_type)


def _add_event_types(home: Home, con: duckdb.DuckDBPyConnection, checkpoint: Checkpoint) -> None:
    """One rename per event type; batch 0 names no files, so its manifest stays as it is."""
    for event_type in _types_without_file(home):
        target = _empty_file(home, event_type)
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = temporary_folder(home) / f"{event_type}.parquet"
        _write_empty(con, EVENT_COLUMNS, temporary)
        _sync_file(temporary)
        temporary.rename(target)
        for folder in (target.parent, target.parent.parent, target.parent.parent.parent):
            sync_folder(folder)
        checkpoint("type added")


def _write_empty_batch(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    files = [folder / event_file(registry.stream_of(event_type), event_type) for event_type in registry.event_types()]
    _write_empty(con, EVENT_COLUMNS, files[0])
    for file in files[1:]:
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(files[0], file)
    _write_empty(con, DUPLICATE_COLUMNS, folder / DUPLICATES_FILE)
    _write_empty(con, QUARANTINE_COLUMNS, folder / QUARANTINE_FILE)
    manifest = {
        "format": MANIFEST_FORMAT,
        "batch_seq": 0,
        "kind": "empty",
        "landed_at": timestamp(datetime.now(UTC)),
        "file": None,
        "verdicts": Verdicts().as_dict(),
        "arrival": {"first": None, "last": None, "next": 1},
        "event_time": None,
        "as_of": None,
        "sources": {},
        "identities": {"accepted": {}, "conflict": {}},
        "control_sums": {},
        "resolves": [],
        "files": {},
        "previous_manifest_sha256": None,
    }
    (folder / MANIFEST_FILE).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def _write_empty(con: duckdb.DuckDBPyConnection, columns: dict[str, str], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    con.execute(f"create or replace table empty ({column_list(columns)})")
    con.execute(f"copy empty to {literal(str(path))} (format parquet)")


def sync_tree(folder: Path) -> None:
    """Makes a folder durable, with all that is in it."""
    for below, _, names in os.walk(folder, topdown=False):
        for name in names:
            _sync_file(Path(below) / name)
        sync_folder(Path(below))


def _sync_file(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def sync_folder(path: Path) -> None:
    """Makes the names in a folder durable."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
