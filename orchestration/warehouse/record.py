"""The build record inside the warehouse (`audit.build`): what was started, what was completed, from which inputs."""

from collections.abc import Iterable
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

SCHEMA = """
create schema if not exists audit;
create table if not exists audit.build_attempt (
    build_id varchar not null, started_at timestamp not null, lake_high_water bigint not null,
    as_of timestamp not null, code_hash varchar not null);
create table if not exists audit.build (
    build_id varchar not null, started_at timestamp not null, finished_at timestamp not null,
    lake_high_water bigint not null, as_of timestamp not null, code_hash varchar not null,
    git_revision varchar not null, dbt_manifest_hash varchar not null, reporting_currency varchar not null,
    is_full_refresh boolean not null);
create table if not exists audit.checksum_exclusion (relation varchar not null, column_name varchar not null);
create table if not exists audit.mart_event_type (relation varchar not null, event_type varchar not null);
"""


@dataclass(frozen=True)
class Attempt:
    """A build that was started; times are UTC without a zone."""

    build_id: str
    started_at: datetime
    lake_high_water: int
    as_of: datetime
    code_hash: str


@dataclass(frozen=True)
class Build:
    """A build that ended with every model built and every test passed."""

    build_id: str
    started_at: datetime
    finished_at: datetime
    lake_high_water: int
    as_of: datetime
    code_hash: str
    git_revision: str
    dbt_manifest_hash: str
    reporting_currency: str
    is_full_refresh: bool


def prepare(connection: "duckdb.DuckDBPyConnection") -> None:
    """Make the tables where they are missing."""
    connection.execute(SCHEMA)


def last_build(connection: "duckdb.DuckDBPyConnection") -> Build | None:
    """The last complete build; None before the first."""
    row = _last(connection, "build", "finished_at")
    return Build(*row) if row else None


def last_attempt(connection: "duckdb.DuckDBPyConnection") -> Attempt | None:
    """The build that was started last, complete or not; None before the first."""
    row = _last(connection, "build_attempt", "started_at")
    return Attempt(*row) if row else None


def add_attempt(connection: "duckdb.DuckDBPyConnection", attempt: Attempt) -> None:
    """Record that a build starts: until `add_build` follows, the marts are in no state that can be published."""
    connection.execute("insert into audit.build_attempt values (?, ?, ?, ?, ?)", astuple(attempt))


def add_build(connection: "duckdb.DuckDBPyConnection", build: Build) -> None:
    """Record that a build is complete."""
    connection.execute("insert into audit.build values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", astuple(build))


def write_exclusions(connection: "duckdb.DuckDBPyConnection", pairs: Iterable[tuple[str, str]]) -> None:
    """Keep which (relation, column) the checksums leave out, as the project just built says."""
    _replace(connection, "checksum_exclusion", pairs)


def write_mart_event_types(connection: "duckdb.DuckDBPyConnection", pairs: Iterable[tuple[str, str]]) -> None:
    """Keep which (mart, event type) rest on one another, as the project just built says."""
    _replace(connection, "mart_event_type", pairs)


def _replace(connection: "duckdb.DuckDBPyConnection", table: str, pairs: Iterable[tuple[str, str]]) -> None:
    connection.execute(f"delete from audit.{table}")
    rows = [list(pair) for pair in pairs]
    if rows:
        connection.executemany(f"insert into audit.{table} values (?, ?)", rows)


def timestamp_text(moment: datetime) -> str:
    """A UTC timestamp as every engine casts it: `2026-10-01 12:00:00.000000`."""
    return moment.isoformat(sep=" ", timespec="microseconds")


def _last(connection: "duckdb.DuckDBPyConnection", table: str, order: str) -> tuple[Any, ...] | None:
    known = connection.execute(
        "select count(*) from duckdb_tables() where schema_name = 'audit' and table_name = ?"
        " and database_name = current_database()",
        [table],
    ).fetchone()
    if not known or not known[0]:
        return None
    return connection.execute(f"select * from audit.{table} order by {order} desc, build_id desc limit 1").fetchone()
