"""Shared by all tests: one parse of the dbt project and one loading of its seeds, for every process of a test run."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from support.dbt_warehouses import Warehouse
from support.event_lakes import Lake


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root of a home with the project parsed and the seeds loaded; to be copied, not changed."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    root, done = shared / "seeded", shared / "seeded.done"
    with (shared / "seeded.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            Warehouse(root, Lake(shared / "seeded-lake")).build(command="seed")
            done.touch()
    return root


@pytest.fixture(scope="session")
def open_warehouse(tmp_path_factory: pytest.TempPathFactory, seeded: Path) -> Callable[[Lake], Warehouse]:
    """A function that opens a warehouse with its seeds over a lake."""
    return lambda lake: Warehouse(tmp_path_factory.mktemp("home") / "tieout", lake, seeded)
