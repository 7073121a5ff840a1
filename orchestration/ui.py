"""`make ui`: Dagster's webserver and daemon over one home, from a free port to a clean end."""

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from orchestration.errors import Refused, TieoutError, Unusable
from orchestration.home import PROJECT_ROOT, Home
from orchestration.instance import dagster_home, fail_interrupted_runs, prepare_instance

ADDRESS = "127.0.0.1"
FAVOURITE_PORT = 3000
START_SECONDS = 180
STOP_SECONDS = 45


def main() -> int:
    """Serve until Ctrl-C or SIGTERM; return the exit code."""
    try:
        return serve(Home.from_environment())
    except TieoutError as error:
        print(error, file=sys.stderr)
        return error.exit_code


def serve(home: Home) -> int:
    """Start Dagster over `home`, print the address once it answers, and stop every process of it at the end."""
    with _only_one(home) as (note, lock), _stop_signals() as stop:
        environment = prepare_instance(home)
        interrupted = fail_interrupted_runs(home)
        if interrupted:
            print(f"{interrupted} interrupted run(s) marked as failed; run them again from the UI", file=sys.stderr)
        _prepare_manifest(home)
        port = free_port()
        url = f"http://{ADDRESS}:{port}"
        command = [sys.executable, "-m", "dagster", "dev", "--module-name", "orchestration.definitions"]
        options = ["--host", ADDRESS, "--port", str(port), "--log-level", "warning"]
        # Dagster holds the lock too: should this process be killed, nobody starts a second daemon beside the first.
        process = subprocess.Popen(
            [*command, *options], env=environment, cwd=PROJECT_ROOT, start_new_session=True, pass_fds=[lock]
        )
        try:
            if _wait_until_up(process, url, stop):
                note.write_text(url)
                print(f"Dagster is at {url} (Ctrl-C ends it); files put into {home.inbox} are picked up", flush=True)
            while process.poll() is None and not stop:
                time.sleep(0.2)
            asked = bool(stop)
        finally:
            _end(process)
            fail_interrupted_runs(home)
    if not asked:
        raise Refused(f"Dagster ended by itself (exit code {process.returncode}); its last lines above say why")
    return 0


def free_port() -> int:
    """Dagster's usual port where it is free, another one where it is not; TIEOUT_UI_PORT names one."""
    wanted = os.environ.get("TIEOUT_UI_PORT")
    if wanted and not wanted.isdigit():
        raise Unusable(f"TIEOUT_UI_PORT is {wanted!r}; give a port number")
    candidates = [int(wanted)] if wanted else [FAVOURITE_PORT, 0]
    for candidate in candidates:
        with socket.socket() as attempt, contextlib.suppress(OSError):
            attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            attempt.bind((ADDRESS, candidate))
            return int(attempt.getsockname()[1])
    raise Refused(f"Port {wanted} is in use; name another in TIEOUT_UI_PORT, or leave it out")


@contextlib.contextmanager
def _only_one(home: Home) -> Iterator[tuple[Path, int]]:
    """The note for the address and the lock that is held; two daemons over one home would each launch the same runs."""
    folder = dagster_home(home)
    folder.mkdir(parents=True, exist_ok=True)
    note = folder / "address"
    handle = os.open(folder / "ui.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            address = note.read_text() if note.exists() else "its address follows when it is up"
            raise Refused(f"Dagster already serves {home.root}: {address}. Use that one, or stop it first.") from None
        try:
            yield note, handle
        finally:
            note.unlink(missing_ok=True)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _stop_signals() -> Iterator[list[int]]:
    """Collect SIGINT, SIGTERM and SIGHUP instead of dying of them, so that the end is ours to order."""
    received: list[int] = []

    def collect(number: int, _frame: FrameType | None) -> None:
        received.append(number)

    wanted = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, collect) for number in wanted}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _prepare_manifest(home: Home) -> None:
    from orchestration.assets.dbt_manifest import prepare_manifest

    prepare_manifest(home)


def _wait_until_up(process: "subprocess.Popen[bytes]", url: str, stop: list[int]) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and not stop:
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(f"{url}/server_info", timeout=5),
        ):
            return True
        if time.monotonic() > deadline:
            raise Refused(f"Dagster does not answer at {url} after {START_SECONDS} s")
        time.sleep(0.3)
    return False


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Ask Dagster to end, then end whatever is left of its process group, run workers included."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=STOP_SECONDS)
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
            _wait_for_group(process.pid, seconds=5)
    process.wait()


def _wait_for_group(group: int, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        os.killpg(group, 0)
        time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main())
