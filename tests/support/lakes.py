"""Small lakes, written batch by batch without the landing."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from orchestration.home import Home

SMALL_PROJECT = Path(__file__).parent / "small_project"


@dataclass(frozen=True)
class Event:
    """One accepted event of the small project."""

    event_id: str
    amount: str
    event_time: str = "2026-09-01T10:00:00"


def add_batch(home: Home, batch_seq: int, events: list[Event]) -> None:
    """One more batch with these events, arrival numbers going up."""
    folder = home.lake / "batches" / f"batch_seq={batch_seq:08d}"
    for part in (folder / "events" / "stream=quote" / "event_type=QuotePriced", folder / "quarantine"):
        part.mkdir(parents=True)
    (home.lake / "resolutions").mkdir(exist_ok=True)
    files = {
        "events/stream=quote/event_type=QuotePriced/events.parquet": "event",
        "quarantine/quarantine.parquet": "quarantine",
    }
    with duckdb.connect() as connection:
        connection.execute(
            "create table event (source_system varchar, event_id varchar, event_time timestamp, payload varchar,"
            " arrival_seq bigint, replaces_arrival_seq bigint);"
            "create table quarantine (arrival_seq bigint, verdict varchar, reason_code varchar, event_type varchar);"
            "create table resolution as from quarantine"
        )
        for number, event in enumerate(events):
            payload = '{"amount": ' + event.amount + "}"
            connection.execute(
                "insert into event values ('cpq', ?, cast(? as timestamp), ?, ?, null)",
                [event.event_id, event.event_time, payload, batch_seq * 1000 + number],
            )
        for name, table in files.items():
            connection.execute(f"copy {table} to '{folder / name}'")
        connection.execute(f"copy resolution to '{home.lake}/resolutions/resolution_seq=00000000.parquet'")
    previous = home.lake / "batches" / f"batch_seq={batch_seq - 1:08d}" / "manifest.json"
    manifest = {
        "batch_seq": batch_seq,
        "as_of": max((event.event_time for event in events), default=None),
        "kind": "file" if batch_seq else "empty",
        "files": {name: _described(folder / name) for name in files} if batch_seq else {},
        "previous_manifest_sha256": _sha256(previous) if batch_seq else None,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))


def _described(path: Path) -> dict[str, Any]:
    return {"bytes": path.stat().st_size, "sha256": _sha256(path)}


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
