"""The folder of releases: reading it, switching `current`, retention; what may be published is the gate's matter."""

import hashlib
import json
import os
import shutil
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestration.errors import Refused, Unusable
from orchestration.home import Home

CURRENT = "current"
DATABASE = "tieout.duckdb"
MANIFEST = "manifest.json"
TEMPORARY = ".tmp-"


@dataclass(frozen=True)
class Release:
    """One release and its manifest; `is_new` is true only for what `publish` has just made."""

    release_id: str
    folder: Path
    manifest: dict[str, Any]
    is_current: bool
    is_new: bool = False

    @property
    def database(self) -> Path:
        return self.folder / DATABASE

    @property
    def data_version(self) -> str:
        return str(self.manifest["data_version"])


def list_releases(home: Home) -> list[Release]:
    """Every release whose manifest can be read, oldest first."""
    found = []
    for folder in folders(home):
        manifest = _read_manifest(folder)
        if manifest is not None:
            found.append(Release(folder.name, folder, manifest, folder.name == current_id(home)))
    return sorted(found, key=lambda release: (release.manifest["created_at"], release.release_id))


def current_id(home: Home) -> str | None:
    """The id that `current` points to; None before the first release."""
    link = home.releases / CURRENT
    return link.readlink().name if link.is_symlink() else None


def find(home: Home, release_id: str | None) -> Release:
    """The release of this id, or the current one. Raises Unusable for an unknown id, Refused where there is none."""
    wanted = release_id or current_id(home)
    if wanted is None:
        raise Refused("Nothing is published yet. Run `tieout refresh`, or `tieout build`, `reconcile` and `publish`.")
    for release in list_releases(home):
        if release.release_id == wanted:
            return release
    known = ", ".join(release.release_id for release in list_releases(home)) or "none"
    raise Unusable(f"There is no release {wanted}. Releases: {known}.")


def damage(release: Release) -> str:
    """What is wrong with a release's files; empty when the database is byte for byte what was published."""
    if not release.database.exists():
        return f"{release.database} is missing"
    found = file_sha256(release.database)
    if found != release.manifest.get("file_sha256"):
        return f"{release.database} is not what was published: its SHA-256 is {found}"
    return ""


def manifest_sha256(folder: Path) -> str:
    """SHA-256 of a release's manifest, in hex; empty where there is none."""
    path = folder / MANIFEST
    return file_sha256(path) if path.exists() else ""


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def switch(home: Home, release_id: str) -> None:
    """Point `current` to a release in one atomic step: a reader sees the old or the new one."""
    temporary = home.releases / f"{TEMPORARY}current-{os.getpid()}"
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(release_id)
    temporary.replace(home.releases / CURRENT)
    sync_folder(home.releases)


def retain(home: Home, keep: int, protected: Collection[str]) -> list[str]:
    """Remove what is older than the last `keep` releases, except the current and the protected ones; returns the ids.

    An open reader keeps its file until it closes it. A folder is renamed before it is removed: none is half there.
    """
    removed = []
    for release in list_releases(home)[:-keep]:
        if release.release_id not in protected and not release.is_current:
            remove(home, release.folder)
            removed.append(release.release_id)
    return removed


def remove(home: Home, folder: Path) -> None:
    """Take a release out of sight in one step, then delete it."""
    doomed = home.releases / f"{TEMPORARY}removed-{folder.name}"
    folder.rename(doomed)
    shutil.rmtree(doomed)


def temporary_folders(home: Home) -> list[Path]:
    """What an interrupted publish left behind."""
    return sorted(home.releases.glob(f"{TEMPORARY}*")) if home.releases.is_dir() else []


def clear_temporary(home: Home) -> None:
    """Remove what an interrupted publish left behind; only for the holder of the warehouse lock."""
    for path in temporary_folders(home):
        if path.is_symlink() or path.is_file():
            path.unlink()
        else:
            shutil.rmtree(path)


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write manifest.json and make it durable."""
    path = folder / MANIFEST
    path.write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")
    sync_files([path])
    path.chmod(0o444)


def sync_files(paths: Iterable[Path]) -> None:
    """Make the content of files durable."""
    for path in paths:
        _fsync(path)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    _fsync(folder)


def _fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def folders(home: Home) -> list[Path]:
    """The folder of every release, whether or not its manifest can be read."""
    if not home.releases.is_dir():
        return []
    return sorted(
        path
        for path in home.releases.iterdir()
        if path.is_dir() and not path.is_symlink() and not path.name.startswith(".")
    )


def _read_manifest(folder: Path) -> dict[str, Any] | None:
    try:
        manifest = json.loads((folder / MANIFEST).read_text())
    except (OSError, ValueError):
        return None
    return manifest if isinstance(manifest, dict) and {"data_version", "created_at"} <= manifest.keys() else None
