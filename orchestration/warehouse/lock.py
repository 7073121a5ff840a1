"""The one lock on the working warehouse, which every step that opens it holds; not what the holder does."""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from orchestration.errors import Refused
from orchestration.home import Home

POLL_SECONDS = 0.1
PATIENCE_SECONDS = 2.0  # `tieout status` holds the lock for moments


@dataclass(frozen=True)
class Holder:
    """Who holds the lock: process id, what it does, since when (UTC, ISO 8601)."""

    pid: int
    purpose: str
    since: str


def lock_path(home: Home) -> Path:
    """The lock file; it stays behind when the lock is free."""
    return home.warehouse.parent / "lock"


@contextmanager
def warehouse_lock(home: Home, purpose: str, *, wait_seconds: float = PATIENCE_SECONDS) -> Iterator[None]:
    """Hold the lock while the block runs. The kernel frees it when the process ends, however it ends.

    Raises Refused, naming the holder, when another step has it for longer than `wait_seconds`.
    """
    with lock_file(lock_path(home), purpose, wait_seconds=wait_seconds):
        yield


@contextmanager
def lock_file(path: Path, purpose: str, *, wait_seconds: float = PATIENCE_SECONDS) -> Iterator[None]:
    """Hold a lock of this kind on a file of its own; as `warehouse_lock`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        _acquire(handle, path, purpose, time.monotonic() + wait_seconds)
        me = Holder(os.getpid(), purpose, datetime.now(UTC).isoformat(timespec="seconds"))
        os.ftruncate(handle, 0)
        os.pwrite(handle, json.dumps(asdict(me)).encode(), 0)
        yield
        os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def holder(home: Home) -> Holder | None:
    """Who holds the lock now; None when it is free."""
    path = lock_path(home)
    if not path.exists():
        return None
    handle = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read_holder(handle)
    finally:
        os.close(handle)
    return None


def _acquire(handle: int, path: Path, purpose: str, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= deadline:
                who = _read_holder(handle)
                raise Refused(
                    f"Cannot {purpose}: in use ({who.purpose}, process {who.pid}, since {who.since}). "
                    f"Wait until it has ended and run this again; `tieout status` shows the holder of {path}."
                ) from None
        time.sleep(POLL_SECONDS)


def _read_holder(handle: int) -> Holder:
    try:
        return Holder(**json.loads(os.pread(handle, 4096, 0)))
    except (ValueError, TypeError):
        return Holder(0, "starting", "just now")
