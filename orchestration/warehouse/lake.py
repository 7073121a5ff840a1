"""What a build, its release and a person need to know of the lake; landing writes it, this only reads."""

import fcntl
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from orchestration.errors import Refused, Unusable
from orchestration.home import Home

MANIFEST = "manifest.json"
PREFIX = "batch_seq="


@dataclass(frozen=True)
class LakeState:
    """Up to which batch the lake goes, and the latest event time (UTC) that is not later than its landing."""

    high_water: int
    as_of: datetime


def read_lake(home: Home) -> LakeState:
    """The lake as it stands. Raises Refused when it holds no event, Unusable when a manifest cannot be read."""
    moments = [moment for folder in _folders(home) if (moment := _manifest(folder)["as_of"]) is not None]
    if not moments:
        raise Refused("Nothing has landed yet. Land a file first: tieout land PATH, or tieout refresh for the inbox.")
    return LakeState(high_water(home), max(map(_utc, moments)))


def high_water(home: Home) -> int:
    """The number of the last batch; 0 when nothing has landed."""
    return max(map(_number, _folders(home)), default=0)


def quarantine_counts(home: Home) -> dict[str, int]:
    """How many lines are held back and not resolved, by verdict."""
    import duckdb

    counts = {"conflict": 0, "quarantined": 0}
    if not _folders(home):
        return counts
    with duckdb.connect() as connection:
        rows = connection.execute(
            "select verdict, count(*) from read_parquet(?) as held"
            " where arrival_seq not in (select arrival_seq from read_parquet(?)) group by verdict",
            [f"{home.lake}/batches/{PREFIX}*/quarantine/*.parquet", f"{home.lake}/resolutions/*.parquet"],
        ).fetchall()
    return {**counts, **dict(rows)}


def lake_leftovers(home: Home) -> list[Path]:
    """What an interrupted landing left behind; nothing while a landing is running."""
    folder, lock = home.lake / "tmp", home.lake / "lock"
    if not folder.is_dir() or not lock.exists():
        return []
    with lock.open() as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return []
    return sorted(folder.iterdir())


def lake_breaks(home: Home, *, contents: bool) -> list[str]:
    """Every place where the lake is not what was landed: batches and their chain; with `contents` every file too."""
    breaks: list[str] = []
    before: str | None = None
    for expected, folder in enumerate(_folders(home)):
        if _number(folder) != expected:
            return [*breaks, f"batch {expected} is missing"]
        try:
            manifest = _manifest(folder)
        except Unusable as error:
            return [*breaks, str(error)]
        if expected and manifest.get("previous_manifest_sha256") != before:
            breaks.append(f"batch {expected} does not follow on the manifest of batch {expected - 1} as it is now")
        if contents:
            breaks += _changed_files(folder, manifest)
        before = hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()
    return breaks


def _changed_files(folder: Path, manifest: dict[str, Any]) -> Iterator[str]:
    """Files of a batch that its manifest does not have, or has otherwise."""
    if manifest["kind"] == "empty":
        # The batch that only holds schemas names no files: there it is the rows that must not be.
        yield from _rows_in(folder)
        return
    named = manifest["files"]
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} - {MANIFEST}
    for name in sorted(found | set(named)):
        if name not in found:
            yield f"{folder.name}/{name} is missing"
        elif name not in named:
            yield f"{folder.name}/{name} was added"
        elif _sha256(folder / name) != named[name]["sha256"]:
            yield f"{folder.name}/{name} is not what was landed"


def _rows_in(folder: Path) -> Iterator[str]:
    import duckdb

    with duckdb.connect() as connection:
        for path in sorted(folder.rglob("*.parquet")):
            found = connection.execute("select sum(num_rows) from parquet_file_metadata(?)", [str(path)]).fetchone()
            if found is None or found[0]:
                yield f"{folder.name}/{path.relative_to(folder)} has rows, but the batch is the empty one"


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _folders(home: Home) -> list[Path]:
    return sorted((home.lake / "batches").glob(f"{PREFIX}*"))


def _number(folder: Path) -> int:
    return int(folder.name.removeprefix(PREFIX))


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Unusable(f"{path} cannot be read ({error}): restore the lake from a backup") from None
    if not isinstance(manifest, dict) or "as_of" not in manifest:
        raise Unusable(f"{path} is no manifest of a batch: restore the lake from a backup")
    return manifest


def _utc(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
