"""The command line, `tieout`: arguments in, exit code and text or JSON out; what a command does lives elsewhere."""

import sys


def main() -> None:
    """Run one command and end the process with 0 (done), 1 (refused or failed) or 2 (wrong usage, unreadable input)."""
    from orchestration.cli.app import run

    sys.exit(run(sys.argv[1:]))
