"""What orders show of tasks and products: increments without an event of the order show what a full build shows."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from support.dbt_warehouses import Warehouse
from support.event_lakes import Event, Lake
from support.order_stories import fell_out, item, order_event, submitted, task_event
from support.quote_stories import account, event, offering

READ_MODELS = ("order_tracking", "order_tracking_item", "order_tracking_task", "order_sla_risk", "fulfillment_fallout")
SELECTION = ("--select", *(f"+{model}" for model in READ_MODELS))
# When an order that ended on the 5th is still tracked, and when it is no more.
EARLY, LATER, LATE = "2026-10-20 00:00:00", "2026-10-21 00:00:00", "2026-11-10 00:00:00"
Tasks = dict[str, tuple[Any, ...]]


def task(task_id: str, order: str, *needs: str, version: int = 1, event_id: str = "") -> Event:
    payload = {"orderId": order, "orderItemId": "i1", "taskType": "SHIP", "downstreamSystem": "WMS"}
    told = event(
        "TaskCreated",
        f"FulfillmentTask:{task_id}",
        version,
        f"0{5 + version}T10:00",
        {**payload, "ownerTeam": f"of {task_id}", "dependsOn": list(needs)},
        source="oms",
    )
    return {**told, "eventId": event_id or told["eventId"]}


def begun() -> list[Event]:
    orders = ("needed", "needing", "left", "entered", "mistaken", "right", "waits", "expecting", "bearing")
    return [
        account("a1"),
        offering("p1", "Software"),
        *(submitted(order, 1, "05T08:00", item("i1", "5")) for order in orders),
        submitted("product", 1, "05T08:00", item("i1", "5", "p-late")),
        submitted("cycle", 1, "05T08:00", {**item("i1", "5"), "dependsOn": ["i2"]}, item("i2", "6")),
        submitted("late", 1, "05T08:00", item("i1", "5"), promisedCompletionAt="2026-10-08T00:00:00Z"),
        fell_out("c1", 1, "06T10:00", "t-first", "R1"),
        submitted("ended", 1, "05T08:00", item("i1", "5")),
        order_event("OrderStateChanged", "ended", 2, "05T09:00", state="COMPLETED"),
        task("t-first", "needed"),
        task("t-second", "needed", "t-first"),
        task("t-needing", "needing", "t-first"),
        task("t-moves", "left"),
        task("t-stays", "left", "t-never"),
        task("t-early", "later"),
        task("t-of-ended", "ended"),
        task_event("TaskFailed", "t-of-ended", 2, "06T10:00", errorCode="E"),
        task("t-waits", "waits", "t-of-ended"),
        task("t-yet", "waits"),
        task("t-expects", "expecting", "t-unborn"),
    ]


def test_what_an_order_shows_changes_with_its_tasks_items_and_products(
    tmp_path: Path, open_warehouse: Callable[[Lake], Warehouse]
) -> None:
    """Every order of the story changes for one reason of its own."""
    lake = Lake(tmp_path / "lake")
    warehouse = open_warehouse(lake)

    def built(as_of: str, *options: str, **inputs: Any) -> None:
        warehouse.build(*SELECTION, *options, as_of=as_of, projected_at=LATE, **inputs)

    def everything() -> dict[str, list[tuple[Any, ...]]]:
        return {model: warehouse.rows(f"from operations.{model} order by all") for model in READ_MODELS}

    def tasks() -> Tasks:
        told = warehouse.rows(
            "select task_id, order_id, status, waiting_for_task_ids from operations.order_tracking_task"
        )
        return {row[0]: row[1:] for row in told}

    def lists() -> dict[str, list[str]]:
        sql = "select order_id, list_transform(tasks, lambda task: task.task_id) from operations.order_tracking"
        return {order: listed or [] for order, listed in warehouse.rows(sql)}

    def blocking() -> dict[str, tuple[Any, ...]]:
        sql = "select order_id, blocking_task_id, owner from operations.order_tracking_item where order_item_id = 'i1'"
        return {row[0]: row[1:] for row in warehouse.rows(sql)}

    mistaken = task("t-contested", "mistaken", event_id="contested")
    right = task("t-contested", "right", event_id="contested")
    first = lake.land([*begun(), mistaken])[-1]
    built(EARLY)
    assert tasks()["t-second"] == ("needed", "WAITING", "t-first")
    assert tasks()["t-needing"] == ("needing", "WAITING", "t-first")
    assert tasks()["t-waits"] == ("waits", "WAITING", "t-of-ended")
    assert tasks()["t-expects"] == ("expecting", "WAITING", None)
    assert "t-early" not in tasks()
    assert blocking()["waits"] == ("t-yet", "of t-yet")
    assert blocking()["needed"] == ("t-first", "of t-first")
    assert blocking()["needing"] == ("t-needing", "of t-needing")
    assert lists()["left"] == ["t-moves", "t-stays"]
    assert lists()["entered"] == lists()["right"] == []
    assert lists()["mistaken"] == ["t-contested"]
    name = (
        "select items[1].product_name, is_pending_enrichment from operations.order_tracking where order_id = 'product'"
    )
    assert warehouse.rows(name) == [(None, True)]
    assert warehouse.rows("select order_id from operations.order_tracking where item_count = 0") == []

    (conflict,) = lake.land([], conflicts=[(right, first)])
    lake.land([right], replaces=first)
    lake.resolve(conflict, "take_second", lake.batch_seq)
    lake.land(
        [
            task_event("TaskCompleted", "t-first", 2, "15T10:00"),
            task("t-moves", "entered", version=2),
            task("t-unborn", "bearing"),
            offering("p-late", "Hardware"),
            submitted("later", 1, "15T08:00", item("i1", "5")),
            order_event("OrderItemStateChanged", "cycle", 2, "15T09:00", orderItemId="i2", state="COMPLETED"),
        ]
    )
    built(LATER)
    assert tasks()["t-second"] == ("needed", "WAITING", None)
    assert tasks()["t-needing"] == ("needing", "WAITING", None)
    assert tasks()["t-waits"] == ("waits", "WAITING", "t-of-ended")
    assert tasks()["t-expects"] == ("expecting", "WAITING", "t-unborn")
    assert tasks()["t-early"] == ("later", "WAITING", None)
    assert blocking()["needed"] == ("t-second", "of t-second")
    assert blocking()["left"] == ("t-stays", "of t-stays")
    assert blocking()["entered"] == ("t-moves", "of t-moves")
    assert blocking()["mistaken"] == (None, "order-management")
    assert lists()["left"] == ["t-stays"]
    assert lists()["entered"] == ["t-moves"]
    assert lists()["mistaken"] == []
    assert lists()["right"] == ["t-contested"]
    assert lists()["later"] == ["t-early"]
    assert warehouse.rows(name) == [("p-late", False)]
    items = "select order_item_id, status from operations.order_tracking_item where order_id = 'cycle' order by 1"
    assert warehouse.rows(items) == [("i1", "NOT_STARTED"), ("i2", "COMPLETED")]
    grown = everything()
    built(LATER, "--full-refresh", built_through=0)
    assert everything() == grown

    # Nothing comes but time: the order that ended is tracked no more, so nobody waits for its task.
    built(LATE)
    assert "ended" not in lists()
    assert tasks()["t-waits"] == ("waits", "WAITING", None)
    assert blocking()["waits"] == ("t-waits", "of t-waits")
    grown = everything()
    built(LATE, "--full-refresh", built_through=0)
    assert everything() == grown
    assert all(grown[model] for model in READ_MODELS)
