"""A home whose inbox is followed: what is put there, what readers have after a step, what a build would give."""

import json
import time
from itertools import count
from typing import Any

import duckdb

from orchestration.home import Home
from orchestration.operations.follower import Follower
from orchestration.operations.home import OperationsHome
from orchestration.operations.steps import Step
from orchestration.publishing import store
from orchestration.publishing.query import query
from orchestration.warehouse.build import build
from orchestration.warehouse.checksums import RelationChecksum, excluded_columns, schema_checksums
from support.order_stories import item, order_event, submitted
from support.quote_stories import Event

MODELS = {
    "approval_inbox",
    "customer_timeline",
    "expiring_quotes",
    "fulfillment_fallout",
    "order_sla_risk",
    "order_tracking",
    "order_tracking_item",
    "order_tracking_task",
    "projection_freshness",
    "quote_worklist",
    "search_order_active",
    "search_order_document",
    "search_quote_active",
    "search_quote_document",
    "stale_approvals",
}

NUMBERS = count()


def put(home: Home, name: str, lines: list[bytes]) -> None:
    part = home.inbox / f".{name}.ndjson.part"
    part.write_bytes(b"\n".join(lines) + b"\n")
    part.rename(home.inbox / f"{name}.ndjson")


def released(home: Home, excluded: dict[str, set[str]], release_id: str | None = None) -> dict[str, RelationChecksum]:
    found = store.find(OperationsHome.of(home), release_id)
    with duckdb.connect(str(found.database.resolve()), read_only=True) as connection:
        rows_of = schema_checksums(connection, schema="operations", excluded=excluded)
    return {item.relation: item for item in rows_of}


def followed_rows(follower: Follower) -> dict[str, RelationChecksum]:
    """The read models in the follower's own warehouse."""
    found = schema_checksums(follower.prepared.connection, schema="operations", excluded={})
    return {item.relation: item for item in found}


def excluding_deferred(found: dict[str, RelationChecksum]) -> dict[str, RelationChecksum]:
    return {name: item for name, item in found.items() if "search_" not in name and "timeline" not in name}


def built(home: Home) -> tuple[dict[str, RelationChecksum], dict[str, set[str]]]:
    """What a build of the whole project makes of the same lake."""
    result = build(home)
    assert result.complete, [node.message for node in result.failed]
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        excluded = {name: set(columns) for name, columns in excluded_columns(connection).items()}
        found = schema_checksums(connection, schema="operations", excluded=excluded)
    return {item.relation: item for item in found}, excluded


def next_step(follower: Follower) -> Step:
    """What the follower does when something is new, once that is so."""
    deadline = time.monotonic() + 60
    while not follower.begin()[0]:
        assert time.monotonic() < deadline, "nothing is new"
        time.sleep(0.05)
    return follower.ended()[-1]


def order(order_id: str, **fields: Any) -> list[Event]:
    """An order that is submitted, acknowledged, started and then waits."""
    items = fields.pop("items", [item("i1", "5")])
    states = {2: "ACKNOWLEDGED", 3: "IN_PROGRESS", 4: "PENDING"}
    return [
        submitted(order_id, 1, "29T08:00", *items, **fields),
        *(
            order_event("OrderStateChanged", order_id, version, f"29T{8 + version:02}:00", state=state)
            for version, state in states.items()
        ),
    ]


def put_and_step(follower: Follower, told: list[Event]) -> Step:
    put(follower.home, f"told-{next(NUMBERS)}", [json.dumps(one).encode() for one in told])
    step, left = follower.step()
    assert step is not None
    assert not left
    assert step.failed_checks == {}
    return step


def arrive(follower: Follower, *told: Event) -> list[Any]:
    """What order_tracking says of an order after these events of it: state, version, whether one is missing."""
    put_and_step(follower, list(told))
    return shown(follower, str(told[0]["aggregateId"]), "status, source_version, has_gap")


def shown(follower: Follower, order_id: str, columns: str) -> list[Any]:
    sql = f"select {columns} from order_tracking where order_id = '{order_id}'"
    (row,) = query(OperationsHome.of(follower.home), sql).rows
    return list(row)


def everything(follower: Follower) -> dict[str, tuple[int, int]]:
    """Checksums of whole rows, but for how late the last batch was."""
    late = {"current_through_age_seconds", "lag_p50_seconds", "lag_p95_seconds", "is_sla_breached", "projected_at"}
    found = released(follower.home, {"projection_freshness": late})
    return {name: (item.row_count, item.checksum) for name, item in found.items()}
