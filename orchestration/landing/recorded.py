"""Which files of the lake may hold events or conflicts of given identities, by what the manifests say."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from orchestration.landing.checks import literal
from orchestration.landing.layout import (
    EVENT_COLUMNS,
    QUARANTINE_COLUMNS,
    QUARANTINE_FILE,
    Batch,
    LakeState,
)

# Up to so many ids of a source are compared one by one with those that manifests list.
_FEW = 10_000


@dataclass(frozen=True)
class Wanted:
    """Event ids of one source that are looked for: the least, the greatest, and all of them unless they are many."""

    least: str
    most: str
    ids: frozenset[str] | None = None

    def may_be_in(self, held: Mapping[str, Any]) -> bool:
        """Whether a batch can hold one of them, by what its manifest says of this source."""
        if held["least"] > self.most or held["most"] < self.least:
            return False
        if "ids" not in held:
            return True
        if self.ids is None:
            return any(self.least <= event_id <= self.most for event_id in held["ids"])
        return not self.ids.isdisjoint(held["ids"])


# By source.
Identities = Mapping[str, Wanted]


def one_identity(source_system: str, event_id: str) -> Identities:
    return {source_system: Wanted(event_id, event_id, frozenset({event_id}))}


def identities_in(con: duckdb.DuckDBPyConnection, table: str) -> Identities:
    """Those of a table with source_system and event_id."""
    query = f"""select source_system, min(event_id), max(event_id),
        case when count(*) <= {_FEW} then list(event_id) end from {table} group by source_system"""
    return {
        source: Wanted(least, most, None if ids is None else frozenset(ids))
        for source, least, most, ids in con.execute(query).fetchall()
    }


def event_files(lake: LakeState, identities: Identities) -> list[Path]:
    """Files of accepted events that may hold one of the identities."""
    return [
        batch.folder / name
        for batch in lake.batches
        if _may_hold(batch, identities, "accepted")
        for name, file in batch.manifest["files"].items()
        if name.startswith("events/") and file["rows"]
    ]


def conflict_files(lake: LakeState, identities: Identities) -> list[Path]:
    """Files that hold conflicts and may hold one of the identities."""
    return [batch.folder / QUARANTINE_FILE for batch in lake.batches if _may_hold(batch, identities, "conflict")]


def _may_hold(batch: Batch, identities: Identities, verdict: str) -> bool:
    held = batch.manifest["identities"][verdict]
    return any(source in identities and identities[source].may_be_in(ids) for source, ids in held.items())


def read_files(files: list[Path]) -> str:
    """A table expression over the files; an empty table of all lake columns when there are none."""
    if files:
        listed = ", ".join(literal(str(file)) for file in files)
        return f"read_parquet([{listed}], hive_partitioning = true, union_by_name = false)"
    columns = {**EVENT_COLUMNS, **QUARANTINE_COLUMNS, "event_type": "VARCHAR"}
    typed = ", ".join(f"null::{kind} as {name}" for name, kind in columns.items())
    return f"(select {typed} where false)"
