"""Input of the measurements: simulated events, cut by event time into a history and what comes after it."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

EVENTS_PER_QUOTE = 27  # what the simulator makes of one in thirty days; only says how many quotes to ask for
MONTH = (date(2026, 9, 1), date(2026, 10, 1))
MOMENT = """substr(line, strpos(line, '"eventTime":"') + 13, 24)"""
FORMAT = "header false, quote '', escape '', delim '\x01'"
READ = (
    "delim = '\x01', quote = '', escape = '', header = false, columns = {'line': 'VARCHAR'}, max_line_size = 16777216"
)


def simulated(events: int, out: Path) -> list[Path]:
    """About as many events of one month, as files of NDJSON, one per source."""
    from simulator import run

    run(max(round(events / EVENTS_PER_QUOTE), 100), 1, *MONTH, out, "none")
    return sorted(out.glob("*.ndjson"))


def cut(files: Sequence[Path], out: Path, sizes: Sequence[int]) -> tuple[Path, list[Path]]:
    """Cut the events by event time: a folder with the history, and a file per size with what follows it.

    Lines keep their order within a file. Events of one moment stay together, so a size may be off by a few.
    """
    import duckdb

    history = out / "history"
    history.mkdir(parents=True)
    with duckdb.connect(config={"threads": 2}) as con:
        every = _lines(files)
        last = con.execute(f"select {MOMENT} from {every} order by 1 desc limit {sum(sizes) + 1}").fetchall()
        bounds = [last[sum(sizes[index:])][0] for index in range(len(sizes))] + ["9999"]
        for file in files:
            _copy(con, _lines([file]), f"{MOMENT} <= '{bounds[0]}'", history / file.name)
        tails = [out / f"increment-{number}.ndjson" for number in range(1, len(sizes) + 1)]
        for tail, after, to in zip(tails, bounds, bounds[1:], strict=False):
            _copy(con, every, f"{MOMENT} > '{after}' and {MOMENT} <= '{to}'", tail)
    return history, tails


def split(file: Path, out: Path, parts: int) -> Path:
    """The lines of a file as a folder of so many files of about equal size."""
    out.mkdir(parents=True)
    lines = file.read_bytes().splitlines(keepends=True)
    for part in range(parts):
        content = b"".join(lines[part * len(lines) // parts : (part + 1) * len(lines) // parts])
        (out / f"part-{part:05d}.ndjson").write_bytes(content)
    return out


def _lines(files: Sequence[Path]) -> str:
    listed = ", ".join(f"'{file}'" for file in files)
    return f"read_csv([{listed}], {READ})"


def _copy(con: "duckdb.DuckDBPyConnection", lines: str, condition: str, target: Path) -> None:
    con.execute(f"copy (select line from {lines} where {condition}) to '{target}' (format csv, {FORMAT})")
