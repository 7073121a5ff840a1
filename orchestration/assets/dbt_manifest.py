"""dbt's manifest for the Dagster definitions: parsed once for each state of the project's code."""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from orchestration.home import PROJECT_ROOT, Home
from orchestration.instance import dagster_home
from orchestration.warehouse.code import code_hash


def prepare_manifest(home: Home, project: Path = PROJECT_ROOT) -> Path:
    """The manifest of the project as its files are now; parses it (seconds) only where that was not done before.

    It lies in a folder of its own per state of the code, so no running build or Dagster process ever sees it change.
    Raises Refused when the project does not parse.
    """
    key = _key(project)
    manifests = dagster_home(home) / "manifests"
    wanted = manifests / key / "manifest.json"
    if not wanted.exists():
        manifests.mkdir(parents=True, exist_ok=True)
        with _exclusively(manifests / "lock"):
            if not wanted.exists():
                _parse(home, project, wanted.parent)
                _remove_others(manifests, key)
    return wanted


def _key(project: Path) -> str:
    """What dbt's manifest is made of: the models' code, the data tests, and dbt itself."""
    digest = hashlib.sha256(f"{code_hash(project)} {version('dbt-core')}".encode())
    for path in sorted((project / "tests").rglob("*.sql")):
        digest.update(f"{path.relative_to(project).as_posix()}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _parse(home: Home, project: Path, folder: Path) -> None:
    from orchestration.warehouse.dbt_runner import DbtProject

    temporary = folder.with_name(f".{folder.name}")
    shutil.rmtree(temporary, ignore_errors=True)
    DbtProject(home, project, threads=1, target=temporary).parse()
    (temporary / "partial_parse.msgpack").unlink(missing_ok=True)
    temporary.rename(folder)


def _remove_others(manifests: Path, key: str) -> None:
    for folder in manifests.iterdir():
        if folder.is_dir() and folder.name != key:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _exclusively(path: Path) -> Iterator[None]:
    """Webserver, daemon and runs may all come here first: one of them parses, the others wait."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
