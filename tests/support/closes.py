"""Parts of closes for tests: a made-up close of October 2026 with one line and one adjustment, and people who sign."""

from datetime import date, datetime
from pathlib import Path

import duckdb
import yaml

from orchestration.closing import index, signing
from orchestration.home import Home

LINE = """
insert into line values (
    'group', '2026-10', 1, 'order_line', 'gone|1', 'EUR', 10, timestamp '2026-10-03 10:00:00', 'e-gone', 1);
insert into adjustment values (
    'group', '2026-10', '2026-11', 'order_line', 'gone|1', 'EUR', 10, 8, -2, 'e-later', 2, 'CORRECTED');
"""


def closed_october(home: Home, folder: Path) -> None:
    """Write the files of the close into a folder, and the index of closes of the home."""
    folder.mkdir(parents=True)
    with duckdb.connect() as connection:
        for name, columns in index.COLUMNS.items():
            connection.execute(f"create table {name} ({columns})")
        connection.execute(LINE)
        for name in ("line", "adjustment"):
            connection.execute(f"copy {name} to '{folder / name}.parquet' (format parquet)")
    first, last = datetime(2026, 10, 1), datetime(2026, 11, 1)
    closed = index.ClosedPeriod("group", "*", "2026-10", first, last, 1, 1, "2026-12", "0" * 64, folder)
    index.write(home, [closed])


def signers_file(folder: Path, **may: list[str]) -> Path:
    """A signers.yml with a key (`<name>.pem` beside it) for each person, and what they may sign as; or Ada and Bob."""
    may = may or {"Ada": ["preparer"], "Bob": ["approver"]}
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "signers.yml"
    entries = [
        {
            "name": name,
            "roles": roles,
            "public_key": signing.public_key(folder / f"{name}.pem"),
            "valid_from": date(2026, 1, 1),
            "valid_until": date(2999, 12, 31),
        }
        for name, roles in may.items()
    ]
    path.write_text(yaml.safe_dump({"signers": entries}))
    return path
