"""A CPQ/OMS that emits contract events at any volume, from a seed: what other packages may call."""

from datetime import date
from pathlib import Path

from simulator.summary import Progress, Summary

__all__ = ["Progress", "Summary", "run"]


def run(
    quotes: int,
    seed: int,
    start: date,
    end: date,
    out: Path,
    compression: str = "none",
    progress: Progress | None = None,
) -> Summary:
    """Write the events of `quotes` quotes between `start` (inclusive) and `end` (exclusive, both UTC) below `out`.

    One NDJSON file per source system and month, such as `cpq-2026-09.ndjson`; `compression` is `none`, `gzip` or
    `zstd`. The same arguments give the same bytes. Raises `Unusable` for arguments that make no sense, and
    `Refused` when `out` holds event files that this run would not replace.
    """
    from simulator.simulation import simulate

    return simulate(quotes, seed, start, end, out, compression, progress)
