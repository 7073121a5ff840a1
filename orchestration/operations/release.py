"""Operations releases: the read models as one small file that readers see at once; not how they are made."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from orchestration.operations.home import OperationsHome
from orchestration.operations.plan import Inputs
from orchestration.publishing import store
from orchestration.warehouse.checksums import quoted
from orchestration.warehouse.record import timestamp_text

if TYPE_CHECKING:
    import duckdb

KEPT = 5
SCHEMA = "operations"
ABOUT = """
create table released.release.manifest as
select
    ? as release_id, cast(? as bigint) as lake_high_water, cast(? as timestamp) as as_of,
    cast(? as timestamp) as published_at
"""


@dataclass(frozen=True)
class Comment:
    """The description of a relation (no column) or of one of its columns."""

    relation: str
    column: str | None
    text: str


def publish(
    connection: "duckdb.DuckDBPyConnection",
    home: OperationsHome,
    inputs: Inputs,
    code: str,
    relations: Iterable[str],
    comments: Iterable[Comment],
) -> str:
    """Write the read models as a new file, then let `current` point to it; returns the release's id.

    Readers that have an older release open keep it. What an interrupted call left is removed by the next one.
    """
    home.releases.mkdir(parents=True, exist_ok=True)
    store.clear_temporary(home)
    now = datetime.now(UTC)
    release_id = f"{now:%Y%m%dT%H%M%S}{now.microsecond:06d}Z-{inputs.lake_high_water}"
    folder = home.releases / f"{store.TEMPORARY}{release_id}"
    folder.mkdir()
    path = folder / store.DATABASE
    connection.execute(f"attach '{_escaped(str(path))}' as released")
    try:
        _write(connection, inputs, release_id, now, relations, comments)
    finally:
        connection.execute("detach released")
    manifest: dict[str, Any] = {
        "release_id": release_id,
        "created_at": now.isoformat(),
        "data_version": f"{code[:16]}-{inputs.lake_high_water}-{timestamp_text(inputs.as_of)}",
        "lake_high_water": inputs.lake_high_water,
        "as_of": f"{inputs.as_of.isoformat()}Z",
        "code": code,
        "generation": home.generation,
    }
    (folder / store.MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")
    store.sync_files([path, folder / store.MANIFEST])
    folder.rename(home.releases / release_id)
    store.switch(home, release_id)
    store.retain(home, KEPT, ())
    return release_id


def comments_of(connection: "duckdb.DuckDBPyConnection") -> tuple[Comment, ...]:
    """The descriptions that dbt has left on the read models, or on the tables that they once were."""
    tables = connection.execute(
        "select schema_name || '.' || table_name, null, comment from duckdb_tables()"
        f" where schema_name = '{SCHEMA}' and comment is not null"
    ).fetchall()
    columns = connection.execute(
        "select schema_name || '.' || table_name, column_name, comment from duckdb_columns()"
        f" where schema_name = '{SCHEMA}' and comment is not null"
    ).fetchall()
    return tuple(Comment(*row) for row in (*tables, *columns))


def _write(
    connection: "duckdb.DuckDBPyConnection",
    inputs: Inputs,
    release_id: str,
    now: datetime,
    relations: Iterable[str],
    comments: Iterable[Comment],
) -> None:
    connection.execute("begin")
    connection.execute(f"create schema released.{SCHEMA}")
    connection.execute("create schema released.release")
    for relation in relations:
        connection.execute(f"create table released.{relation} as from {relation}")
    for comment in comments:
        target = f"released.{comment.relation}"
        what = f"column {target}.{quoted(comment.column)}" if comment.column else f"table {target}"
        connection.execute(f"comment on {what} is '{_escaped(comment.text)}'")
    connection.execute(
        ABOUT,
        [release_id, inputs.lake_high_water, timestamp_text(inputs.as_of), now.replace(tzinfo=None)],
    )
    connection.execute("commit")


def _escaped(text: str) -> str:
    return text.replace("'", "''")
