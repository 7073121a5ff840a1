"""The append-only record of how quarantine rows were resolved: its files in the lake, and their records in the ledger.

One file per decision of a person. A file is never changed; the quarantine row it speaks of stays where it is.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from orchestration.home import Home
from orchestration.landing.lake import sync_folder
from orchestration.landing.layout import RESOLUTION_COLUMNS, resolutions_folder, temporary_folder

LEDGER_KIND = "resolution"


class Decision(StrEnum):
    """How a quarantine row was resolved."""

    RETRIED = "retried"
    KEEP_FIRST = "keep_first"
    TAKE_SECOND = "take_second"


@dataclass(frozen=True)
class Resolution:
    """One row resolved: `arrival_seq` is the quarantine row's, `batch_seq` the batch that it brought in, if any."""

    resolution_seq: int
    arrival_seq: int
    decision: Decision
    reason: str
    resolved_by: str
    batch_seq: int | None


def resolutions(home: Home) -> tuple[Resolution, ...]:
    """Every resolution in order."""
    return tuple(one for file in _files(home) for one in _read(file))


def append(
    home: Home,
    arrival_seqs: Iterable[int],
    decision: Decision,
    reason: str,
    resolved_by: str,
    batch_seq: int | None,
) -> tuple[Resolution, ...]:
    """Records one decision over several rows, for who holds the lake's lock; visible by one rename."""
    first = max((one.resolution_seq for one in resolutions(home)), default=0) + 1
    made = tuple(
        Resolution(first + i, arrival_seq, decision, reason, resolved_by, batch_seq)
        for i, arrival_seq in enumerate(arrival_seqs)
    )
    _write(home, made)
    return made


def record_in_ledger(home: Home) -> int:
    """Appends a ledger record for every decision that has none yet, and returns how many; safe to run again."""
    from orchestration.reconciliation import ledger

    decisions = [made for file in _files(home) if (made := _read(file))]
    if not decisions:
        return 0
    known = {record.body["resolution_seq"] for record in ledger.read(home) if record.kind == LEDGER_KIND}
    missing = [made for made in decisions if made[0].resolution_seq not in known]
    if missing:
        ledger.append_all(home, [(LEDGER_KIND, ledger_body(made)) for made in missing])
    return len(missing)


def ledger_body(made: Sequence[Resolution]) -> dict[str, Any]:
    """What the ledger keeps of one decision: who, why, and the rows as ranges of arrival such as `12-15`."""
    return {
        "resolution_seq": made[0].resolution_seq,
        "rows": len(made),
        "arrival_seqs": list(_ranges(one.arrival_seq for one in made)),
        "decision": made[0].decision.value,
        "reason": made[0].reason,
        "resolved_by": made[0].resolved_by,
        "batch_seq": made[0].batch_seq,
    }


def _files(home: Home) -> list[Path]:
    return sorted(resolutions_folder(home).glob("*.parquet"))


def _read(file: Path) -> tuple[Resolution, ...]:
    import pyarrow.parquet as pq

    rows = pq.read_table(file, columns=list(RESOLUTION_COLUMNS)).to_pylist()
    found = (Resolution(**{**row, "decision": Decision(row["decision"])}) for row in rows)
    return tuple(sorted(found, key=lambda one: one.resolution_seq))


def _write(home: Home, made: Sequence[Resolution]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {"BIGINT": pa.int64(), "VARCHAR": pa.string()}
    schema = pa.schema([(name, kinds[kind]) for name, kind in RESOLUTION_COLUMNS.items()])
    table = pa.Table.from_pylist([{**vars(one), "decision": one.decision.value} for one in made], schema=schema)
    name = f"resolutions-{made[0].resolution_seq:08d}.parquet"
    temporary = temporary_folder(home) / name
    with temporary.open("wb") as handle:
        pq.write_table(table, handle)
        handle.flush()
        os.fsync(handle.fileno())
    temporary.rename(resolutions_folder(home) / name)
    sync_folder(resolutions_folder(home))


def _ranges(numbers: Iterable[int]) -> Iterator[str]:
    ordered = sorted(numbers)
    start = 0
    for i in range(1, len(ordered) + 1):
        if i == len(ordered) or ordered[i] != ordered[i - 1] + 1:
            least, most = ordered[start], ordered[i - 1]
            yield str(least) if least == most else f"{least}-{most}"
            start = i
