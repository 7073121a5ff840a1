"""Compares an index with the documents it has to hold; an empty list of problems lets it go live."""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from orchestration.search import store
from orchestration.search.building import canonical, checksum
from orchestration.search.model import SearchModel
from orchestration.search.query import every_document, search

SHOWN = 5
SAMPLES = 20


def validate(
    root: Path,
    model: SearchModel,
    index: store.SearchIndex,
    expected: Iterable[Mapping[str, Any]],
    compared: tuple[str, ...],
    required: Mapping[str, tuple[str, ...]],
) -> list[str]:
    """What is wrong with an index: count, keys, compared fields, required fields by status, samples, checksum.

    `expected` has to come from elsewhere than the documents that were indexed, or a projector's fault is in both.
    """
    held_documents = list(every_document(index.folder))
    keys = Counter(str(document[model.key]) for document in held_documents)
    held = {str(document[model.key]): document for document in held_documents}
    wanted = {str(document[model.key]): document for document in expected}
    problems = []
    if len(held_documents) != index.manifest["documents"]:
        problems.append(f"{len(held_documents)} documents where {index.manifest['documents']} were written")
    problems += _listed("more than once in the index", (key for key, count in keys.items() if count > 1))
    problems += _listed("not in the index", wanted.keys() - held.keys())
    problems += _listed("in the index only", held.keys() - wanted.keys())
    for path in compared:
        field = model.field(path)
        differing = (k for k in wanted.keys() & held.keys() if field.values(dict(wanted[k])) != field.values(held[k]))
        problems += _listed(f"with another {path} than the source", differing)
    for status, paths in required.items():
        for path in paths:
            field = model.field(path)
            lacking = (k for k, d in held.items() if d.get("status") == status and not field.values(d))
            problems += _listed(f"{status} without {path}", lacking)
    problems += _listed(
        "not found by their key", (k for k in sorted(held)[:SAMPLES] if not _is_found(root, model, index, k))
    )
    if checksum(canonical(document) for document in held_documents) != index.manifest["checksum"]:
        problems.append("the checksum of the documents is not the one that was written")
    return problems


def _is_found(root: Path, model: SearchModel, index: store.SearchIndex, key: str) -> bool:
    return search(root, model, filters={model.key: key}, index_id=index.index_id).total == 1


def _listed(what: str, keys: Iterable[str]) -> list[str]:
    found = sorted(keys)
    return [f"{len(found)} {what} ({', '.join(found[:SHOWN])}{', ...' if len(found) > SHOWN else ''})"] if found else []
