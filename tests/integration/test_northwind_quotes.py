"""The Northwind order book as quotes: every figure that its owner computed for them, from the marts."""

import json
import os
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from support.dbt_warehouses import Warehouse
from support.event_lakes import Lake, read_events

from orchestration.home import PROJECT_ROOT

NORTHWIND = Path(os.environ.get("TIEOUT_NORTHWIND") or PROJECT_ROOT.parent / "shared" / "data" / "northwind")
pytestmark = pytest.mark.skipif(
    not (NORTHWIND / "expected.json").exists(), reason="the Northwind order book is not here"
)


@pytest.fixture(scope="module")
def expected() -> Any:
    return json.loads((NORTHWIND / "expected.json").read_text())


@pytest.fixture(scope="module")
def northwind(tmp_path_factory: pytest.TempPathFactory, open_warehouse: Callable[[Lake], Warehouse]) -> Warehouse:
    lake = Lake(tmp_path_factory.mktemp("northwind") / "lake")
    lake.land(read_events(*(NORTHWIND / f"{name}.ndjson.gz" for name in ("catalog", "crm", "cpq"))))
    warehouse = open_warehouse(lake)
    warehouse.build("--select", "+fact_quote_line_price", "+fact_quote_line_adjustment", "+path:models/marts/reference")
    return warehouse


def test_amounts(northwind: Warehouse, expected: Any) -> None:
    found = northwind.row(
        "select count(*), count(distinct quote_id), sum(net_price_amount), sum(prorated_list_amount),"
        " sum(line_discretionary_amount), sum(contracted_price_amount), sum(discount_amount),"
        " sum(reporting_net_price_amount) from marts.fact_quote_line_price"
    )
    amounts = {name: Decimal(amount) for name, amount in expected["amounts"].items()}
    discretionary = amounts["line_discretionary_adjustment_amount"]
    contracted = amounts["contracted_price_adjustment_amount"]
    assert found == (
        expected["counts"]["lines"],
        expected["counts"]["quotes"],
        amounts["net_amount"],
        amounts["prorated_list_amount"],
        discretionary,
        contracted,
        discretionary + contracted,
        amounts["net_amount"],
    )


def test_net_per_family(northwind: Warehouse, expected: Any) -> None:
    found = northwind.rows("select product_family, sum(net_price_amount) from marts.fact_quote_line_price group by 1")
    wanted = {
        name.removeprefix("net_amount_family:"): Decimal(amount)
        for name, amount in expected["amounts"].items()
        if name.startswith("net_amount_family:")
    }
    assert wanted
    assert dict(found) == wanted


def test_quotes_per_month(northwind: Warehouse, expected: Any) -> None:
    found = northwind.rows(
        "select 'cpq/' || date_part('year', calendar_date) || '-' || lpad(calendar_month::varchar, 2, '0')"
        " || '/quotes_accepted', count(distinct quote_id), sum(net_price_amount)"
        " from marts.fact_quote_line_price join marts.dim_date on date_key = accepted_date_key group by 1"
    )
    wanted = {
        name: (total["count"], Decimal(total["amount"]))
        for name, total in expected["control_totals"].items()
        if name.endswith("quotes_accepted")
    }
    assert wanted
    assert {name: (count, amount) for name, count, amount in found} == wanted


def test_adjustments(northwind: Warehouse, expected: Any) -> None:
    found = northwind.rows(
        "select adjustment_type, count(*), sum(adjustment_amount) from marts.fact_quote_line_adjustment group by 1"
    )
    counts, amounts = expected["counts"], expected["amounts"]
    assert sorted(found) == [
        ("CONTRACTED_PRICE", counts["contracted_lines"], Decimal(amounts["contracted_price_adjustment_amount"])),
        ("LINE_DISCRETIONARY", counts["discounted_lines"], Decimal(amounts["line_discretionary_adjustment_amount"])),
    ]
