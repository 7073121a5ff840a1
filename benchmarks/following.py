"""The load test of `tieout follow`: events dealt into the inbox at a rate, seen by a reader of its releases.

`python -m benchmarks.following --history 1000000 --rate 1000 --seconds 600`: a reader polls the release and notes when
it first shows each batch; the lag of a file is that moment less the one at which the file was put into the inbox.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.events import cut, simulated
from benchmarks.measure import machine, write
from benchmarks.report import RESULTS, replace_table
from orchestration.home import PROJECT_ROOT, Home
from orchestration.landing import land
from orchestration.operations.home import OperationsHome
from orchestration.publishing import store

LOOK_SECONDS = 0.1
# As a page that is kept open asks; more often would measure the reader.
READER_SECONDS = 1.0
PATIENCE_SECONDS = 120.0
QUESTION = "select count(*), max(status_age_seconds) from operations.quote_worklist"


def main() -> None:
    """Parse the arguments, run, and print the result as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--history", type=int, default=1_000_000, help="events of history, about")
    parser.add_argument("--rate", type=int, default=1000, help="events a second")
    parser.add_argument("--every", type=int, default=5, help="seconds of events in a file")
    parser.add_argument("--seconds", type=int, default=600, help="how long")
    parser.add_argument("--work", type=Path, help="where to work; a temporary folder without it")
    parser.add_argument("--keep", action="store_true", help="keep the result in benchmarks/results")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.work, prefix="tieout-follow-") as folder:
        found = measure(Path(folder), options.history, options.rate, options.seconds, options.every)
    found["asked_history"] = options.history
    if options.keep:
        write(RESULTS / "following.json", found)
        replace_table("following", table(found))
    print(json.dumps(found, indent=1))


def measure(work: Path, history: int, rate: int, seconds: int, every: int) -> dict[str, Any]:
    """Run the load test in an empty folder; returns lags in seconds and what the follower said of its steps."""
    live = rate * seconds
    past, (tail,) = cut(simulated(history + live, work / "simulated"), work / "cut", [live])
    home = Home(work / "home")
    _say("landing the history")
    landed = land(home, [past])
    home.inbox.mkdir(parents=True)
    _say("building the read models")
    environment = {**os.environ, "TIEOUT_HOME": str(home.root), "TIEOUT_INBOX_SETTLE_SECONDS": "0"}
    _tieout(["follow", "--once"], environment).wait()
    reader, finished = Reader(home), threading.Event()
    follower = _tieout(["follow", "--json"], environment, stdout=(work / "said.json").open("w"))
    watching = threading.Thread(target=reader.run, args=(finished,))
    watching.start()
    time.sleep(20)  # it compiles its plan first
    _say("dealing events")
    dealt = dealt_by(tail, home.inbox, rate, every)
    deadline = time.monotonic() + PATIENCE_SECONDS
    batches = {}
    while time.monotonic() < deadline:
        batches = _batches(home)
        if all(name in batches and reader.seen_at(batches[name]) for name in dealt):
            break
        time.sleep(0.5)
    finished.set()
    watching.join()
    follower.terminate()
    follower.wait()
    lags = [
        seen - at for name, at in dealt.items() if (seen := reader.seen_at(batches.get(name, sys.maxsize))) is not None
    ]
    said = json.loads((work / "said.json").read_text())
    steps, indexes = said["steps"], [index for index in said["indexes"] if not index["problem"]]
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": machine(),
        "history_events": landed.verdicts.accepted,
        "rate": rate,
        "seconds": seconds,
        "seconds_per_file": every,
        "files": len(dealt),
        "never_seen": len(dealt) - len(lags),
        "lag": _spread(lags),
        "reader_query": _spread(reader.took),
        "reader_errors": reader.errors,
        "steps": len(steps),
        "search": _spread([index["lag_seconds"] for index in indexes]),
        "indexing": _spread([index["seconds"] for index in indexes]),
        "written": _spread([index["written"] for index in indexes if not index["whole_because"]]),
        "indexes": len(indexes),
        "indexes_whole": sum(bool(index["whole_because"]) for index in indexes),
        **{part: _spread([step[f"{part}_seconds"] for step in steps]) for part in ("landing", "models", "release")},
    }


