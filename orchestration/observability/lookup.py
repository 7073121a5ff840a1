"""The latest events of one thing, straight from the lake: what a read model or an index may not show yet."""

import json
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from orchestration.errors import Refused
from orchestration.home import Home

if TYPE_CHECKING:
    import duckdb

# The numbers that people use, and the events that say them.
NUMBERS = {
    "QuoteCreated": "quoteNumber",
    "OrderSubmitted": "orderNumber",
    "InvoiceIssued": "invoiceNumber",
    "CreditNoteIssued": "creditNoteNumber",
}
STANDING = """
create or replace temp view envelope as
select
    source_system, event_id, event_type, event_time, aggregate_type, aggregate_id, aggregate_version, arrival_seq,
    batch_seq, recorded_time, payload
from read_parquet('{files}', hive_partitioning = true, hive_types = {{'batch_seq': bigint}}, union_by_name = true)
where arrival_seq not in (
    select replaces_arrival_seq
    from read_parquet('{files}', hive_partitioning = true, hive_types = {{'batch_seq': bigint}}, union_by_name = true)
    where replaces_arrival_seq is not null
)
"""
FOUND = """
select distinct aggregate_type, aggregate_id
from envelope
where aggregate_id = $id or event_id = $id or ({numbers})
order by all
"""
EVENTS = """
select
    source_system, event_id, event_type, cast(event_time as varchar), aggregate_version, arrival_seq, batch_seq, payload
from envelope
where aggregate_type = ? and aggregate_id = ?
qualify row_number() over (
    partition by aggregate_version order by coalesce(recorded_time, event_time), event_id, source_system, arrival_seq
) = 1
order by aggregate_version desc
"""


@dataclass(frozen=True)
class Told:
    """One applied event of an aggregate, with its identity and its payload as it was sent."""

    source_system: str
    event_id: str
    event_type: str
    event_time: str
    aggregate_version: int
    arrival_seq: int
    batch_seq: int
    payload: dict[str, Any]


@dataclass(frozen=True)
class Found:
    """An aggregate: its applied events, the latest first, and the versions below the latest that never arrived."""

    aggregate_type: str
    aggregate_id: str
    events: tuple[Told, ...]
    missing_versions: tuple[int, ...]

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"latest_version": self.events[0].aggregate_version}


def lookup(home: Home, identifier: str) -> tuple[Found, ...]:
    """Every aggregate that an id, an event id or the number of a quote, an order, an invoice or a credit note names.

    Reads the lake and nothing that is made from it, so what has landed is there. Raises Refused where nothing is found.
    """
    import duckdb

    files = f"{home.lake}/batches/batch_seq=*/events/stream=*/event_type=*/*.parquet"
    if not any((home.lake / "batches").glob("batch_seq=*/events/stream=*/event_type=*/*.parquet")):
        raise Refused("Nothing has landed yet. Land a file first: tieout land PATH, or tieout refresh for the inbox.")
    numbers = " or ".join(
        f"(event_type = '{event_type}' and json_extract_string(payload, '$.{field}') = $id)"
        for event_type, field in NUMBERS.items()
    )
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(STANDING.format(files=files.replace("'", "''")))
        found = connection.execute(FOUND.format(numbers=numbers), {"id": identifier}).fetchall()
        aggregates = tuple(_aggregate(connection, *named) for named in found)
    if not aggregates:
        raise Refused(
            f"No event that has landed names {identifier}: not as an aggregate, an event, or the number of a quote, an "
            "order, an invoice or a credit note. `tieout quarantine list` shows what is held back."
        )
    return aggregates


def _aggregate(connection: "duckdb.DuckDBPyConnection", aggregate_type: str, aggregate_id: str) -> Found:
    rows = connection.execute(EVENTS, [aggregate_type, aggregate_id]).fetchall()
    names = [field.name for field in fields(Told)]
    told = (dict(zip(names, row, strict=True)) for row in rows)
    events = tuple(Told(**{**one, "payload": json.loads(str(one["payload"]))}) for one in told)
    versions = {event.aggregate_version for event in events}
    missing = tuple(number for number in range(1, max(versions)) if number not in versions)
    return Found(aggregate_type, aggregate_id, events, missing)
