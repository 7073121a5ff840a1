"""The warehouse lock: one holder, named to the next, free again however the holder ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from orchestration.errors import Refused
from orchestration.home import Home
from orchestration.warehouse.lock import holder, warehouse_lock

HOLD = """
import sys, time
from pathlib import Path
from orchestration.home import Home
from orchestration.warehouse.lock import warehouse_lock
with warehouse_lock(Home(Path(sys.argv[1])), "build the warehouse"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_holder_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert holder(home) is None
    with warehouse_lock(home, "build the warehouse"):
        found = holder(home)
        assert found is not None
        assert (found.pid, found.purpose) == (os.getpid(), "build the warehouse")
        with (
            pytest.raises(Refused, match=rf"build the warehouse, process {os.getpid()}"),
            warehouse_lock(home, "publish"),
        ):
            pass
    assert holder(home) is None
    with warehouse_lock(home, "publish"):
        pass


def test_the_lock_is_free_when_its_holder_is_killed(tmp_path: Path) -> None:
    home = Home(tmp_path)
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    assert holder(home) is not None
    process.send_signal(signal.SIGKILL)
    process.wait()
    with warehouse_lock(home, "build the warehouse"):
        pass


def test_a_waiting_holder_gets_the_lock_when_it_is_free(tmp_path: Path) -> None:
    home = Home(tmp_path)
    script = HOLD.replace("time.sleep(60)", "time.sleep(0.5)")
    process = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    before = time.monotonic()
    with warehouse_lock(home, "publish", wait_seconds=30):
        assert time.monotonic() - before < 20
    process.wait()
