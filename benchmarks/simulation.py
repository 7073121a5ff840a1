"""Measures the simulator: events per CPU second and peak memory of one run; `--help` says how."""

import argparse
import resource
import tempfile
import time
from datetime import date
from pathlib import Path

from simulator import run


def main() -> None:
    """Run once into a temporary folder and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quotes", type=int, default=8_192)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--from", dest="start", type=date.fromisoformat, default=date(2026, 9, 1))
    parser.add_argument("--to", dest="end", type=date.fromisoformat, default=date(2026, 10, 1))
    parser.add_argument("--compress", default="none")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        # The first run pays for imports and tables that are built once.
        run(10, options.seed, options.start, options.end, Path(folder) / "first")
        wall, cpu = time.perf_counter(), time.process_time()
        out = Path(folder) / "out"
        summary = run(options.quotes, options.seed, options.start, options.end, out, options.compress)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        size = sum(path.stat().st_size for path in out.iterdir())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{options.quotes} quotes, {summary.events} events, {size / 1e6:.1f} MB ({options.compress})")
    print(f"{cpu:.2f} CPU seconds, {wall:.2f} seconds: {summary.events / cpu:,.0f} events per CPU second")
    print(f"peak memory {peak:.0f} MB")


if __name__ == "__main__":
    main()
