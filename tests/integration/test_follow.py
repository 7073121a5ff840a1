"""`tieout follow`: however events arrive, the rows are those of a build; readers see them whole or not at all."""

import random
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import dagster as dg
import duckdb
import pytest
from support import awkward_stream
from support.following import (
    MODELS,
    arrive,
    built,
    everything,
    excluding_deferred,
    followed_rows,
    next_step,
    order,
    put,
    put_and_step,
    released,
    shown,
)
from support.order_stories import item
from support.quote_stories import account, offering

from orchestration.assets.naming import OPERATIONS_RELEASE
from orchestration.assets.operations_release import CHECKS, DATA_TESTS, LAG, operations_release_asset
from orchestration.contracts.examples import example
from orchestration.contracts.registry import event_types
from orchestration.errors import Refused
from orchestration.home import Home
from orchestration.instance import dagster_home, prepare_instance
from orchestration.landing import land
from orchestration.landing.quarantine import Filters, list_entries
from orchestration.observability.followed import followed
from orchestration.operations import engine, release
from orchestration.operations.bootstrap import rebuild
from orchestration.operations.follow import follow
from orchestration.operations.follower import Follower
from orchestration.operations.home import OperationsHome
from orchestration.operations.plan import SELECTION
from orchestration.operations.reporting import Reporter
from orchestration.operations.steps import Step
from orchestration.publishing import store
from orchestration.publishing.query import query
from orchestration.search.documents import ORDER, QUOTE
from orchestration.search.indexing import check_live, keep_current
from orchestration.search.searching import search
from orchestration.semantics.kpi_page import rows
from orchestration.warehouse.build import build, event_type_of
from orchestration.warehouse.lake import read_lake

NEWER_THAN_DOCUMENTS = (
    "select order_id, status from order_tracking except select order_id, status from search_order_active"
)
THROUGH = "select distinct source_cursor from projection_freshness where model = 'search_quote_document'"


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIEOUT_INBOX_SETTLE_SECONDS", "0")


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A home that follows a third of the awkward stream; the rest is to come, in any order and some of it twice."""
    home = Home(tmp_path_factory.mktemp("follow") / "home")
    lines = awkward_stream.lines()
    random.Random(5).shuffle(lines)
    third = len(lines) // 3
    home.inbox.mkdir(parents=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIEOUT_INBOX_SETTLE_SECONDS", "0")
        put(home, "1", lines[:third])
        steps = follow(home, once=True).steps
        assert [step.files for step in steps] == [1]
    (home.root / "rest-2").write_bytes(b"\n".join(lines[third - 20 : 2 * third]))
    (home.root / "rest-3").write_bytes(b"\n".join(lines[2 * third :] + lines[:30]))
    yield home


@pytest.fixture
def home(started: Home) -> Iterator[Home]:
    """The started home, as it was: dbt's kept parse is of one path."""
    before = started.root.with_name("before")
    shutil.copytree(started.root, before, symlinks=True)
    yield started
    shutil.rmtree(started.root)
    before.rename(started.root)


