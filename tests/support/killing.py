"""A home whose next run is killed at a step of one's choice; the processes that do it are kill_server's."""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from orchestration.home import PROJECT_ROOT
from support.lakes import SMALL_PROJECT

Point = tuple[str, int]
RECON = """
select
    'line' as check_key, 'all' as partition, 'integrity' as kind, 'critical' as severity,
    (select count(*) from {{ ref("fact_event") }}) as left_count,
    (select count(*) from {{ ref("fact_event") }} where amount is not null) as right_count
union all
select 'canary', 'all', 'canary', 'critical', 0, 1
"""
SUITE = """
suite: small
relation: recon_small
checks:
  - key: line
    title: Lines
    kind: integrity
    severity: critical
    pairs: {count: exact}
    expected: [{partition: all}]
  - {key: canary, title: Must fail, kind: canary, severity: critical, pairs: {count: exact}}
"""


class Pipeline:
    """Runs one project over homes; every run is a process of its own."""

    def __init__(self, server: "subprocess.Popen[str]", project: Path, expectations: Path) -> None:
        self._server, self._project, self._expectations = server, project, expectations

    def run(self, home: Path, kill: Point | None = None, as_of: str | None = None) -> tuple[int, list[str]]:
        """Exit code (-9 for one that was killed) and the steps that a run which ended has taken."""
        told = self._ask("run", home, kill=kill, as_of=as_of)
        return told["code"], told.get("steps", [])

    def state(self, home: Path) -> dict[str, Any]:
        """What a home holds, without what differs from run to run."""
        told = self._ask("state", home)
        assert told["code"] == 0, "the state cannot be read; see the captured output"
        found: dict[str, Any] = told["state"]
        return found

    def close(self, home: Path, period: str, kill: Point | None = None) -> tuple[int, list[str]]:
        """As `run`, for the close of a period."""
        told = self._ask("close", home, kill=kill, period=period)
        return told["code"], told.get("steps", [])

    def close_state(self, home: Path) -> dict[str, Any]:
        """What a home holds of its closes."""
        told = self._ask("close_state", home)
        assert told["code"] == 0, "the state cannot be read; see the captured output"
        found: dict[str, Any] = told["state"]
        return found

    def _ask(self, what: str, home: Path, **more: Any) -> dict[str, Any]:
        request = {
            "what": what,
            "home": str(home),
            "project": str(self._project),
            "expectations": str(self._expectations),
            **more,
        }
        assert self._server.stdin and self._server.stdout
        self._server.stdin.write(json.dumps(request) + "\n")
        self._server.stdin.flush()
        answer: dict[str, Any] = json.loads(self._server.stdout.readline())
        return answer


@contextmanager
def pipeline(project: Path, expectations: Path) -> Iterator[Pipeline]:
    """A server for the time of the block."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(PROJECT_ROOT / "tests"),
        "TIEOUT_INBOX_SETTLE_SECONDS": "0",
        "TIEOUT_DBT_THREADS": "1",
        "GX_ANALYTICS_ENABLED": "false",
    }
    server = subprocess.Popen(
        [sys.executable, "-m", "support.kill_server"],
        cwd=PROJECT_ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Pipeline(server, project, expectations)
    finally:
        assert server.stdin
        server.stdin.close()
        assert server.wait(timeout=60) == 0


def small_project(root: Path) -> tuple[Path, Path]:
    """The small project with an audit: its folder and that of its suites."""
    project, suites = root / "project", root / "expectations"
    shutil.copytree(SMALL_PROJECT, project)
    models = project / "models" / "reconciliation"
    models.mkdir()
    (models / "recon_small.sql").write_text('{{ config(schema="reconciliation", materialized="view") }}\n' + RECON)
    suites.mkdir()
    (suites / "small.yml").write_text(SUITE)
    return project, suites


def points_of(steps: list[str]) -> list[Point]:
    """The first and the last time that each step is taken, in the order of the run."""
    last = Counter(steps)
    firsts = [(label, 1) for label in dict.fromkeys(steps)]
    return [point for label, _ in firsts for point in dict.fromkeys([(label, 1), (label, last[label])])]
