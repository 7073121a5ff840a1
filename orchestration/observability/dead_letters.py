"""Lines that landed and can go nowhere: how many for each reason, and since when; not the lines themselves."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from orchestration.home import Home
from orchestration.warehouse.lake import MANIFEST, PREFIX


@dataclass(frozen=True)
class DeadLetters:
    """Open lines of one reason: `oldest_batch` brought the first of them, `oldest_landed_at` is when that landed."""

    reason_code: str
    event_types: tuple[str, ...]
    count: int
    oldest_batch: int
    oldest_landed_at: str
    oldest_age_seconds: int

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"event_types": list(self.event_types)}


def dead_letters(home: Home, now: datetime) -> tuple[DeadLetters, ...]:
    """What is held back and not resolved, most lines first; empty where nothing has landed. `now`: UTC."""
    import duckdb

    files = f"{PREFIX}*/quarantine/*.parquet"
    if not any((home.lake / "batches").glob(files)):
        return ()
    with duckdb.connect() as connection:
        rows = connection.execute(
            "select coalesce(reason_code, verdict), list(distinct event_type order by event_type), count(*),"
            " min(batch_seq) from read_parquet(?, hive_partitioning = true, hive_types = {'batch_seq': bigint})"
            " where arrival_seq not in (select arrival_seq from read_parquet(?)) group by 1 order by 3 desc, 1",
            [f"{home.lake}/batches/{files}", f"{home.lake}/resolutions/*.parquet"],
        ).fetchall()
    found = []
    for reason, event_types, count, batch in rows:
        landed_at = _landed_at(home, batch)
        age = int((now - landed_at).total_seconds())
        told = tuple(name for name in event_types or () if name)
        found.append(DeadLetters(reason, told, count, batch, landed_at.isoformat(), age))
    return tuple(found)


def _landed_at(home: Home, batch_seq: int) -> datetime:
    manifest = home.lake / "batches" / f"{PREFIX}{batch_seq:08}" / MANIFEST
    moment = datetime.fromisoformat(json.loads(manifest.read_text(encoding="utf-8"))["landed_at"])
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
