"""Writing one release database: marts and comments, freshness per source, checks, manifest; no gate, no switch."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.home import Home
from orchestration.warehouse.checksums import (
    EXCLUSIONS,
    RelationChecksum,
    data_version,
    excluded_columns,
    quoted,
    schema_checksums,
)
from orchestration.warehouse.compacted import event_rows
from orchestration.warehouse.connection import bounded, open_warehouse
from orchestration.warehouse.record import Build, timestamp_text

if TYPE_CHECKING:
    import duckdb

# What readers query; the data version is that of the marts, which the audit proves.
SCHEMAS = ("marts", "operations")
CHECK_COLUMNS = ("key", "partition", "kind", "severity", "verdict", "left", "right", "message")
RELEASE_TABLES = f"""
create schema release;
create table release.freshness (
    source_system varchar not null, current_through timestamp, last_event_time timestamp not null,
    last_arrival_seq bigint not null, last_batch_seq bigint not null, event_count bigint not null);
comment on table release.freshness is 'One row per source system: what the marts are current through';
comment on column release.freshness.source_system is 'Producing system, as its events name it';
comment on column release.freshness.current_through is
    'Latest business time (UTC) of its events that is not after the as-of time; NULL when all are';
comment on column release.freshness.last_event_time is
    'Latest business time (UTC) of its events, clocks that run ahead included';
comment on column release.freshness.last_arrival_seq is 'Arrival number of its event that came last';
comment on column release.freshness.last_batch_seq is 'Lake batch that its last event came in';
comment on column release.freshness.event_count is 'Accepted events of this source, up to the lake high-water mark';
create table release.mart_freshness (
    mart varchar not null, source_system varchar not null, current_through timestamp,
    last_event_time timestamp not null, last_arrival_seq bigint not null, event_count bigint not null);
comment on table release.mart_freshness is
    'One row per mart and source system whose events it is made from: what that mart is current through';
comment on column release.mart_freshness.mart is 'Name of the mart; one made from no events (a calendar) is not here';
comment on column release.mart_freshness.source_system is 'Producing system, as its events name it';
comment on column release.mart_freshness.current_through is
    'Latest business time (UTC) of those events that is not after the as-of time; NULL when all are';
comment on column release.mart_freshness.last_event_time is 'Latest business time (UTC) of those events';
comment on column release.mart_freshness.last_arrival_seq is 'Arrival number of the one that came last';
comment on column release.mart_freshness.event_count is 'How many there are, up to the lake high-water mark';
create table release.checks (
    {", ".join(f'"{column}" varchar' for column in CHECK_COLUMNS)});
comment on table release.checks is
    'Verdict of every check of the audit: passed, failed (warnings only), waived, or unproven by the source';
comment on column release.checks."left" is 'One side of the comparison, as text with all its digits';
comment on column release.checks."right" is 'The other side of the comparison';
create table release.model (model varchar not null, row_count bigint not null, checksum hugeint not null);
comment on table release.model is 'Row count and content checksum of every mart (docs/architecture.md, Checksums)';
create table release.manifest (name varchar not null, value varchar not null);
comment on table release.manifest is 'What the release was made from, one property per row';
"""
ARRIVED = """
create temp table arrived as
select
    source_system, event_type, max(event_time) filter (where event_time <= ?) as current_through,
    max(event_time) as last_event_time, max(arrival_seq) as last_arrival_seq, max(batch_seq) as last_batch_seq,
    count(*) as event_count
from {events}
where batch_seq <= ?
group by source_system, event_type
"""
FRESHNESS = """
insert into release.freshness
select
    source_system, max(current_through), max(last_event_time), max(last_arrival_seq), max(last_batch_seq),
    sum(event_count)
from arrived
group by source_system
order by source_system;
insert into release.mart_freshness
select
    rests.relation, arrived.source_system, max(arrived.current_through), max(arrived.last_event_time),
    max(arrived.last_arrival_seq), sum(arrived.event_count)
from source.audit.mart_event_type as rests
join arrived using (event_type)
group by rests.relation, arrived.source_system
order by rests.relation, arrived.source_system;
drop table arrived
"""


@dataclass(frozen=True)
class Content:
    """What was written: the marts' checksums, the data version they make up, freshness per source (JSON values)."""

    models: tuple[RelationChecksum, ...]
    data_version: str
    freshness: list[dict[str, Any]]


