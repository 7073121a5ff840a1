"""Forks a child per request, which runs land, build, reconcile and publish, or a close, and can die at a step.

Started as `python -m support.kill_server`; one JSON request per line on stdin, one answer per line on stdout. What is
slow to import is imported once, before the first fork, and no database is opened here: a child starts with no threads.
A step is whatever the pipeline is about to do to a file of its home, and each thing that it reports as progress.
"""

import fcntl
import importlib
import json
import os
import re
import signal
import sys
import threading
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

from orchestration.home import Home

SLOW = (
    *("dbt.adapters.duckdb", "dbt.cli.main", "dbt.task.build", "sqlparse.engine", "great_expectations", "pandas"),
    *("pyarrow.dataset", "pyarrow.parquet", "currency_converter", "orchestration.landing", "orchestration.refresh"),
    *("orchestration.publishing.publish", "orchestration.reconciliation", "orchestration.warehouse.build"),
    "orchestration.closing.close",
)
CHANGING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
# Names that differ from run to run, and what they have in common.
RANDOM_NAMES = re.compile(r"(?<=-)[a-z0-9_]{8}(?=/|$)|[0-9a-f]{6,}|[0-9]+")
# Copies that dbt writes for people to read; nothing is read back from them.
NOT_READ = re.compile(r"dbt/(logs|target/(run|compiled))(/|$)")


