"""Publishing that is killed at each of its steps."""

import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from support.warehouses import add_audit, build_marts, make_home, write_suites

from orchestration.home import Home
from orchestration.observability.integrity import verify
from orchestration.publishing import store
from orchestration.publishing.publish import publish
from orchestration.publishing.query import query
from orchestration.reconciliation import ledger, suites

# Runs `publish` in a process of its own that kills itself just before or just after the named step.
KILLED = """
import os, signal, sys
from pathlib import Path
from orchestration.home import Home
from orchestration.publishing import publish, store
from orchestration.reconciliation import ledger, suites
home, expectations, step, moment = Home(Path(sys.argv[1])), Path(sys.argv[2]), sys.argv[3], sys.argv[4]
suites.EXPECTATIONS = expectations
owner, name = {"publish": publish, "store": store, "ledger": ledger}[step.split(".")[0]], step.split(".")[1]
real = getattr(owner, name)
def dying(*arguments, **options):
    if moment == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    real(*arguments, **options)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(owner, name, dying)
publish.publish(home)
"""
STEPS = [
    ("publish.write_database", "before"),
    ("publish.write_database", "after"),
    ("store.sync_files", "after"),
    ("store.write_manifest", "after"),
    ("store.sync_folder", "after"),
    ("store.switch", "before"),
    ("store.switch", "after"),
    ("ledger.append", "before"),
    ("ledger.append", "after"),
    ("store.retain", "before"),
]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(suites, "EXPECTATIONS", write_suites(tmp_path / "expectations"))
    return make_home(tmp_path / "home")


def killed_publish(home: Home, step: str, moment: str) -> int:
    command = [sys.executable, "-c", KILLED, str(home.root), str(suites.EXPECTATIONS), step, moment]
    return subprocess.run(command, check=False).returncode


def change(home: Home, number: int) -> None:
    """New data, built and audited."""
    build_marts(home, f"update marts.fact_line set amount = {number}", f"build-{number}")
    add_audit(home, build_id=f"build-{number}")


def published(home: Home) -> list[str]:
    return [entry.body["release_id"] for entry in ledger.read(home) if entry.kind == "publish"]


@pytest.mark.parametrize(("step", "moment"), STEPS)
def test_a_publish_that_is_killed_ends_the_same_when_run_again(home: Home, step: str, moment: str) -> None:
    add_audit(home)
    first = publish(home)
    change(home, 7)
    assert killed_publish(home, step, moment) == -signal.SIGKILL
    seen = query(home, "select count(*) as n, count(distinct amount) as amounts from fact_line").rows
    assert seen in ([(100, 100)], [(100, 1)])

    second = publish(home)
    assert [release.release_id for release in store.list_releases(home)] == [first.release_id, second.release_id]
    assert store.current_id(home) == second.release_id
    assert published(home) == [first.release_id, second.release_id]
    assert query(home, "select distinct amount::varchar from fact_line").rows == [("7.0000",)]
    assert {path.name for path in home.releases.iterdir()} == {first.release_id, second.release_id, "current"}
    assert all(finding.ok for finding in verify(home))
    assert not publish(home).is_new


def test_a_killed_publish_that_new_data_overtook_is_told_as_it_was(home: Home) -> None:
    add_audit(home)
    first = publish(home)
    for number, step in ((2, "store.switch"), (3, "ledger.append")):
        change(home, number)
        assert killed_publish(home, step, "before") == -signal.SIGKILL
    # The second was never seen by anyone and is gone; readers saw the third before it was recorded.
    seen = store.current_id(home)
    change(home, 4)
    last = publish(home)
    assert published(home) == [first.release_id, seen, last.release_id]
    assert [release.release_id for release in store.list_releases(home)] == published(home)


def test_a_reader_keeps_its_release_while_retention_removes_it(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIEOUT_RETAIN_RELEASES", "1")
    add_audit(home)
    first = publish(home)
    with duckdb.connect(str(first.database), read_only=True) as reader:
        change(home, 2)
        publish(home)
        assert not first.database.exists()
        assert reader.execute("select count(distinct amount) from marts.fact_line").fetchall() == [(100,)]
