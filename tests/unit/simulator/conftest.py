"""One small run that the tests of the simulator share: two months, both cut."""

from datetime import date
from pathlib import Path

import pytest
from simulator_reading import Event, read_events

import simulator

START, END = date(2026, 9, 5), date(2026, 10, 20)


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the run."""
    folder = tmp_path_factory.mktemp("simulated")
    simulator.run(260, 11, START, END, folder)
    return folder


@pytest.fixture(scope="session")
def events(run_folder: Path) -> list[Event]:
    """Its events. Not to be changed."""
    return read_events(run_folder)