class Reader:
    """A reader of the operations releases: asks again and again, and notes when it saw what."""

    def __init__(self, home: Home) -> None:
        self._home = OperationsHome.of(home)
        self._seen: list[tuple[int, float]] = []
        self.took: list[float] = []
        self.errors = 0

    def run(self, finished: threading.Event) -> None:
        """Query each release as soon as it is the current one, and again every READER_SECONDS, until told to stop."""
        from orchestration.errors import TieoutError
        from orchestration.publishing.query import query

        asked, asked_at = None, float("-inf")
        while not finished.wait(LOOK_SECONDS):
            began, current = time.monotonic(), store.current_id(self._home)
            if current == asked and began - asked_at < READER_SECONDS:
                continue
            asked, asked_at = current, began
            try:
                release = query(self._home, QUESTION).release_id
            except TieoutError:
                self.errors += 1
            else:
                self.took.append(time.monotonic() - began)
                high_water = int(store.find(self._home, release).manifest["lake_high_water"])
                if not self._seen or high_water > self._seen[-1][0]:
                    self._seen.append((high_water, time.time()))

    def seen_at(self, batch: int) -> float | None:
        """When a query first answered from a release with this batch in it, in seconds of the epoch."""
        return next((at for high_water, at in self._seen if high_water >= batch), None)


def dealt_by(tail: Path, inbox: Path, rate: int, every: int) -> dict[str, float]:
    """Deal the events into the inbox; when each file was put there, by its name."""
    from simulator.live import deal

    dealt: dict[str, float] = {}
    deal([tail], inbox, rate, every=every, told=lambda path, _: dealt.__setitem__(path.name, time.time()))
    return dealt


def table(found: Mapping[str, Any]) -> str:
    """Percentiles in seconds of what was measured, and under what conditions."""
    names = {
        "lag": "from file in inbox to visible to a reader",
        "landing": "of a step: landing",
        "models": "of a step: read models",
        "release": "of a step: release",
        "reader_query": "a reader's query meanwhile",
        "search": "from file in inbox to found by search",
        "indexing": "of an index: made, validated and live",
    }
    command = (
        f"python -m benchmarks.following --history {found['asked_history']} --rate {found['rate']}"
        f" --seconds {found['seconds']} --every {found['seconds_per_file']}"
    )
    lines = [
        f"Measured {found['date']} with `{command}` on {found['history_events']} events of history: {found['files']}"
        f" files, {found['never_seen']} of them never seen, {found['steps']} steps, {found['reader_errors']} errors of"
        " the reader.",
        "",
        "| seconds | p50 | p95 | p99 | max |",
        "| --- | --- | --- | --- | --- |",
    ]
    for key, name in names.items():
        spread = found.get(key)
        if not spread:
            continue
        lines.append(f"| {name} | {' | '.join(f'{spread[part]:.2f}' for part in ('p50', 'p95', 'p99', 'max'))} |")
    if found.get("indexes"):
        lines += [
            "",
            f"{found['indexes']} search indexes were made, {found['indexes_whole']} of them whole; a delta wrote"
            f" {found['written'].get('p50', 0):.0f} documents (median).",
        ]
    return "\n".join(lines)


def _batches(home: Home) -> dict[str, int]:
    found = {}
    for path in (home.lake / "batches").glob("*/manifest.json"):
        manifest = json.loads(path.read_text())
        if manifest.get("file"):
            found[str(manifest["file"]["name"])] = int(manifest["batch_seq"])
    return found


def _spread(values: Sequence[float]) -> dict[str, float]:
    ordered = sorted(values)
    if not ordered:
        return {}

    def at(share: float) -> float:
        return round(ordered[min(int(share * len(ordered)), len(ordered) - 1)], 2)

    return {"p50": round(statistics.median(ordered), 2), "p95": at(0.95), "p99": at(0.99), "max": at(1.0)}


def _tieout(arguments: list[str], environment: dict[str, str], stdout: Any = None) -> subprocess.Popen[bytes]:
    # Not by `python -c`: DuckDB takes that for an interactive session and writes a progress bar to stdout.
    command = [str(Path(sys.executable).with_name("tieout")), *arguments]
    return subprocess.Popen(command, cwd=PROJECT_ROOT, env=environment, stdout=stdout)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
