"""Which files of the lake may hold events or conflicts of given identities, by what the manifests say."""

from collections.abc import Mapping
from pathlib import Path

from orchestration.landing.checks import literal
from orchestration.landing.layout import (
    EVENT_COLUMNS,
    QUARANTINE_COLUMNS,
    QUARANTINE_FILE,
    Batch,
    LakeState,
)

Ranges = Mapping[str, tuple[str, str]]


def event_files(lake: LakeState, ranges: Ranges) -> list[Path]:
    """Files of accepted events; `ranges` is the least and the greatest event id per source."""
    return [
        batch.folder / name
        for batch in lake.batches
        if _may_hold(batch, ranges, "accepted")
        for name, file in batch.manifest["files"].items()
        if name.startswith("events/") and file["rows"]
    ]


def conflict_files(lake: LakeState, ranges: Ranges) -> list[Path]:
    """Files that hold conflicts."""
    return [batch.folder / QUARANTINE_FILE for batch in lake.batches if _may_hold(batch, ranges, "conflict")]


def _may_hold(batch: Batch, ranges: Ranges, verdict: str) -> bool:
    for source, held in batch.manifest["identities"][verdict].items():
        least, most = ranges.get(source, (None, None))
        if least is not None and most is not None and held["least"] <= most and held["most"] >= least:
            return True
    return False


def read_files(files: list[Path]) -> str:
    """A table expression over the files; an empty table of all lake columns when there are none."""
    if files:
        listed = ", ".join(literal(str(file)) for file in files)
        return f"read_parquet([{listed}], hive_partitioning = true, union_by_name = false)"
    columns = {**EVENT_COLUMNS, **QUARANTINE_COLUMNS, "event_type": "VARCHAR"}
    typed = ", ".join(f"null::{kind} as {name}" for name, kind in columns.items())
    return f"(select {typed} where false)"
