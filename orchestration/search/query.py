"""Asks an index: text by relevance, filters, ranges, order, pages and facets."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tantivy

from orchestration.errors import Unusable
from orchestration.search import store
from orchestration.search.model import EVERYTHING, SOURCE, Field, SearchModel, index_value

FACET_VALUES = 100


@dataclass(frozen=True)
class Results:
    """One page of documents, how many match in all, counts per facet, and what the index is current through."""

    index_id: str
    current_through: str | None
    total: int
    documents: list[dict[str, Any]]
    facets: dict[str, dict[str, int]]


def search(
    root: Path,
    model: SearchModel,
    text: str = "",
    *,
    filters: Mapping[str, str] | None = None,
    sort: str | None = None,
    facets: Sequence[str] = (),
    limit: int = 10,
    offset: int = 0,
    index_id: str | None = None,
) -> Results:
    """Search the live index, or the one of this id. A filter is a value, or `from..to` for a date or a number.

    Every word of the text has to match. `sort` is a field, with `-` before it for descending.
    """
    if limit < 1 or offset < 0:
        raise Unusable("A page has at least one row and starts at 0 or later.")
    found = store.find(root, model, index_id)
    index = tantivy.Index.open(str(found.folder))
    searcher = index.searcher()
    query = _query(index, model, text, filters or {})
    order: dict[str, Any] = {}
    if sort:
        order["order_by_field"] = model.field(sort.removeprefix("-")).name
        order["order"] = tantivy.Order.Desc if sort.startswith("-") else tantivy.Order.Asc
    page = searcher.search(query, limit=limit, offset=offset, count=True, **order)
    return Results(
        index_id=found.index_id,
        current_through=found.manifest["current_through"],
        total=page.count or 0,  # type: ignore[attr-defined]  # its stub lacks it
        documents=[_document(searcher, address) for _, address in page.hits],
        facets={path: _facet(searcher, query, model.field(path)) for path in facets},
    )


def every_document(folder: Path) -> Iterator[dict[str, Any]]:
    """All documents of an index, in no order."""
    searcher = tantivy.Index.open(str(folder)).searcher()
    if searcher.num_docs:
        for _, address in searcher.search(tantivy.Query.all_query(), limit=searcher.num_docs).hits:
            yield _document(searcher, address)


def _query(index: tantivy.Index, model: SearchModel, text: str, filters: Mapping[str, str]) -> tantivy.Query:
    clauses = [(tantivy.Occur.Must, _filter(index.schema, model.field(path), value)) for path, value in filters.items()]
    if text.strip():
        # Quoted word by word: a colon or a sign in what a person types is no operator.
        words = " ".join('"' + word.replace("\\", "").replace('"', "") + '"' for word in text.split())
        parsed = index.parse_query(words, [EVERYTHING], conjunction_by_default=True)
        clauses.append((tantivy.Occur.Must, parsed))
    return tantivy.Query.boolean_query(clauses) if clauses else tantivy.Query.all_query()


def _filter(schema: tantivy.Schema, field: Field, value: str) -> tantivy.Query:
    if field.kind in ("keyword", "text"):
        return tantivy.Query.term_query(schema, field.name, value)
    low, separator, high = value.partition("..")
    kind = tantivy.FieldType.Date if field.kind == "date" else tantivy.FieldType.Float
    lower = index_value(field, low) if low else None
    upper = (index_value(field, high) if high else None) if separator else lower
    if lower is None and upper is None:
        raise Unusable(f"{field.path} takes a value or a range, as in {field.path}=from..to; one end may be left out.")
    return tantivy.Query.range_query(schema, field.name, kind, lower, upper)


def _facet(searcher: tantivy.Searcher, query: tantivy.Query, field: Field) -> dict[str, int]:
    if field.kind in ("date", "number"):
        raise Unusable(f"{field.path} has no facets: it is a {field.kind}.")
    counted = searcher.aggregate(query, {"facet": {"terms": {"field": field.name, "size": FACET_VALUES}}})
    return {bucket["key"]: int(bucket["doc_count"]) for bucket in counted["facet"]["buckets"]}


def _document(searcher: tantivy.Searcher, address: tantivy.DocAddress) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(bytes(searcher.doc(address).get_all(SOURCE)[0]))
    return document
