"""`tieout search` and `tieout index` over releases: what is found, what goes live, what is held, and the runbook."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from support.searchable import publish

from orchestration.assets.naming import RELEASE, search_key
from orchestration.assets.search_index import CHECK, search_indexes_asset
from orchestration.cli.app import run
from orchestration.errors import Refused
from orchestration.home import Home
from orchestration.operations.home import OperationsHome
from orchestration.operations.indexing import COMMAND, Indexing, last_lags
from orchestration.search import documents, indexing, store
from orchestration.search.documents import ORDER, QUOTE, Searched
from orchestration.search.indexing import build_index, indexes_lock, keep_current, standing
from orchestration.search.searching import search

Tieout = Callable[..., tuple[int, Any]]


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with a release and the indexes of it; to be copied."""
    home = Home(tmp_path_factory.mktemp("indexed") / "home")
    publish(home, "r1")
    assert [one.problem for one in keep_current(home)] == ["", ""]
    return home


@pytest.fixture
def home(indexed: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("TIEOUT_HOME", str(tmp_path / "home"))
    shutil.copytree(indexed.root, tmp_path / "home", symlinks=True)
    return Home(tmp_path / "home")


@pytest.fixture
def tieout(capsys: pytest.CaptureFixture[str]) -> Tieout:
    """Run a command with --json: its exit code, and what it wrote to stdout as one JSON value."""

    def call(*arguments: str) -> tuple[int, Any]:
        code = run([*arguments, "--json"])
        return code, json.loads(capsys.readouterr().out)

    return call


def live(home: Home, searched: Searched = QUOTE) -> str:
    """The number of the live build."""
    return (store.live_id(home.search, searched.model) or "").rpartition("_")[2]


def without_expiry(release: object, searched: Searched) -> Iterator[dict[str, Any]]:
    """The bug of the runbook: approved quotes get into the index without their expiry dates."""
    for document in documents.documents(release, searched):  # type: ignore[arg-type]
        if document["status"] == "APPROVED" and "expires_at" in document["dates"]:
            document["dates"] = {**document["dates"], "expires_at": None}
        yield document


def test_what_is_found_says_how_fresh_it_is(home: Home, tieout: Tieout) -> None:
    code, found = tieout(
        "search", "harbour", "--filter", "status=APPROVED", "--filter", "expires_at=2026-12-03..2026-12-06", "--sort",
        "-expires_at", "--facet", "region", "--limit", "2",
    )  # fmt: skip
    assert code == 0
    assert (found["total"], found["facets"]) == (3, {"region": {"EMEA": 2, "APAC": 1}})
    assert [one["quote_id"] for one in found["documents"]] == ["q5", "q4"]
    assert found["documents"][0]["commercial"]["total_contract_value"] == "5.5000"
    assert (found["release_id"], found["as_of"], found["is_current"]) == ("r1", "2026-11-20T01:21:00.000000Z", True)
    publish(home, "r2")
    found = tieout("search")[1]
    assert (found["release_id"], found["is_current"], found["behind_seconds"] >= 1) == ("r1", False, True)
    code, found = tieout("search", "street", "--model", "order", "--filter", "is_sla_breached=true")
    assert [one["order_id"] for one in found["documents"]] == ["o1"]


def test_a_person_reads_a_table_and_what_to_do(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["search", "Q-2026-001", "--facet", "products.family"]) == 0
    told = capsys.readouterr().out
    assert "Q-2026-001         2  APPROVED  Harbour Works 1  r1     APAC    1.5000  EUR       2026-12-02 12:00" in told
    assert "1 quote found, 1 shown. As of 2026-11-20T01:21:00Z, through batch 7 (release r1)." in told
    publish(home, "r2")
    run(["search", "nothing"])
    assert "0 quotes found, 0 shown." in (told := capsys.readouterr().out)
    assert "NOT CURRENT" in told
    assert "`tieout index build` brings it up to date" in told


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["search", "--filter", "colour=red"], 2, "has no field colour. Give one of: quote_id"),
        (["search", "--filter", "colour"], 2, "--filter takes FIELD=VALUE"),
        (["search", "--filter", "expires_at=soon"], 2, "dates.expires_at takes a date or a time"),
        (["search", "--model", "invoice"], 2, "Documents: quote, order"),
        (["search", "--role", "sales"], 2, "Unknown role 'sales'"),
        (["index", "export", "--out", "x", "--role", "sales"], 2, "Unknown role 'sales'"),
        (["search", "--facet", "quote_revision"], 2, "has no facets"),
        (["search", "--operations"], 1, "No index of search_quote_document is live"),
        (["index", "build", "--operations"], 1, "Nothing is published yet"),
        (["index", "build", "--release", "r9"], 2, "There is no release r9"),
        (["index", "rollback"], 1, "there is none to go back to"),
        (["index", "switch", "r1"], 2, "There is no index r1"),
    ],
)
def test_what_cannot_be_done_is_told(home: Home, tieout: Tieout, arguments: list[str], code: int, told: str) -> None:
    found = tieout(*arguments)
    assert found[0] == code
    assert told in found[1]["error"]


