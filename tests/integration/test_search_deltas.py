"""An index that starts from the live one: answers as one made at once, what is made whole, and what never goes live."""

import json
import os
import random
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from support.searchable import publish

from orchestration.home import Home
from orchestration.publishing.store import Release
from orchestration.search import building, delta, documents, files, indexing, query, record, store, validation
from orchestration.search.documents import ORDER, QUOTE, Searched
from orchestration.search.indexing import Indexed, build_index, check_live, keep_current
from orchestration.search.model import SearchModel
from orchestration.search.searching import search

NEW = """
insert into operations.search_quote_document
select * replace (
    '{key}' as quote_id, 'Q-NEW-{key}' as quote_number,
    {{'account_id': 'a-{key}', 'name': 'Lighthouse {key}'}} as customer
)
from operations.search_quote_document where quote_id = '{like}';
"""
# What is changed last holds: all that someone may have to act on is listed as it stands.
ACTIVE = """
create or replace table operations.search_quote_active as
select
    quote_id, quote_number, quote_revision, status, owner, customer.account_id as account_id,
    dates.expires_at as expires_at
from operations.search_quote_document
where is_open;
"""


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with a release and a whole index of it; to be copied."""
    home = Home(tmp_path_factory.mktemp("indexed") / "home")
    publish(home, "r1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(indexing, "ALL", {"quote": QUOTE})
        assert [one.whole_because for one in keep_current(home)] == ["no index is live"]
    return home


@pytest.fixture
def home(indexed: Home, tmp_path: Path) -> Home:
    shutil.copytree(indexed.root, tmp_path / "home", symlinks=True)
    return Home(tmp_path / "home")


@pytest.fixture(autouse=True)
def only_quotes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Orders are made by the same code. Nine documents are soon all replaced."""
    monkeypatch.setattr(indexing, "ALL", {"quote": QUOTE})
    monkeypatch.setenv("TIEOUT_SEARCH_REPLACED_PERCENT", "100000")


def brought_along(home: Home, release_id: str, changes: str) -> Indexed:
    publish(home, release_id, changes)
    (made,) = keep_current(home)
    assert made.problem == ""
    return made


def answers(root: Path, searched: Searched) -> dict[str, Any]:
    """What a search finds, by each value that a document has, by words and ranges, with facets and in order."""
    model = searched.model
    told: dict[str, Any] = {}
    values: dict[str, set[str]] = {}
    for document in query.every_document(store.find(root, model).folder):
        told[document[model.key]] = document
        for field in model.fields:
            values.setdefault(field.path, set()).update(str(value) for value in field.values(document))
    facets = [field.path for field in model.fields if field.kind not in ("date", "number")]
    asked: list[dict[str, Any]] = [{}, {"sort": model.key}, {"sort": f"-{model.key}"}]
    asked += [
        {"text": word} for word in ("harbour", "harbour 2", "light*", "fibre", "EMEA", "lighthouse n3", "q1", "o1")
    ]
    for field in model.fields:
        for value in sorted(values.get(field.path, ())):
            ranged = f"{value}.." if field.kind in ("date", "number") else value
            asked.append({"filters": {field.path: ranged}})
    for one in asked:
        found = query.search(root, model, **one, facets=facets, limit=1000)
        keys = [document[model.key] for document in found.documents]
        told[json.dumps(one)] = (found.total, found.facets, keys if "sort" in one else sorted(keys))
    return told


def whole(home: Home, searched: Searched, root: Path) -> store.SearchIndex:
    """The index of the current release made at once, in another folder."""
    release = indexing.documents_release(home)
    index = building.build(
        root,
        searched.model,
        documents.documents(release, searched),
        indexing.source_of(release),
        documents.fingerprints(release, searched),
    )
    building.go_live(root, searched.model, index, lambda built: indexing.problems_of(searched, built, release))
    return index


def some_changes(chance: random.Random, number: int, keys: set[str]) -> str:
    """Statements that change, remove and add some quotes; `keys` are those that there are, and are brought along."""
    statements = []
    gone = set(chance.sample(sorted(keys), chance.randint(0, 2))) if len(keys) > 6 else set()
    for key in gone:
        statements.append(f"delete from operations.search_quote_document where quote_id = '{key}'")
    for key in chance.sample(sorted(keys - gone), 3):
        status = chance.choice(["SENT", "APPROVED", "REJECTED"])
        statements.append(
            f"update operations.search_quote_document set status = '{status}', is_open = '{status}' <> 'REJECTED',"
            f" owner = 'r{chance.randint(1, 4)}', quote_revision = quote_revision + 1, tags = ['t{number}'],"
            f" commercial = {{'currency': 'EUR', 'total_contract_value': {number}.25::decimal(18, 4)}}"
            f" where quote_id = '{key}'"
        )
    like = min(keys - gone)
    for new in range(chance.randint(0, 3)):
        statements.append(NEW.format(key=f"n{number}{new}", like=like).strip().removesuffix(";"))
    keys -= gone
    keys |= {f"n{number}{new}" for new in range(sum("insert" in one for one in statements))}
    return ";".join(statements)


