"""What the models know of closes: closed periods and what was frozen of them; files that change at once."""

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.errors import Refused
from orchestration.home import Home

if TYPE_CHECKING:
    import duckdb

COLUMNS = {
    "period": (
        "entity varchar, region varchar, period varchar, period_start timestamp, period_end timestamp,"
        " close_version bigint, lake_high_water bigint, open_period varchar, package varchar"
    ),
    "line": (
        "entity varchar, period varchar, close_version bigint, line_type varchar, line_key varchar, currency varchar,"
        " amount decimal(18, 4), happened_at timestamp, source_event_id varchar, arrival_seq bigint"
    ),
    "adjustment": (
        "entity varchar, original_period varchar, booked_period varchar, line_type varchar, line_key varchar,"
        " currency varchar, original_amount decimal(18, 4), new_amount decimal(18, 4), delta_amount decimal(18, 4),"
        " causing_event_id varchar, arrival_seq bigint, reason varchar"
    ),
    "kpi_monthly": (
        "entity varchar, period varchar, close_version bigint, kpi_month_id varchar, kpi_id integer, kpi_name varchar,"
        " measure varchar, statistic varchar, is_headline boolean, companion_of varchar, scope varchar, region varchar,"
        " month_start_date date, month_start_date_key integer, currency varchar, category varchar, unit varchar,"
        " basis varchar, numerator decimal(18, 4), denominator decimal(18, 4), value decimal(20, 6),"
        " excluded_count bigint, is_mature boolean, as_of timestamp, definition_version integer"
    ),
    "exchange_rate": (
        "entity varchar, period varchar, close_version bigint, exchange_rate_id varchar, published_date date,"
        " from_currency varchar, to_currency varchar, from_rate_per_eur decimal(18, 8), to_rate_per_eur decimal(18, 8),"
        " exchange_rate decimal(28, 12)"
    ),
}
# The frozen table that each is made of.
FROZEN = {
    "line": "line",
    "adjustment": "adjustment",
    "kpi_monthly": "mart_kpi_monthly",
    "exchange_rate": "dim_exchange_rate",
}


@dataclass(frozen=True)
class ClosedPeriod:
    """One closed period as the index has it; `folder` holds its frozen files."""

    entity: str
    region: str
    period: str
    start: datetime
    end: datetime
    version: int
    lake_high_water: int
    open_period: str
    package: str
    folder: Path


def index_folder(home: Home) -> Path:
    """Where the current index is: made empty where nothing was closed yet, anew where an earlier version made it."""
    current = home.closes / "index" / "current"
    if not current.exists():
        write(home, [])
    elif not all((current / f"{name}.parquet").exists() for name in COLUMNS):
        from orchestration.closing.close import closed_periods

        write(home, closed_periods(home))
    return current.resolve()


def told(closed: Sequence[ClosedPeriod]) -> list[tuple[object, ...]]:
    """What the index is to say of these periods, to be held against `contents`."""
    return sorted((one.entity, one.period, one.version, one.open_period, one.package) for one in closed)


def contents(folder: Path) -> list[tuple[object, ...]]:
    """What an index says."""
    import duckdb

    with duckdb.connect() as connection:
        return connection.execute(
            "select entity, period, close_version, open_period, package"
            f" from read_parquet('{folder}/period.parquet') order by all"
        ).fetchall()


def altered(folder: Path, closed: Sequence[ClosedPeriod]) -> list[str]:
    """Files of an index that do not have the very rows that were frozen with these periods."""
    import duckdb

    wrong = []
    with duckdb.connect() as connection:
        for name in FROZEN:
            connection.execute(f"create table {name} ({COLUMNS[name]})")
            try:
                for one in closed:
                    _insert(connection, name, one)
            except Refused as error:
                wrong.append(str(error))
                continue
            try:
                connection.execute(f"create table indexed_{name} as from read_parquet('{folder / name}.parquet')")
            except duckdb.Error as error:
                wrong.append(f"{name}.parquet cannot be read: {str(error).splitlines()[0]}")
                continue
            differing = (
                f"(from {name} except all from indexed_{name}) union all (from indexed_{name} except all from {name})"
            )
            row = connection.execute(f"select count(*) from ({differing})").fetchone()
            if row and row[0]:
                wrong.append(f"{name}.parquet has other rows than were frozen: {row[0]} differ")
    return wrong


def write(home: Home, closed: Sequence[ClosedPeriod]) -> Path:
    """Write the index of these periods beside the current one, then switch to it in one step; returns its folder.

    What an interrupted run has left half-way goes.
    """
    import duckdb

    root = home.closes / "index"
    root.mkdir(parents=True, exist_ok=True)
    numbers = [int(path.name) for path in root.iterdir() if path.name.isdigit()]
    folder = root / f"{max(numbers, default=0) + 1:08d}"
    for left in root.glob(".part-*"):
        shutil.rmtree(left)
    for left in root.glob(".current-*"):
        left.unlink()
    part = root / f".part-{os.getpid()}"
    part.mkdir()
    with duckdb.connect() as connection:
        for name, columns in COLUMNS.items():
            connection.execute(f"create table {name} ({columns})")
        for one in closed:
            values = [one.entity, one.region, one.period, one.start, one.end, one.version, one.lake_high_water]
            connection.execute("insert into period values (?,?,?,?,?,?,?,?,?)", [*values, one.open_period, one.package])
            for name in FROZEN:
                _insert(connection, name, one)
        for name in COLUMNS:
            connection.execute(f"copy (from {name} order by all) to '{part / name}.parquet' (format parquet)")
    part.rename(folder)
    link = root / f".current-{os.getpid()}"
    link.symlink_to(folder.name)
    link.replace(root / "current")
    return folder


def _insert(connection: "duckdb.DuckDBPyConnection", name: str, one: ClosedPeriod) -> None:
    """Add what was frozen with a period: the columns that it has, fewer or others in an earlier close.

    Raises Refused where the package is damaged.
    """
    import duckdb

    file = one.folder / f"{FROZEN[name]}.parquet"
    of_period = {"entity": "$entity", "period": "$period", "close_version": "$version"}
    named = {"entity": one.entity, "period": one.period, "version": one.version}
    columns = [row[0] for row in connection.execute(f"describe {name}").fetchall()]
    try:
        frozen = {row[0] for row in connection.execute(f"describe from read_parquet('{file}')").fetchall()}
        values = [column if column in frozen else of_period.get(column, "null") for column in columns]
        used = {key: value for key, value in named.items() if f"${key}" in values}
        connection.execute(f"insert into {name} select {', '.join(values)} from read_parquet('{file}')", used)
    except duckdb.Error as error:
        raise Refused(
            f"{file.name} of the package {one.package} ({one.entity} {one.period}) cannot be read: "
            f"{str(error).splitlines()[0]}. Run `tieout verify` and bring the package back from a copy."
        ) from error
