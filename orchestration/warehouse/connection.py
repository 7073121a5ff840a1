"""Opens the working warehouse, for the holder of its lock, and says how much memory a database takes."""

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.errors import Refused
from orchestration.home import Home
from orchestration.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb


@contextmanager
def open_warehouse(home: Home, *, read_only: bool = True) -> "Iterator[duckdb.DuckDBPyConnection]":
    """A connection to the warehouse. Raises Refused when a program that knows no lock has it open, or it is damaged."""
    import duckdb

    try:
        connection = duckdb.connect(str(home.warehouse), read_only=read_only)
    except duckdb.Error as error:
        raise Refused(
            f"{home.warehouse} cannot be opened: {error}. Close what has it open; if it is damaged, remove it and run "
            "`tieout build`: it is made from the lake alone."
        ) from None
    with bounded(connection):
        yield connection


@contextmanager
def bounded(
    connection: "duckdb.DuckDBPyConnection", spill: Path | None = None
) -> "Iterator[duckdb.DuckDBPyConnection]":
    """The connection, closed at the end, whose database keeps to TIEOUT_MEMORY_LIMIT.

    What does not fit is put on the disk, beside the database without `spill`. Raises Refused where that is not enough.
    """
    import duckdb

    limit = Settings.from_environment().memory_limit
    with connection:
        try:
            connection.execute(f"set memory_limit = '{limit}'")
            if spill:
                connection.execute(f"set temp_directory = '{spill}'")
            yield connection
        except duckdb.OutOfMemoryException as error:
            raise Refused(
                f"{limit} of memory are not enough, also with what goes to the disk: set TIEOUT_MEMORY_LIMIT to more. "
                f"({str(error).splitlines()[0]})"
            ) from error
