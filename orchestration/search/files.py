"""The files of a finished index: what each was when it was validated, and how the next index starts from them."""

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from orchestration.search import record, store

# The engine exchanges these at every commit; every other file of its it writes once.
EXCHANGED = ("meta.json", ".managed.json")
LOCKS = (".tantivy-writer.lock", ".tantivy-meta.lock")


def hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of each file that an index is read from, by name."""
    apart = (*LOCKS, store.MANIFEST, store.VALIDATED)
    return {path.name: _hash(path) for path in sorted(folder.iterdir()) if path.name not in apart}


def damaged(folder: Path, written: Mapping[str, str]) -> list[str]:
    """Names of files that are gone or are not as they were written."""
    wrong = []
    for name, told in written.items():
        found = None
        with contextlib.suppress(FileNotFoundError):
            found = _hash(folder / name)
        if found != told:
            wrong.append(name)
    return wrong


def take_over(base: Path, names: Iterable[str], folder: Path) -> None:
    """Start an index from the files of another, which stays as it is: shared where no one writes to them again."""
    for name in names:
        if name in EXCHANGED:
            shutil.copyfile(base / name, folder / name)
        elif name != record.NAME:
            try:
                os.link(base / name, folder / name)
            except OSError:  # a file system without hard links, or with too many of this file
                shutil.copyfile(base / name, folder / name)


def _hash(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