def test_an_index_follows_the_release_and_is_made_once(home: Home) -> None:
    assert [one.is_new for one in keep_current(home)] == [False, False]
    publish(home, "r2")
    assert [(one.is_new, one.release_id) for one in keep_current(home)] == [(True, "r2"), (True, "r2")]
    assert search(home, "q1").freshness["release_id"] == "r2"


def test_other_fields_make_another_index_of_the_same_release(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(QUOTE.model), "fields_hash", "other")
    assert [one.is_new for one in keep_current(home)] == [True, True]


def test_the_index_lacks_an_active_quote(home: Home, tieout: Tieout) -> None:
    """The check "search index vs. active quotes": each way in which it can fail."""
    assert tieout("index", "check") == (
        0,
        {
            "ok": True,
            "indexes": [
                {"model": "quote", "index_id": "search_quote_document_v1_1", "problems": []},
                {"model": "order", "index_id": "search_order_document_v1_1", "problems": []},
            ],
        },
    )
    publish(
        home,
        "r2",
        """
        insert into operations.search_quote_active
        select * replace ('q99' as quote_id) from operations.search_quote_active limit 1;
        update operations.search_quote_active set quote_revision = 3 where quote_id = 'q2';
        update operations.search_quote_active set status = 'SENT' where quote_id = 'q4'
        """,
    )
    code, found = tieout("index", "check")
    assert code == 1
    told = "; ".join(found["indexes"][0]["problems"])
    assert "it is of release r1, not the current r2" in told
    assert "1 active but not in the index (q99)" in told
    assert "1 with another quote_revision than the source (q2)" in told
    assert "1 with another status than the source (q4)" in told
    # The documents of this release are themselves wrong: an index of them never goes live.
    code, found = tieout("index", "build", "--model", "quote")
    assert (code, live(home)) == (1, "1")
    assert "Readers keep search_quote_document_v1_1" in found["error"]
    assert "active but not in the index (q99)" in found["error"]


