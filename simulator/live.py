"""Deals events out as a running business would: in the order of their event time, so many a second; makes none."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from orchestration.errors import Unusable

MOMENT = """substr(line, strpos(line, '"eventTime":"') + 13, 24)"""
LINES = (
    "delim = '\x01', quote = '', escape = '', header = false, columns = {'line': 'VARCHAR'}, max_line_size = 16777216"
)
FORMAT = "header false, quote '', escape '', delim '\x01'"


def deal(
    files: Sequence[Path],
    inbox: Path,
    rate: int,
    *,
    every: int = 1,
    seconds: float | None = None,
    stop: threading.Event | None = None,
    told: Callable[[Path, int], None] | None = None,
) -> int:
    """Write the lines of NDJSON files into `inbox`, `rate` a second, a new file `every` so many; returns how many.

    A file appears whole (it is renamed when it is written). Ends when all are dealt, after `seconds`, or when `stop` is
    set. Late, it catches up. Raises Unusable without a file, or for a rate below 1.
    """
    if rate < 1:
        raise Unusable(f"--live is {rate}: at least one event a second is needed")
    if not files:
        raise Unusable("there is no file of events to deal out")
    inbox.mkdir(parents=True, exist_ok=True)
    stop, began, dealt = stop or threading.Event(), time.monotonic(), 0
    ordered = _ordered(files, inbox / ".live.ndjson.part")
    try:
        with ordered.open("rb") as lines:
            for number, chunk in enumerate(_chunks(lines, rate * every)):
                if stop.is_set() or (seconds is not None and number * every >= seconds):
                    break
                target = inbox / f"live-{int(time.time() * 1000):013d}-{number:06d}.ndjson"
                part = target.with_name(f".{target.name}.part")
                part.write_bytes(b"".join(chunk))
                part.rename(target)
                dealt += len(chunk)
                if told:
                    told(target, dealt)
                stop.wait(max(began + (number + 1) * every - time.monotonic(), 0))
    finally:
        ordered.unlink(missing_ok=True)
    return dealt


def _chunks(lines: BinaryIO, size: int) -> Iterator[list[bytes]]:
    while chunk := [line for line, _ in zip(lines, range(size), strict=False)]:
        yield chunk


def _ordered(files: Sequence[Path], target: Path) -> Path:
    """All lines in one file, by event time."""
    import duckdb

    listed = ", ".join(f"'{file}'" for file in files)
    with duckdb.connect() as connection:
        lines = f"select line from read_csv([{listed}], {LINES}) order by {MOMENT}"
        connection.execute(f"copy ({lines}) to '{target}' (format csv, {FORMAT})")
    return target