def test_an_index_of_deltas_answers_as_one_made_at_once(home: Home, tmp_path: Path) -> None:
    chance, keys, changes = random.Random(8), {f"q{number}" for number in range(1, 10)}, ""
    for number in range(2, 13):
        changes += some_changes(chance, number, keys) + ";"
        made = brought_along(home, f"r{number}", changes + ACTIVE)
        assert (made.whole_because, made.is_new, made.release_id) == ("", True, f"r{number}")
    assert made.written < len(keys)
    live, at_once = store.find(home.search, QUOTE.model), whole(home, QUOTE, tmp_path / "whole")
    assert live.manifest["deltas"] == 11
    assert answers(home.search, QUOTE) == answers(tmp_path / "whole", QUOTE)
    for told in ("documents", "checksum", "columns", "source"):
        assert live.manifest[told] == at_once.manifest[told]
    assert record.read(live.folder) == record.read(at_once.folder)
    assert check_live(home, QUOTE) == []
    segments = json.loads((live.folder / "meta.json").read_text())["segments"]
    assert len(segments) < 10, "the engine puts small ones together"
    assert set(answers(home.search, QUOTE)) >= keys


def test_orders_too(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "ALL", {"order": ORDER})
    assert brought_along(home, "r2", "").whole_because == "no index is live"
    changes = """
    update operations.search_order_document set status = 'COMPLETED', is_open = false where order_id = 'o2';
    update operations.search_order_active set status = 'COMPLETED', is_open = false where order_id = 'o2'
    """
    made = brought_along(home, "r3", changes)
    assert (made.whole_because, made.written, made.documents) == ("", 1, 3)
    whole(home, ORDER, tmp_path / "whole")
    assert answers(home.search, ORDER) == answers(tmp_path / "whole", ORDER)


def test_what_is_gone_leaves_nothing_behind(home: Home) -> None:
    added = brought_along(home, "r2", NEW.format(key="n1", like="q1") + ACTIVE)
    assert (added.written, added.documents) == (1, 10)
    assert search(home, "lighthouse").total == 1
    brought_along(home, "r3", "")
    found = search(home, facets=["quote_id", "customer.account_id"])
    assert (found.total, search(home, "lighthouse").total, search(home, "lighth*").total) == (9, 0, 0)
    for path, value in (("quote_id", "n1"), ("quote_number", "Q-NEW-n1"), ("account_id", "a-n1")):
        assert search(home, filters={path: value}).total == 0
        assert value not in found.facets.get(path, {})
    assert len(found.facets["quote_id"]) == len(found.facets["customer.account_id"]) == 9
    live = store.find(home.search, QUOTE.model)
    assert (live.manifest["documents"], live.manifest["written"], live.manifest["replaced"]) == (9, 0, 1)
    assert "n1" not in record.read(live.folder)


@pytest.mark.parametrize("links", [True, False])
def test_the_index_before_stays_as_it_was(home: Home, monkeypatch: pytest.MonkeyPatch, links: bool) -> None:
    def refused(*_: object) -> None:
        raise OSError(95, "no hard links here")

    if not links:
        monkeypatch.setattr(os, "link", refused)
    before = store.find(home.search, QUOTE.model)

    def as_it_is() -> dict[str, tuple[int, int, bytes]]:
        return {
            path.name: (path.stat().st_ino, path.stat().st_mtime_ns, path.read_bytes())
            for path in before.folder.iterdir()
        }

    held = as_it_is()
    changes = "update operations.search_quote_document set owner = 'nobody' where quote_id = 'q1';"
    for number in range(2, 4):
        assert brought_along(home, f"r{number}", changes + ACTIVE).whole_because == ""
    live = store.find(home.search, QUOTE.model)
    assert as_it_is() == held
    shared = {path.name for path in live.folder.iterdir() if path.stat().st_nlink > 1}
    assert bool(shared) == links
    assert not shared & {*files.EXCHANGED, *files.LOCKS, store.MANIFEST, store.VALIDATED, record.NAME}
    # And is there to go back to, with what it answered.
    assert search(home, filters={"owner": "nobody"}).total == 1
    store.switch(home.search, QUOTE.model, before.index_id)
    assert search(home, filters={"owner": "nobody"}).total == 0


