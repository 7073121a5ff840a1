"""Hands an index's documents to OpenSearch: the lines of its bulk API, and the mapping that goes before them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from orchestration.search import store
from orchestration.search.building import canonical
from orchestration.search.model import SearchModel
from orchestration.search.query import every_document

TYPES: dict[str, dict[str, Any]] = {
    "keyword": {"type": "keyword"},
    "text": {"type": "text", "fields": {"raw": {"type": "keyword"}}},
    "date": {"type": "date"},
    "number": {"type": "double"},
    "boolean": {"type": "boolean"},
}


def write(model: SearchModel, index: store.SearchIndex, folder: Path) -> tuple[Path, Path]:
    """Write the mapping and the lines of an index into a folder, each file whole or not there; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    described, lines = folder / f"{index.index_id}.mapping.json", folder / f"{index.index_id}.ndjson"
    for path, content in ((described, [json.dumps(mapping(model), indent=1)]), (lines, bulk_lines(model, index))):
        part = path.with_name(f".{path.name}.part")
        with part.open("w", encoding="utf-8") as handle:
            handle.writelines(f"{line}\n" for line in content)
        part.replace(path)
    return described, lines


def bulk_lines(model: SearchModel, index: store.SearchIndex) -> Iterator[str]:
    """An action and a document for every document, by key."""
    for document in sorted(every_document(index.folder), key=lambda found: str(found[model.key])):
        yield json.dumps({"index": {"_index": index.index_id, "_id": str(document[model.key])}})
        yield canonical(document)


def mapping(model: SearchModel) -> dict[str, Any]:
    """The body that creates the index. Fields that nobody searches by are kept with the document, not indexed."""
    properties: dict[str, Any] = {}
    for field in model.fields:
        *parents, last = field.path.split(".")
        level = properties
        for parent in parents:
            level = level.setdefault(parent, {"properties": {}})["properties"]
        level[last] = dict(TYPES[field.kind])
    return {"mappings": {"dynamic": False, "properties": properties}}
