"""The marts are a function of the accepted events: any order, any split into batches, incremental or full."""

import os
import random
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from support.dbt_warehouses import Warehouse
from support.event_lakes import Event, Lake, read_events
from support.quote_stories import account, offering, priced, quotes

from orchestration.home import PROJECT_ROOT, Home
from orchestration.sources.exchange_rates import land_exchange_rates

NORTHWIND = Path(os.environ.get("TIEOUT_NORTHWIND") or PROJECT_ROOT.parent / "shared" / "data" / "northwind")
QUOTE_MARTS = {
    "dim_account",
    "dim_exchange_rate",
    "dim_product_offering",
    "fact_quote_line_adjustment",
    "fact_quote_line_price",
}


def _events() -> list[Event]:
    files = sorted(NORTHWIND.glob("*.ndjson.gz"))
    return [*read_events(*files), *quotes(), offering("p1", "Platforms", 2), account("a1", 2, region="APAC")]


def _quote(net: str) -> Event:
    adjustment = {"sequence": 1, "type": "BUNDLE", "amount": "-1"}
    line = {
        "lineId": "l1",
        "productOfferingId": "p2",
        "chargeType": "ONE_TIME",
        "quantity": "1",
        "listUnitPrice": "9",
        "proratedListAmount": str(int(net) + 1),
        "adjustments": [adjustment],
        "netAmount": net,
    }
    return priced("q-conflict", 1, "08T09:00", line)


@pytest.mark.slow
def test_shuffled_and_split_builds_equal_one_full_build(
    tmp_path: Path, open_warehouse: Callable[[Lake], Warehouse]
) -> None:
    events = _events()
    at_once = Lake(tmp_path / "at-once" / "lake")
    first, second = _quote("10"), _quote("20")
    land_exchange_rates(Home(tmp_path / "at-once"))
    seqs = at_once.land([*events, first])
    conflict = at_once.land([], conflicts=[(second, seqs[-1])])[0]
    at_once.land([second], replaces=seqs[-1])
    at_once.resolve(conflict, "take_second", at_once.batch_seq)
    full = open_warehouse(at_once)
    full.build()

    shuffled = random.Random(20261101).sample(events, len(events))
    size = -(-len(shuffled) // 5)
    parts = [shuffled[start : start + size] for start in range(0, len(shuffled), size)]
    split = Lake(tmp_path / "split" / "lake")
    stepwise = open_warehouse(split)
    seqs = split.land([*parts[0], first])
    stepwise.build(as_of="2026-11-28 00:00:00")
    conflict = split.land(parts[1], conflicts=[(second, seqs[-1])])[-1]
    stepwise.build(as_of="2026-11-29 00:00:00", built_as_of="2026-11-28 00:00:00")
    land_exchange_rates(Home(tmp_path / "split"))
    split.land(parts[2])
    split.land(parts[3])
    stepwise.build(as_of="2026-11-30 00:00:00", built_as_of="2026-11-29 00:00:00")
    split.land([second], replaces=seqs[-1])
    split.resolve(conflict, "take_second", split.batch_seq)
    split.land(parts[4])
    stepwise.build(built_as_of="2026-11-30 00:00:00")

    wanted = full.checksums()
    assert {mart.relation for mart in wanted if mart.row_count} >= QUOTE_MARTS
    assert stepwise.checksums() == wanted

    with duckdb.connect(str(stepwise.home.warehouse)) as connection:
        connection.execute("update marts.fact_quote_line_price set cost_amount = 0.0001 where quote_id = 'foreign'")
    assert stepwise.checksums() != wanted, "a changed value must show"

    stepwise.build("--full-refresh")
    assert stepwise.checksums() == wanted
