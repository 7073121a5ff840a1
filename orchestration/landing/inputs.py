"""Finds the event files that a call names, and opens them with care; what is in them is read elsewhere."""

import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from orchestration.errors import Unusable
from orchestration.landing.decompress import BrokenArchive, FileRefused, read_blocks
from orchestration.landing.framing import BOM
from orchestration.landing.json_arrays import JSON_SPACE
from orchestration.landing.limits import Limits

FORMATS = (".ndjson", ".jsonl", ".json")
PACKINGS = (".gz", ".zst")
_BLOCK = 1024 * 1024


def is_event_file(path: Path) -> bool:
    """Whether the name is one of an event file: .ndjson, .jsonl or .json, also with .gz or .zst."""
    return _format(path) in FORMATS


def is_array_by_name(path: Path) -> bool:
    """Whether the name says that the file is one JSON document rather than lines."""
    return _format(path) == ".json"


def _format(path: Path) -> str:
    return Path(path.stem).suffix if path.suffix in PACKINGS else path.suffix


@dataclass
class Inputs:
    """The files to land, those of a folder that are passed over, and what is wrong with the rest."""

    files: list[Path] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def find(paths: Sequence[Path], limits: Limits) -> Inputs:
    """What the paths name: files, and the event files of folders in name order.

    In a folder, a .json file counts only when it begins as an array does: other JSON documents are not events.
    """
    inputs = Inputs()
    files, errors = inputs.files, inputs.errors
    for path in paths:
        if path.is_dir():
            try:
                found = sorted(entry for entry in path.iterdir() if is_event_file(entry) and not entry.is_dir())
            except OSError as error:
                errors.append(f"{path}: cannot be listed ({error.strerror})")
                continue
            for entry in found:
                if path.resolve() not in entry.resolve().parents:
                    errors.append(f"{entry}: a link out of {path}, not followed; land the file itself")
                elif is_array_by_name(entry) and not _begins_as_array(entry, limits):
                    inputs.skipped.append(f"{entry}: passed over, no JSON array of events")
                else:
                    files.append(entry)
        elif not is_event_file(path) and path.exists():
            errors.append(f"{path}: no event file by its name; expected {', '.join(FORMATS)}, also with .gz or .zst")
        else:
            files.append(path)
    return inputs


def _begins_as_array(path: Path, limits: Limits) -> bool:
    try:
        with opened_for_reading(path) as file:
            first = next(read_blocks(file, path, limits), b"")
    except (Unusable, BrokenArchive, FileRefused):
        return True  # it is for the landing to say what is wrong with it
    return first.removeprefix(BOM).lstrip(JSON_SPACE).startswith(b"[")


class OpenedFile:
    """A regular file opened for reading, its size in bytes and the sha256 of its bytes as they lie on disk."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self.path = path
        self.file = file
        self._before = os.fstat(file.fileno())
        self.size = self._before.st_size
        digest = hashlib.sha256()
        while block := file.read(_BLOCK):
            digest.update(block)
        self.sha256 = digest.hexdigest()

    def rewind(self) -> BinaryIO:
        """The file, from its beginning."""
        self.file.seek(0)
        return self.file

    def check_unchanged(self) -> None:
        """Raises Unusable when somebody wrote to the file since it was opened."""
        now = os.fstat(self.file.fileno())
        if (now.st_size, now.st_mtime_ns) != (self._before.st_size, self._before.st_mtime_ns):
            raise Unusable(f"{self.path}: it was written to while it was read; land it when its writer is done")


@contextmanager
def opened(path: Path) -> Iterator[OpenedFile]:
    """Opens and hashes a file. Raises Unusable when it is missing, not allowed or no regular file."""
    with opened_for_reading(path) as file:
        yield OpenedFile(path, file)


@contextmanager
def opened_for_reading(path: Path) -> Iterator[BinaryIO]:
    """Opens a regular file without waiting on pipes. Raises Unusable when it is missing, not allowed or no file."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        raise Unusable(f"{path}: cannot be read ({error.strerror})") from error
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise Unusable(f"{path}: not a regular file")
        yield file
