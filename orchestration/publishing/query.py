"""Reading a release with SQL, with no way to write or to reach another file; not how an answer is shown."""

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.errors import Unusable
from orchestration.home import Home
from orchestration.publishing import store

if TYPE_CHECKING:
    import duckdb

ATTEMPTS = 5
STREAMED = 1000
QUERIED = ("marts", "operations")
CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "python_enable_replacements": "false",
}


@dataclass(frozen=True)
class Answer:
    """Rows of one query, the columns' names and DuckDB types, and the release that gave them."""

    release_id: str
    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: list[tuple[Any, ...]]

    def objects(self) -> list[dict[str, Any]]:
        """One JSON object per row: DECIMAL as text with all its digits, dates and times as ISO 8601, NULL as null."""
        return [dict(zip(self.columns, map(json_value, row), strict=True)) for row in self.rows]


def query(home: Home, sql: str, release: str | None = None, role: str | None = None) -> Answer:
    """Run one reading statement on a release, by default the current one; `marts` and `operations` need no prefix.

    Raises Unusable for SQL that does not run, an unknown release or role; Refused where nothing is published.
    """
    check_role(role)
    for attempt in range(ATTEMPTS):
        chosen = store.find(home, release)
        try:
            return read(chosen.database.resolve(), sql, chosen.release_id)
        except FileNotFoundError:
            # Retention may take an old release away between finding and opening it: `current` then has a newer one.
            if release is not None or attempt == ATTEMPTS - 1:
                raise Unusable(f"{chosen.database} is missing. Run `tieout releases` to see what there is.") from None
    raise AssertionError("unreachable")


def check_role(role: str | None) -> None:
    """Raises Unusable for any role: none is defined."""
    if role is not None:
        raise Unusable(f"Unknown role {role!r}. Roles: none defined yet; leave --role out.")


def read(database: Path, sql: str, release_id: str = "") -> Answer:
    """Run one reading statement on a release's database file."""
    import duckdb

    spill = str(Path(tempfile.gettempdir()) / "tieout-query-spill")
    with _open(database, {**CONFIG, "temp_directory": spill}) as connection:
        _prepare(connection)
        try:
            connection.execute(_single_reading_statement(connection, sql))
            described = connection.description or []
            rows = connection.fetchall()
        except duckdb.Error as error:
            raise Unusable(str(error)) from None
    columns = tuple(str(column[0]) for column in described)
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise Unusable(f"Two columns of the result are called {', '.join(twice)}: give each its own name with `as`.")
    return Answer(release_id, columns, tuple(str(column[1]) for column in described), rows)


def stream(database: Path, sql: str, parameters: Sequence[Any] = ()) -> Iterator[dict[str, Any]]:
    """The rows of one reading statement on a release's database file as JSON objects, without holding all of them."""
    import duckdb

    with _open(database, CONFIG) as connection:
        _prepare(connection)
        try:
            connection.execute(_single_reading_statement(connection, sql), parameters)
            columns = [str(column[0]) for column in connection.description or []]
            while rows := connection.fetchmany(STREAMED):
                for row in rows:
                    yield dict(zip(columns, map(json_value, row), strict=True))
        except duckdb.Error as error:
            raise Unusable(str(error)) from None


def json_value(value: Any) -> Any:
    """A value as JSON has it; nothing exact becomes a float."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, float):
        return value if value - value == 0 else str(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {str(key): json_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_value(item) for item in value]
    return str(value)


def _open(database: Path, config: dict[str, str | bool | int | float | list[str]]) -> "duckdb.DuckDBPyConnection":
    import duckdb

    try:
        return duckdb.connect(str(database), read_only=True, config=config)
    except duckdb.IOException as error:
        if not database.exists():
            raise FileNotFoundError(database) from None
        raise Unusable(f"{database} cannot be opened: {error}") from None


def _prepare(connection: "duckdb.DuckDBPyConnection") -> None:
    """UTC, then no setting can be changed any more, then the schemas of readers on the search path.

    Connections of one process to one file share a database, and with it the lock: whoever is first sets it.
    """
    import duckdb

    with contextlib.suppress(duckdb.InvalidInputException):
        connection.execute("set global TimeZone = 'UTC'; set global lock_configuration = true")
    found = connection.execute("select current_setting('TimeZone'), current_setting('lock_configuration')").fetchone()
    if found != ("UTC", True):
        raise Unusable(f"The release cannot be opened safely: TimeZone and lock are {found}")
    schemas = connection.execute(f"select schema_name from duckdb_schemas() where schema_name in {QUERIED}").fetchall()
    path = ",".join(name for name in QUERIED if (name,) in schemas)
    connection.execute(f"set search_path = '{path}'")


def _single_reading_statement(connection: "duckdb.DuckDBPyConnection", sql: str) -> "duckdb.Statement":
    import duckdb

    # A PIVOT is parsed as several statements in one; the connection itself can write nothing in any case.
    reading = {duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN, duckdb.StatementType.MULTI}
    statements = connection.extract_statements(sql)
    if len(statements) != 1 or statements[0].type not in reading:
        raise Unusable(
            "Give one statement that reads: select, with, from, values, describe, summarize, show or explain."
        )
    return statements[0]
