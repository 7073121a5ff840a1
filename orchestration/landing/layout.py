"""The files of the lake: their folders, columns and types, and what the lake holds so far. Writes nothing."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from orchestration.errors import Unusable
from orchestration.home import Home

EVENT_COLUMNS = {
    "source_system": "VARCHAR",
    "event_id": "VARCHAR",
    "schema_version": "INTEGER",
    "event_time": "TIMESTAMP",
    "recorded_time": "TIMESTAMP",
    "aggregate_type": "VARCHAR",
    "aggregate_id": "VARCHAR",
    "aggregate_version": "BIGINT",
    "correlation_id": "VARCHAR",
    "causation_id": "VARCHAR",
    "payload": "VARCHAR",
    "envelope_extra": "VARCHAR",
    "content_hash": "VARCHAR",
    "arrival_seq": "BIGINT",
    "file_name": "VARCHAR",
    "line_number": "BIGINT",
    "replaces_arrival_seq": "BIGINT",
}
DUPLICATE_COLUMNS = {
    "arrival_seq": "BIGINT",
    "source_system": "VARCHAR",
    "event_id": "VARCHAR",
    "event_type": "VARCHAR",
    "content_hash": "VARCHAR",
    "existing_arrival_seq": "BIGINT",
    "file_name": "VARCHAR",
    "line_number": "BIGINT",
}
QUARANTINE_COLUMNS = {
    "arrival_seq": "BIGINT",
    "verdict": "VARCHAR",
    "reason_code": "VARCHAR",
    "field": "VARCHAR",
    "message": "VARCHAR",
    "file_name": "VARCHAR",
    "line_number": "BIGINT",
    "raw_line": "BLOB",
    "source_system": "VARCHAR",
    "event_id": "VARCHAR",
    "event_type": "VARCHAR",
    "aggregate_type": "VARCHAR",
    "aggregate_id": "VARCHAR",
    "content_hash": "VARCHAR",
    "existing_arrival_seq": "BIGINT",
    "existing_content": "VARCHAR",
}
RESOLUTION_COLUMNS = {
    "resolution_seq": "BIGINT",
    "arrival_seq": "BIGINT",
    "decision": "VARCHAR",
    "reason": "VARCHAR",
    "resolved_by": "VARCHAR",
    "batch_seq": "BIGINT",
}


def batches_folder(home: Home) -> Path:
    return home.lake / "batches"


def temporary_folder(home: Home) -> Path:
    return home.lake / "tmp"


def resolutions_folder(home: Home) -> Path:
    return home.lake / "resolutions"


def batch_folder(home: Home, batch_seq: int) -> Path:
    return batches_folder(home) / f"batch_seq={batch_seq:08d}"


def event_file(stream: str, event_type: str) -> Path:
    """Where a batch keeps the accepted events of a type, below the batch's folder."""
    return Path("events") / f"stream={stream}" / f"event_type={event_type}" / "events.parquet"


DUPLICATES_FILE = Path("duplicates") / "duplicates.parquet"
QUARANTINE_FILE = Path("quarantine") / "quarantine.parquet"
MANIFEST_FILE = Path("manifest.json")


def column_list(columns: Mapping[str, str]) -> str:
    """For `create table (…)`."""
    return ", ".join(f"{name} {kind}" for name, kind in columns.items())


@dataclass(frozen=True)
class Batch:
    """One visible batch: its folder, its manifest, and the sha256 of the manifest file."""

    batch_seq: int
    folder: Path
    manifest: Mapping[str, Any]
    manifest_sha256: str


@dataclass(frozen=True)
class LakeState:
    """What the lake holds: every batch in order."""

    batches: tuple[Batch, ...]

    def grown(self, home: Home) -> "LakeState":
        """With the batches that became visible since; only these are read. For who holds the lake's lock."""
        seen, last = list(self.batches), self.high_water
        while (folder := batch_folder(home, last + 1)).exists():
            seen.append(_read_batch(folder))
            last += 1
        return LakeState(tuple(seen)) if last > self.high_water else self

    @property
    def high_water(self) -> int:
        """The last batch_seq; 0 when only the empty batch is there."""
        return self.batches[-1].batch_seq if self.batches else 0

    @cached_property
    def next_arrival_seq(self) -> int:
        """The arrival_seq that the next line gets; the first of all is 1."""
        return max((batch.manifest["arrival"]["next"] for batch in self.batches), default=1)

    @cached_property
    def by_sha256(self) -> Mapping[str, Batch]:
        """The batch that landed a file of this content; files refused as a whole are to be tried again."""
        landed: dict[str, Batch] = {}
        for batch in self.batches:
            file = batch.manifest["file"]
            if file is not None and not file["refused"]:
                landed.setdefault(file["sha256"], batch)
        return landed

    @cached_property
    def by_name(self) -> Mapping[str, tuple[Batch, ...]]:
        """The batches that landed a file of this name."""
        named: dict[str, tuple[Batch, ...]] = {}
        for batch in self.batches:
            if batch.manifest["file"] is not None:
                name = batch.manifest["file"]["name"]
                named[name] = (*named.get(name, ()), batch)
        return named


def batches(home: Home) -> tuple[Batch, ...]:
    """Every visible batch, in order of batch_seq. Raises Unusable for a batch whose manifest cannot be read."""
    folders = sorted(batches_folder(home).glob("batch_seq=*"))
    return tuple(_read_batch(folder) for folder in folders)


def lake_state(home: Home) -> LakeState:
    """What the lake holds now; a lake that does not exist holds nothing."""
    return LakeState(batches(home))


def _read_batch(folder: Path) -> Batch:
    try:
        text = (folder / MANIFEST_FILE).read_bytes()
        return Batch(
            int(folder.name.removeprefix("batch_seq=")), folder, json.loads(text), hashlib.sha256(text).hexdigest()
        )
    except (OSError, ValueError) as error:
        raise Unusable(f"{folder / MANIFEST_FILE} cannot be read ({error}); restore the lake from its copy") from error
