"""`make demo`: a month of simulated business from events to a release, and what can be asked of it."""

import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from orchestration.cli.output import quiet_libraries
from orchestration.errors import TieoutError
from orchestration.home import Home

QUOTES = 600
SEED = 20260901
MONTH = (date(2026, 9, 1), date(2026, 10, 1))
QUERIES = {
    "Where the list price of accepted quotes went, per currency": """
        select currency, sum(prorated_list_amount) as list_price, sum(discount_amount) as discounts,
               sum(net_price_amount - prorated_list_amount - discount_amount) as partner_margin_and_rounding,
               sum(net_price_amount) as net_price
        from fact_quote_line_price
        where revision_status = 'ACCEPTED' and charge_type = 'RECURRING'
        group by currency order by currency""",
    "What the figures are current through": """
        select source_system, current_through, event_count from release.freshness order by source_system""",
}


def main() -> int:
    """Run the demo in TIEOUT_HOME and return the exit code: 0 only when everything that is critical tied out."""
    quiet_libraries()
    started = time.monotonic()
    home = Home.from_environment()
    try:
        ok = _run(home)
    except TieoutError as error:
        sys.stderr.write(f"tieout: {error}\n")
        return error.exit_code
    sys.stdout.write(f"\nDone in {time.monotonic() - started:.0f} s. State: {home.root}\n")
    return 0 if ok else 1


def _run(home: Home) -> bool:
    from orchestration.cli.publishing import answer_text
    from orchestration.cli.warehouse import refresh_text
    from orchestration.publishing.query import query
    from orchestration.refresh import refresh

    _say(f"Simulating {QUOTES} quotes and what follows from them, {MONTH[0]} to {MONTH[1]}, into {home.inbox}")
    _simulate(home)
    _say("Landing, building, reconciling, publishing")
    result = refresh(home, progress=_step if sys.stderr.isatty() else None)
    sys.stdout.write(refresh_text(result) + "\n")
    if result.release is None:
        return False
    for title, sql in QUERIES.items():
        _say(title)
        sys.stdout.write(answer_text(query(home, sql)) + "\n")
    _say("Ask it yourself")
    sys.stdout.write(
        '  .venv/bin/tieout query "select * from fact_quote_line_price limit 5"\n'
        "  .venv/bin/tieout query \"select * from release.checks where verdict <> 'passed'\"\n"
        "  .venv/bin/tieout status\n"
    )
    return result.ok


def _simulate(home: Home) -> None:
    """Write the month's files where no reader sees them half done, then move each into the inbox."""
    from simulator import run

    home.inbox.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.root, prefix="demo-") as folder:
        run(QUOTES, SEED, *MONTH, Path(folder))
        for path in sorted(Path(folder).iterdir()):
            path.replace(home.inbox / path.name)


def _say(text: str) -> None:
    sys.stdout.write(f"\n== {text}\n")
    sys.stdout.flush()


def _step(text: str) -> None:
    sys.stderr.write(f"   {text}\n")


if __name__ == "__main__":
    sys.exit(main())