class Steps:
    """Counts the steps of this process in order, and ends it by SIGKILL when it gets to the one that is asked for."""

    def __init__(self, root: Path, kill: tuple[str, int] | None) -> None:
        self._root, self._kill = str(root), kill
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self.taken: list[str] = []

    def take(self, label: str) -> None:
        if self.is_last(label):
            os.kill(os.getpid(), signal.SIGKILL)

    def is_last(self, label: str) -> bool:
        with self._lock:
            self._counts[label] += 1
            self.taken.append(label)
            return self._kill == (label, self._counts[label])

    def watch(self) -> None:
        """From now on every change of a file under the root is a step: before it, and half-way through a write."""
        sys.addaudithook(self._audited)
        write, fsync = os.write, os.fsync

        def stepwise_write(handle: int, data: bytes) -> int:
            name = self._name(handle)
            if name is None:
                return write(handle, data)
            if self.is_last(f"half written {name}"):
                write(handle, data[: len(data) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
            return write(handle, data)

        def stepwise_fsync(handle: int) -> None:
            name = self._name(handle)
            if name is not None:
                self.take(f"sync {name}")
            fsync(handle)

        os.write, os.fsync = stepwise_write, stepwise_fsync  # type: ignore[assignment]

    def _audited(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if isinstance(flags, int) and not flags & CHANGING:
                return
        elif event in ("os.rename", "os.link", "os.symlink"):
            path = arguments[1]
        elif event in ("os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.truncate"):
            path = arguments[0]
        else:
            return
        name = self._name(path)
        if name is not None:
            self.take(f"{event.removeprefix('os.')} {name}")

    def _name(self, path: Any) -> str | None:
        """A path under the root, the same in every run; None for any other."""
        if isinstance(path, int):
            try:
                path = Path(f"/proc/self/fd/{path}").readlink()
            except OSError:
                return None
        text = os.fsdecode(path) if isinstance(path, str | bytes | os.PathLike) else ""
        if not text.startswith(f"{self._root}/"):
            return None
        name = RANDOM_NAMES.sub("N", text.removeprefix(f"{self._root}/"))
        return None if NOT_READ.match(name) else name


def pipeline(request: dict[str, Any], steps: Steps) -> None:
    """What `refresh` does, with the project and the suites that the request names."""
    from orchestration.publishing.publish import publish
    from orchestration.reconciliation import reconcile, suites
    from orchestration.refresh import land_inbox
    from orchestration.warehouse.build import build

    home, project = Home(Path(request["home"])), Path(request["project"])
    suites.EXPECTATIONS = Path(request["expectations"])

    def progress(text: str) -> None:
        steps.take(f"told {RANDOM_NAMES.sub('N', text)}")

    steps.watch()
    _, left = land_inbox(home, None)
    assert not left, left
    built = build(home, project=project, progress=progress, as_of=request.get("as_of"))
    assert built.complete, [node.message for node in built.failed]
    audit = reconcile(home, progress=progress)
    assert audit.passed, [check for check in audit.checks if check.blocking]
    publish(home, progress=progress)


class Closed(BaseException):
    """Ends a run once its close is recorded: the build that then follows is the pipeline's, whose kills are its own."""


def close_period(request: dict[str, Any], steps: Steps) -> None:
    """The close of a period, up to its last record; each of its checkpoints is a step as well."""
    from orchestration.closing.close import close

    def checkpoint(name: str) -> None:
        steps.take(f"told {name}")
        if name == "index":
            raise Closed

    steps.watch()
    try:
        result = close(Home(Path(request["home"])), request["period"], by="Ada", checkpoint=checkpoint)
    except Closed:
        return
    assert result.state == "closed", result.failed


def close_state(home: Home) -> dict[str, Any]:
    """What a home holds of its closes: packages, what is recorded of periods and breaks, the index."""
    from orchestration.closing import evidence, index, states
    from orchestration.reconciliation import ledger

    breaks = [entry.body for entry in ledger.read(home) if entry.kind == "break"]
    return {
        "packages": sorted(package.name for package in evidence.packages(home)),
        "wrong": [finding.what for finding in evidence.verify_chain(home) if not finding.ok],
        "periods": [[one.period, one.state, one.version, one.package] for one in states.transitions(home)],
        "breaks": breaks,
        "index": index.contents(index.index_folder(home)),
        "left over": [path.name for folder in ("evidence", "closes") for path in (home.root / folder).rglob(".*")],
    }


def state(home: Home) -> dict[str, Any]:
    """All that must be the same however often a run was cut short: no moments, and no ids that are drawn."""
    import duckdb

    from orchestration.inbox import waiting
    from orchestration.observability.doctor import diagnose
    from orchestration.observability.integrity import verify
    from orchestration.publishing import store
    from orchestration.reconciliation import ledger
    from orchestration.warehouse.checksums import schema_checksums

    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        marts = [str(mart) for mart in schema_checksums(connection)]
    releases = store.list_releases(home)
    published = [entry.body["release_id"] for entry in ledger.read(home) if entry.kind == "publish"]
    return {
        "lake": _lake(home),
        "marts": marts,
        "releases": [[one.data_version, one.manifest["models"], one.manifest["checks"]] for one in releases],
        "published in order": published == [one.release_id for one in releases],
        "current is the last": store.current_id(home) == releases[-1].release_id,
        "in releases": len(list(home.releases.iterdir())),
        "wrong": [finding.what for finding in verify(home) if not finding.ok],
        "left over": [finding.found for finding in diagnose(home) if finding.what == "leftovers" and not finding.ok],
        "in warehouse": sorted(path.name for path in home.warehouse.parent.iterdir()),
        "waiting": [file.path.name for file in waiting(home)],
    }


def _lake(home: Home) -> list[str]:
    import duckdb

    from orchestration.landing import batches

    told = []
    for batch in batches(home):
        kept = {name: value for name, value in batch.manifest.items() if "landed_at" not in name}
        told.append(json.dumps({**kept, "previous_manifest_sha256": ""}, sort_keys=True, default=str))
    with duckdb.connect() as connection:
        for kind in ("events", "duplicates", "quarantine"):
            pattern = f"{home.lake}/batches/*/{kind}/**/*.parquet"
            sql = f"select * from read_parquet('{pattern}', hive_partitioning = true) order by arrival_seq"
            told += map(str, connection.execute(sql).fetchall())
    return told


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """One request in this process: `run` or `close` (with the steps taken), `state` or `close_state`."""
    home = Home(Path(request["home"]))
    told = {"state": state, "close_state": close_state}
    if request["what"] in told:
        return {"state": told[request["what"]](home)}
    kill = request.get("kill")
    steps = Steps(home.root, (kill[0], kill[1]) if kill else None)
    {"run": pipeline, "close": close_period}[request["what"]](request, steps)
    return {"steps": steps.taken}


def serve() -> None:
    """Answer requests until stdin ends; a child that dies is told by its exit code (negative: the signal)."""
    _import_what_is_slow()
    for line in sys.stdin:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            _child(json.loads(line), writing)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            told = pipe.read()
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(json.dumps({"code": code, **(json.loads(told) if told else {})}), flush=True)


def _child(request: dict[str, Any], pipe: int) -> None:
    os.dup2(2, 1)
    # Processes that dbt might start must not hold the pipe open after a kill.
    fcntl.fcntl(pipe, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
    code = 1
    try:
        told = json.dumps(answer(request)).encode()
        with os.fdopen(pipe, "wb") as stream:
            stream.write(told)
        code = 0
    finally:
        if code:
            traceback.print_exc()
        os._exit(code)


def _import_what_is_slow() -> None:
    for name in SLOW:
        importlib.import_module(name)


if __name__ == "__main__":
    serve()
