"""The order, task and invoice marts are a function of the accepted events, however these are ordered and split."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from support.dbt_warehouses import Warehouse
from support.event_lakes import Lake
from support.order_stories import billed, case_event, fell_out, item, order_event, orders, submitted, task_event
from support.quote_stories import Event, offering

from orchestration.home import Home
from orchestration.sources.exchange_rates import land_exchange_rates

MARTS = {"fact_order_line", "fact_order_fulfillment_task", "fact_invoice_line"}
SELECTION = ("--select", *(f"+{mart}" for mart in sorted(MARTS)))


def _late() -> list[Event]:
    """What changes rows without an event of their own (a family, a promise, a region, a case), and what heals gaps."""
    return [
        offering("p1", "Platforms", 2),
        offering("p2", "Hardware"),
        submitted(
            "o9", 1, "04T08:00", item("i1", "5", "p2"), region="APAC", promisedCompletionAt="2026-10-30T00:00:00Z"
        ),
        order_event("OrderStateChanged", "o3", 1, "04T08:00", state="ACKNOWLEDGED"),
        fell_out("c4", 1, "09T10:00", "t-lost-order", "R5"),
        case_event("FalloutAssigned", "c2", 2, "06T09:00", ownerTeam="Depot"),
        task_event("TaskStarted", "t-gap", 3, "06T08:00"),
    ]


@pytest.mark.slow
def test_shuffled_and_split_orders_equal_one_full_build(
    tmp_path: Path, open_warehouse: Callable[[Lake], Warehouse]
) -> None:
    events = [*orders(), *_late()]
    task_first = task_event("TaskCompleted", "t-conflict", 1, "06T10:00", eventId="t-conflict-1")
    task_second = task_event("TaskCompleted", "t-elsewhere", 1, "06T11:00", eventId="t-conflict-1")
    bill_first, bill_second = billed("Invoice:n3", 1, "05T10:00", "1"), billed("Invoice:n3", 1, "05T10:00", "2", "3")

    at_once = Lake(tmp_path / "at-once" / "lake")
    land_exchange_rates(Home(tmp_path / "at-once"))
    seqs = at_once.land([*events, task_first, bill_first])
    conflicts = at_once.land([], conflicts=[(task_second, seqs[-2]), (bill_second, seqs[-1])])
    for conflict, second, replaced in ((conflicts[0], task_second, seqs[-2]), (conflicts[1], bill_second, seqs[-1])):
        at_once.land([second], replaces=replaced)
        at_once.resolve(conflict, "take_second", at_once.batch_seq)
    full = open_warehouse(at_once)
    full.build(*SELECTION, as_of="2026-10-27 00:00:00")
    wanted = full.checksums()
    assert {mart.relation for mart in wanted if mart.row_count} >= MARTS

    shuffled = random.Random(20261101).sample(events, len(events))
    parts = [shuffled[part::3] for part in range(3)]
    split = Lake(tmp_path / "split" / "lake")
    stepwise = open_warehouse(split)
    seqs = split.land([*parts[0], task_first, bill_first])
    stepwise.build(*SELECTION, as_of="2026-10-09 00:00:00")
    conflicts = split.land(parts[1], conflicts=[(task_second, seqs[-2]), (bill_second, seqs[-1])])[-2:]
    land_exchange_rates(Home(tmp_path / "split"))
    stepwise.build(*SELECTION, as_of="2026-10-26 00:00:00", built_as_of="2026-10-09 00:00:00")
    assert stepwise.row("select count(*) from marts.fact_order_fulfillment_task where has_open_conflict") == (1,), (
        "the conflict shows on the task that the first content belongs to"
    )
    split.land(parts[2])
    for conflict, second, replaced in ((conflicts[0], task_second, seqs[-2]), (conflicts[1], bill_second, seqs[-1])):
        split.land([second], replaces=replaced)
        split.resolve(conflict, "take_second", split.batch_seq)
    stepwise.build(*SELECTION, as_of="2026-10-27 00:00:00", built_as_of="2026-10-26 00:00:00")
    assert stepwise.checksums() == wanted

    stepwise.build(*SELECTION, as_of="2026-10-30 00:00:00", built_as_of="2026-10-27 00:00:00")
    assert stepwise.checksums() != wanted, "a due time passed: the same events at a later as-of time are other rows"
    stepwise.build(*SELECTION, as_of="2026-10-27 00:00:00", built_as_of="2026-10-30 00:00:00")
    assert stepwise.checksums() == wanted
