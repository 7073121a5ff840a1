"""A build that is killed and then made with earlier inputs; the same inputs again are test_killed_pipeline's."""

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
from support.lakes import SMALL_PROJECT, Event, add_batch

from orchestration.errors import Refused
from orchestration.home import Home
from orchestration.publishing.gate import examine
from orchestration.warehouse.build import build
from orchestration.warehouse.checksums import schema_checksums

# Runs a build in a process of its own that kills itself when it gets to the named step.
KILLED = """
import os, signal, sys
from pathlib import Path
from orchestration.home import Home
from orchestration.warehouse import build, record
home, project, step = Home(Path(sys.argv[1])), Path(sys.argv[2]), sys.argv[3]
def die(*arguments):
    os.kill(os.getpid(), signal.SIGKILL)
if step == "add_build":
    record.add_build = die
build.build(home, project=project, progress=lambda text: die() if text.startswith(step) else None)
"""


def killed_build(home: Home, step: str) -> int:
    command = [sys.executable, "-c", KILLED, str(home.root), str(SMALL_PROJECT), step]
    return subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode


def content(home: Home) -> list[Any]:
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        rows = connection.execute("select event_id, amount::varchar from marts.fact_event order by 1").fetchall()
        return [*rows, *schema_checksums(connection)]


def test_after_a_killed_build_of_later_inputs_an_earlier_one_starts_from_nothing(tmp_path: Path) -> None:
    home = Home(tmp_path)
    add_batch(home, 0, [])
    add_batch(home, 1, [Event("a", "1", "2026-09-01T00:00:00")])
    build(home, project=SMALL_PROJECT)
    add_batch(home, 2, [Event("b", "2", "2026-09-20T00:00:00")])
    assert killed_build(home, "test unique_fact_event") == -signal.SIGKILL
    with pytest.raises(Refused, match="did not end"):
        examine(home)
    result = build(home, project=SMALL_PROJECT, as_of="2026-09-10")
    assert result.reason == "an interrupted build had later inputs or other code"
    assert content(home)[:-2] == [("a", "1.0000")]