def test_approved_quotes_indexed_without_expiry_dates(
    home: Home, tieout: Tieout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The runbook of docs/search.md, step by step: detect, go back, rebuild green, validate, switch, roll back."""
    publish(home, "r2")
    soon = ("search", "--filter", "status=APPROVED", "--filter", "expires_at=2026-12-01..2026-12-03")
    assert tieout(*soon)[1]["total"] == 2
    # It went live when nobody looked: before the validation compared expiries.
    with monkeypatch.context() as before:
        before.setattr(indexing, "documents", without_expiry)
        before.setattr(indexing, "problems_of", lambda *_: [])
        assert tieout("index", "build", "--model", "quote")[0] == 0
    assert (tieout(*soon)[1]["total"], live(home)) == (0, "2")
    # Detect.
    code, found = tieout("index", "check", "--model", "quote")
    assert code == 1
    (problem,) = found["indexes"][0]["problems"]
    assert problem == "6 with another dates.expires_at than the source (q1, q2, q4, q5, q7, ...)"
    # Stop the damage: the index before is live, and no refresh moves it on.
    code, found = tieout("index", "rollback")
    assert (code, live(home), found["is_current"]) == (0, "1", False)
    assert [(one.is_new, bool(one.held_since)) for one in keep_current(home)] == [(False, True), (True, False)]
    found = tieout(*soon)[1]
    assert (found["total"], bool(found["held_since"])) == (2, True)
    # With the bug still there, green does not go live.
    with monkeypatch.context() as still:
        still.setattr(indexing, "documents", without_expiry)
        code, found = tieout("index", "build", "--model", "quote")
    assert (code, live(home)) == (1, "1")
    assert "6 with another dates.expires_at than the source" in found["error"]
    # Mended: validated, live, and no longer held.
    code, found = tieout("index", "build", "--model", "quote")
    assert (code, live(home), found[0]["held_since"]) == (0, "4", None)
    assert tieout("index", "check")[0] == 0
    assert (tieout(*soon)[1]["total"], tieout(*soon)[1]["is_current"]) == (2, True)
    # And back, to a certain one, and forward again.
    assert tieout("index", "switch", "search_quote_document_v1_1")[1]["held_since"]
    assert tieout("index", "switch", "search_quote_document_v1_4")[1]["held_since"] is None
    assert tieout("index", "switch", "search_quote_document_v1_3")[0] == 2, "the refused one went with the next build"


def test_one_builds_at_a_time_and_others_search_meanwhile(home: Home) -> None:
    with indexes_lock(home, "index quotes"):
        with pytest.raises(Refused, match="in use \\(index quotes"):
            build_index(home, QUOTE, wait_seconds=0)
        assert search(home, "harbour").total == 9
        publish(home, "r2")
        told = keep_current(home, wait_seconds=0)
        assert all("in use" in one.problem for one in told)


def test_a_release_without_documents_stops_nothing_and_is_told(home: Home) -> None:
    publish(home, "r2", "drop table operations.search_order_document")
    quotes, orders = keep_current(home)
    assert (quotes.release_id, quotes.problem) == ("r2", "")
    assert orders.release_id == "r1"
    assert "Release r2 has no documents of orders to search" in orders.problem
    assert [(one["noun"], one["is_current"]) for one in standing(home)] == [("quote", True), ("order", False)]


def test_a_damaged_index_is_told(home: Home, tieout: Tieout) -> None:
    for path in (home.search / "search_quote_document_v1_1").glob("*.store"):
        path.write_bytes(path.read_bytes()[:-20])
    code, found = tieout("search", "harbour")
    assert code == 2
    assert "cannot be read" in found["error"]
    code, found = tieout("index", "check", "--model", "quote")
    assert code == 1
    assert "cannot be read" in found["indexes"][0]["problems"][0]
    assert tieout("index", "build", "--model", "quote")[0] == 0
    assert tieout("search", "harbour")[1]["total"] == 9


def test_export_writes_pairs_and_the_mapping(home: Home, tieout: Tieout, tmp_path: Path) -> None:
    code, told = tieout("index", "export", "--out", str(tmp_path / "out"))
    assert (code, told["documents"]) == (0, 9)
    lines = [json.loads(line) for line in Path(told["lines"]).read_text().splitlines()]
    assert [line["index"]["_id"] for line in lines[::2]] == [f"q{number}" for number in range(1, 10)]
    assert {line["index"]["_index"] for line in lines[::2]} == {"search_quote_document_v1_1"}
    assert [line["quote_id"] for line in lines[1::2]] == [f"q{number}" for number in range(1, 10)]
    mapping = json.loads(Path(told["mapping"]).read_text())["mappings"]["properties"]
    assert mapping["dates"]["properties"]["expires_at"] == {"type": "date"}
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "search_quote_document_v1_1.mapping.json",
        "search_quote_document_v1_1.ndjson",
    ]


def test_list_says_which_is_live_and_which_was_refused(home: Home, tieout: Tieout) -> None:
    publish(home, "r2", "update operations.search_quote_active set status = 'SENT'")
    tieout("index", "build", "--model", "quote")
    code, found = tieout("index", "list", "--model", "quote")
    assert code == 0
    assert [(one["index_id"][-1], one["is_live"], one["is_validated"]) for one in found] == [
        ("2", False, False),
        ("1", True, True),
    ]


def dagster_run(home: Home) -> dg.ExecuteInProcessResult:
    @dg.asset(key=RELEASE)
    def release() -> None: ...

    definitions = dg.Definitions(assets=[release, search_indexes_asset(home)])
    with dg.DagsterInstance.ephemeral() as instance:
        job = definitions.resolve_implicit_global_asset_job_def()
        return job.execute_in_process(instance=instance, raise_on_error=False)


def test_dagster_indexes_the_release_and_shows_the_check(home: Home) -> None:
    publish(home, "r2")
    result = dagster_run(home)
    assert result.success
    assert [check.passed for check in result.get_asset_check_evaluations()] == [True, True]
    assert (live(home), live(home, ORDER)) == ("2", "2")
    publish(home, "r3", "update operations.search_quote_active set status = 'SENT' where quote_id = 'q1'")
    result = dagster_run(home)
    assert not result.success
    checks = {check.asset_key: check for check in result.get_asset_check_evaluations()}
    assert {key: (check.check_name, check.passed) for key, check in checks.items()} == {
        search_key("quote"): (CHECK, False),
        search_key("order"): (CHECK, True),
    }
    assert "with another status than the source (q1)" in (checks[search_key("quote")].description or "")
    assert (live(home), live(home, ORDER)) == ("2", "3")


def test_indexes_follow_in_a_process_beside_the_steps(home: Home) -> None:
    followed = OperationsHome.of(home)
    publish(followed, "s1")
    with Indexing(home, every_seconds=3600) as following:
        assert following.look((7, 2.0)) == []
        assert following._process is not None
        following._process.wait()
        publish(followed, "s2")
        # The next one is not due, but whoever ends with current indexes does not wait for that.
        assert [one.noun for one in following.look()] == ["quote", "order"]
        assert following._process is None
        first = following.finish()
        assert following.look((8, 0.0)) == []
        assert [one.noun for one in first] == ["quote", "order"]
    assert {(one.problem, one.documents) for one in following.steps} == {("", 9), ("", 3)}
    assert all(one.lag_seconds >= 2 for one in following.steps[:2])
    assert all(one.lag_seconds == 0 for one in first), "nothing new was waiting"
    assert search(followed, "harbour").freshness["release_id"] == "s2"
    assert [one["index_id"] for one in standing(home)] == ["search_quote_document_v1_1", "search_order_document_v1_1"]
    assert set(last_lags(home)) == {"quote", "order"}
    steps = (followed.search / "steps.ndjson").read_text().splitlines()
    assert [json.loads(step)["lake_high_water"] for step in steps] == [7] * 4
    assert [(one.written, one.whole_because) for one in following.steps] == [
        (9, "no index is live"),
        (3, "no index is live"),
        (0, ""),
        (0, ""),
    ]


def test_search_is_as_late_as_the_alias_moved_and_not_as_somebody_looked(home: Home) -> None:
    moved = datetime.now(UTC) - timedelta(seconds=30)
    told = [{"noun": "quote", "lake_high_water": 7, "is_new": True, "problem": "", "live_at": moved.isoformat()}]
    with Indexing(home) as following:
        following._unindexed = [(6, moved.timestamp() - 25.0), (8, moved.timestamp() - 40.0)]
        following._process = subprocess.Popen(
            [sys.executable, "-c", f"print({json.dumps(json.dumps(told))})"], stdout=subprocess.PIPE
        )
        following._process.wait()
        (step,) = following.look()
    assert step.lag_seconds == 25.0
    assert following._unindexed == [(8, moved.timestamp() - 40.0)]


def test_a_process_that_says_nothing_is_told(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(OperationsHome.of(home), "s1")
    monkeypatch.setattr("orchestration.operations.indexing.COMMAND", (sys.executable, "-c", "raise SystemExit(3)"))
    with Indexing(home) as following:
        (step,) = following.finish()
        assert "ended with 3 and said nothing" in step.problem
        assert following.look() == []
        assert following._process is None, "it is not tried again at once"
        monkeypatch.setattr("orchestration.operations.indexing.COMMAND", COMMAND)
        following._not_before = 0.0
        following.look()
        following._process.wait()
        assert [one.problem for one in following.look()] == ["", ""]


def test_one_kind_that_is_refused_stops_no_other(home: Home, tieout: Tieout) -> None:
    publish(home, "r2", "update operations.search_quote_active set status = 'SENT' where quote_id = 'q1'")
    code, (quotes, orders) = tieout("index", "build")
    assert code == 1
    assert (quotes["index_id"], quotes["is_new"]) == ("search_quote_document_v1_1", False)
    assert "with another status than the source (q1)" in quotes["problem"]
    assert (orders["index_id"], orders["problem"]) == ("search_order_document_v1_2", "")
