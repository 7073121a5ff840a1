"""The dbt tests of the order, task and invoice line marts go red on data that is wrong."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from support.dbt_warehouses import Warehouse
from support.event_lakes import Lake
from support.order_stories import orders

MARTS = ("fact_order_line", "fact_order_fulfillment_task", "fact_invoice_line")
ORDER, TASK, INVOICE = (f"marts.{mart}" for mart in MARTS)
TASKS_CHECK = "row_condition_fact_order_fulfillment_task"
BREAKS = {
    "keys": {
        "unique_combination_fact_order_line": f"insert into {ORDER} from {ORDER} limit 1",
        "unique_combination_fact_order_fulfillment_task": f"insert into {TASK} from {TASK} limit 1",
        "unique_combination_fact_invoice_line": f"insert into {INVOICE} from {INVOICE} limit 1",
    },
    "sums": {
        "sum_equality_fact_order_line": f"update {ORDER} set net_amount = net_amount + 0.0001 where order_id = 'o1'",
        "sum_equality_fact_order_fulfillment_task": f"delete from {TASK} where task_id = 't-gap'",
        "sum_equality_fact_invoice_line_net": f"update {INVOICE} set net_amount = 0 where invoice_id = 'n2'",
        "sum_equality_fact_invoice_line_tax": f"update {INVOICE} set tax_amount = 0 where invoice_id = 'n1'",
    },
    "values": {
        f"{TASKS_CHECK}__outcome_completed": f"update {TASK} set completed_at = null",
        f"{TASKS_CHECK}__outcome_in": f"update {TASK} set ended_at = null where outcome = 'completed'",
        f"{TASKS_CHECK}__sla": f"update {TASK} set is_sla_breached = null",
        f"{TASKS_CHECK}_coalesce": f"update {TASK} set queue_seconds = -1",
    },
    "vocabulary": {"accepted_values_fact_order_fulfillment_task_outcome": f"update {TASK} set outcome = 'done'"},
}


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory, open_warehouse: Callable[[Lake], Warehouse]) -> Warehouse:
    lake = Lake(tmp_path_factory.mktemp("checked") / "lake")
    lake.land(orders())
    built = open_warehouse(lake)
    built.build("--select", *(f"+{mart}" for mart in MARTS))
    return built


def test_no_check_is_red_by_itself(warehouse: Warehouse) -> None:
    assert warehouse.failing_tests(*MARTS) == []


@pytest.mark.parametrize("breaks", BREAKS.values(), ids=BREAKS.keys())
def test_each_check_goes_red_when_its_data_is_broken(warehouse: Warehouse, breaks: dict[str, str]) -> None:
    whole = warehouse.home.warehouse.read_bytes()
    with duckdb.connect(str(warehouse.home.warehouse)) as connection:
        for damage in breaks.values():
            connection.execute(damage)
    failing = warehouse.failing_tests(*MARTS)
    Path(warehouse.home.warehouse).write_bytes(whole)
    missed = [test for test in breaks if not any(name.startswith(test) for name in failing)]
    assert not missed, failing
