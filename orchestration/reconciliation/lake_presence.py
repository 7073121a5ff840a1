"""What the lake holds, read past dbt: sources, event types and months that must turn up in the recon tables."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestration.errors import Unusable
from orchestration.home import Home
from orchestration.reconciliation.suites import Expected
from orchestration.warehouse.compacted import event_rows, intact_compactions

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

COLUMNS = ("source_system", "event_type", "aggregate_type", "event_time", "arrival_seq", "replaces_arrival_seq")
PRESENCE = """
with accepted as (
    select {columns}
    from {events}
    where batch_seq <= $high_water
)
select
    source_system, event_type, aggregate_type, substr(cast(cast(event_time as date) as varchar), 1, 7), count(*)
from accepted
where arrival_seq not in (select replaces_arrival_seq from accepted where replaces_arrival_seq is not null)
group by all
order by all
"""


@dataclass(frozen=True)
class Presence:
    """Accepted events of one source, event type, aggregate type and month (of the event time in UTC, `2026-10`)."""

    source: str
    event_type: str
    aggregate_type: str
    month: str
    events: int


def read_presence(connection: "DuckDBPyConnection", home: Home, lake_high_water: int) -> list[Presence]:
    """Count the accepted events up to a batch, without those that a resolved conflict replaced.

    Raises Unusable when the lake's files cannot be read, or a compaction is not as it was when it was proven.
    """
    import duckdb

    intact_compactions(home)
    try:
        sql = PRESENCE.format(columns=", ".join(COLUMNS), events=event_rows(home, *COLUMNS))
        found = connection.execute(sql, {"high_water": lake_high_water}).fetchall()
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        raise Unusable(f"{home.lake}: the events cannot be read: {error}. Run `tieout verify`.") from error
    return [Presence(*row) for row in found]


def expected_partitions(expected: Iterable[Expected], lake: Sequence[Presence]) -> dict[str, int]:
    """Partition → number of events that call for it."""
    partitions: dict[str, int] = {}
    for wanted in expected:
        for item in lake:
            if not wanted.event_types or item.event_type in wanted.event_types:
                name = wanted.partition.format(**vars(item))
                partitions[name] = partitions.get(name, 0) + item.events
    return partitions
