"""Shared by the integration tests: one parse of the dbt project, with its seeds loaded once per warehouse."""

from collections.abc import Callable
from pathlib import Path

import pytest
from support.dbt_warehouses import Warehouse
from support.event_lakes import Lake


@pytest.fixture(scope="session")
def open_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Lake], Warehouse]:
    """A function that opens a warehouse with its seeds over a lake."""
    parsed: list[Path] = []

    def opened(lake: Lake) -> Warehouse:
        root = tmp_path_factory.mktemp("home") / "tieout"
        warehouse = Warehouse(root, lake, parsed[0] if parsed else None)
        warehouse.build(command="seed")
        if not parsed:
            parsed.append(root / "dbt" / "target")
        return warehouse

    return opened
