"""Which compactions of the lake are read in place of the batches in them; landing makes them, this only reads."""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.errors import Refused, Unusable
from orchestration.home import Home
from orchestration.warehouse.lake import MANIFEST, PREFIX

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

COMPACTION = "compaction.json"
FOLDER_PREFIX = "batches="
_NAMED = re.compile(r"/compactions/batches=(\d+-\d+)/")
_EVENT_FILES = "events/stream=*/event_type=*/*.parquet"
READ_AGAIN = "delete the folder: the next build makes it anew from the batches"


@dataclass(frozen=True)
class Compaction:
    """The accepted events of batches `first` to `last` in one file per event type.

    `last_manifest_sha256`: of the manifest of batch `last`, and so, by their chain, of all manifests before it.
    `files`: by path below the folder, each with its rows, bytes and sha256.
    """

    folder: Path
    first: int
    last: int
    last_manifest_sha256: str
    files: dict[str, dict[str, Any]]

    @property
    def events(self) -> int:
        """How many accepted events it holds."""
        return sum(file["rows"] for file in self.files.values())

    @property
    def name(self) -> str:
        """What its folder says of it."""
        return self.folder.name.removeprefix(FOLDER_PREFIX)

    @cached_property
    def event_types(self) -> frozenset[str]:
        """The event types that it has a file of."""
        return frozenset(Path(name).parent.name.removeprefix("event_type=") for name in self.files)

    def is_of(self, home: Home) -> bool:
        """Whether it was made of the batches that the lake has now; not so after an older copy was restored."""
        manifest = home.lake / "batches" / f"{PREFIX}{self.last:08d}" / MANIFEST
        if not manifest.exists():
            return False
        return hashlib.sha256(manifest.read_bytes()).hexdigest() == self.last_manifest_sha256

    def changed_files(self) -> list[str]:
        """Files that are not as they were when they were proven equal to the batches: missing, added or otherwise."""
        found = {str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file()} - {COMPACTION}
        told = [f"{name} is missing" for name in sorted(self.files.keys() - found)]
        told += [f"{name} was added" for name in sorted(found - self.files.keys())]
        for name in sorted(found & self.files.keys()):
            with (self.folder / name).open("rb") as handle:
                if hashlib.file_digest(handle, "sha256").hexdigest() != self.files[name]["sha256"]:
                    told.append(f"{name} was changed")
        return [f"compaction {self.name}: {one}" for one in told]


def compactions_folder(home: Home) -> Path:
    return home.lake / "compactions"


def all_compactions(home: Home) -> list[Compaction]:
    """Every compaction there is, in order of the batches; also those of another lake."""
    return [_read(folder) for folder in sorted(compactions_folder(home).glob(f"{FOLDER_PREFIX}*"))]


def compactions(home: Home) -> list[Compaction]:
    """Those that stand for batches which the lake has. Raises Unusable for one that cannot be read."""
    return [one for one in all_compactions(home) if one.is_of(home)]


def as_variable(found: Iterable[Compaction]) -> list[dict[str, Any]]:
    """The build input `lake_compactions` (docs/architecture.md)."""
    return [{"first": one.first, "last": one.last, "event_types": sorted(one.event_types)} for one in found]


def require_what_views_read(connection: "DuckDBPyConnection", home: Home) -> None:
    """Raises Refused where a view of the warehouse names a compaction that is not there any more."""
    texts = connection.execute("select sql from duckdb_views() where sql like '%/compactions/batches=%'").fetchall()
    named = {name for (sql,) in texts for name in _NAMED.findall(sql)}
    missing = sorted(named - {one.name for one in compactions(home)})
    if missing:
        raise Refused(
            f"Refused: the warehouse reads compaction {', '.join(missing)} of the lake, which is not there any more. "
            "Run `tieout build`."
        )


def intact_compactions(home: Home) -> list[Compaction]:
    """As `compactions`, each file hashed. Raises Unusable where one is not as it was made."""
    found = compactions(home)
    changed = [told for one in found for told in one.changed_files()]
    if changed:
        raise Unusable(f"{'; '.join(changed)}: {READ_AGAIN}")
    return found


def event_rows(home: Home, *columns: str) -> str:
    """A table expression over the accepted events of the lake, for who reads it past dbt: `columns` and `batch_seq`."""
    selected = ", ".join([*columns, "batch_seq"])
    types = "hive_partitioning = true, hive_types = {'batch_seq': bigint}"
    batches = _quoted(f"{home.lake}/batches/{PREFIX}*/{_EVENT_FILES}")
    sql = f"select {selected} from read_parquet({batches}, {types})"
    found = [one for one in compactions(home) if one.files]
    if found:
        within = " or ".join(f"batch_seq between {one.first} and {one.last}" for one in found)
        files = ", ".join(_quoted(f"{one.folder}/{_EVENT_FILES}") for one in found)
        sql += f" where not ({within})"
        sql += f" union all select {selected} from read_parquet([{files}], hive_partitioning = true)"
    return f"({sql})"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _read(folder: Path) -> Compaction:
    path = folder / COMPACTION
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return Compaction(folder, told["first"], told["last"], told["last_manifest_sha256"], told["files"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Unusable(f"{path} cannot be read ({error}): {READ_AGAIN}") from error
