"""Builds an index beside the live one, and moves the alias only to an index that was found in order."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import tantivy

from orchestration.errors import Refused
from orchestration.search import files, record, store
from orchestration.search.code import made_by
from orchestration.search.delta import Delta
from orchestration.search.model import EVERYTHING, SOURCE, Field, SearchModel, index_value
from orchestration.search.record import Fingerprints

Document = dict[str, Any]
Validation = Callable[[store.SearchIndex], list[str]]
WRITER_BYTES = 50_000_000
INDEXED_AS_TEXT = ("keyword", "text")


def build(
    root: Path,
    model: SearchModel,
    documents: Iterable[Document],
    source: Mapping[str, Any],
    fingerprints: Fingerprints | None = None,
    because: str = "",
) -> store.SearchIndex:
    """Write all documents into a new index that no alias points to; it has its name only once it is whole.

    With the fingerprints of what the documents are made from, the next index may start from this one.
    """
    begun = _begin(root, model)
    written = _write(begun.temporary, model, documents)
    about = {"base": None, "deltas": 0, "replaced": 0, "written": len(written), "whole_because": because}
    return _finish(begun, model, written, source, about, fingerprints)


def extend(
    root: Path,
    model: SearchModel,
    delta: Delta,
    documents: Iterable[Document],
    source: Mapping[str, Any],
    fingerprints: Fingerprints,
) -> store.SearchIndex:
    """A new index out of a live one: its files, less what was replaced or is gone, and the documents to be written."""
    begun = _begin(root, model)
    taken_away = delta.taken_away
    files.take_over(delta.base.folder, delta.base.manifest["files"], begun.temporary)
    written = _write(begun.temporary, model, documents, taken_away)
    kept = [(key, entry.content) for key, entry in delta.record.items() if key not in taken_away]
    about = {
        "base": delta.base.index_id,
        "deltas": delta.number,
        "replaced": delta.replaced_since_whole,
        "written": len(written),
        "whole_because": "",
    }
    return _finish(begun, model, kept + written, source, about, fingerprints)


def go_live(root: Path, model: SearchModel, index: store.SearchIndex, validate: Validation) -> None:
    """Move the alias to the index if its validation finds nothing. Raises Refused with what it found."""
    problems = validate(index)
    if problems:
        live = store.live_id(root, model)
        raise Refused(
            f"{index.index_id} is not made live: {'; '.join(problems)}. "
            + (f"Readers keep {live}. " if live else "")
            + f"The refused index stays in {index.folder} until the next build."
        )
    (index.folder / store.VALIDATED).touch()
    store.switch(root, model, index.index_id)


def roll_back(root: Path, model: SearchModel) -> str:
    """Point the alias to the last validated build before the live one; returns its id. Refused where there is none."""
    live = store.find(root, model)
    older = [
        index
        for index in store.list_indexes(root, model)
        if index.is_validated and index.manifest["build"] < live.manifest["build"]
    ]
    if not older:
        raise Refused(f"No validated index of {model.name} is older than {live.index_id}: there is none to go back to.")
    store.switch(root, model, older[-1].index_id)
    return older[-1].index_id


def canonical(document: Document) -> str:
    """A document as one line of JSON that is the same for the same content."""
    return json.dumps(document, sort_keys=True, ensure_ascii=False, default=str)


def digest(content: bytes) -> bytes:
    """SHA-256 of a document in canonical form."""
    return hashlib.sha256(content).digest()


def checksum(digests: Iterable[bytes]) -> str:
    """SHA-256 over the digests of documents, whatever their order."""
    return hashlib.sha256(b"".join(sorted(digests))).hexdigest()


@dataclass(frozen=True)
class _Begun:
    """An index that is being written, in a folder that nobody looks at."""

    number: int
    temporary: Path
    folder: Path


def _begin(root: Path, model: SearchModel) -> _Begun:
    root.mkdir(parents=True, exist_ok=True)
    store.clear_temporary(root, model)
    number = max((int(index.manifest["build"]) for index in store.list_indexes(root, model)), default=0) + 1
    index_id = f"{model.name}_v{model.schema_version}_{number}"
    temporary = root / f"{store.TEMPORARY}{model.name}-{index_id}"
    temporary.mkdir()
    return _Begun(number, temporary, root / index_id)


def _write(
    folder: Path, model: SearchModel, documents: Iterable[Document], taken_away: Iterable[str] = ()
) -> list[tuple[str, bytes]]:
    """Take documents away and write others; key and digest of each that was written."""
    writer = tantivy.Index(model.schema(), path=str(folder)).writer(heap_size=WRITER_BYTES, num_threads=1)
    key_field = model.field(model.key).name
    for key in taken_away:
        writer.delete_documents_by_term(key_field, key)
    written = []
    for document in documents:
        content = canonical(document).encode()
        written.append((str(document[model.key]), digest(content)))
        writer.add_document(_indexed(model, document, content))
    writer.commit()
    writer.wait_merging_threads()
    return written


def _finish(
    begun: _Begun,
    model: SearchModel,
    held: list[tuple[str, bytes]],
    source: Mapping[str, Any],
    about: Mapping[str, Any],
    fingerprints: Fingerprints | None,
) -> store.SearchIndex:
    if fingerprints is not None:
        record.write(begun.temporary, record.record_of(held, fingerprints))
    manifest = {
        "build": begun.number,
        "model": model.name,
        "schema_version": model.schema_version,
        "fields_hash": model.fields_hash,
        "made_by": made_by(),
        "columns": fingerprints.columns if fingerprints else None,
        "documents": len(held),
        "checksum": checksum(content for _, content in held),
        "built_at": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "source": dict(source),
        **about,
        "files": files.hashes(begun.temporary),
    }
    (begun.temporary / store.MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")
    return store.SearchIndex(begun.temporary.rename(begun.folder), manifest, is_live=False)


def _indexed(model: SearchModel, document: Document, content: bytes) -> tantivy.Document:
    indexed = tantivy.Document()
    for field in model.fields:
        for value in field.values(document):
            _add(indexed, field, index_value(field, value))
    indexed.add_bytes(SOURCE, content)
    return indexed


def _add(indexed: tantivy.Document, field: Field, held: Any) -> None:
    if field.kind == "date":
        indexed.add_integer(field.name, held)
    elif field.kind == "number":
        indexed.add_float(field.name, held)
    else:
        indexed.add_text(field.name, held)
        if field.kind in INDEXED_AS_TEXT:
            indexed.add_text(EVERYTHING, held)
