"""The checksum macro equals its Python twin."""

from collections.abc import Callable

import pytest
from support.dbt_warehouses import Warehouse
from support.event_lakes import Lake
from support.quote_stories import quotes

CHECKED = ("fact_quote_line_price", "fact_quote_line_adjustment", "dim_currency", "dim_account")


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
