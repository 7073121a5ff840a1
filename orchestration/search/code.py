"""By which code and engines an index is made: another one makes the next index whole."""

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

from orchestration.publishing import query

ENGINES = ("tantivy", "duckdb")


@cache
def made_by() -> str:
    """SHA-256 over all that decides how a document of a release becomes one of an index."""
    told = hashlib.sha256("\0".join(version(engine) for engine in ENGINES).encode())
    for path in (*sorted(Path(__file__).parent.glob("*.py")), Path(query.__file__)):
        told.update(f"{path.name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\0".encode())
    return told.hexdigest()
