"""What lies in the inbox and has not landed yet; files stay where they are, none is moved or deleted."""

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

from orchestration.errors import Unusable
from orchestration.home import Home

UNFINISHED = (".part", ".tmp", ".partial")


@dataclass(frozen=True)
class Waiting:
    """A file that is to be landed, as it was found: size in bytes and time of its last change in nanoseconds."""

    path: Path
    size: int
    mtime_ns: int


def waiting(home: Home) -> list[Waiting]:
    """Files that are new or have changed since they landed, by name.

    Hidden files and those that end on .part, .partial or .tmp are still being written, and a symlink that leads out of
    the inbox is not followed. What is remembered only saves work: a file landed twice changes nothing in the lake.
    """
    remembered = _remembered(home)
    found = []
    for path in _files(home.inbox):
        status = path.stat()
        if remembered.get(_key(home, path)) != [status.st_size, status.st_mtime_ns]:
            found.append(Waiting(path, status.st_size, status.st_mtime_ns))
    return found


def settled(file: Waiting, seconds: float) -> bool:
    """Wait until a file has not changed for `seconds`; false when it still does, so that it waits for the next run."""
    age = time.time() - file.mtime_ns / 1e9
    if 0 <= age < seconds:
        time.sleep(seconds - age)
    try:
        status = file.path.stat()
    except OSError:
        return False
    return (status.st_size, status.st_mtime_ns) == (file.size, file.mtime_ns)


def remember(home: Home, file: Waiting) -> None:
    """Keep that a file has landed as it was found, in one atomic step."""
    known = {**_remembered(home), _key(home, file.path): [file.size, file.mtime_ns]}
    temporary = _memory(home).with_suffix(".tmp")
    temporary.write_text(json.dumps(known, indent=0, sort_keys=True))
    temporary.replace(_memory(home))


def _files(inbox: Path) -> list[Path]:
    if not inbox.is_dir():
        return []
    root = inbox.resolve()
    found = []
    for folder, folders, names in os.walk(root, onerror=_unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(folder) / name
            hidden = name.startswith(".") or name.endswith(UNFINISHED)
            if not hidden and path.is_file() and path.resolve().is_relative_to(root):
                found.append(path)
    return found


def _unreadable(error: OSError) -> None:
    raise Unusable(f"The inbox cannot be read: {error.filename}: {error.strerror}. Give this user read permission.")


def _memory(home: Home) -> Path:
    return home.root / "inbox-landed.json"


def _remembered(home: Home) -> dict[str, list[int]]:
    try:
        known = json.loads(_memory(home).read_text())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _key(home: Home, path: Path) -> str:
    return path.relative_to(home.inbox.resolve()).as_posix()
