"""Which code a build was made by: a hash over everything that decides what the models contain, and the git revision."""

import hashlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

from orchestration.home import PROJECT_ROOT

MODEL_CODE = ("dbt_project.yml", "models", "macros", "seeds", "snapshots", "orchestration/contracts/schemas")


def code_hash(project: Path = PROJECT_ROOT) -> str:
    """SHA-256 over path and content of each file that models are made from; comments count, notes in docs do not."""
    digest = hashlib.sha256()
    for path in _files(project):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(project).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def git_revision(project: Path = PROJECT_ROOT) -> str:
    """The commit that is checked out, with `-dirty` when files differ from it; `unknown` outside a repository."""
    head = _git(project, "rev-parse", "HEAD")
    if head is None:
        return "unknown"
    return f"{head}-dirty" if _git(project, "status", "--porcelain", "--untracked-files=no") else head


def _files(project: Path) -> Iterator[Path]:
    for name in MODEL_CODE:
        root = project / name
        if root.is_file():
            yield root
        elif root.is_dir():
            yield from sorted(path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts)


def _git(project: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(project), *arguments], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
