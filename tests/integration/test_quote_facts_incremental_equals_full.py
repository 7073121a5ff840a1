"""The facts of quotes and approvals are a function of the accepted events, however these are ordered and split."""

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
    "fact_configuration_attempt",
    "fact_policy_override",
    "fact_quote_conversion_attempt",
    "fact_quote_lifecycle",
    "fact_quote_pricing_run",
}
SELECTION = ("--select", *(f"+{mart}" for mart in sorted(MARTS)))


def _events(folder: Path) -> list[Event]:
    simulator.run(40, 11, date(2026, 10, 1), date(2026, 11, 1), folder)
    read = [json.loads(line) for file in sorted(folder.glob("cpq*.ndjson")) for line in file.read_text().splitlines()]
    return [event for event in read if event["aggregateType"] in ("Quote", "ApprovalRequest")]


@pytest.mark.slow
def test_shuffled_and_split_quote_facts_equal_one_full_build(
    tmp_path: Path, open_warehouse: Callable[[Lake], Warehouse]
) -> None:
    events = _events(tmp_path / "events")
    contested = next(event for event in events if event["eventType"] == "ApprovalDecided")
    others = [event for event in events if event is not contested]
    denied = {**contested, "payload": {"decision": "DENIED", "decidedBy": "someone.else"}}

    at_once = Lake(tmp_path / "at-once" / "lake")
    seqs = at_once.land([*others, contested])
    conflict = at_once.land([], conflicts=[(denied, seqs[-1])])[0]
    at_once.land([denied], replaces=seqs[-1])
    at_once.resolve(conflict, "take_second", at_once.batch_seq)
    full = open_warehouse(at_once)
    full.build(*SELECTION, as_of="2026-10-27 00:00:00")
    wanted = full.checksums()
    assert {mart.relation for mart in wanted if mart.row_count} >= MARTS

    shuffled = random.Random(20261125).sample(others, len(others))
    parts = [shuffled[part::3] for part in range(3)]
    split = Lake(tmp_path / "split" / "lake")
    stepwise = open_warehouse(split)
    seqs = split.land([*parts[0], contested])
    stepwise.build(*SELECTION, as_of="2026-10-09 00:00:00")
    conflict = split.land(parts[1], conflicts=[(denied, seqs[-1])])[-1]
    stepwise.build(*SELECTION, as_of="2026-10-20 00:00:00", built_as_of="2026-10-09 00:00:00")
    for mart in ("fact_approval_step", "fact_approval_submission", "fact_quote_lifecycle"):
        assert stepwise.row(f"select count(*) > 0 from marts.{mart} where has_open_conflict") == (True,), mart
    split.land(parts[2])
    split.land([denied], replaces=seqs[-1])
    split.resolve(conflict, "take_second", split.batch_seq)
    stepwise.build(*SELECTION, as_of="2026-10-27 00:00:00", built_as_of="2026-10-20 00:00:00")
    assert stepwise.checksums() == wanted

    stepwise.build(*SELECTION, as_of="2026-10-30 00:00:00", built_as_of="2026-10-27 00:00:00")
    assert stepwise.checksums() != wanted, "open quotes are older at a later as-of time"
    stepwise.build(*SELECTION, as_of="2026-10-27 00:00:00", built_as_of="2026-10-30 00:00:00")
    assert stepwise.checksums() == wanted