def write_database(
    path: Path, home: Home, build: Build, checks: Iterable[Mapping[str, Any]], properties: Mapping[str, str]
) -> Content:
    """Write a release database as a new file, closed and complete, and say what is in it.

    The data version is computed from the rows in the new file. `checks`: results as in docs/architecture.md.
    """
    import duckdb

    with bounded(duckdb.connect(str(path))) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"attach {_literal(str(home.warehouse))} as source (read_only)")
        connection.execute("begin")
        connection.execute(RELEASE_TABLES)
        for schema in SCHEMAS:
            _copy_marts(connection, schema)
        _copy_exclusions(connection)
        _write_freshness(connection, home, build)
        rows = [[_text(check.get(column)) for column in CHECK_COLUMNS] for check in checks]
        _insert(connection, "release.checks", rows)
        models = tuple(schema_checksums(connection, schema="marts"))
        version = data_version(models, lake_high_water=build.lake_high_water, as_of=timestamp_text(build.as_of))
        _insert(connection, "release.model", [[item.relation, item.row_count, item.checksum] for item in models])
        _insert(connection, "release.manifest", [*map(list, properties.items()), ["data_version", version]])
        connection.execute("commit")
        connection.execute("detach source")
        connection.execute("checkpoint")
        freshness = _objects(connection, "select * from release.freshness order by source_system")
    return Content(models, version, freshness)


def warehouse_version(home: Home, build: Build) -> str:
    """The data version of the marts as the working warehouse has them now."""
    with open_warehouse(home) as connection:
        models = schema_checksums(connection, schema="marts")
    return data_version(models, lake_high_water=build.lake_high_water, as_of=timestamp_text(build.as_of))


def _copy_marts(connection: "duckdb.DuckDBPyConnection", schema: str) -> None:
    """Every mart, tables and views alike, as a table of the same columns in the same order, with its comments."""
    connection.execute(f"create schema {schema}")
    relations = connection.execute(
        f"select table_name, comment from duckdb_tables() where database_name = 'source' and schema_name = '{schema}'"
        " union all select view_name, comment from duckdb_views()"
        f" where database_name = 'source' and schema_name = '{schema}' order by 1"
    ).fetchall()
    for name, comment in relations:
        table = f"{schema}.{quoted(name)}"
        connection.execute(f"create table {table} as select * from source.{table}")
        if comment:
            connection.execute(f"comment on table {table} is {_literal(comment)}")
    columns = connection.execute(
        "select table_name, column_name, comment from duckdb_columns() where database_name = 'source'"
        f" and schema_name = '{schema}' and comment is not null"
    ).fetchall()
    for name, column, comment in columns:
        connection.execute(f"comment on column {schema}.{quoted(name)}.{quoted(column)} is {_literal(comment)}")


def _copy_exclusions(connection: "duckdb.DuckDBPyConnection") -> None:
    excluded = excluded_columns(connection, database="source")
    connection.execute(f"create table release.{EXCLUSIONS} (relation varchar not null, column_name varchar not null)")
    connection.execute(f"comment on table release.{EXCLUSIONS} is 'Columns that checksums leave out'")
    rows = [[relation, column] for relation in sorted(excluded) for column in sorted(excluded[relation])]
    _insert(connection, f"release.{EXCLUSIONS}", rows)


def _write_freshness(connection: "duckdb.DuckDBPyConnection", home: Home, build: Build) -> None:
    events = event_rows(home, "source_system", "event_type", "event_time", "arrival_seq")
    connection.execute(ARRIVED.format(events=events), [build.as_of, build.lake_high_water])
    connection.execute(FRESHNESS)


def _insert(connection: "duckdb.DuckDBPyConnection", table: str, rows: Sequence[Sequence[Any]]) -> None:
    if rows:
        connection.executemany(f"insert into {table} values ({', '.join('?' * len(rows[0]))})", rows)


def _objects(connection: "duckdb.DuckDBPyConnection", sql: str) -> list[dict[str, Any]]:
    found = connection.execute(sql)
    names = [column[0] for column in found.description or []]
    return [
        {
            name: timestamp_text(value) if isinstance(value, datetime) else value
            for name, value in zip(names, row, strict=True)
        }
        for row in found.fetchall()
    ]


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
