"""`python -m benchmarks.closing`: what closing a period takes, as a ratio to the full build of as many events."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.measure import machine, tieout, write
from benchmarks.price_lines import MEASURED
from benchmarks.report import RESULTS, replace_table
from benchmarks.report import results as builds
from orchestration.home import Home

KEPT = "closing-*.json"
BY = ("--by", "bench")


def measure(home: Home, period: str) -> dict[str, Any]:
    """Bring the home current, have its breaks explained as people do, and measure the close after it.

    A home that `benchmarks.price_lines` left is current. Raises SystemExit when the period does not close: nothing was
    measured then.
    """
    beside = home.root.parent / MEASURED
    for step in () if beside.exists() else ("build", "reconcile", "publish"):
        _say(f"preparing: {step}")
        tieout(home.root, step)
    explained = _explain(home)
    _say("closing")
    used = tieout(home.root, "close", period, *BY)
    package = _package(home, period)
    manifest = json.loads((package / "manifest.json").read_text(encoding="utf-8"))
    return {
        "events": _events(home),
        "period": period,
        "breaks_explained": explained,
        "price_lines": manifest["tables"]["fact_quote_line_price"]["rows"],
        "rows": sum(one["rows"] for one in manifest["tables"].values()),
        "mib": sum(path.stat().st_size for path in package.iterdir()) >> 20,
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": machine(),
        "close": used.as_json(),
        **({"build": json.loads(beside.read_text(encoding="utf-8"))["steps"]["build"]} if beside.exists() else {}),
    }


def _explain(home: Home) -> int:
    from orchestration.closing import breaks

    known = breaks.recorded(home, datetime.now(UTC).date())
    classes = sorted({one.break_class for one in known if one.status == breaks.OPEN})
    return len(breaks.explain(home, classes, reason="of the simulation", by="bench")) if classes else 0


def _package(home: Home, period: str) -> Path:
    from orchestration.closing import states

    return next(home.evidence / one.package for one in states.closed(home, "group") if one.period == period)


def _events(home: Home) -> int:
    from orchestration.landing.layout import batches

    return sum(batch.manifest["verdicts"]["accepted"] for batch in batches(home))


def table(kept: Sequence[Mapping[str, Any]], built: Sequence[Mapping[str, Any]]) -> str:
    """A row per kept result; its ratio is to the full build of the same home, else to a kept one of as many events."""
    lines = [
        "| events | price lines frozen | rows frozen | package | close | ÷ full build |",
        "|" + " --- |" * 6,
    ]
    for one in kept:
        same = [result for result in built if abs(result["events"] - one["events"]) <= 0.05 * one["events"]]
        build = one.get("build") or (same[0]["steps"]["build"] if same else None)
        full = build["cpu_seconds"] if build else None
        ratio = f"**{one['close']['cpu_seconds'] / full:.2f}**" if full else "not measured"
        used = f"{one['close']['cpu_seconds']} CPU s, {one['close']['memory_mib']} MiB"
        counts = " | ".join(f"{one[name]:,}".replace(",", " ") for name in ("events", "price_lines", "rows"))
        lines.append(f"| {counts} | {one['mib']} MiB | {used} | {ratio} |")
    return "\n".join(lines) if kept else "Not measured."


def results() -> list[dict[str, Any]]:
    """Kept results, the smallest size first."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in RESULTS.glob(KEPT)]
    return sorted(found, key=lambda result: result["events"])


def main() -> None:
    """Parse the arguments, measure, and keep what was asked to be kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--home", type=Path, required=True, help="a home that is left open (python -m benchmarks --leave)"
    )
    parser.add_argument("--period", default="2026-09", help="the period to close")
    parser.add_argument("--keep", action="store_true", help="keep the results for the table in docs/benchmarks.md")
    options = parser.parse_args()
    found = measure(Home(options.home.absolute()), options.period)
    if options.keep:
        write(RESULTS / f"closing-{found['events']}.json", found)
        replace_table("closing", table(results(), builds()))
    sys.stdout.write(table([found], builds()) + "\n")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
