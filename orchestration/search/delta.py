"""Which documents of a release the live index has otherwise or not, and whether the next one may start from it."""

from dataclasses import dataclass
from pathlib import Path

from orchestration.errors import TieoutError
from orchestration.search import files, record, store
from orchestration.search.code import made_by
from orchestration.search.model import SearchModel
from orchestration.search.record import Fingerprints, Record


@dataclass(frozen=True)
class Limits:
    """When an index is made whole again: after so many deltas, or with so many documents replaced per hundred held."""

    deltas: int
    replaced_percent: int


@dataclass(frozen=True)
class Delta:
    """What makes the documents of a release out of those of a live index: keys that are new, replaced or gone.

    `unchanged`: by hash of their content, those that were validated as they are and against what holds still;
    `compared_anew`: those that stay as they are, but have other things held against them now.
    """

    base: store.SearchIndex
    record: Record
    added: frozenset[str]
    replaced: frozenset[str]
    gone: frozenset[str]
    compared_anew: frozenset[str]
    unchanged: dict[bytes, str]

    @property
    def written(self) -> frozenset[str]:
        """The documents to be written."""
        return self.added | self.replaced

    @property
    def taken_away(self) -> frozenset[str]:
        """The documents of the live index that are not to be found any more."""
        return self.replaced | self.gone

    @property
    def number(self) -> int:
        """The how manieth it is since the last whole index."""
        return int(self.base.manifest["deltas"]) + 1

    @property
    def replaced_since_whole(self) -> int:
        """How many documents were taken away since the last whole index: at most so many dead ones are in the files."""
        return int(self.base.manifest["replaced"]) + len(self.taken_away)


class NoDelta(Exception):
    """Why the next index is made whole; no error."""


def find_delta(root: Path, model: SearchModel, wanted: Fingerprints, limits: Limits) -> Delta:
    """What is to be done to the live index; its files are proven to be those that were validated. Raises NoDelta."""
    base = _base(root, model)
    if base.manifest.get("columns") != wanted.columns:
        raise NoDelta("the documents have other columns than those of the live index")
    if base.manifest["deltas"] >= limits.deltas:
        raise NoDelta(f"{base.manifest['deltas']} deltas have been made since the last whole index")
    wrong = files.damaged(base.folder, base.manifest["files"])
    if wrong:
        raise NoDelta(f"{base.index_id} is damaged: {', '.join(wrong)} not as written")
    held = record.read(base.folder)
    others = {key for key, row in wanted.rows.items() if key not in held or held[key].row != row}
    anew = {
        key
        for key in held.keys() | wanted.active.keys()
        if key not in others and wanted.active.get(key) != (held[key].active if key in held else None)
    }
    gone = held.keys() - wanted.rows.keys()
    apart = others | gone | anew
    delta = Delta(
        base=base,
        record=held,
        added=frozenset(others - held.keys()),
        replaced=frozenset(others & held.keys()),
        gone=frozenset(gone),
        compared_anew=frozenset(anew),
        unchanged={entry.content: key for key, entry in held.items() if key not in apart},
    )
    replaced = delta.replaced_since_whole
    if 100 * replaced > limits.replaced_percent * len(wanted.rows):
        raise NoDelta(f"{replaced} documents were replaced since the last whole index, of {len(wanted.rows)} held")
    return delta


def _base(root: Path, model: SearchModel) -> store.SearchIndex:
    if store.live_id(root, model) is None:
        raise NoDelta("no index is live")
    try:
        base = store.find(root, model)
    except TieoutError as error:
        raise NoDelta(str(error)) from None
    manifest = base.manifest
    if manifest.get("fields_hash") != model.fields_hash or manifest["schema_version"] != model.schema_version:
        raise NoDelta("its fields are others than those of the live index")
    if "files" not in manifest or record.NAME not in manifest["files"]:
        raise NoDelta(f"{base.index_id} has no record of its documents")
    if manifest["made_by"] != made_by():
        raise NoDelta(f"{base.index_id} was made by another version of the code")
    return base
