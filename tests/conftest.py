"""Shared by all tests: one parse of the dbt project and one loading of its seeds, for every process of a test run."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from support.dbt_warehouses import Warehouse
from support.event_lakes import Lake
from support.shared_parse import share_parses


def pytest_configure() -> None:
    """A model at a time in each process: as many processes as cores are busy already, and threads cost more in one."""
    os.environ.setdefault("TIEOUT_DBT_THREADS", "1")


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of the test run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session", autouse=True)
def one_parse(shared: Path) -> None:
    """A new home takes the parse of the project that another home of the run has made."""
    folder = shared / "parses"
    folder.mkdir(exist_ok=True)
    share_parses(folder)


@pytest.fixture(scope="session")
def seeded(shared: Path) -> Path:
    """The root of a home with the project parsed and the seeds loaded; to be copied, not changed."""
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
