"""A closed period's frozen tables beside what they would be today, to be asked with SQL; nothing is kept or changed."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.closing import evidence, periods, states
from orchestration.closing.freeze import freeze
from orchestration.errors import Refused
from orchestration.home import Home
from orchestration.publishing import store
from orchestration.publishing.query import Answer, read
from orchestration.warehouse.connection import bounded

if TYPE_CHECKING:
    import duckdb

# What is booked in a period stays booked in it: today's are those that were frozen.
BOOKED = "adjustment"
KINDS = ("fact_", "mart_", "dim_")


def query_closed(home: Home, name: str, sql: str, entity: str = periods.GROUP) -> Answer:
    """Run one reading statement on `closed_*` and `restated_*` tables of a closed period (docs/closing.md).

    Raises as `figures` does, and Unusable for SQL that does not run.
    """
    with figures(home, name, entity) as (database, release_id):
        return read(database, sql, release_id)


@contextmanager
def figures(home: Home, name: str, entity: str = periods.GROUP) -> Iterator[tuple[Path, str]]:
    """A database of a closed period for as long as it is asked, and the id of the release that says what is today.

    `closed_*` are the files of the period's package, `restated_*` what the same freeze gives on the current release.
    Raises Refused for a period that is not closed, or whose package is not what was sealed.
    """
    of = periods.entity(entity)
    period = periods.period(of, name)
    known = next((one for one in states.closed(home, entity) if one.period == name), None)
    if known is None:
        raise Refused(f"{name} of {entity} is not closed: there are no figures as reported.")
    package = home.evidence / known.package
    if not package.exists():
        raise Refused(f"The figures of {name} of {entity} are gone: its retention has ended, or see `tieout verify`.")
    wrong = [f"{one.what}: {one.found}" for one in evidence.verify_content(package) if not one.ok]
    if wrong:
        raise Refused(f"{name} of {entity} is not what was sealed:\n" + "\n".join(wrong))
    release = store.find(home, None)
    with tempfile.TemporaryDirectory() as kept:
        folder = Path(kept)
        _freeze_today(release.database.resolve(), folder, of, period, known.version)
        database = folder / "figures.duckdb"
        _write(database, release.database.resolve(), known, package, folder)
        yield database, release.release_id


def table_name(frozen: str) -> str:
    """What a frozen table is called behind `closed_` and `restated_`: without the kind of mart that it is."""
    return next((frozen.removeprefix(kind) for kind in KINDS if frozen.startswith(kind)), frozen)


def _freeze_today(database: Path, folder: Path, of: periods.Entity, period: periods.Period, version: int) -> None:
    import duckdb

    with bounded(duckdb.connect(str(database), read_only=True), folder / "spill") as connection:
        connection.execute("set TimeZone = 'UTC'")
        freeze(connection, folder, of, period, version)


def _write(database: Path, release: Path, known: states.Transition, package: Path, today: Path) -> None:
    import duckdb

    with bounded(duckdb.connect(str(database))) as connection:
        connection.execute("set TimeZone = 'UTC'; create schema marts")
        for prefix, files in (("closed", package), ("restated", today)):
            for file in sorted(files.glob("*.parquet")):
                if (prefix, file.stem) != ("restated", BOOKED):
                    _table(connection, f"{prefix}_{table_name(file.stem)}", file, known)
        connection.execute(f"attach '{release}' as release_database (read_only)")
        for name, column in (("fact_period_adjustment", "original_period"), ("fact_kpi_restatement", "period")):
            connection.execute(
                f"create table marts.{name} as from release_database.marts.{name} where entity = $1 and {column} = $2",
                [known.entity, known.period],
            )
        connection.execute("detach release_database")


def _table(connection: "duckdb.DuckDBPyConnection", name: str, file: Path, known: states.Transition) -> None:
    told = {"entity": known.entity, "period": known.period, "close_version": known.version}
    has = {row[0] for row in connection.execute(f"describe from read_parquet('{file}')").fetchall()}
    # A monthly mart has a period of its own: that of its month, which stays what it is.
    added = {column: value for column, value in told.items() if column not in has}
    columns = "".join(f"${column} as {column}, " for column in added)
    connection.execute(f"create table marts.{name} as select {columns}* from read_parquet('{file}')", added)
