"""Compares an index with the documents it has to hold; an empty list of problems lets it go live."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from orchestration.search import store
from orchestration.search.building import canonical, checksum, digest
from orchestration.search.model import SearchModel
from orchestration.search.query import counter, every_document

SHOWN = 5
SAMPLES = 20


def validate(
    model: SearchModel,
    index: store.SearchIndex,
    total: int,
    active: Iterable[Mapping[str, Any]],
    compared: tuple[str, ...],
) -> list[str]:
    """What is wrong with an index: count, keys, the compared fields of active documents, sample queries, checksum.

    `total` documents have to be there, the `active` among them, which come from elsewhere than the documents that were
    indexed: otherwise a projector's fault is on both sides. NULL there has to be NULL here.
    """
    fields = [model.field(path) for path in compared]
    wanted = {str(document[model.key]): dict(document) for document in active}
    keys: Counter[str] = Counter()
    differing: dict[str, list[str]] = {path: [] for path in compared}
    digests: list[bytes] = []
    samples: list[dict[str, Any]] = []
    for held in every_document(index.folder):
        key = str(held[model.key])
        keys[key] += 1
        digests.append(digest(canonical(held)))
        if len(samples) < SAMPLES or (key in wanted and len(samples) < 2 * SAMPLES):
            samples.append(held)
        if key in wanted:
            for field in fields:
                if field.values(wanted[key]) != field.values(held):
                    differing[field.path].append(key)
    problems = []
    if len(digests) != index.manifest["documents"]:
        problems.append(f"{len(digests)} documents where {index.manifest['documents']} were written")
    if len(digests) != total:
        problems.append(f"{len(digests)} documents where the release has {total}")
    problems += _listed("more than once in the index", (key for key, count in keys.items() if count > 1))
    problems += _listed("active but not in the index", wanted.keys() - keys.keys())
    for path, found in differing.items():
        problems += _listed(f"with another {path} than the source", found)
    problems += _unfound(model, index, samples)
    if checksum(digests) != index.manifest["checksum"]:
        problems.append("the checksum of the documents is not the one that was written")
    return problems


def _unfound(model: SearchModel, index: store.SearchIndex, samples: list[dict[str, Any]]) -> list[str]:
    """Samples that a search by the value of a field does not find: they are kept, but not indexed by it."""
    count = counter(index.folder, model)
    problems = []
    for field in model.fields:
        lost = []
        for held in samples:
            for value in field.values(held)[:1]:
                asked = f"{value}..{value}" if field.kind in ("date", "number") else str(value)
                if count({field.path: asked, model.key: str(held[model.key])}) != 1:
                    lost.append(str(held[model.key]))
        problems += _listed(f"not found by their {field.path}", lost)
    return problems


def _listed(what: str, keys: Iterable[str]) -> list[str]:
    found = sorted(set(keys))
    return [f"{len(found)} {what} ({', '.join(found[:SHOWN])}{', ...' if len(found) > SHOWN else ''})"] if found else []