def spoil(home: Home, pattern: str, change: Callable[[Path], object]) -> None:
    change(min(store.find(home.search, QUOTE.model).folder.glob(pattern)))


def by_other_code(patch: pytest.MonkeyPatch) -> None:
    for module in (building, delta):
        patch.setattr(module, "made_by", lambda: "other")


def without(home: Home, *names: str) -> None:
    path = store.find(home.search, QUOTE.model).folder / store.MANIFEST
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps({name: value for name, value in manifest.items() if name not in names}))


@pytest.mark.parametrize(
    ("prepared", "because"),
    [
        (lambda home, patch: patch.setenv("TIEOUT_SEARCH_DELTAS", "1"), "1 deltas have been made"),
        (
            lambda home, patch: patch.setenv("TIEOUT_SEARCH_REPLACED_PERCENT", "12"),
            "2 documents were replaced since the last whole index, of 9 held",
        ),
        (lambda home, patch: by_other_code(patch), "made by another version of the code"),
        (lambda home, patch: patch.setattr(SearchModel, "fields_hash", "other"), "its fields are others"),
        (lambda home, patch: spoil(home, "*.store", flip), ".store not as written"),
        (lambda home, patch: spoil(home, "*.term", Path.unlink), ".term not as written"),
        (lambda home, patch: spoil(home, record.NAME, Path.unlink), "documents.parquet not as written"),
        (lambda home, patch: spoil(home, record.NAME, flip), "documents.parquet not as written"),
        # As indexes were made before there were deltas.
        (lambda home, patch: without(home, "files", "made_by", "columns", "deltas", "replaced"), "has no record"),
    ],
)
def test_it_is_made_whole_where_the_live_one_is_nothing_to_start_from(
    home: Home, monkeypatch: pytest.MonkeyPatch, prepared: Callable[..., None], because: str
) -> None:
    changes = "update operations.search_quote_document set owner = '{}' where quote_id = 'q1';" + ACTIVE
    assert brought_along(home, "r2", changes.format("one")).whole_because == ""
    prepared(home, monkeypatch)
    made = brought_along(home, "r3", changes.format("two"))
    assert because in made.whole_because
    assert (made.written, made.documents) == (9, 9)
    live = store.find(home.search, QUOTE.model)
    assert (live.manifest["deltas"], live.manifest["replaced"], live.manifest["base"]) == (0, 0, None)
    assert search(home, filters={"owner": "two"}).total == 1
    assert check_live(home, QUOTE) == []
    # From the whole one on by deltas again.
    assert brought_along(home, "r4", "").whole_because == ""


