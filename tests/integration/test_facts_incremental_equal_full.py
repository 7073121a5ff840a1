"""The facts of quotes, approvals, orders and billing are a function of the accepted events, in any order and split."""

import json
import random
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from support.dbt_warehouses import Warehouse
from support.event_lakes import Event, Lake

import simulator

MARTS = {
    "fact_approval_step",
    "fact_approval_submission",
    "fact_cancellation_request",
    "fact_configuration_attempt",
    "fact_fallout_case",
    "fact_invoice_line",
    "fact_order_item_feasibility",
    "fact_order_lifecycle",
    "fact_order_submission_attempt",
    "fact_policy_override",
    "fact_quote_conversion_attempt",
    "fact_quote_lifecycle",
    "fact_quote_pricing_run",
}
AGGREGATES = {"Quote", "ApprovalRequest", "Order", "FalloutCase", "Invoice", "CreditNote"}
SELECTION = ("--select", *(f"+{mart}" for mart in sorted(MARTS)))


def _events(folder: Path) -> list[Event]:
    simulator.run(40, 11, date(2026, 10, 1), date(2026, 11, 1), folder)
    files = sorted(path for system in ("cpq", "oms", "billing") for path in folder.glob(f"{system}*.ndjson"))
    read = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    return [event for event in read if event["aggregateType"] in AGGREGATES]


@pytest.mark.slow
def test_shuffled_and_split_facts_equal_one_full_build(
    tmp_path: Path, open_warehouse: Callable[[Lake], Warehouse]
) -> None:
    events = _events(tmp_path / "events")
    contested = [
        next(event for event in events if event["eventType"] == kind)
        for kind in ("ApprovalDecided", "FalloutRecovered", "CreditNoteIssued")
    ]
    others = [event for event in events if event not in contested]
    second = (
        {"decision": "DENIED", "decidedBy": "someone.else"},
        {"resolution": "CANCELLED"},
        {
            **contested[2]["payload"],
            "lines": [{**line, "netAmount": "0.0001"} for line in contested[2]["payload"]["lines"]],
        },
    )
    right = [{**event, "payload": payload} for event, payload in zip(contested, second, strict=True)]

    at_once = Lake(tmp_path / "at-once" / "lake")
    seqs = at_once.land([*others, *contested])[-len(contested) :]
    for conflict, event, seq in zip(
        at_once.land([], conflicts=list(zip(right, seqs, strict=True))), right, seqs, strict=True
    ):
        at_once.land([event], replaces=seq)
        at_once.resolve(conflict, "take_second", at_once.batch_seq)
    full = open_warehouse(at_once)
    full.build(*SELECTION, as_of="2026-10-27 00:00:00")
    wanted = full.checksums()
    assert {mart.relation for mart in wanted if mart.row_count} >= MARTS
    assert full.rows("select document_type, count(*) > 0 from marts.fact_invoice_line group by 1 order by 1") == [
        ("CREDIT_NOTE", True),
        ("INVOICE", True),
    ]

    shuffled = random.Random(20261125).sample(others, len(others))
    parts = [shuffled[part::3] for part in range(3)]
    split = Lake(tmp_path / "split" / "lake")
    stepwise = open_warehouse(split)
    seqs = split.land([*parts[0], *contested])[-len(contested) :]
    stepwise.build(*SELECTION, as_of="2026-10-09 00:00:00")
    conflicts = split.land(parts[1], conflicts=list(zip(right, seqs, strict=True)))[-len(contested) :]
    stepwise.build(*SELECTION, as_of="2026-10-20 00:00:00", built_as_of="2026-10-09 00:00:00")
    for mart in (
        *("fact_approval_step", "fact_approval_submission", "fact_quote_lifecycle"),
        *("fact_fallout_case", "fact_order_lifecycle", "fact_invoice_line"),
    ):
        assert stepwise.row(f"select count(*) > 0 from marts.{mart} where has_open_conflict") == (True,), mart
    split.land(parts[2])
    for conflict, event, seq in zip(conflicts, right, seqs, strict=True):
        split.land([event], replaces=seq)
        split.resolve(conflict, "take_second", split.batch_seq)
    stepwise.build(*SELECTION, as_of="2026-10-27 00:00:00", built_as_of="2026-10-20 00:00:00")
    assert stepwise.checksums() == wanted

    stepwise.build(*SELECTION, as_of="2026-10-30 00:00:00", built_as_of="2026-10-27 00:00:00")
    assert stepwise.checksums() != wanted, "what is open is older at a later as-of time"
    stepwise.build(*SELECTION, as_of="2026-10-27 00:00:00", built_as_of="2026-10-30 00:00:00")
    assert stepwise.checksums() == wanted
