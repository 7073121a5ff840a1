"""Asks an index: text by relevance, filters, ranges, order, pages and facets."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tantivy

from orchestration.errors import Unusable
from orchestration.search import store
from orchestration.search.model import EVERYTHING, SOURCE, Field, SearchModel, index_value

FACET_VALUES = 100
# Every value of a segment is counted: left to itself the engine drops the rare ones before it adds segments up.
COUNTED_VALUES = 2**31
LARGEST_PAGE = 10_000
FURTHEST = 1_000_000
# As the index's tokenizer cuts a text.
TERM = re.compile(r"[^\W_]+")
PREFIX = "*"


class Unreadable(Unusable):
    """An index whose files are damaged or gone."""


@dataclass(frozen=True)
class Results:
    """One page of documents, how many match in all, counts per facet, and the index that was asked."""

    index: store.SearchIndex
    total: int
    documents: list[dict[str, Any]]
    facets: dict[str, dict[str, int]]


def search(
    root: Path,
    model: SearchModel,
    text: str = "",
    *,
    filters: Mapping[str, str | Sequence[str]] | None = None,
    sort: str | None = None,
    facets: Sequence[str] = (),
    limit: int = 10,
    offset: int = 0,
    index_id: str | None = None,
) -> Results:
    """Search the live index, or the one of this id.

    Every word of the text has to match; one that ends in `*` matches what begins like it. A filter is a value, or
    `from..to` for a date or a number (a day as the end is taken whole); of several values of one field any may match.
    `sort` is a field, with `-` before it for descending; documents without a value come last.
    """
    if not 1 <= limit <= LARGEST_PAGE or not 0 <= offset <= FURTHEST:
        raise Unusable(
            f"A page has 1 to {LARGEST_PAGE} documents and begins after 0 to {FURTHEST} others. `tieout index export` "
            "writes all of them."
        )
    found = store.find(root, model, index_id)
    index, searcher = _opened(found.folder)
    query = _query(index, model, text, filters or {})
    order: dict[str, Any] = {}
    if sort:
        order["order_by_field"] = model.field(sort.removeprefix("-")).name
        order["order"] = tantivy.Order.Desc if sort.startswith("-") else tantivy.Order.Asc
    page = searcher.search(query, limit=limit, offset=offset, count=True, **order)
    return Results(
        index=found,
        total=page.count or 0,  # type: ignore[attr-defined]  # its stub lacks it
        documents=[_document(searcher, address) for _, address in page.hits],
        facets={field.path: _facet(searcher, query, field) for field in map(model.field, facets)},
    )


def counter(folder: Path, model: SearchModel) -> Callable[[Mapping[str, str]], int]:
    """A function that tells how many documents of an index pass filters."""
    index, searcher = _opened(folder)

    def count(filters: Mapping[str, str]) -> int:
        found = searcher.search(_query(index, model, "", filters), limit=1, count=True)
        return found.count or 0  # type: ignore[attr-defined]  # its stub lacks it

    return count


def every_document(folder: Path) -> Iterator[dict[str, Any]]:
    """All documents of an index, in no order."""
    return map(json.loads, every_content(folder))


def every_content(folder: Path) -> Iterator[bytes]:
    """All documents of an index as they were written, in no order."""
    _, searcher = _opened(folder)
    if searcher.num_docs:
        for _, address in searcher.search(tantivy.Query.all_query(), limit=searcher.num_docs).hits:
            yield _content(searcher, address)


def _opened(folder: Path) -> tuple[tantivy.Index, tantivy.Searcher]:
    try:
        index = tantivy.Index.open(str(folder))
        return index, index.searcher()
    except ValueError as error:
        raise Unreadable(
            f"The index {folder} cannot be read ({error}). `tieout index build` makes a new one, "
            "`tieout index rollback` goes back to the one before."
        ) from None


def _query(
    index: tantivy.Index, model: SearchModel, text: str, filters: Mapping[str, str | Sequence[str]]
) -> tantivy.Query:
    clauses = []
    for path, given in filters.items():
        field, values = model.field(path), [given] if isinstance(given, str) else given
        any_of = [(tantivy.Occur.Should, _filter(index.schema, field, value)) for value in values]
        clauses.append((tantivy.Occur.Must, tantivy.Query.boolean_query(any_of)))
    clauses += [(tantivy.Occur.Must, query) for word in text.split() for query in _word(index, word)]
    return tantivy.Query.boolean_query(clauses) if clauses else tantivy.Query.all_query()


def _word(index: tantivy.Index, word: str) -> list[tantivy.Query]:
    """A word as a person types it: a colon or a sign in it is no operator. Nothing without a letter or digit."""
    terms: list[Any] = TERM.findall(word.lower())
    if not terms:
        return []
    if not word.endswith(PREFIX):
        phrase = '"' + " ".join(terms) + '"'
        return [index.parse_query(phrase, [EVERYTHING], conjunction_by_default=True)]
    if len(terms) > 1:
        return [tantivy.Query.phrase_prefix_query(index.schema, EVERYTHING, terms)]
    return [tantivy.Query.regex_query(index.schema, EVERYTHING, f"{terms[0]}.*")]


def _filter(schema: tantivy.Schema, field: Field, value: str) -> tantivy.Query:
    if field.kind not in ("date", "number"):
        return tantivy.Query.term_query(schema, field.name, index_value(field, value))
    low, separator, high = value.partition("..")
    high = high if separator else low
    if not low and not high:
        raise Unusable(f"{field.path} takes a value or a range, as in {field.path}=from..to; one end may be left out.")
    kind = tantivy.FieldType.Integer if field.kind == "date" else tantivy.FieldType.Float
    lower = index_value(field, low) if low else None
    upper = index_value(field, high, is_end=True) if high else None
    if lower is not None and upper is not None and lower > upper:
        raise Unusable(f"{field.path}={value} ends before it begins.")
    return tantivy.Query.range_query(schema, field.name, kind, lower, upper)


def _facet(searcher: tantivy.Searcher, query: tantivy.Query, field: Field) -> dict[str, int]:
    if field.kind in ("date", "number"):
        raise Unusable(f"{field.path} has no facets: it is a {field.kind}.")
    terms = {"field": field.name, "size": FACET_VALUES, "segment_size": COUNTED_VALUES}
    counted = searcher.aggregate(query, {"facet": {"terms": terms}})
    return {bucket["key"]: int(bucket["doc_count"]) for bucket in counted["facet"]["buckets"]}


def _document(searcher: tantivy.Searcher, address: tantivy.DocAddress) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(_content(searcher, address))
    return document


def _content(searcher: tantivy.Searcher, address: tantivy.DocAddress) -> bytes:
    return bytes(searcher.doc(address).get_all(SOURCE)[0])
