"""Operations releases: the read models as one small file that readers see at once; not how they are made."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from orchestration.operations.engine import Changes
from orchestration.operations.home import OperationsHome
from orchestration.operations.plan import Inputs
from orchestration.publishing import store
from orchestration.warehouse.checksums import quoted
from orchestration.warehouse.record import timestamp_text

if TYPE_CHECKING:
    import duckdb

KEPT, KEPT_WITH_DEFERRED = 5, 3
GROWTH, ROOM = 2.0, 16 * 2**20
SCHEMA = "operations"
ABOUT = """
create or replace table released.release.manifest as
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


@dataclass(frozen=True)
class Content:
    """What a release is made of: relations of this code with their descriptions.

    `deferred`: the relations among them that may be those of an older step, and the lake high water and as-of time of
    that step in `deferred_of`.
    """

    code: str
    relations: tuple[str, ...]
    comments: tuple[Comment, ...]
    deferred: frozenset[str]
    deferred_of: tuple[int, datetime]


def publish(
    snapshot: "duckdb.DuckDBPyConnection",
    home: OperationsHome,
    inputs: Inputs,
    content: Content,
    after: str | None = None,
    changes: Mapping[str, Changes] | None = None,
) -> str:
    """Write the read models as a new file, then let `current` point to it; returns the release's id.

    `snapshot` is a connection within a transaction, which ends here: what it sees is what readers get.
    With `after`, the file of that release is gone on from: relations with `changes` take those over, deferred ones of
    an older step stay, the others are written anew. Readers that have an older release open keep it. What an
    interrupted call left is removed by the next.
    """
    home.releases.mkdir(parents=True, exist_ok=True)
    store.clear_temporary(home)
    now = datetime.now(UTC)
    release_id = f"{now:%Y%m%dT%H%M%S}{now.microsecond:06d}Z-{inputs.lake_high_water}"
    folder = home.releases / f"{store.TEMPORARY}{release_id}"
    folder.mkdir()
    path = folder / store.DATABASE
    previous = store.find(home, None) if store.current_id(home) else None
    base = previous if previous and previous.release_id == after else None
    if base:
        shutil.copyfile(base.database, path)
    kept = changes if changes and base else {}
    beside = snapshot.cursor()
    beside.execute(f"attach '{_escaped(str(path))}' as released")
    try:
        stay = content.deferred if base and shows_deferred(base, content.deferred_of) else frozenset()
        _write(snapshot, inputs, release_id, now, content, kept, stay)
        snapshot.execute("commit")
    except BaseException:
        snapshot.execute("rollback")
        raise
    finally:
        beside.execute("detach released")
        beside.close()
    whole = {"release_id": release_id, "bytes": path.stat().st_size}
    manifest: dict[str, Any] = {
        "release_id": release_id,
        "created_at": now.isoformat(),
        "data_version": f"{content.code[:16]}-{inputs.lake_high_water}-{timestamp_text(inputs.as_of)}",
        "lake_high_water": inputs.lake_high_water,
        "as_of": f"{inputs.as_of.isoformat()}Z",
        "code": content.code,
        "generation": home.generation,
        "written_whole": base.manifest["written_whole"] if base else whole,
    }
    manifest["deferred"] = _deferred(manifest, content, previous)
    (folder / store.MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")
    store.sync_files([path, folder / store.MANIFEST])
    folder.rename(home.releases / release_id)
    store.switch(home, release_id)
    store.retain(home, KEPT, _with_own_deferred(home))
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


def lean(home: OperationsHome, release_id: str | None) -> store.Release | None:
    """The release where it is the current one and worth going on from: what is taken away leaves room behind."""
    if release_id is None or store.current_id(home) != release_id:
        return None
    release = store.find(home, release_id)
    is_lean = release.database.stat().st_size <= GROWTH * int(release.manifest["written_whole"]["bytes"]) + ROOM
    return release if is_lean else None


def shows_deferred(release: store.Release, deferred_of: tuple[int, datetime]) -> bool:
    """Whether its deferred relations are those of this lake high water and as-of time."""
    held: dict[str, Any] = release.manifest.get("deferred", {})
    shown = _shown(deferred_of)
    return all(held.get(key) == shown[key] for key in shown)


def _shown(deferred_of: tuple[int, datetime]) -> dict[str, Any]:
    return {"lake_high_water": deferred_of[0], "as_of": f"{deferred_of[1].isoformat()}Z"}


def _deferred(manifest: dict[str, Any], content: Content, previous: store.Release | None) -> dict[str, Any]:
    """The release that the deferred relations first were in as they are now: an index of it is an index of this one."""
    same = previous and all(previous.manifest.get(key) == manifest[key] for key in ("code", "generation"))
    if previous and same and shows_deferred(previous, content.deferred_of):
        return dict(previous.manifest["deferred"])
    return {"release_id": manifest["release_id"], **_shown(content.deferred_of)}


def _with_own_deferred(home: OperationsHome) -> list[str]:
    """The last releases with deferred relations of their own: an index is built of one while others come."""
    made = [one.release_id for one in store.list_releases(home) if _made_deferred(one)]
    return made[-KEPT_WITH_DEFERRED:]


def _made_deferred(release: store.Release) -> bool:
    deferred: dict[str, Any] = release.manifest.get("deferred", {})
    return deferred.get("release_id") == release.release_id


def _write(
    connection: "duckdb.DuckDBPyConnection",
    inputs: Inputs,
    release_id: str,
    now: datetime,
    content: Content,
    kept: Mapping[str, Changes],
    stay: frozenset[str],
) -> None:
    connection.execute(f"create schema if not exists released.{SCHEMA}")
    connection.execute("create schema if not exists released.release")
    for relation in (relation for relation in content.relations if relation not in stay):
        if relation in kept:
            keys = ", ".join(kept[relation].keys)
            changed = f"where ({keys}) in (select ({keys}) from {kept[relation].table})"
            connection.execute(f"delete from released.{relation} {changed}")
            connection.execute(f"insert into released.{relation} from {relation} {changed}")
        else:
            connection.execute(f"create or replace table released.{relation} as from {relation}")
    for comment in content.comments:
        if comment.relation not in kept and comment.relation not in stay:
            target = f"released.{comment.relation}"
            what = f"column {target}.{quoted(comment.column)}" if comment.column else f"table {target}"
            connection.execute(f"comment on {what} is '{_escaped(comment.text)}'")
    connection.execute(
        ABOUT,
        [release_id, inputs.lake_high_water, timestamp_text(inputs.as_of), now.replace(tzinfo=None)],
    )


def _escaped(text: str) -> str:
    return text.replace("'", "''")
