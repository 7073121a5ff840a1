"""Readers that go on reading while releases appear: never an error, and every answer is of exactly one release."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from support.reading import read_once
from support.warehouses import add_audit, build_marts, make_home, write_suites

from orchestration.home import PROJECT_ROOT, Home
from orchestration.publishing import store
from orchestration.publishing.publish import publish
from orchestration.publishing.query import query
from orchestration.reconciliation import suites

SQL = (
    "select count(*) as lines, count(distinct amount) as amounts, min(amount)::integer as version,"
    " (select value from release.manifest where name = 'build_id') as build_id from fact_line"
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(suites, "EXPECTATIONS", write_suites(tmp_path / "expectations"))
    return make_home(tmp_path / "home")


def change(home: Home, number: int) -> None:
    """New data, built and audited: every line has this amount."""
    build_marts(home, f"update marts.fact_line set amount = {number}", f"build-{number}")
    add_audit(home, build_id=f"build-{number}")


class Readers:
    """Threads that ask as `tieout query` does, and processes with plain connections of their own."""

    def __init__(self, home: Home, threads: int, processes: int) -> None:
        self._home, self._stop = home, home.root / "stop"
        self.answers: list[list[tuple[Any, ...]]] = [[] for _ in range(threads)]
        self.problems: list[BaseException] = []
        self._done = threading.Event()
        self._threads = [threading.Thread(target=self._read, args=(mine,)) for mine in self.answers]
        command = [sys.executable, "-m", "support.reading", str(home.releases), str(self._stop)]
        environment = {**os.environ, "PYTHONPATH": str(PROJECT_ROOT / "tests")}
        self._processes = [
            subprocess.Popen(command, cwd=PROJECT_ROOT, env=environment, stdout=subprocess.PIPE, text=True)
            for _ in range(processes)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> list[list[dict[str, Any]]]:
        """End all of them; what the processes read, once each has ended well."""
        self._stop.touch()
        self._done.set()
        for thread in self._threads:
            thread.join()
        told = [process.communicate(timeout=120)[0] for process in self._processes]
        assert [process.returncode for process in self._processes] == [0] * len(told)
        return [json.loads(text) for text in told]

    def _read(self, mine: list[tuple[Any, ...]]) -> None:
        try:
            while not self._done.is_set():
                mine.append(query(self._home, SQL).rows[0])
        except BaseException as error:  # noqa: BLE001  a reader may meet no error of any kind
            self.problems.append(error)


def check_readers(home: Home, publishes: int, threads: int, processes: int) -> int:
    """Publish so often while all read; returns how many answers there were."""
    change(home, 1)
    publish(home)
    readers = Readers(home, threads, processes)
    for number in range(2, publishes + 2):
        change(home, number)
        assert publish(home).is_new
    read = readers.stop()
    assert readers.problems == []
    for mine in readers.answers:
        assert all(answer == (100, 1, answer[2], f"build-{answer[2]}") for answer in mine)
        versions = [answer[2] for answer in mine]
        assert versions == sorted(versions), "a reader never goes back to an older release"
    for one in (one for found in read for one in found):
        assert one["stays"] and one["ties"], one
        assert one["lines"] == [100, 1, int(one["build"].removeprefix("build-"))]
    every = [*readers.answers, *read]
    assert all(every)
    seen = {answer[2] for mine in readers.answers for answer in mine} | {
        one["lines"][2] for mine in read for one in mine
    }
    assert len(seen) > publishes // 3, f"readers saw {len(seen)} of {publishes + 1} releases"
    return sum(map(len, every))


def test_readers_see_one_whole_release_while_others_appear(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIEOUT_RETAIN_RELEASES", "2")
    assert check_readers(home, publishes=4, threads=2, processes=1) >= 3


@pytest.mark.proof
def test_ten_readers_through_twenty_publishes(
    home: Home, monkeypatch: pytest.MonkeyPatch, record_property: Callable[[str, object], None]
) -> None:
    monkeypatch.setenv("TIEOUT_RETAIN_RELEASES", "3")
    answers = check_readers(home, publishes=20, threads=5, processes=5)
    record_property("readers: answers, each of one release", answers)


def test_a_mixed_release_shows(home: Home) -> None:
    change(home, 1)
    mixed = publish(home).database
    mixed.chmod(0o644)
    assert read_once(mixed)["ties"]
    with duckdb.connect(str(mixed)) as connection:
        connection.execute("update marts.fact_line set amount = 2 where line_id = 'L7'")
    told = read_once(mixed)
    assert not told["ties"]
    assert told["lines"] == (100, 2, 1)
    assert store.damage(store.find(home, None))
