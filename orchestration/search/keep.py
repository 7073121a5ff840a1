"""The process that brings the indexes of the followed models to their current release, beside the making of it."""

import json
import os
import sys

GENTLE = 10
# A build by hand is waited for.
PATIENCE_SECONDS = 60.0


def main() -> None:
    """Index what `tieout follow` released last, and write what became of it as JSON."""
    from orchestration.home import Home
    from orchestration.operations.home import OperationsHome
    from orchestration.search.indexing import keep_current

    # The read models go first: people wait for them in seconds.
    os.nice(GENTLE)
    made = keep_current(OperationsHome.of(Home.from_environment()), wait_seconds=PATIENCE_SECONDS)
    sys.stdout.write(json.dumps([one.as_json() for one in made]) + "\n")


if __name__ == "__main__":
    main()
