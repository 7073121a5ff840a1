"""Checksums of relations by their content, and the data version that they make up; see docs/architecture.md, Checksums.

The dbt macro of the same rule serves the SQL side; a test shows that both give equal figures.
"""

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestration.errors import Unusable

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

EXCLUSIONS = "checksum_exclusion"
AS_TEXT = re.compile(
    r"(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT|U\w+INT|UINTEGER|VARCHAR|DATE|BOOLEAN|UUID|DECIMAL\(.*\))"
)
AMOUNT = re.compile(r"DECIMAL\(\d+,\s*4\)")
INSTANT = re.compile(r"TIMESTAMP(_[A-Z]+)?( WITH TIME ZONE)?")


@dataclass(frozen=True, order=True)
class RelationChecksum:
    """Row count and content checksum of one relation; `checksum` is an exact integer, 0 for no rows."""

    relation: str
    row_count: int
    checksum: int


def canonical_text(column: str, data_type: str) -> str:
    """SQL for the canonical text of one column. Raises Unusable for a type that has none, such as a float."""
    name = quoted(column)
    if AMOUNT.fullmatch(data_type):
        text = f"cast(cast(replace(cast({name} as varchar), '.', '') as hugeint) as varchar)"
    elif AS_TEXT.fullmatch(data_type):
        text = f"cast({name} as varchar)"
    elif INSTANT.fullmatch(data_type):
        text = f"cast(epoch_us({name}) as varchar)"
    elif data_type.endswith("[]"):
        text = f"cast(to_json({name}) as varchar)"
    elif data_type.startswith("STRUCT"):
        text = f"cast({name} as varchar)"
    else:
        raise Unusable(
            f"column {column} has the type {data_type}, which has no canonical text: "
            "give it an exact type, or leave it out with meta `checksum: false`"
        )
    if "VARCHAR" in data_type:  # no other text has a character that is to be escaped
        text = rf"replace(replace({text}, '\', '\\'), '|', '\|')"
    return rf"coalesce({text}, '\N')"


def relation_checksum(
    connection: "DuckDBPyConnection",
    relation: str,
    *,
    schema: str = "marts",
    database: str | None = None,
    excluded: Collection[str] = (),
) -> RelationChecksum:
    """Row count and checksum of `database.schema.relation` without the `excluded` columns."""
    database = database or _current_database(connection)
    columns = connection.execute(
        "select column_name, data_type from duckdb_columns()"
        " where database_name = ? and schema_name = ? and table_name = ?",
        [database, schema, relation],
    ).fetchall()
    kept = sorted((name, data_type) for name, data_type in columns if name not in excluded)
    if not kept:
        raise Unusable(f"{database}.{schema}.{relation} does not exist or has no column to check")
    try:
        row = " || '|' || ".join(canonical_text(name, data_type) for name, data_type in kept)
    except Unusable as error:
        raise Unusable(f"{schema}.{relation}: {error}") from None
    found = connection.execute(
        f"select count(*), coalesce(sum(cast('0x' || substr(md5({row}), 1, 15) as bigint)), 0)"
        f" from {quoted(database)}.{quoted(schema)}.{quoted(relation)}"
    ).fetchone()
    assert found is not None
    return RelationChecksum(relation, int(found[0]), int(found[1]))


def schema_checksums(
    connection: "DuckDBPyConnection",
    *,
    schema: str = "marts",
    database: str | None = None,
    excluded: Mapping[str, Collection[str]] | None = None,
) -> list[RelationChecksum]:
    """Checksums of every table and view of a schema, by name. `excluded`: relation → columns; see excluded_columns."""
    database = database or _current_database(connection)
    if excluded is None:
        excluded = excluded_columns(connection, database=database)
    relations = connection.execute(
        "select table_name from information_schema.tables where table_catalog = ? and table_schema = ? order by 1",
        [database, schema],
    ).fetchall()
    return [
        relation_checksum(connection, name, schema=schema, database=database, excluded=excluded.get(name, ()))
        for (name,) in relations
    ]


def excluded_columns(connection: "DuckDBPyConnection", *, database: str | None = None) -> dict[str, set[str]]:
    """Columns that dbt meta leaves out of checksums, as dbt wrote them to `audit` (publish copies them to `release`).

    Raises Unusable where neither table is there: without it a checksum would silently mean something else.
    """
    database = database or _current_database(connection)
    found = connection.execute(
        "select schema_name from duckdb_tables() where database_name = ? and table_name = ?"
        " and schema_name in ('audit', 'release') order by 1",
        [database, EXCLUSIONS],
    ).fetchone()
    if found is None:
        raise Unusable(f"{database}: there is no table audit.{EXCLUSIONS}: build the warehouse first (`tieout build`)")
    excluded: dict[str, set[str]] = {}
    for relation, column in connection.execute(
        f"select relation, column_name from {quoted(database)}.{quoted(found[0])}.{quoted(EXCLUSIONS)}"
    ).fetchall():
        excluded.setdefault(relation, set()).add(column)
    return excluded


def data_version(marts: Iterable[RelationChecksum], *, lake_high_water: int, as_of: str) -> str:
    """SHA-256 (hex) over the sorted marts, the lake high-water mark and the `as_of` text of the build."""
    content = {
        "as_of": as_of,
        "lake_high_water": lake_high_water,
        "marts": [[mart.relation, mart.row_count, str(mart.checksum)] for mart in sorted(marts)],
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def quoted(identifier: str) -> str:
    """An identifier as SQL writes it."""
    return '"' + identifier.replace('"', '""') + '"'


def _current_database(connection: "DuckDBPyConnection") -> str:
    found = connection.execute("select current_database()").fetchone()
    assert found is not None
    return str(found[0])
