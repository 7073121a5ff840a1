"""What landed is told of with the step that shows it, though other files still land."""

import os
from pathlib import Path

import pytest

from orchestration.home import Home
from orchestration.operations.intake import Intake, Landed
from orchestration.warehouse.lake import read_lake
from tests.unit.landing.landing_files import account, write


def test_a_file_is_taken_while_the_next_one_still_lands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIEOUT_INBOX_SETTLE_SECONDS", "0")
    home = Home(tmp_path / "home")
    home.inbox.mkdir(parents=True)
    for number, name in enumerate(("a", "b"), start=1):
        os.utime(write(home.inbox / f"{name}.ndjson", [account(name)]), (number, number))
    taken: list[Landed] = []

    def step(text: str) -> None:
        if "b.ndjson" in text and not taken:
            taken.append(intake.taken(read_lake(home).high_water))

    with Intake(home, step) as intake:
        intake.look()
        taken.append(intake.taken(read_lake(home).high_water))
        assert intake.taken(read_lake(home).high_water) == Landed()
    assert [(landed.files, landed.since) for landed in taken] == [(1, 1.0), (1, 2.0)]
    assert all(landed.seconds > 0 for landed in taken)
    assert intake.left == ()
