"""Searching quotes and orders, as `tieout search` and programs do; how an index is made and asked is not its matter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestration.home import Home
from orchestration.publishing.query import check_role
from orchestration.search import query
from orchestration.search.documents import Searched, searched_as
from orchestration.search.indexing import freshness

ATTEMPTS = 3


@dataclass(frozen=True)
class Found:
    """One page of documents, how many match in all, counts per facet, and how fresh the index is."""

    searched: Searched
    total: int
    documents: list[dict[str, Any]]
    facets: dict[str, dict[str, int]]
    freshness: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        """As `tieout search --json` gives it."""
        return {
            "model": self.searched.noun,
            **self.freshness,
            "total": self.total,
            "documents": self.documents,
            "facets": self.facets,
        }


def search(
    home: Home,
    text: str = "",
    *,
    model: str = "quote",
    filters: Mapping[str, str | Sequence[str]] | None = None,
    sort: str | None = None,
    facets: Sequence[str] = (),
    limit: int = 10,
    offset: int = 0,
    index_id: str | None = None,
    role: str | None = None,
) -> Found:
    """Search the quotes or orders of a home (of `OperationsHome.of(home)`: those that `tieout follow` keeps current).

    Words, filters and order are those of `query.search`. Raises Unusable for a field, value, index or role that is not
    there, Refused where no index is live. What is found is for discovery: the source system says what holds now.
    """
    check_role(role)
    searched = searched_as(model)
    for attempt in range(ATTEMPTS):
        try:
            found = query.search(
                home.search,
                searched.model,
                text,
                filters=filters,
                sort=sort,
                facets=facets,
                limit=limit,
                offset=offset,
                index_id=index_id,
            )
            break
        except query.Unreadable:
            # A build may remove an index between finding and opening it: the alias then has a newer one.
            if attempt == ATTEMPTS - 1 or index_id is not None:
                raise
    return Found(searched, found.total, found.documents, found.facets, freshness(home, searched, found.index))