def flip(path: Path) -> None:
    """Change one bit in the middle of a file, whose length stays."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    replaced = path.with_suffix(".new")
    replaced.write_bytes(content)
    replaced.replace(path)


def test_other_columns_make_it_whole(home: Home) -> None:
    wider = "alter table operations.search_quote_document alter quote_revision type integer;"
    made = brought_along(home, "r2", wider)
    assert (made.whole_because, made.written) == ("the documents have other columns than those of the live index", 9)


def test_by_hand_it_is_made_whole(home: Home) -> None:
    publish(home, "r2")
    made = build_index(home, QUOTE)
    assert (made.whole_because, made.written) == ("asked for", 9)


CHANGED = (
    "update operations.search_quote_document set status = 'SENT' where quote_id in ('q1', 'q4');"
    "delete from operations.search_quote_document where quote_id = 'q9';" + ACTIVE
)


def writing(monkeypatch: pytest.MonkeyPatch, spoilt: Callable[[Any, Any], tuple[Any, Any]]) -> None:
    """Have deltas write and take away something else than they should; whole indexes are as ever."""
    real = building._write

    def write(folder: Path, model: SearchModel, found: Any, taken_away: Any = None) -> list[tuple[str, bytes]]:
        if taken_away is None:  # a whole one
            return real(folder, model, found)
        return real(folder, model, *spoilt(list(found), set(taken_away)))

    monkeypatch.setattr(building, "_write", write)


@pytest.mark.parametrize(
    ("spoilt", "because"),
    [
        (lambda found, gone: (found, gone - {"q1"}), "1 more than once in the index (q1)"),
        (lambda found, gone: (found, gone - {"q9"}), "9 documents where 8 were written"),
        (lambda found, gone: (found[1:], gone), "1 active but not in the index (q1)"),
        (lambda found, gone: (found, gone | {"q3"}), "1 unchanged but not in the index as before (q3)"),
        (lambda found, gone: (found, {"q3"}), "unchanged but not in the index as before"),
        (lambda found, gone: ([{**one, "status": "DRAFT"} for one in found], gone), "2 with another status than"),
        (lambda found, gone: ([*found, {"quote_id": "x", "dates": {}}], gone), "9 documents where the release has 8"),
    ],
)
def test_a_delta_that_is_not_in_order_never_goes_live(
    home: Home, monkeypatch: pytest.MonkeyPatch, spoilt: Callable[[Any, Any], tuple[Any, Any]], because: str
) -> None:
    writing(monkeypatch, spoilt)
    made = brought_along(home, "r2", CHANGED)
    assert "changed documents could not be brought into it" in made.whole_because
    assert because in made.whole_because
    assert (made.index_id, made.written) == ("search_quote_document_v1_3", 8)
    assert [index.is_validated for index in store.list_indexes(home.search, QUOTE.model)] == [True, True]
    assert (search(home, filters={"status": "SENT"}).total, check_live(home, QUOTE)) == (2, [])


def test_documents_without_expiry_do_not_go_live_by_a_delta_either(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def without_expiry(
        release: Release, searched: Searched, keys: Collection[str] | None = None
    ) -> Iterator[dict[str, Any]]:
        for document in documents.documents(release, searched, keys):
            yield {**document, "dates": {**document["dates"], "expires_at": None}} if "tags" in document else document

    monkeypatch.setattr(indexing, "documents", without_expiry)
    publish(home, "r2", CHANGED)
    (quotes,) = keep_current(home)
    assert "with another dates.expires_at than the source" in quotes.problem
    assert (quotes.index_id, quotes.is_new) == ("search_quote_document_v1_1", False)


def test_what_an_unchanged_document_is_held_against_may_change(home: Home) -> None:
    """The document is as it was, and as it was validated; what is active has another status now, or is one more."""
    publish(home, "r2", "update operations.search_quote_active set status = 'SENT' where quote_id = 'q2'")
    told = keep_current(home)[0]
    assert "1 with another status than the source (q2)" in told.problem
    assert (told.index_id, told.is_new) == ("search_quote_document_v1_1", False)
    publish(
        home,
        "r3",
        "insert into operations.search_quote_active"
        " select * replace ('q99' as quote_id) from operations.search_quote_active limit 1",
    )
    assert "1 active but not in the index (q99)" in keep_current(home)[0].problem
    # Less to hold it against is in order.
    made = brought_along(home, "r4", "delete from operations.search_quote_active where quote_id = 'q2'")
    assert (made.whole_because, made.written, made.release_id) == ("", 0, "r4")


def test_a_document_that_is_gone_but_found_still_is_told(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A searcher to which a deletion means nothing: what is kept and what is found do not agree."""
    real = query.counter

    def counter(folder: Path, model: SearchModel) -> Callable[[Mapping[str, str]], int]:
        count = real(folder, model)
        return lambda filters: 1 if filters == {"quote_id": "q9"} else count(filters)

    monkeypatch.setattr(validation, "counter", counter)
    assert "1 replaced or gone but found still (q9)" in brought_along(home, "r2", CHANGED).whole_because


def test_an_interrupted_delta_leaves_the_live_index_and_is_made_again(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(found: Any, taken_away: Any) -> tuple[Any, Any]:
        raise InterruptedError

    with monkeypatch.context() as patch:
        writing(patch, cut_off)
        publish(home, "r2", CHANGED)
        with pytest.raises(InterruptedError):
            keep_current(home)
    assert list(home.search.glob(".tmp-*/*.store")), "its files are shared with the live one"
    assert (search(home).total, search(home, filters={"status": "SENT"}).total) == (9, 0)
    (made,) = keep_current(home)
    assert (made.whole_because, made.written, made.problem) == ("", 2, "")
    assert not list(home.search.glob(".tmp-*"))


def test_an_index_that_a_person_holds_is_left_alone(home: Home) -> None:
    brought_along(home, "r2", CHANGED)
    building.roll_back(home.search, QUOTE.model)
    publish(home, "r3")
    (quotes,) = keep_current(home)
    assert (quotes.is_new, quotes.index_id, bool(quotes.held_since)) == (False, "search_quote_document_v1_1", True)
