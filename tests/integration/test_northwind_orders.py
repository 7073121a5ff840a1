"""The Northwind order book as orders, tasks and invoices: every figure of its owner for them, from the marts."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from support.dbt_warehouses import Warehouse
from support.event_lakes import Lake, read_events
from support.northwind import ABSENT, NORTHWIND

pytestmark = pytest.mark.skipif(ABSENT, reason="the Northwind order book is not here")
MARTS = (
    "fact_order_line",
    "fact_order_lifecycle",
    "fact_order_fulfillment_task",
    "fact_invoice_line",
    "fact_quote_line_price",
    "fact_commercial_leg",
    "fact_commercial_chain",
)


@pytest.fixture(scope="module")
def expected() -> Any:
    return json.loads((NORTHWIND / "expected.json").read_text())


@pytest.fixture(scope="module")
def northwind(tmp_path_factory: pytest.TempPathFactory, open_warehouse: Callable[[Lake], Warehouse]) -> Warehouse:
    lake = Lake(tmp_path_factory.mktemp("northwind") / "lake")
    lake.land(read_events(*sorted(NORTHWIND.glob("*.ndjson.gz"))))
    warehouse = open_warehouse(lake)
    warehouse.build("--select", *(f"+{mart}" for mart in MARTS), "+stg_control__total", as_of="1998-06-01 06:00:00")
    assert warehouse.failing_tests(*MARTS) == []
    return warehouse


def test_order_lines(northwind: Warehouse, expected: Any) -> None:
    found = northwind.row(
        "select count(*), count(distinct order_id), sum(net_amount), sum(reporting_net_amount),"
        " sum(net_amount) filter (where order_state = 'SUBMITTED'),"
        " count(distinct order_id) filter (where order_state = 'SUBMITTED') from marts.fact_order_line"
    )
    counts, amounts = expected["counts"], expected["amounts"]
    net = Decimal(amounts["net_amount"])
    unbilled = Decimal(amounts["unbilled_net_amount"])
    assert found == (counts["lines"], counts["quotes"], net, net, unbilled, counts["unshipped_orders"])


def test_net_per_family(northwind: Warehouse, expected: Any) -> None:
    wanted = {
        name.removeprefix("net_amount_family:"): Decimal(amount)
        for name, amount in expected["amounts"].items()
        if name.startswith("net_amount_family:")
    }
    assert wanted
    assert (
        dict(northwind.rows("select product_family, sum(net_amount) from marts.fact_order_line group by 1")) == wanted
    )


def test_tasks(northwind: Warehouse, expected: Any) -> None:
    """Northwind counts a shipment as late by the day; its events are due at midnight and ship in the afternoon."""
    counts = expected["counts"]
    task = "marts.fact_order_fulfillment_task"
    assert dict(northwind.rows(f"select outcome, count(*) from {task} group by 1")) == {
        "completed": counts["completed_tasks"],
        "open": counts["unshipped_orders"],
    }
    late_by_day, late_by_time, on_the_day = northwind.row(
        "select count(*) filter (where completed_at::date > sla_due_at::date), count(*) filter (where is_sla_breached),"
        f" count(*) filter (where completed_at::date = sla_due_at::date) from {task} where outcome = 'completed'"
    )
    assert late_by_day == counts["shipped_late"]
    assert late_by_time == late_by_day + on_the_day
    assert northwind.row(
        f"select count(*) from {task} where outcome = 'open'"
        " and is_sla_breached <> (sla_due_at < '1998-06-01 06:00:00')"
    ) == (0,)


def test_order_lifecycles(northwind: Warehouse, expected: Any) -> None:
    """An order is late by the day as its one shipment is; what has not shipped is open."""
    counts = expected["counts"]
    assert northwind.row(
        "select count(*) filter (where is_fulfilled and lead_seconds > 0), count(*) filter (where is_open),"
        " count(*) filter (where completed_at::date > promised_completion_at::date),"
        " count(*) filter (where not is_on_time and completed_at::date > promised_completion_at::date)"
        " from marts.fact_order_lifecycle"
    ) == (counts["completed_tasks"], counts["unshipped_orders"], counts["shipped_late"], counts["shipped_late"])


def test_invoice_lines(northwind: Warehouse, expected: Any) -> None:
    found = northwind.row("select count(distinct invoice_id), sum(net_amount) from marts.fact_invoice_line")
    assert found == (expected["counts"]["invoices"], Decimal(expected["amounts"]["invoiced_net_amount"]))


def test_the_chain_from_accepted_lines_to_invoices(northwind: Warehouse, expected: Any) -> None:
    """What has not shipped is a matter of time, until seven days after the promise. All else is billed as accepted."""
    counts, amounts = expected["counts"], {name: Decimal(amount) for name, amount in expected["amounts"].items()}
    chain = "marts.fact_commercial_chain"
    assert northwind.rows(
        "select order_billing_class, count(distinct order_id), sum(accepted_net_amount), sum(billed_net_amount),"
        f" sum(order_billing_over_net_amount), sum(order_billing_under_net_amount) from {chain} group by 1 order by 1"
    ) == [
        ("matched", counts["invoices"], amounts["invoiced_net_amount"], amounts["invoiced_net_amount"], 0, 0),
        ("timing", counts["unshipped_orders"], unbilled := amounts["unbilled_net_amount"], 0, 0, unbilled),
    ]
    assert northwind.row(
        "select count(*), sum(accepted_net_amount), sum(ordered_net_amount), sum(component_count), sum(break_count),"
        f" count(*) filter (where quote_order_class = 'matched'), count(order_asset_class) from {chain}"
    ) == (
        counts["lines"],
        amounts["net_amount"],
        amounts["net_amount"],
        northwind.row("select count(*) from marts.fact_invoice_line")[0],
        0,
        counts["lines"],
        0,
    )
    assert northwind.row(
        "select count(*) filter (where chain.order_billing_clears_by_date is distinct from"
        "   promised_completion_at::date + 7 or chain.is_overdue <> (promised_completion_at::date + 7 < '1998-06-01')),"
        f" count(*) > 0 from {chain} as chain inner join marts.fact_order_line using (order_id, order_item_id)"
        " where chain.order_billing_class = 'timing'"
    ) == (0, True)


def test_every_month_is_what_its_source_says(northwind: Warehouse, expected: Any) -> None:
    found = northwind.rows(
        """
        select 'oms/' || strftime(submitted_at, '%Y-%m') || '/orders_submitted',
            count(distinct order_id), sum(net_amount)
        from marts.fact_order_line group by 1
        union all
        select 'oms/' || strftime(completed_at, '%Y-%m') || '/fulfillment_tasks_completed',
            count(*), 0
        from marts.fact_order_fulfillment_task where outcome = 'completed' group by 1
        union all
        select 'billing/' || period || '/invoices_issued', count(distinct invoice_id), sum(net_amount)
        from marts.fact_invoice_line group by 1
        """
    )
    published = northwind.rows(
        "select system || '/' || strftime(period_start, '%Y-%m') || '/' || measure,"
        " total_count, coalesce(total_amount, 0)"
        " from staging.stg_control__total where system <> 'cpq'"
    )
    wanted = {
        name: (total["count"], Decimal(total["amount"]))
        for name, total in expected["control_totals"].items()
        if not name.startswith("cpq/")
    }
    assert wanted
    assert {name: (count, amount) for name, count, amount in found} == wanted
    assert {name: (count, amount) for name, count, amount in published} == wanted
