"""A CPQ/OMS that emits contract events at any volume, from a seed: what other packages may call."""

from datetime import date
from pathlib import Path

from simulator.mix import Mix
from simulator.summary import Progress, Summary

__all__ = ["Mix", "Progress", "Summary", "run"]


def run(
    quotes: int,
    seed: int,
    start: date,
    end: date,
    out: Path,
    compression: str = "none",
    progress: Progress | None = None,
    faults: str | None = None,
    mix: Mix | None = None,
) -> Summary:
    """Write the events of `quotes` quotes between `start` (inclusive) and `end` (exclusive, both UTC) below `out`.

    One NDJSON file per source system and month, such as `cpq-2026-09.ndjson`; `compression` is `none`, `gzip` or
    `zstd`. The same arguments give the same bytes. `faults` says what is to go wrong, such as `lost=3,late=2`, or names
    a YAML or JSON file (docs/simulator.md); `faults.truth` beside the files then tells each fault.
    `mix` is another kind of business: larger quotes, or fewer that are won.

    Raises `Unusable` for arguments that make no sense, and
    `Refused` when `out` holds event files that this run would not replace.
    """
    from simulator.faults.spec import read_spec
    from simulator.simulation import simulate

    wanted = () if faults is None else read_spec(faults)
    return simulate(quotes, seed, start, end, out, compression, progress, wanted, mix)
