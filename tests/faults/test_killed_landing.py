"""kill -9 anywhere in a landing: what is visible is whole, and landing again ends as if nothing had happened."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from orchestration.home import Home
from orchestration.landing import batches, land
from orchestration.warehouse.lake import lake_breaks
from tests.unit.landing.landing_files import account, accounts, check_every_line_is_accounted_for, rows, write

DRIVER = """
import os, signal, sys
from pathlib import Path
from orchestration.home import Home
from orchestration.landing import land

home, point, times, *files = sys.argv[1:]
left = int(times)

def checkpoint(name):
    global left
    left -= name == point
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)

land(Home(Path(home)), [Path(file) for file in files], checkpoint=checkpoint)
"""
# Point and how often it is passed before the kill: the first batch is the empty one.
POINTS = [
    ("written", 1),
    ("renamed", 1),
    ("staged", 1),
    ("settled", 1),
    ("writing", 1),
    ("writing", 2),
    ("written", 2),
    ("synced", 2),
    ("renamed", 2),
    ("staged", 2),
    ("writing", 5),
    ("synced", 3),
    ("renamed", 3),
]


def state(home: Home) -> dict[str, Any]:
    """Everything in the lake but when it landed."""
    manifests: list[Any] = []
    if not batches(home):
        return {"manifests": manifests}
    for batch in batches(home):
        manifest = dict(batch.manifest)
        del manifest["landed_at"], manifest["previous_manifest_sha256"]
        manifests.append(manifest)
    kinds = {kind: rows(home, kind) for kind in ("events", "duplicates", "quarantine")}
    return {"manifests": manifests, **kinds}


@pytest.mark.parametrize(("point", "times"), POINTS)
def test_killed_and_run_again_ends_the_same(tmp_path: Path, point: str, times: int) -> None:
    lines = [*accounts(50), account("e00007"), account("e00007", "Other"), b"nope"]
    files = [write(tmp_path / "a.ndjson", lines), write(tmp_path / "b.ndjson.gz", [account("b"), account("e00003")])]
    undisturbed, home = Home(tmp_path / "undisturbed"), Home(tmp_path / "home")
    land(undisturbed, files)
    command = [sys.executable, "-c", DRIVER, str(home.root), point, str(times), *map(str, files)]
    assert subprocess.run(command, check=False).returncode == -9
    visible = state(home)
    assert visible["manifests"] == state(undisturbed)["manifests"][: len(batches(home))]
    land(home, files)
    assert state(home) == state(undisturbed)
    check_every_line_is_accounted_for(home)
    assert not list((home.lake / "tmp").glob("batch-*"))
    folders = sorted(path.name for path in (home.lake / "batches").iterdir())
    assert folders == [f"batch_seq={i:08d}" for i in range(3)]


def test_killed_while_an_older_lake_gets_new_event_types(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    file = write(tmp_path / "a.ndjson", [account("1")])
    land(home, [file])
    events = batches(home)[0].folder / "events"
    before = sorted(events.rglob("*.parquet"))
    for stream in ("stream=quote", "stream=order"):
        shutil.rmtree(events / stream)
    command = [sys.executable, "-c", DRIVER, str(home.root), "type added", "3", str(file)]
    assert subprocess.run(command, check=False).returncode == -9
    assert len(before) > len(sorted(events.rglob("*.parquet")))
    land(home, [file])
    assert sorted(events.rglob("*.parquet")) == before
    assert lake_breaks(home, contents=True) == []


def test_only_one_lands_at_a_time(tmp_path: Path) -> None:
    """Two processes, one lake: both end well and no line has two arrivals."""
    home = Home(tmp_path / "home")
    files = [write(tmp_path / f"{i}.ndjson", [account(f"{i}-{j}") for j in range(20)]) for i in range(6)]
    started = [
        subprocess.Popen([sys.executable, "-c", DRIVER, str(home.root), "never", "1", *map(str, part)])
        for part in (files[:4], files[2:])
    ]
    assert [process.wait(timeout=120) for process in started] == [0, 0]
    assert len(rows(home, "events")) == 120
    assert len(batches(home)) == 7
    check_every_line_is_accounted_for(home)
    assert json.dumps([batch.batch_seq for batch in batches(home)]) == "[0, 1, 2, 3, 4, 5, 6]"
