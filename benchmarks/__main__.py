"""`python -m benchmarks`: measure one size, keep the results as JSON and put them into docs/benchmarks.md."""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks.bench import bench
from benchmarks.measure import write
from benchmarks.report import RESULTS, write_table


def main() -> None:
    """Parse the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000, help="how many events of history, about")
    parser.add_argument("--increment", type=int, default=10_000, help="events of an increment")
    parser.add_argument("--batches", type=int, default=100, help="small batches between two increments; 0: none")
    parser.add_argument("--work", type=Path, help="where to work, on a disk with room; a temporary folder without it")
    parser.add_argument("--keep", action="store_true", help="keep the results for the table in docs/benchmarks.md")
    parser.add_argument("--leave", action="store_true", help="leave the home for other measurements, and say where")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(dir=options.work, prefix="tieout-bench-"))
    try:
        found = bench(options.events, options.increment, options.batches, folder, _say)
        if options.leave:
            _say(f"left: {folder / 'home'}")
    finally:
        if not options.leave:
            shutil.rmtree(folder)
    found["asked"] = {"events": options.events}
    if options.keep:
        write(RESULTS / f"events-{options.events}.json", found)
        write_table()
        _say(f"kept in {RESULTS.name}/events-{options.events}.json; the table in docs/benchmarks.md is made anew")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
