"""Makes event files and reads back what landed, for the landing tests."""

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import zstandard

from orchestration.home import Home
from orchestration.landing import Limits, Verdicts, batches, land
from orchestration.landing.layout import EVENT_COLUMNS


def account(event_id: str, name: str = "Acme", **envelope: Any) -> dict[str, Any]:
    """A small valid event."""
    return {
        "eventId": event_id,
        "source": "crm",
        "eventType": "AccountUpserted",
        "eventTime": "2026-03-01T12:00:00Z",
        "aggregateType": "Account",
        "aggregateId": f"A-{event_id}",
        "aggregateVersion": 1,
        "payload": {"name": name, "segment": "SMB", "region": "EMEA"},
        **envelope,
    }


def accounts(count: int) -> list[dict[str, Any]]:
    return [account(f"e{i:05d}", f"Account {i}") for i in range(count)]


def text(event: Any) -> bytes:
    return json.dumps(event).encode()


def write(path: Path, lines: Sequence[bytes | dict[str, Any]]) -> Path:
    """An event file of these lines, packed as its name says."""
    content = b"".join((line if isinstance(line, bytes) else text(line)) + b"\n" for line in lines)
    return write_bytes(path, content)


def write_bytes(path: Path, content: bytes) -> Path:
    if path.suffix == ".gz":
        content = gzip.compress(content, mtime=0)
    if path.suffix == ".zst":
        content = zstandard.compress(content)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def rows(home: Home, kind: str, columns: str = "*", order: str = "arrival_seq") -> list[dict[str, Any]]:
    """Rows of the lake: `events`, `duplicates` or `quarantine`."""
    with duckdb.connect() as con:
        pattern = f"{home.lake}/batches/*/{kind}/**/*.parquet"
        con.execute(f"select {columns} from read_parquet('{pattern}', hive_partitioning = true) order by {order}")
        names = [column[0] for column in con.description or ()]
        return [dict(zip(names, row, strict=True)) for row in con.fetchall()]


def accepted_set(home: Home) -> list[tuple[Any, ...]]:
    """What was accepted, apart from when it came."""
    kept = [name for name in EVENT_COLUMNS if name not in ("arrival_seq", "file_name", "line_number")]
    return sorted(repr(tuple(row.items())) for row in rows(home, "events", ", ".join(kept), "all"))


def check_every_line_is_accounted_for(home: Home) -> None:
    """Invariant 1, from the files themselves: one row per arrival, and the manifests say the same."""
    seqs = [row["arrival_seq"] for kind in ("events", "duplicates", "quarantine") for row in rows(home, kind)]
    said = [batch.manifest for batch in batches(home)]
    assert len(seqs) == sum(sum(manifest["verdicts"].values()) for manifest in said)
    assert sorted(seqs) == list(range(1, said[-1]["arrival"]["next"]))
    for manifest in said:
        if manifest["file"]:
            assert sum(manifest["verdicts"].values()) == manifest["file"]["lines"]


def land_one(home: Home, path: Path, limits: Limits | None = None) -> Verdicts:
    """Lands one file, with every line of the lake accounted for."""
    result = land(home, [path], limits=limits)
    check_every_line_is_accounted_for(home)
    return result.verdicts


def reasons(home: Home) -> list[str]:
    """Why lines were held back, in order of arrival."""
    return [row["reason_code"] for row in rows(home, "quarantine")]
