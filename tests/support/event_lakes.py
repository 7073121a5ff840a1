"""Writes lakes in the documented format for tests of the models, without the landing that makes them in life."""

import gzip
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.contracts.registry import event_types, stream_of

Event = Mapping[str, Any]
TEXT, BIGINT = pa.string(), pa.int64()
EVENTS = pa.schema(
    {
        "source_system": TEXT,
        "event_id": TEXT,
        "schema_version": pa.int32(),
        "event_time": pa.timestamp("us"),
        "recorded_time": pa.timestamp("us"),
        "aggregate_type": TEXT,
        "aggregate_id": TEXT,
        "aggregate_version": BIGINT,
        "correlation_id": TEXT,
        "causation_id": TEXT,
        "payload": TEXT,
        "envelope_extra": TEXT,
        "content_hash": TEXT,
        "arrival_seq": BIGINT,
        "file_name": TEXT,
        "line_number": BIGINT,
        "replaces_arrival_seq": BIGINT,
    }
)
QUARANTINE = pa.schema(
    {
        "arrival_seq": BIGINT,
        "verdict": TEXT,
        "reason_code": TEXT,
        "field": TEXT,
        "message": TEXT,
        "file_name": TEXT,
        "line_number": BIGINT,
        "raw_line": pa.binary(),
        "source_system": TEXT,
        "event_id": TEXT,
        "event_type": TEXT,
        "aggregate_type": TEXT,
        "aggregate_id": TEXT,
        "content_hash": TEXT,
        "existing_arrival_seq": BIGINT,
        "existing_content": TEXT,
    }
)
RESOLUTIONS = pa.schema(
    {
        "resolution_seq": BIGINT,
        "arrival_seq": BIGINT,
        "decision": TEXT,
        "reason": TEXT,
        "resolved_by": TEXT,
        "batch_seq": BIGINT,
    }
)


class Lake:
    """A lake under construction: every call adds one batch or one resolution."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.batch_seq = self.arrival_seq = self.resolution_seq = 0
        for event_type in event_types():
            self._write_events(event_type, [])
        self._write(self._batch / "quarantine" / "part-0.parquet", [], QUARANTINE)
        (self._batch / "manifest.json").write_text(json.dumps({"batch_seq": 0, "control_sums": {}}))
        self._write(path / "resolutions" / "resolution_seq=00000000.parquet", [], RESOLUTIONS)

    def land(
        self, events: Iterable[Event], conflicts: Sequence[tuple[Event, int]] = (), replaces: int | None = None
    ) -> list[int]:
        """Land a batch of accepted events and of conflicts (second content, arrival_seq of the first): their seqs."""
        self.batch_seq += 1
        rows = defaultdict(list)
        seqs = []
        for event in events:
            row = self._row(event, replaces)
            seqs.append(row["arrival_seq"])
            rows[event["eventType"]].append(row)
        for event_type, typed in rows.items():
            self._write_events(event_type, typed)
        refused = []
        for event, existing in conflicts:
            row = self._row(event, None)
            seqs.append(row["arrival_seq"])
            known = {name: row[name] for name in QUARANTINE.names if name in row}
            refused.append(
                known | {"verdict": "conflict", "event_type": event["eventType"], "existing_arrival_seq": existing}
            )
        self._write(self._batch / "quarantine" / "part-0.parquet", refused, QUARANTINE)
        return seqs

    def resolve(self, conflict: int, decision: str, batch_seq: int | None = None) -> None:
        """Record what became of the conflict with this arrival_seq."""
        self.resolution_seq += 1
        row = {
            "resolution_seq": self.resolution_seq,
            "arrival_seq": conflict,
            "decision": decision,
            "reason": "checked with the source",
            "resolved_by": "tester",
            "batch_seq": batch_seq,
        }
        name = f"resolution_seq={self.resolution_seq:08d}.parquet"
        self._write(self.path / "resolutions" / name, [row], RESOLUTIONS)

    @property
    def _batch(self) -> Path:
        return self.path / "batches" / f"batch_seq={self.batch_seq:08d}"

    def _write_events(self, event_type: str, rows: list[dict[str, Any]]) -> None:
        folder = self._batch / "events" / f"stream={stream_of(event_type)}" / f"event_type={event_type}"
        self._write(folder / "part-0.parquet", rows, EVENTS)

    def _row(self, event: Event, replaces: int | None) -> dict[str, Any]:
        self.arrival_seq += 1
        payload = json.dumps(event["payload"])
        return {
            "source_system": event["source"],
            "event_id": event["eventId"],
            "schema_version": event.get("schemaVersion", 1),
            "event_time": _utc(event["eventTime"]),
            "recorded_time": _utc(event.get("recordedTime")),
            "aggregate_type": event["aggregateType"],
            "aggregate_id": event["aggregateId"],
            "aggregate_version": event["aggregateVersion"],
            "correlation_id": event.get("correlationId"),
            "causation_id": event.get("causationId"),
            "payload": payload,
            "envelope_extra": None,
            "content_hash": hashlib.sha256(payload.encode()).hexdigest(),
            "arrival_seq": self.arrival_seq,
            "file_name": f"batch-{self.batch_seq}.ndjson",
            "line_number": self.arrival_seq,
            "replaces_arrival_seq": replaces,
        }

    @staticmethod
    def _write(path: Path, rows: list[dict[str, Any]], schema: pa.Schema) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), path)


def read_events(*files: Path) -> list[Event]:
    """Events of gzipped NDJSON files, in order. Their amounts are decimal strings, so plain JSON keeps them exact."""
    return [json.loads(line) for file in files for line in gzip.open(file, "rt", encoding="utf-8")]


def _utc(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None) if text else None
