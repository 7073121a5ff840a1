"""Measures landing against bare DuckDB, which turns the same NDJSON into Parquet without asking anything.

`python benchmarks/landing.py --help`. Each side runs in a process of its own, on simulated files or on those given.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

ENVELOPE = ("eventId", "source", "eventType", "eventTime", "recordedTime", "aggregateType", "aggregateId",
            "correlationId", "causationId")  # fmt: skip

# As landing writes its own.
PARQUET = "compression zstd, compression_level 1, dictionary_size_limit 4096"


def bare(files: list[Path], out: Path) -> int:
    """Reads lines with a typed envelope and the payload as JSON, and writes one Parquet file per input file."""
    import duckdb

    kinds = dict.fromkeys(ENVELOPE, "VARCHAR") | {"schemaVersion": "INTEGER", "aggregateVersion": "BIGINT"}
    kinds |= {"eventTime": "TIMESTAMPTZ", "recordedTime": "TIMESTAMPTZ", "payload": "JSON"}
    columns = ", ".join(f"{name}: '{kind}'" for name, kind in kinds.items())
    events = 0
    with duckdb.connect() as con:
        for file in files:
            query = f"select * from read_json('{file}', format = 'newline_delimited', columns = {{{columns}}})"
            rows = con.execute(f"copy ({query}) to '{out / file.name}.parquet' ({PARQUET})").fetchone()
            events += rows[0] if rows else 0
    return events


def landing(files: list[Path], out: Path) -> int:
    """Lands the files into an empty lake."""
    from orchestration.home import Home
    from orchestration.landing import land

    verdicts = land(Home(out), files).verdicts
    if verdicts.accepted != verdicts.total:
        raise SystemExit(f"not everything was accepted: {verdicts}")
    return verdicts.total


def _measured(side: str, files: list[Path]) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, __file__, "--side", side, "--out", out, *map(str, files)]
        found: dict[str, float] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
        return found


def _run_side(side: str, files: list[Path], out: Path) -> None:
    events = {"bare": bare, "landing": landing}[side](files, out)
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = used.ru_utime + used.ru_stime
    json.dump({"events": events, "cpu": cpu, "memory": used.ru_maxrss / 1024}, sys.stdout)


def main() -> None:
    """Print what both sides took and the ratio of their CPU seconds, imports included."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, help="uncompressed NDJSON; simulated without them")
    parser.add_argument("--quotes", type=int, default=8_192)
    parser.add_argument("--side", choices=["bare", "landing"], help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        _run_side(options.side, options.files, options.out)
        return
    with tempfile.TemporaryDirectory() as folder:
        files = options.files
        if not files:
            from simulator import run

            run(options.quotes, 1, date(2026, 9, 1), date(2026, 10, 1), Path(folder), "none")
            files = sorted(Path(folder).glob("*.ndjson"))
        size = sum(file.stat().st_size for file in files)
        sides = {side: _measured(side, files) for side in ("bare", "landing")}
    print(f"{sides['landing']['events']:,.0f} events, {size / 1e6:.1f} MB")
    for side, took in sides.items():
        rate = took["events"] / took["cpu"]
        print(f"{side:8} {took['cpu']:6.2f} CPU seconds, {rate:9,.0f} events per CPU second, {took['memory']:.0f} MB")
    print(f"ratio    {sides['landing']['cpu'] / sides['bare']['cpu']:6.2f}")


if __name__ == "__main__":
    main()
