"""Opening the working warehouse, for the holder of its lock; readers read releases instead."""

from typing import TYPE_CHECKING

from orchestration.errors import Refused
from orchestration.home import Home

if TYPE_CHECKING:
    import duckdb


def open_warehouse(home: Home, *, read_only: bool = True) -> "duckdb.DuckDBPyConnection":
    """A connection to the warehouse. Raises Refused when a program that knows no lock has it open, or it is damaged."""
    import duckdb

    try:
        return duckdb.connect(str(home.warehouse), read_only=read_only)
    except duckdb.Error as error:
        raise Refused(
            f"{home.warehouse} cannot be opened: {error}. Close what has it open; if it is damaged, remove it and run "
            "`tieout build`: it is made from the lake alone."
        ) from None
