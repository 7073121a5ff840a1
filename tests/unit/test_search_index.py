"""Search indexes: what is found, what validation refuses, and which index readers see."""

import json
import shutil
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from orchestration.errors import Refused, Unusable
from orchestration.search import building, export, store
from orchestration.search.model import Field, SearchModel
from orchestration.search.query import search
from orchestration.search.validation import validate

MODEL = SearchModel(
    "search_quote_document",
    1,
    "quote_id",
    (
        Field("quote_id", "keyword"),
        Field("revision", "number"),
        Field("status", "keyword"),
        Field("customer.name", "text"),
        Field("commercial.total", "number"),
        Field("products.family", "keyword"),
        Field("dates.expires_at", "date"),
        Field("is_open", "boolean"),
    ),
)
COMPARED = ("revision", "status", "dates.expires_at")
SOURCE = {"release_id": "r1", "as_of": "2026-07-01T00:00:00Z", "lake_high_water": 7}


def document(number: int, status: str, name: str, total: str, families: list[str], expires: str) -> dict[str, Any]:
    return {
        "quote_id": f"q-{number}",
        "revision": number,
        "status": status,
        "customer": {"name": name},
        "commercial": {"total": total},
        "products": [{"family": family} for family in families],
        "dates": {"expires_at": expires},
        "is_open": status != "REJECTED",
    }


DOCUMENTS = [
    document(1, "APPROVED", "Northwind Works", "100.0000", ["Connectivity", "Security"], "2026-07-15T23:59:59.500000"),
    document(2, "APPROVED", "Harbour Works", "2500.5000", ["Security"], "2026-08-01T00:00:00+07:00"),
    document(3, "DRAFT", "Harbour Lights", "50.0000", [], "2026-09-01T00:00:00Z"),
]


