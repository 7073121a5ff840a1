"""Dagster as a user starts it: `python -m orchestration.ui` in a process of its own, spoken to over GraphQL."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from orchestration.home import PROJECT_ROOT, Home

START_SECONDS = 240
STOP_SECONDS = 90
Found = TypeVar("Found")
ADDRESS = re.compile(r"Dagster is at (http://\S+)")


@dataclass(frozen=True)
class Ui:
    """A running user interface: its process and its address."""

    process: "subprocess.Popen[bytes]"
    url: str

    def ask(self, query: str, **variables: Any) -> Any:
        """The `data` of a GraphQL answer; fails on errors."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(f"{self.url}/graphql", body, {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            content = json.loads(answer.read())
        assert "errors" not in content, content["errors"]
        return content["data"]

    def stop(self, number: int = signal.SIGINT) -> int:
        """Send the signal to the process alone, as a terminal's user or a supervisor would; return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(timeout=STOP_SECONDS)


@contextmanager
def running_ui(home: Home, log: Path) -> Iterator[Ui]:
    """Start it on a free port and wait for its address; whatever happens, it is stopped at the end."""
    environment = {**os.environ, "TIEOUT_HOME": str(home.root), "TIEOUT_INBOX_SETTLE_SECONDS": "0.5"}
    command = [sys.executable, "-m", "orchestration.ui"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=PROJECT_ROOT, env=environment, stdout=output, stderr=output)
    ui = None
    try:
        ui = Ui(process, eventually(lambda: _address(process, log), START_SECONDS, "Dagster does not start"))
        yield ui
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=STOP_SECONDS)


def eventually(look: Callable[[], Found | None], seconds: float, otherwise: str) -> Found:
    """What `look` finds, asked again until it finds something; fails with `otherwise` after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if found is not None:
            return found
        time.sleep(0.5)
    raise AssertionError(f"{otherwise} within {seconds} s")


def processes_of(home: Home) -> list[str]:
    """Command lines of every live process whose environment names this home."""
    found = []
    marker = f"TIEOUT_HOME={home.root}".encode()
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        try:
            has_marker = marker in (folder / "environ").read_bytes().split(b"\0")
            state = (folder / "stat").read_text().rsplit(")", 1)[1].split()[0]
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if has_marker and state != "Z":
            found.append(f"{folder.name} {line}")
    return found


def _address(process: "subprocess.Popen[bytes]", log: Path) -> str | None:
    text = log.read_text()
    assert process.poll() is None, f"ended with {process.returncode}:\n{text}"
    match = ADDRESS.search(text)
    return match.group(1) if match else None
