"""Damages a relation of a warehouse in every simple way, one at a time, each undone by a rollback."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

NONSENSE = "no such value"


@dataclass(frozen=True)
class Relation:
    """A table or view of the warehouse."""

    schema: str
    name: str

    def __str__(self) -> str:
        return f'"{self.schema}"."{self.name}"'


@contextmanager
def damaged(connection: duckdb.DuckDBPyConnection, relations: Sequence[Relation], damage: str) -> Iterator[None]:
    """The warehouse with these relations as plain tables and the damage done to them, until the block ends.

    As plain tables, because a view cannot be changed and a constraint would refuse what a test is to find.
    """
    connection.execute("begin")
    try:
        for relation in relations:
            _make_plain(connection, relation)
        connection.execute(damage)
        yield
    finally:
        connection.execute("rollback")


def simple_damages(connection: duckdb.DuckDBPyConnection, relation: Relation, first: str | None) -> Iterator[str]:
    """Rows twice or gone, then column by column (the one named `first` before all others): NULL, or another value."""
    yield f"insert into {relation} from {relation}"
    yield f"delete from {relation}"
    columns = connection.execute(
        "select column_name, data_type from information_schema.columns"
        " where table_schema = ? and table_name = ? order by ordinal_position",
        [relation.schema, relation.name],
    ).fetchall()
    for name, data_type in sorted(columns, key=lambda column: column[0] != first):
        for value in ("null", _other_value(name, data_type)):
            if value:
                yield f'update {relation} set "{name}" = {value}'


def _other_value(name: str, data_type: str) -> str | None:
    if data_type == "VARCHAR":
        return f"'{NONSENSE}'"
    if data_type.startswith("DECIMAL"):
        return f'"{name}" + 0.0001'
    if data_type in ("BIGINT", "INTEGER"):
        return f'-1 - "{name}"'
    if data_type == "BOOLEAN":
        return f'not "{name}"'
    if data_type in ("TIMESTAMP", "DATE"):
        return f"\"{name}\" + interval '400 days'"
    return None


def _make_plain(connection: duckdb.DuckDBPyConnection, relation: Relation) -> None:
    (kind,) = connection.execute(
        "select table_type from information_schema.tables where table_schema = ? and table_name = ?",
        [relation.schema, relation.name],
    ).fetchone() or ("",)
    assert kind, f"{relation} is not in the warehouse"
    connection.execute(f"create table {relation.schema}.plain_copy as from {relation}")
    connection.execute(f"drop {'view' if kind == 'VIEW' else 'table'} {relation} cascade")
    connection.execute(f'alter table {relation.schema}.plain_copy rename to "{relation.name}"')
