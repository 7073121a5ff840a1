"""The folder of search indexes: names, the alias of each model, and what is removed; what goes in is not its matter."""

import json
import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from orchestration.errors import Refused, Unusable
from orchestration.search.model import SearchModel

MANIFEST = "manifest.json"
VALIDATED = "validated"
TEMPORARY = ".tmp-"
LOCK = "lock"
KEPT = 3


@dataclass(frozen=True)
class SearchIndex:
    """One finished index and its manifest."""

    folder: Path
    manifest: dict[str, Any]
    is_live: bool

    @property
    def index_id(self) -> str:
        return self.folder.name

    @property
    def is_validated(self) -> bool:
        return (self.folder / VALIDATED).exists()

    @property
    def source(self) -> dict[str, Any]:
        """What it was made from: release_id, as_of, lake_high_water."""
        return dict(self.manifest["source"])


def alias(root: Path, model: SearchModel) -> Path:
    """The link that readers of a model follow."""
    return root / model.name


def list_indexes(root: Path, model: SearchModel) -> list[SearchIndex]:
    """Every finished index of a model, oldest build first."""
    found = []
    live = live_id(root, model)
    for manifest in root.glob(f"{model.name}_v*_*/{MANIFEST}"):
        try:
            content = json.loads(manifest.read_text())
        except FileNotFoundError:
            continue  # removed meanwhile, as it was too old
        found.append(SearchIndex(manifest.parent, content, manifest.parent.name == live))
    return sorted(found, key=lambda index: int(index.manifest["build"]))


def live_id(root: Path, model: SearchModel) -> str | None:
    """The index behind the alias; None before the first."""
    link = alias(root, model)
    return link.readlink().name if link.is_symlink() else None


def find(root: Path, model: SearchModel, index_id: str | None = None) -> SearchIndex:
    """The index of this id, or the live one. Raises Unusable for an unknown id, Refused where none is live."""
    wanted = index_id or live_id(root, model)
    if wanted is None:
        raise Refused(
            f"No index of {model.name} is live in {root}. `tieout index build` makes one of the current release; "
            "`tieout refresh` and `tieout follow` make theirs by themselves."
        )
    indexes = list_indexes(root, model)
    for index in indexes:
        if index.index_id == wanted:
            return index
    raise Unusable(
        f"There is no index {wanted} in {root}. Indexes: {', '.join(index.index_id for index in indexes) or 'none'}."
    )


def switch(root: Path, model: SearchModel, index_id: str) -> None:
    """Point the alias to a validated index in one atomic step: a reader sees the old or the new one.

    An index that is not the last one validated is held: nothing moves the alias on by itself until a person does.
    """
    if not find(root, model, index_id).is_validated:
        raise Refused(f"{index_id} was not found in order by a validation: it cannot go live.")
    validated = [index.index_id for index in list_indexes(root, model) if index.is_validated]
    hold = _hold_path(root, model)
    if index_id == validated[-1]:
        hold.unlink(missing_ok=True)
    else:
        since = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        hold.write_text(json.dumps({"index_id": index_id, "since": since}) + "\n")
    temporary = root / f"{TEMPORARY}{model.name}-alias-{os.getpid()}"
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(index_id)
    temporary.replace(alias(root, model))


def held_since(root: Path, model: SearchModel) -> str | None:
    """Since when a person holds the alias at an index; None where it moves on by itself."""
    hold = _hold_path(root, model)
    return str(json.loads(hold.read_text())["since"]) if hold.exists() else None


def prune(root: Path, model: SearchModel) -> list[str]:
    """Remove all but the live index, the last `KEPT` validated ones, and the last build; returns what went.

    Whoever searches an index that goes keeps its files until done.
    """
    indexes = list_indexes(root, model)
    kept = {index.index_id for index in [index for index in indexes if index.is_validated][-KEPT:] + indexes[-1:]}
    gone = [index for index in indexes if index.index_id not in kept and not index.is_live]
    for index in gone:
        doomed = index.folder.rename(root / f"{TEMPORARY}{model.name}-removed-{index.index_id}")
        shutil.rmtree(doomed)
    return [index.index_id for index in gone]


def clear_temporary(root: Path, model: SearchModel) -> None:
    """Remove what an interrupted build left behind; only for the one who builds."""
    for path in root.glob(f"{TEMPORARY}{model.name}-*"):
        if path.is_symlink():
            path.unlink()
        else:
            shutil.rmtree(path)


def _hold_path(root: Path, model: SearchModel) -> Path:
    return root / f"{model.name}.held"
