"""A reader of releases in a process of its own: plain DuckDB on `current`, as a BI tool opens it, until told to stop.

`python -m support.reading RELEASES STOP`: reads until the file STOP exists and prints one JSON list: per connection
the release id that the file names, and all that it says of itself by several queries. Any error ends it with a code.
"""

import json
import sys
from pathlib import Path
from typing import Any

import duckdb

from orchestration.warehouse.checksums import schema_checksums


def read_once(database: Path) -> dict[str, Any]:
    """Several queries over one connection; every one of them has to be of the same release."""
    with duckdb.connect(str(database), read_only=True) as connection:
        before = _manifest(connection)
        lines = connection.execute("select count(*), count(distinct amount), min(amount)::integer from marts.fact_line")
        told = lines.fetchall()[0]
        found = {item.relation: str(item.checksum) for item in schema_checksums(connection)}
        stated = dict(connection.execute("select model, checksum::varchar from release.model").fetchall())
        after = _manifest(connection)
    return {
        "release": before["release_id"],
        "build": before["build_id"],
        "stays": before == after,
        "ties": found == stated and bool(found),
        "lines": told,
    }


def _manifest(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    return dict(connection.execute("select name, value from release.manifest").fetchall())


def main(releases: Path, stop: Path) -> None:
    found = []
    while not stop.exists() or not found:
        found.append(read_once(releases / "current" / "tieout.duckdb"))
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
