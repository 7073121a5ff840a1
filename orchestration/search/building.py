"""Builds an index beside the live one, and moves the alias only to an index that was found in order."""

import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import tantivy

from orchestration.errors import Refused
from orchestration.search import store
from orchestration.search.model import EVERYTHING, SOURCE, SearchModel, index_value

Document = dict[str, Any]
Validation = Callable[[store.SearchIndex], list[str]]
WRITER_BYTES = 50_000_000


def build(
    root: Path, model: SearchModel, documents: Iterable[Document], current_through: str | None
) -> store.SearchIndex:
    """Write all documents into a new index that no alias points to; it has its name only once it is whole."""
    root.mkdir(parents=True, exist_ok=True)
    store.clear_temporary(root, model)
    number = max((int(index.manifest["build"]) for index in store.list_indexes(root, model)), default=0) + 1
    index_id = f"{model.name}_v{model.schema_version}_{number}"
    temporary = root / f"{store.TEMPORARY}{model.name}-{index_id}"
    temporary.mkdir()
    schema = model.schema()
    writer = tantivy.Index(schema, path=str(temporary)).writer(heap_size=WRITER_BYTES, num_threads=1)
    lines = []
    for document in documents:
        lines.append(canonical(document))
        writer.add_document(_indexed(model, document))
    writer.commit()
    writer.wait_merging_threads()
    manifest = {
        "build": number,
        "model": model.name,
        "schema_version": model.schema_version,
        "documents": len(lines),
        "checksum": checksum(lines),
        "current_through": current_through,
    }
    (temporary / store.MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")
    folder = temporary.rename(root / index_id)
    return store.SearchIndex(folder, manifest, is_live=False)


def go_live(root: Path, model: SearchModel, index: store.SearchIndex, validate: Validation) -> None:
    """Move the alias to the index if its validation finds nothing. Raises Refused with what it found."""
    problems = validate(index)
    if problems:
        raise Refused(f"{index.index_id} is not made live: {'; '.join(problems)}.")
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
        raise Refused(f"No validated index of {model.name} is older than {live.index_id}.")
    store.switch(root, model, older[-1].index_id)
    return older[-1].index_id


def canonical(document: Document) -> str:
    """A document as one line of JSON that is the same for the same content."""
    return json.dumps(document, sort_keys=True, ensure_ascii=False, default=str)


def checksum(lines: Iterable[str]) -> str:
    """SHA-256 over documents in canonical form, whatever their order."""
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def _indexed(model: SearchModel, document: Document) -> tantivy.Document:
    indexed = tantivy.Document()
    for field in model.fields:
        for value in field.values(document):
            held = index_value(field, value)
            if field.kind == "date":
                indexed.add_date(field.name, held)
            elif field.kind == "number":
                indexed.add_float(field.name, held)
            else:
                indexed.add_text(field.name, held)
                indexed.add_text(EVERYTHING, held)
    indexed.add_bytes(SOURCE, canonical(document).encode())
    return indexed