def defer_beside(follower: Follower, home: Home, lines: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    """Deferred models are made of what one step left while the next one runs; steps see them when they are whole."""
    real, may_end = engine.run_deferred, threading.Event()
    monkeypatch.setattr("orchestration.operations.follower.DEFERRED_SECONDS", 0.0)

    def waits(*arguments: Any) -> None:
        real(*arguments)
        assert may_end.wait(60), "the next step waits for what is deferred"

    monkeypatch.setattr(engine, "run_deferred", waits)
    left_by = store.find(OperationsHome.of(home), None).manifest["lake_high_water"]
    follower.work_beside()
    before = followed_rows(follower)
    put(home, "3", lines[: len(lines) // 2])
    first = next_step(follower)
    put(home, "4", lines[len(lines) // 2 :])
    second = next_step(follower)
    assert left_by < first.lake_high_water < second.lake_high_water
    held = followed_rows(follower)
    assert (
        held["customer_timeline"] == before["customer_timeline"] and held["order_tracking"] != before["order_tracking"]
    )
    behind = query(OperationsHome.of(home), THROUGH).objects()
    may_end.set()
    shown = next_step(follower)
    assert shown.events == 0
    assert query(OperationsHome.of(home), THROUGH).objects() != behind
    manifest = store.find(OperationsHome.of(home), None).manifest
    assert manifest["deferred"]["lake_high_water"] == left_by, "what one step left, and no more"
    assert released(home, {}) == followed_rows(follower)
    operations = OperationsHome.of(home)
    assert query(operations, NEWER_THAN_DOCUMENTS).rows, "the release tracks orders that its documents do not know yet"
    assert [(made.is_new, made.problem) for made in keep_current(operations)] == [(True, "")] * 2
    monkeypatch.setattr("orchestration.operations.follower.DEFERRED_SECONDS", float("inf"))


def test_what_was_followed_is_what_is_built(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Out of order, twice, with conflicts that are decided later: the same rows as one build of everything."""
    monkeypatch.setattr("orchestration.operations.follower.DEFERRED_SECONDS", float("inf"))
    lines = (home.root / "rest-3").read_bytes().split(b"\n")
    with Follower(home) as follower:
        put(home, "2", (home.root / "rest-2").read_bytes().split(b"\n"))
        steps = [follower.step()]
        awkward_stream.settle(home)
        steps.append(follower.step())
        manifest = store.find(OperationsHome.of(home), None).manifest
        assert manifest["deferred"]["lake_high_water"] < manifest["lake_high_water"], "some wait for their turn"
        assert manifest["written_whole"]["release_id"] == steps[0][0].release_id, "the others went on from the first"
        assert excluding_deferred(released(home, {})) == excluding_deferred(followed_rows(follower))
        assert [(step.release_id != "", left) for step, left in steps] == [(True, ())] * 2
        defer_beside(follower, home, lines, monkeypatch)
        behind = query(OperationsHome.of(home), THROUGH).objects()
        assert follower.step(deferred=True)[0] is not None
        assert query(OperationsHome.of(home), THROUGH).objects() != behind, "how far they are is told"
        assert released(home, {}) == followed_rows(follower)
        assert follower.step(deferred=True) == (None, ())
    wanted, excluded = built(home)
    assert set(wanted) == MODELS
    assert released(home, excluded) == wanted
    assert sum(item.row_count > 0 for item in wanted.values()) >= 8
    whole = home.root.with_name("whole")
    land(Home(whole), [home.inbox])
    awkward_stream.settle(Home(whole))
    assert not build(Home(whole), select=[SELECTION]).failed
    with duckdb.connect(str(Home(whole).warehouse), read_only=True) as connection:
        counts = {name: connection.execute(f"select count(*) from operations.{name}").fetchall() for name in MODELS}
    assert counts == {name: [(item.row_count,)] for name, item in wanted.items()}


def test_a_file_does_not_wait_for_the_step_before_it_to_land(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    real, stop = engine.run_plan, threading.Event()

    def lands_meanwhile(*arguments: Any, **options: Any) -> engine.Ran:
        monkeypatch.setattr(engine, "run_plan", real)
        before = read_lake(home).high_water
        put(home, "3", (home.root / "rest-3").read_bytes().split(b"\n"))
        deadline = time.monotonic() + 30
        while read_lake(home).high_water == before:
            assert time.monotonic() < deadline, "it waits for the step"
            time.sleep(0.05)
        return real(*arguments, **options)

    monkeypatch.setattr(engine, "run_plan", lands_meanwhile)
    put(home, "2", (home.root / "rest-2").read_bytes().split(b"\n"))
    told: list[Step] = []

    def note(step: Step) -> None:
        told.append(step)
        if len(told) == 2:
            stop.set()

    result = follow(home, stop=stop, told=note)
    assert [(step.files, step.lag_seconds > 0, step.release_id != "") for step in told[:2]] == [(1, True, True)] * 2
    assert told[1].lake_high_water == read_lake(home).high_water
    assert result.left == ()


def test_a_release_goes_on_beside_the_next_step(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """It shows what the first step left, though the second has changed the warehouse before it is written."""
    publish, run_plan, is_run = release.publish, engine.run_plan, threading.Event()

    def waits(*arguments: Any) -> str:
        assert is_run.wait(60), "the next step waits for the release"
        return publish(*arguments)

    def runs(*arguments: Any, **options: Any) -> engine.Ran:
        ran = run_plan(*arguments, **options)
        is_run.set()
        return ran

    with Follower(home) as follower:
        put(home, "2", (home.root / "rest-2").read_bytes().split(b"\n"))
        monkeypatch.setattr(release, "publish", waits)
        assert follower.begin() == (True, ())
        assert follower.ended(wait=False) == []
        of_first = followed_rows(follower)
        put(home, "3", (home.root / "rest-3").read_bytes().split(b"\n"))
        monkeypatch.setattr(engine, "run_plan", runs)
        assert follower.begin() == (True, ())
        of_second = followed_rows(follower)
        assert of_first != of_second
        first, second = follower.ended()
    assert first.lag_seconds > 0 and second.lag_seconds > 0
    assert released(home, {}, first.release_id) == of_first
    assert released(home, {}, second.release_id) == released(home, {}) == of_second
    assert store.find(OperationsHome.of(home), None).manifest["written_whole"]["release_id"] == first.release_id


def test_after_a_release_that_failed_the_next_is_whole(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> str:
        raise OSError("no space left")

    with Follower(home) as follower:
        put(home, "2", (home.root / "rest-2").read_bytes().split(b"\n"))
        before = store.current_id(OperationsHome.of(home))
        with monkeypatch.context() as patch:
            patch.setattr(release, "publish", fails)
            follower.begin()
            with pytest.raises(OSError, match="no space left"):
                for _ in range(600):
                    follower.begin()
                    assert follower.ended(wait=False) == [], "it is told though nothing new comes"
                    time.sleep(0.1)
        assert store.current_id(OperationsHome.of(home)) == before
        step, _ = follower.step()
        assert step is not None
        assert released(home, {}) == followed_rows(follower)
    assert store.find(OperationsHome.of(home), None).manifest["written_whole"]["release_id"] == step.release_id


def test_a_check_that_fails_beside_the_steps_holds_the_next_release(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: dict[str, int] = {}
    monkeypatch.setattr("orchestration.operations.follower.DEFERRED_SECONDS", 0.0)
    monkeypatch.setattr("orchestration.operations.follower.CHECK_SECONDS", 0.0)
    monkeypatch.setattr(engine, "failing", lambda *_: dict(found))
    with Follower(home) as follower:
        put(home, "2", (home.root / "rest-2").read_bytes().split(b"\n"))
        assert follower.step()[0] is not None
        follower.work_beside()
        found["broken"] = 1
        put(home, "3", (home.root / "rest-3").read_bytes().split(b"\n"))
        steps = [next_step(follower), next_step(follower)]
        assert [step.failed_checks for step in steps] == [{}, {"broken": 1}]
        assert store.current_id(OperationsHome.of(home)) == steps[0].release_id, "readers keep what they have"
        found.clear()
        assert next_step(follower).release_id != ""
        assert released(home, {}) == followed_rows(follower)


def test_what_landing_meets_beside_the_steps_ends_following(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    rounds = iter([(None, ())])

    def fails(*_: object) -> tuple[None, tuple[str, ...]]:
        for found in rounds:
            return found
        raise Refused("no room")

    monkeypatch.setattr("orchestration.operations.intake.land_inbox", fails)
    with pytest.raises(Refused, match="no room"):
        follow(home, seconds=60)


def test_what_was_followed_is_found_by_search(home: Home) -> None:
    put(home, "2", (home.root / "rest-2").read_bytes().split(b"\n"))
    result = follow(home, once=True, search=True)
    assert [(index.noun, index.problem) for index in result.indexes[-2:]] == [("quote", ""), ("order", "")]
    operations = OperationsHome.of(home)
    for searched in (QUOTE, ORDER):
        assert check_live(operations, searched) == []
        found = search(operations, model=searched.noun)
        sql = f"select count(*) as documents from {searched.model.name}"
        assert found.total == query(operations, sql).objects()[0]["documents"]
        assert found.total > 0
        assert found.freshness["is_current"]


def test_stopped_in_the_middle_of_a_step_nothing_has_changed(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    put(home, "2", (home.root / "rest-2").read_bytes().split(b"\n"))
    before = store.current_id(OperationsHome.of(home))
    real, seen = engine._run, []

    def stops(connection: object, step: engine.Step, *others: object) -> bool:
        seen.append(step.name)
        if step.name == "quote_worklist":
            raise KeyboardInterrupt
        return real(connection, step, *others)  # type: ignore[arg-type]

    monkeypatch.setattr(engine, "_run", stops)
    with pytest.raises(KeyboardInterrupt):
        follow(home, once=True)
    assert len(seen) > 30
    assert store.current_id(OperationsHome.of(home)) == before
    monkeypatch.setattr(engine, "_run", real)
    (step,) = follow(home, once=True).steps
    assert step.events > 40, "the batch that had landed is taken up"
    assert step.release_id != before


def test_a_failed_check_keeps_readers_where_they_are(home: Home) -> None:
    with Follower(home) as follower:
        prepared = follower.prepared
        prepared.connection.execute("insert into operations.quote_worklist from operations.quote_worklist limit 1")
        failed = engine.failing(prepared.connection, prepared.plan.checks)
        assert list(failed.values()) == [1]
        before = store.current_id(prepared.home)
        held = engine.followed(prepared.connection)
        assert held is not None
        assert follower.release(follower.inputs_now(), failed) == ""
        assert store.current_id(prepared.home) == before


def test_a_failed_projection_is_told_until_another_one_fails(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that cannot be made leaves everything as it was; the next one says when that was, and so does status."""

    def fails(*_: object) -> bool:
        raise duckdb.OutOfMemoryException("no memory")

    with Follower(home) as follower:
        told = "select distinct last_failed_projection_at from projection_freshness"
        put(home, "2", (home.root / "rest-2").read_bytes().split(b"\n"))
        with monkeypatch.context() as patch:
            patch.setattr(engine, "_run", fails)
            with pytest.raises(duckdb.OutOfMemoryException):
                follower.step()
        assert query(OperationsHome.of(home), told).rows == [(None,)]
        step, _ = follower.step()
        assert step is not None
    ((failed_at,),) = query(OperationsHome.of(home), told).rows
    assert failed_at is not None
    found = followed(home)
    assert found is not None
    assert found["release_id"] == step.release_id
    assert found["last_step"]["lake_high_water"] == found["lake_high_water"] == step.lake_high_water
    assert {model["model"] for model in found["models"]} == MODELS - {"projection_freshness"}
    assert {model["last_failed_projection_at"] for model in found["models"]} == {failed_at.isoformat()}


def test_dagster_follows_and_is_told_of_steps_that_it_did_not_make(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of the asset is a step; one of the command line is reported to the instance, with its checks."""
    asset = operations_release_asset(home)
    prepare_instance(home)
    lines = (home.root / "rest-2").read_bytes().split(b"\n")
    with dg.DagsterInstance.from_config(str(dagster_home(home))) as instance:
        put(home, "2", lines[: len(lines) // 2])
        ran = dg.materialize([asset], instance=instance)
        (made,) = ran.asset_materializations_for_node("operations_release")
        assert made.metadata["events"].value and made.metadata["release_id"].value
        checks = {one.check_name: one for one in ran.get_asset_check_evaluations()}
        assert checks.keys() == set(CHECKS)
        assert checks[DATA_TESTS].passed
        lags: Any = checks[LAG].metadata["models"]
        assert {row.data["model"] for row in lags.records} == MODELS - {"projection_freshness"}
        assert not checks[LAG].passed, "the events are weeks old"
        reporter = Reporter(home)
        put(home, "3", lines[len(lines) // 2 :])
        (step,) = follow(home, once=True, told=lambda step: None).steps
        assert [reporter.report(step), reporter.report(step)] == [True, False], "one in thirty seconds"
        failing = replace(step, failed_checks={"broken": 3}, release_id="")
        assert [reporter.report(failing), reporter.report(failing)] == [True, False], "what has changed is told at once"
        latest = instance.get_latest_materialization_event(OPERATIONS_RELEASE)
        assert latest is not None and latest.asset_materialization is not None
        assert latest.asset_materialization.metadata["release_id"].value == step.release_id
        (record,) = instance.event_log_storage.get_asset_check_execution_history(
            dg.AssetCheckKey(OPERATIONS_RELEASE, DATA_TESTS), limit=1
        )
        assert record.event is not None and record.event.asset_check_evaluation is not None
        assert not record.event.asset_check_evaluation.passed
    shutil.rmtree(dagster_home(home))
    assert not Reporter(home).report(step), "without an instance there is nobody to tell"


def test_a_second_follower_is_refused(home: Home) -> None:
    with Follower(home), pytest.raises(Refused, match="keep the read models current"):
        follow(home, once=True)


def test_a_bug_of_the_projection_is_found_and_undone_by_a_rebuild(home: Home) -> None:
    """Readers have the damaged rows; the rebuild beside names the model, and the next step releases the right ones."""
    with Follower(home) as follower:
        connection = follower.prepared.connection
        connection.execute("update operations.quote_worklist set next_action = 'SEND' where next_action <> 'SEND'")
        wrong = follower.release(follower.inputs_now(), {})
    sql = "select count(*) as n from quote_worklist where next_action <> 'SEND'"
    assert query(OperationsHome.of(home), sql).rows == [(0,)]
    assert list(rebuild(home)) == ["quote_worklist"]
    assert store.current_id(OperationsHome.of(home)) == wrong, "readers are not disturbed"
    assert len(follow(home, once=True).steps) == 1
    assert query(OperationsHome.of(home), sql).rows[0][0] > 0
    assert rebuild(home) == {}


def test_a_batch_that_is_gone_is_told(home: Home) -> None:
    put(home, "2", (home.root / "rest-2").read_bytes().split(b"\n"))
    follow(home, once=True)
    shutil.rmtree(max((home.lake / "batches").iterdir()))
    with pytest.raises(Refused, match="it is another lake"):
        follow(home, once=True)


@pytest.fixture(scope="class")
def follower(started: Home) -> Iterator[Follower]:
    before = started.root.with_name("before-failures")
    shutil.copytree(started.root, before, symlinks=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIEOUT_INBOX_SETTLE_SECONDS", "0")
        with Follower(started) as follower:
            yield follower
    shutil.rmtree(started.root)
    before.rename(started.root)


class TestEachFailureOfAProjectionMeetsItsControl:
    """Failures that the design of a projection has to expect, injected into one that is being followed."""

    def test_the_register_names_what_each_model_is_made_from(self, follower: Follower) -> None:
        steps = {step.key: step for step in follower.prepared.plan.steps}
        aggregates = {name: str(example(name)["aggregateType"]) for name in event_types()}
        for row in rows("model_register"):
            waiting, seen = [f"model.tieout.{row['model']}"], set()
            while waiting:
                step = steps[waiting.pop()]
                seen.add(step.name)
                waiting += [key for key in step.parents if key in steps and steps[key].name not in seen]
            read = {event_type_of(name) for name in seen if name.startswith("stg_")}
            made_from = {aggregates[event_type] for event_type in read if event_type in aggregates}
            assert set(row["source_aggregates"].split("|")) == made_from, row["model"]

    def test_an_event_that_is_lost_is_a_gap_until_it_arrives(self, follower: Follower) -> None:
        told = order("lost")
        assert arrive(follower, told[0], told[1], told[3]) == ["PENDING", 4, True]
        assert arrive(follower, told[2]) == ["PENDING", 4, False]

    def test_an_event_that_comes_twice_changes_no_row(self, follower: Follower) -> None:
        told = order("twice")
        arrive(follower, *told)
        before = everything(follower)
        step = put_and_step(follower, [*told, *told])
        assert (step.files, step.events) == (1, 0)
        after = everything(follower)
        assert len(before) == len(MODELS)
        assert after == before

    def test_an_event_that_comes_out_of_order_puts_no_state_back(self, follower: Follower) -> None:
        told = order("mixed")
        assert arrive(follower, told[0], told[3])[:2] == ["PENDING", 4]
        assert arrive(follower, told[2])[:2] == ["PENDING", 4]
        assert arrive(follower, told[1]) == ["PENDING", 4, False]

    def test_a_drifted_schema_is_held_back_by_type_and_the_rest_flows_on(self, follower: Follower) -> None:
        told = order("drift")
        later = {**told[1], "schemaVersion": 9}
        other = {**told[2], "payload": {**told[2]["payload"], "state": 7}}
        more = {**told[3], "payload": {**told[3]["payload"], "moreThanBefore": {"of": "it"}}}
        assert arrive(follower, told[0], later, other, more) == ["PENDING", 4, True]
        held = [entry for entry in list_entries(follower.home, Filters()) if entry.aggregate_id == "drift"]
        assert sorted((entry.event_type, entry.verdict, entry.reason_code) for entry in held) == [
            ("OrderStateChanged", "quarantined", "unknown_schema_version"),
            ("OrderStateChanged", "quarantined", "wrong_type"),
        ]

    def test_what_enriches_a_row_may_come_later(self, follower: Follower) -> None:
        told = order("early", accountId="a-late", items=[item("i1", "5", "p-late")])
        arrive(follower, *told)
        columns = "account_id, account_name, is_pending_enrichment, items[1].product_name, submitted_at is not null"
        assert shown(follower, "early", columns) == ["a-late", None, True, None, True]
        put_and_step(follower, [account("a-late", name="Latecomer")])
        assert shown(follower, "early", columns) == ["a-late", "Latecomer", True, None, True]
        put_and_step(follower, [offering("p-late", "Software")])
        assert shown(follower, "early", columns) == ["a-late", "Latecomer", False, "p-late", True]

    def test_a_row_keeps_how_late_its_event_was_shown(self, follower: Follower) -> None:
        told = order("calm")
        arrive(follower, told[0])
        before = shown(follower, "calm", "projected_at, lag_seconds")
        arrive(follower, *order("busy"))
        assert shown(follower, "calm", "projected_at, lag_seconds") == before
        arrive(follower, *told[:2])
        later = shown(follower, "calm", "projected_at, lag_seconds")
        assert later[0] > before[0]
        assert later[1] > 0
