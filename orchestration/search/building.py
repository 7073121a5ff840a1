"""Builds an index beside the live one, and moves the alias only to an index that was found in order."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import tantivy

from orchestration.errors import Refused
from orchestration.search import store
from orchestration.search.model import EVERYTHING, SOURCE, Field, SearchModel, index_value

Document = dict[str, Any]
Validation = Callable[[store.SearchIndex], list[str]]
WRITER_BYTES = 50_000_000
INDEXED_AS_TEXT = ("keyword", "text")


def build(
    root: Path, model: SearchModel, documents: Iterable[Document], source: Mapping[str, Any]
) -> store.SearchIndex:
    """Write all documents into a new index that no alias points to; it has its name only once it is whole."""
    root.mkdir(parents=True, exist_ok=True)
    store.clear_temporary(root, model)
    number = max((int(index.manifest["build"]) for index in store.list_indexes(root, model)), default=0) + 1
    index_id = f"{model.name}_v{model.schema_version}_{number}"
    temporary = root / f"{store.TEMPORARY}{model.name}-{index_id}"
    temporary.mkdir()
    writer = tantivy.Index(model.schema(), path=str(temporary)).writer(heap_size=WRITER_BYTES, num_threads=1)
    digests = []
    for document in documents:
        content = canonical(document)
        digests.append(digest(content))
        writer.add_document(_indexed(model, document, content))
    writer.commit()
    writer.wait_merging_threads()
    manifest = {
        "build": number,
        "model": model.name,
        "schema_version": model.schema_version,
        "fields_hash": model.fields_hash,
        "documents": len(digests),
        "checksum": checksum(digests),
        "built_at": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "source": dict(source),
    }
    (temporary / store.MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")
    folder = temporary.rename(root / index_id)
    return store.SearchIndex(folder, manifest, is_live=False)


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


def digest(content: str) -> bytes:
    """SHA-256 of a document in canonical form."""
    return hashlib.sha256(content.encode()).digest()


def checksum(digests: Iterable[bytes]) -> str:
    """SHA-256 over the digests of documents, whatever their order."""
    return hashlib.sha256(b"".join(sorted(digests))).hexdigest()


def _indexed(model: SearchModel, document: Document, content: str) -> tantivy.Document:
    indexed = tantivy.Document()
    for field in model.fields:
        for value in field.values(document):
            _add(indexed, field, index_value(field, value))
    indexed.add_bytes(SOURCE, content.encode())
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
