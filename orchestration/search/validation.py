"""Compares an index with the documents it has to hold; an empty list of problems lets it go live."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from orchestration.search import store
from orchestration.search.building import checksum, digest
from orchestration.search.model import SearchModel
from orchestration.search.query import counter, every_content

SHOWN = 5
SAMPLES = 20


def validate(
    model: SearchModel,
    index: store.SearchIndex,
    total: int,
    active: Iterable[Mapping[str, Any]],
    compared: tuple[str, ...],
    unchanged: Mapping[bytes, str] | None = None,
    taken_away: Iterable[str] = (),
) -> list[str]:
    """What is wrong with an index: count, keys, the compared fields of active documents, sample queries, checksum.

    `total` documents have to be there, the `active` among them, which come from elsewhere than the documents that were
    indexed: otherwise a projector's fault is on both sides. NULL there has to be NULL here.

    `unchanged`: digest and key of documents that the index before had when it was validated, and that would be
    compared with the same again; they have to be there, byte for byte. `taken_away`: keys that may not be found more
    often than they are there.
    """
    fields = [model.field(path) for path in compared]
    wanted = {str(document[model.key]): dict(document) for document in active}
    proven = unchanged or {}
    keys: Counter[str] = Counter()
    differing: dict[str, list[str]] = {path: [] for path in compared}
    digests: list[bytes] = []
    samples: list[dict[str, Any]] = []
    proven_samples: list[dict[str, Any]] = []
    for content in every_content(index.folder):
        digests.append(digest(content))
        known = proven.get(digests[-1])
        if known is not None:
            keys[known] += 1
            if len(proven_samples) < SAMPLES:
                proven_samples.append(json.loads(content))
            continue
        held = json.loads(content)
        key = str(held[model.key])
        keys[key] += 1
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
    problems += _listed("unchanged but not in the index as before", set(proven.values()) - keys.keys())
    for path, found in differing.items():
        problems += _listed(f"with another {path} than the source", found)
    problems += _unfound(model, index, samples + proven_samples)
    problems += _listed("replaced or gone but found still", _left_behind(model, index, keys, taken_away))
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


def _left_behind(
    model: SearchModel, index: store.SearchIndex, keys: Counter[str], taken_away: Iterable[str]
) -> Iterator[str]:
    """Keys by which a search finds more documents than there are of them."""
    count = counter(index.folder, model)
    return (key for key in taken_away if count({model.key: key}) > keys[key])


def _listed(what: str, keys: Iterable[str]) -> list[str]:
    found = sorted(set(keys))
    return [f"{len(found)} {what} ({', '.join(found[:SHOWN])}{', ...' if len(found) > SHOWN else ''})"] if found else []
