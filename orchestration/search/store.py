"""The folder of search indexes: names, the alias of each model, and what is removed; what goes in is not its matter."""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestration.errors import Refused, Unusable
from orchestration.search.model import SearchModel

MANIFEST = "manifest.json"
VALIDATED = "validated"
TEMPORARY = ".tmp-"


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


def alias(root: Path, model: SearchModel) -> Path:
    """The link that readers of a model follow."""
    return root / model.name


def list_indexes(root: Path, model: SearchModel) -> list[SearchIndex]:
    """Every finished index of a model, oldest build first."""
    found = []
    live = live_id(root, model)
    for manifest in root.glob(f"{model.name}_v*_*/{MANIFEST}"):
        found.append(SearchIndex(manifest.parent, json.loads(manifest.read_text()), manifest.parent.name == live))
    return sorted(found, key=lambda index: int(index.manifest["build"]))


def live_id(root: Path, model: SearchModel) -> str | None:
    """The index behind the alias; None before the first."""
    link = alias(root, model)
    return link.readlink().name if link.is_symlink() else None


def find(root: Path, model: SearchModel, index_id: str | None = None) -> SearchIndex:
    """The index of this id, or the live one. Raises Unusable for an unknown id, Refused where none is live."""
    wanted = index_id or live_id(root, model)
    if wanted is None:
        raise Refused(f"No index of {model.name} is live yet. Build one first.")
    indexes = list_indexes(root, model)
    for index in indexes:
        if index.index_id == wanted:
            return index
    raise Unusable(f"There is no index {wanted}. Indexes: {', '.join(index.index_id for index in indexes) or 'none'}.")


def switch(root: Path, model: SearchModel, index_id: str) -> None:
    """Point the alias to a validated index in one atomic step: a reader sees the old or the new one."""
    if not find(root, model, index_id).is_validated:
        raise Refused(f"{index_id} was not found in order by a validation: it cannot go live.")
    temporary = root / f"{TEMPORARY}{model.name}-alias-{os.getpid()}"
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(index_id)
    temporary.replace(alias(root, model))


def clear_temporary(root: Path, model: SearchModel) -> None:
    """Remove what an interrupted build left behind; only for the one who builds."""
    for path in root.glob(f"{TEMPORARY}{model.name}-*"):
        if path.is_symlink():
            path.unlink()
        else:
            shutil.rmtree(path)
