"""The dbt tests of the marts go red on data that is wrong, and the checksum macro equals its Python twin."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from support.dbt_warehouses import Warehouse
from support.event_lakes import Lake
from support.quote_stories import quotes

CHECKED = ("fact_quote_line_price", "fact_quote_line_adjustment", "dim_currency", "dim_account")
PRICE = "marts.fact_quote_line_price"
BREAKS = {
    "unique_combination_fact_quote_line_price": f"insert into {PRICE} from {PRICE} limit 1",
    "unique_combination_dim_account": "update marts.dim_account set account_id = null",
    "row_condition_fact_quote_line_price": f"update {PRICE} set revision_status = null where quote_id = 'gap'",
    "sum_equality_fact_quote_line_price": f"delete from {PRICE} where quote_id = 'foreign'",
    "not_empty_dim_currency": "delete from marts.dim_currency where currency_code > 'B'",
}


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory, open_warehouse: Callable[[Lake], Warehouse]) -> Warehouse:
    lake = Lake(tmp_path_factory.mktemp("checked") / "lake")
    lake.land(quotes())
    built = open_warehouse(lake)
    built.build("--select", *(f"+{name}" for name in CHECKED))
    return built


def test_the_checksum_macro_equals_python(warehouse: Warehouse) -> None:
    python = {mart.relation: (mart.row_count, mart.checksum) for mart in warehouse.checksums()}
    compared = [name for name in CHECKED if python[name][0]]
    assert compared == list(CHECKED)
    for name in compared:
        _, row_count, checksum = warehouse.show(f"{{{{ model_checksum('{name}') }}}}")
        assert (row_count, checksum) == python[name], name


def test_each_check_goes_red_when_its_data_is_broken(warehouse: Warehouse) -> None:
    assert warehouse.failing_tests(*CHECKED) == []
    whole = warehouse.home.warehouse.read_bytes()
    for test, damage in BREAKS.items():
        with duckdb.connect(str(warehouse.home.warehouse)) as connection:
            connection.execute(damage)
        failing = warehouse.failing_tests(*CHECKED)
        assert any(name.startswith(test) for name in failing), (test, failing)
        Path(warehouse.home.warehouse).write_bytes(whole)