def problems(index: store.SearchIndex, active: list[dict[str, Any]] = DOCUMENTS, total: int | None = None) -> list[str]:
    return validate(MODEL, index, len(active) if total is None else total, active, COMPARED)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with one index that is live."""
    index = building.build(tmp_path, MODEL, DOCUMENTS, SOURCE)
    building.go_live(tmp_path, MODEL, index, problems)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "filters", "keys"),
    [
        ("", {}, {"q-1", "q-2", "q-3"}),
        ("harbour", {}, {"q-2", "q-3"}),
        ("harbour works", {}, {"q-2"}),
        ('status:DRAFT "', {}, set()),
        ("", {"status": "APPROVED"}, {"q-1", "q-2"}),
        ("", {"products.family": "Connectivity"}, {"q-1"}),
        ("", {"commercial.total": "100..2500.5"}, {"q-1", "q-2"}),
        ("", {"commercial.total": "..99.99"}, {"q-3"}),
        ("", {"commercial.total": "50"}, {"q-3"}),
        ("", {"total": "50"}, {"q-3"}),
        ("", {"status": ["DRAFT", "APPROVED"]}, {"q-1", "q-2", "q-3"}),
        ("", {"is_open": "true", "status": "DRAFT"}, {"q-3"}),
        ("harb*", {}, {"q-2", "q-3"}),
        ("q-*", {}, {"q-1", "q-2", "q-3"}),
        ("Q-2", {}, {"q-2"}),
        ("*", {}, {"q-1", "q-2", "q-3"}),
        # A day that ends a range is taken whole, to the microsecond.
        ("", {"expires_at": "2026-07-15"}, {"q-1"}),
        ("", {"expires_at": "2026-07-15T23:59:59.500000Z.."}, {"q-1", "q-2", "q-3"}),
        ("", {"expires_at": "2026-07-15T23:59:59.500001Z.."}, {"q-2", "q-3"}),
        # 00:00 at +07:00 is 17:00 UTC of the day before.
        ("", {"dates.expires_at": "2026-07-31T17:00:00Z..2026-07-31T17:00:00Z"}, {"q-2"}),
        ("works", {"dates.expires_at": "2026-07-31..", "status": "APPROVED"}, {"q-2"}),
    ],
)
def test_text_and_filters_find(root: Path, text: str, filters: dict[str, Any], keys: set[str]) -> None:
    found = search(root, MODEL, text, filters=filters)
    assert {item["quote_id"] for item in found.documents} == keys
    assert found.total == len(keys)


def test_order_pages_facets_and_freshness(root: Path) -> None:
    found = search(root, MODEL, sort="-commercial.total", limit=1, offset=1, facets=["status", "products.family"])
    assert (found.documents, found.total) == ([DOCUMENTS[0]], 3)
    assert found.facets == {
        "status": {"APPROVED": 2, "DRAFT": 1},
        "products.family": {"Security": 2, "Connectivity": 1},
    }
    assert (found.index.source, found.index.index_id) == (SOURCE, "search_quote_document_v1_1")


def test_a_facet_counts_what_is_rare_in_one_segment_and_frequent_in_another(tmp_path: Path) -> None:
    def of(name: str, numbers: range) -> list[dict[str, Any]]:
        return [document(number, "DRAFT", name, "1", [], "2026-09-01") for number in numbers]

    many = [one for number in range(1100) for one in of(f"n{number}", range(2 * number, 2 * number + 2))]
    index = building.build(tmp_path, MODEL, [*many, *of("rare", range(3000, 3001))], SOURCE)
    building._write(index.folder, MODEL, of("rare", range(3001, 3006)))
    found = search(tmp_path, MODEL, facets=["customer.name"], index_id=index.index_id)
    assert (found.total, found.facets["customer.name"]["rare"]) == (2206, 6)


@pytest.mark.parametrize(
    ("sort", "keys"),
    [
        ("customer.name", ["q-3", "q-2", "q-1"]),
        ("-expires_at", ["q-3", "q-2", "q-1"]),
        ("commercial.total", ["q-3", "q-1", "q-2"]),
    ],
)
def test_documents_come_in_any_order(root: Path, sort: str, keys: list[str]) -> None:
    assert [item["quote_id"] for item in search(root, MODEL, sort=sort).documents] == keys


def test_a_document_without_a_value_comes_last(tmp_path: Path) -> None:
    bare = deepcopy(DOCUMENTS)
    bare[0]["dates"]["expires_at"] = None
    index = building.build(tmp_path, MODEL, bare, SOURCE)
    for sort in ("expires_at", "-expires_at"):
        assert search(tmp_path, MODEL, sort=sort, index_id=index.index_id).documents[-1]["quote_id"] == "q-1"


@pytest.mark.parametrize(
    "asked",
    [
        {"filters": {"colour": "red"}},
        {"filters": {"commercial.total": "much"}},
        {"filters": {"dates.expires_at": "soon"}},
        {"filters": {"dates.expires_at": ".."}},
        {"filters": {"dates.expires_at": "2026-08-01..2026-07-01"}},
        {"filters": {"is_open": "perhaps"}},
        {"facets": ["commercial.total"]},
        {"limit": 0},
        {"limit": 10**20},
        {"offset": 10**20},
        {"index_id": "search_quote_document_v1_9"},
    ],
)
def test_wrong_usage_is_named(root: Path, asked: dict[str, Any]) -> None:
    with pytest.raises(Unusable):
        search(root, MODEL, **asked)


def test_approved_quotes_without_expiry_never_go_live(root: Path) -> None:
    broken = deepcopy(DOCUMENTS)
    broken[0]["dates"]["expires_at"] = None
    index = building.build(root, MODEL, broken, SOURCE)
    with pytest.raises(Refused, match=r"with another dates.expires_at than the source \(q-1\)"):
        building.go_live(root, MODEL, index, problems)
    assert store.live_id(root, MODEL) == "search_quote_document_v1_1"
    green = building.build(root, MODEL, DOCUMENTS, SOURCE)
    building.go_live(root, MODEL, green, problems)
    assert store.live_id(root, MODEL) == "search_quote_document_v1_3"
    # Rolling back passes over the build that validation refused, and nobody can switch to it by hand.
    assert building.roll_back(root, MODEL) == "search_quote_document_v1_1"
    with pytest.raises(Refused, match="validation"):
        store.switch(root, MODEL, index.index_id)


def test_a_quote_that_names_no_end_may_have_none(tmp_path: Path) -> None:
    endless = deepcopy(DOCUMENTS)
    endless[0]["dates"]["expires_at"] = None
    index = building.build(tmp_path, MODEL, endless, SOURCE)
    assert problems(index, endless) == []


@pytest.mark.parametrize(
    ("indexed", "said"),
    [
        (DOCUMENTS[:2], "active but not in the index (q-3)"),
        (DOCUMENTS[:2], "2 documents where the release has 3"),
        ([*DOCUMENTS, document(4, "DRAFT", "x", "1", [], "2026-09-01")], "4 documents where the release has 3"),
        ([*DOCUMENTS, DOCUMENTS[0]], "more than once in the index (q-1)"),
        ([{**DOCUMENTS[0], "status": "SENT"}, *DOCUMENTS[1:]], "another status than the source (q-1)"),
        ([{**DOCUMENTS[0], "revision": 9}, *DOCUMENTS[1:]], "another revision than the source (q-1)"),
    ],
)
def test_validation_names_what_differs(tmp_path: Path, indexed: list[dict[str, Any]], said: str) -> None:
    index = building.build(tmp_path, MODEL, indexed, SOURCE)
    assert said in "; ".join(problems(index))


def test_validation_finds_a_field_that_is_kept_but_not_indexed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = building._add
    monkeypatch.setattr(
        building, "_add", lambda indexed, field, held: None if field.kind == "date" else real(indexed, field, held)
    )
    index = building.build(tmp_path, MODEL, DOCUMENTS, SOURCE)
    assert problems(index) == ["3 not found by their dates.expires_at (q-1, q-2, q-3)"]


def test_an_older_index_is_held_until_the_newest_is_live_again(root: Path) -> None:
    second = building.build(root, MODEL, DOCUMENTS, SOURCE)
    building.go_live(root, MODEL, second, problems)
    assert store.held_since(root, MODEL) is None
    building.roll_back(root, MODEL)
    assert store.held_since(root, MODEL)
    store.switch(root, MODEL, second.index_id)
    assert store.held_since(root, MODEL) is None


def test_old_indexes_go_but_not_the_live_one_and_not_the_last_build(root: Path) -> None:
    for _ in range(4):
        building.go_live(root, MODEL, building.build(root, MODEL, DOCUMENTS, SOURCE), problems)
    store.switch(root, MODEL, "search_quote_document_v1_1")
    building.build(root, MODEL, DOCUMENTS[:1], SOURCE)
    assert store.prune(root, MODEL) == ["search_quote_document_v1_2"]
    left = [index.index_id.rpartition("_")[2] for index in store.list_indexes(root, MODEL)]
    assert left == ["1", "3", "4", "5", "6"]
    assert not list(root.glob(".tmp-*"))


def test_validation_finds_documents_that_were_not_written(root: Path) -> None:
    index = store.find(root, MODEL)
    manifest = {**index.manifest, "documents": 4, "checksum": "0"}
    found = "; ".join(problems(store.SearchIndex(index.folder, manifest, True)))
    assert "3 documents where 4 were written" in found
    assert "checksum" in found


def test_roll_back_returns_to_the_build_before(root: Path) -> None:
    with pytest.raises(Refused, match="older"):
        building.roll_back(root, MODEL)
    second = building.build(root, MODEL, DOCUMENTS[:1], SOURCE)
    building.go_live(root, MODEL, second, lambda built: problems(built, DOCUMENTS[:1]))
    assert search(root, MODEL).total == 1
    assert building.roll_back(root, MODEL) == "search_quote_document_v1_1"
    assert search(root, MODEL).total == 3


def test_an_interrupted_build_leaves_nothing_that_can_go_live(root: Path) -> None:
    def cut_off() -> Any:
        yield DOCUMENTS[0]
        raise InterruptedError

    with pytest.raises(InterruptedError):
        building.build(root, MODEL, cut_off(), SOURCE)
    assert [index.index_id for index in store.list_indexes(root, MODEL)] == ["search_quote_document_v1_1"]
    assert list(root.glob(".tmp-*"))
    assert building.build(root, MODEL, DOCUMENTS, SOURCE).index_id == "search_quote_document_v1_2"
    assert not list(root.glob(".tmp-*"))


def test_the_alias_goes_to_finished_indexes_only(root: Path) -> None:
    shutil.copytree(root / "search_quote_document_v1_1", root / "search_quote_document_v1_7")
    (root / "search_quote_document_v1_7" / store.MANIFEST).unlink()
    with pytest.raises(Unusable):
        store.switch(root, MODEL, "search_quote_document_v1_7")


def test_bulk_export_is_pairs_of_action_and_document(root: Path) -> None:
    lines = [json.loads(line) for line in export.bulk_lines(MODEL, store.find(root, MODEL))]
    assert [line["index"]["_id"] for line in lines[::2]] == ["q-1", "q-2", "q-3"]
    assert lines[1::2] == DOCUMENTS
    properties = export.mapping(MODEL)["mappings"]["properties"]
    assert properties["dates"]["properties"]["expires_at"] == {"type": "date"}
    assert properties["products"]["properties"]["family"] == {"type": "keyword"}
