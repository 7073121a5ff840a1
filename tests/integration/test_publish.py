"""Publishing: what a release is, and every way in which it is refused."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from support.warehouses import MARTS, add_audit, build_marts, current_version, make_home, write_suites

from orchestration.errors import Refused, Unusable
from orchestration.home import Home
from orchestration.publishing import store
from orchestration.publishing.publish import publish, rollback
from orchestration.publishing.query import query
from orchestration.reconciliation import ledger, suites

KEYS = ["canary", "line_mart", "line_source"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(suites, "EXPECTATIONS", write_suites(tmp_path / "expectations"))
    return make_home(tmp_path / "home")


def kinds(home: Home) -> list[str]:
    return [entry.kind for entry in ledger.read(home)]


def change_marts(home: Home, sql: str) -> None:
    """Change the warehouse behind everybody's back."""
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute(sql)


def next_release(home: Home, number: int) -> store.Release:
    build_marts(home, f"update marts.fact_line set amount = {number}", f"build-{number}")
    add_audit(home, build_id=f"build-{number}")
    return publish(home)


def test_a_release_holds_the_marts_their_comments_freshness_checks_and_its_manifest(home: Home) -> None:
    waived = {"key": "line_source", "partition": "all", "kind": "source", "verdict": "waived", "message": "agreed"}
    checks = [{"key": "line_mart", "partition": "all"}, {"key": "canary", "partition": "c"}, waived]
    waiver = {"check": "line_source", "partition": "all", "expires": "2999-01-01"}
    add_audit(home, checks, waivers=[waiver])
    release = publish(home)
    assert release.is_new
    assert release.is_current
    assert (home.releases / "current").resolve() == release.folder.resolve()
    assert release.release_id.endswith(current_version(home)[:8])
    assert not release.database.stat().st_mode & 0o222

    found = query(home, "select table_name, comment from duckdb_tables() where schema_name = 'marts' order by 1").rows
    assert found == [("dim_currency", None), ("fact_line", "One row per line; it's small.")]
    sql = "select comment from duckdb_columns() where table_name = 'fact_line' and column_name = 'amount'"
    assert query(home, sql).rows == [("Amount in USD.",)]
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        source = connection.execute("select * from marts.fact_line").fetchall()
    assert query(home, "select * from fact_line").rows == source
    (fresh,) = query(home, "select * from release.freshness").objects()
    assert fresh["source_system"] == "cpq"
    assert fresh["current_through"] == "2026-09-01T10:00:00"
    (fresh,) = query(home, "select * from release.mart_freshness").objects()
    assert (fresh["mart"], fresh["source_system"], fresh["event_count"]) == ("fact_line", "cpq", 1)
    assert fresh["current_through"] == "2026-09-01T10:00:00"
    verdicts = query(home, "select key, verdict from release.checks order by 1").rows
    assert verdicts == [("canary", "passed"), ("line_mart", "passed"), ("line_source", "waived")]

    manifest = json.loads((release.folder / "manifest.json").read_text())
    assert manifest["data_version"] == current_version(home)
    assert manifest["checks"] == {"passed": 2, "waived": 1}
    assert [model["model"] for model in manifest["models"]] == ["dim_currency", "fact_line"]
    assert manifest["models"][1]["row_count"] == 100
    assert manifest["file_sha256"] == store.file_sha256(release.database)
    for name in ("git_revision", "dbt_manifest_hash", "lake_high_water", "as_of", "created_at", "freshness"):
        assert manifest[name]
    records = list(ledger.read(home))
    assert records[-1].kind == "publish"
    assert records[-1].body["release_id"] == release.release_id
    assert manifest["ledger"] == {"seq": records[-2].seq, "hash": records[-2].hash}


def test_publishing_the_same_data_again_changes_nothing(home: Home) -> None:
    add_audit(home)
    first = publish(home)
    before = kinds(home)
    again = publish(home)
    assert not again.is_new
    assert again.release_id == first.release_id
    assert kinds(home) == before
    add_audit(home)
    assert not publish(home).is_new
    assert len(store.list_releases(home)) == 1


@pytest.mark.parametrize(
    ("checks", "closing", "reason"),
    [
        (
            [{"key": "canary", "partition": "c"}, {"key": "line_mart", "partition": "all"}],
            {},
            "check line_source has no",
        ),
        ([{"key": key, "partition": "all"} for key in KEYS], {"results": 4}, "has 3 of 4 results"),
        (
            [{"key": key, "partition": "all", "verdict": "failed", "message": "off"} for key in KEYS],
            {},
            "line_mart failed",
        ),
        ([{"key": key, "partition": "all"} for key in KEYS], {"suites_hash": "other"}, "suites changed"),
        ([{"key": key, "partition": "all"} for key in KEYS], {"passed": False}, "did not pass"),
        (
            [{"key": key, "partition": "all"} for key in KEYS],
            {"waivers": [{"check": "line_source", "partition": "all", "expires": "2020-01-01"}]},
            "expired on 2020-01-01",
        ),
    ],
)
def test_an_audit_that_proves_less_is_refused(
    home: Home, checks: list[dict[str, Any]], closing: dict[str, Any], reason: str
) -> None:
    add_audit(home, checks, **closing)
    with pytest.raises(Refused, match=reason):
        publish(home)
    assert store.list_releases(home) == []
    assert store.current_id(home) is None


def test_a_failed_warning_does_not_stop_a_release(home: Home) -> None:
    failed = {"key": "line_source", "partition": "x", "severity": "warning", "verdict": "failed", "kind": "source"}
    add_audit(home, [*({"key": key, "partition": "all"} for key in KEYS), failed])
    assert publish(home).manifest["checks"] == {"failed": 1, "passed": 3}


def test_without_an_audit_or_a_warehouse_nothing_is_published(home: Home, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="the ledger has no audit"):
        publish(home)
    with pytest.raises(Refused, match=r"(?s)there is no warehouse.*the ledger has no audit"):
        publish(Home(tmp_path / "other"))


@pytest.mark.parametrize(
    "change",
    [
        "update marts.fact_line set amount = amount + 0.0001 where line_id = 'L7'",
        "delete from marts.fact_line",
        "insert into marts.fact_line select * from marts.fact_line where line_id = 'L7'",
        "create table marts.fact_more as select 1 as one",
        "alter table marts.fact_line rename amount to sum_amount",
        "update marts.fact_line set line_id = 'L8' where line_id = 'L7'",
    ],
)
def test_rows_that_changed_after_the_audit_are_refused(home: Home, change: str) -> None:
    add_audit(home)
    change_marts(home, change)
    with pytest.raises(Refused, match="they changed after the audit"):
        publish(home)
    assert store.list_releases(home) == []
    assert [path.name for path in home.releases.iterdir()] == []


def test_rows_that_changed_after_their_publication_are_refused_too(home: Home) -> None:
    add_audit(home)
    publish(home)
    change_marts(home, "delete from marts.fact_line")
    with pytest.raises(Refused, match="they changed after the audit"):
        publish(home)


def test_an_audit_of_an_older_build_is_refused(home: Home) -> None:
    add_audit(home)
    build_marts(home, "delete from marts.fact_line where line_id = 'L7'", "build-2")
    with pytest.raises(Refused, match="they changed after the audit"):
        publish(home)


def test_a_build_that_did_not_end_is_refused(home: Home) -> None:
    add_audit(home)
    build_marts(home, "select 1", "build-2", complete=False)
    with pytest.raises(Refused, match="did not end"):
        publish(home)


def test_a_tampered_ledger_is_refused(home: Home) -> None:
    failed = {"key": "line_source", "partition": "all", "kind": "source", "verdict": "failed"}
    add_audit(home, [{"key": "canary", "partition": "c"}, {"key": "line_mart", "partition": "all"}, failed])
    home.ledger.write_text(home.ledger.read_text().replace('"verdict":"failed"', '"verdict":"passed"'))
    with pytest.raises(Refused, match=r"ledger: record 3: .*changed"):
        publish(home)


def test_a_ledger_that_lost_its_end_is_refused_and_no_release_is_taken_away(home: Home) -> None:
    add_audit(home)
    first = publish(home)
    lines = home.ledger.read_text().splitlines(keepends=True)
    home.ledger.write_text("".join(lines[:2]))
    build_marts(home, "update marts.fact_line set amount = 2", "build-2")
    add_audit(home, build_id="build-2")
    with pytest.raises(Refused, match=f"release {first.release_id}: it rests on ledger record 4"):
        publish(home)
    assert store.current_id(home) == first.release_id


def test_a_lake_with_a_missing_batch_is_refused(home: Home) -> None:
    add_audit(home)
    (home.lake / "batches" / "batch_seq=00000000").rename(home.root / "gone")
    with pytest.raises(Refused, match="lake: "):
        publish(home)


def test_rollback_goes_to_a_release_and_stays_there(home: Home) -> None:
    add_audit(home)
    first = publish(home)
    second = next_release(home, 2)
    assert store.current_id(home) == second.release_id
    assert rollback(home, first.release_id).is_current
    assert store.current_id(home) == first.release_id
    again = publish(home)
    assert (again.release_id, again.is_new, again.is_current) == (second.release_id, False, False)
    assert store.current_id(home) == first.release_id
    assert kinds(home)[-1] == "rollback"
    with pytest.raises(Unusable, match="There is no release nonsense"):
        rollback(home, "nonsense")


def test_rollback_to_a_damaged_release_is_refused(home: Home) -> None:
    add_audit(home)
    first = publish(home)
    second = next_release(home, 2)
    first.database.chmod(0o644)
    content = bytearray(first.database.read_bytes())
    content[5000] ^= 1
    first.database.write_bytes(content)
    with pytest.raises(Refused, match="is not what was published"):
        rollback(home, first.release_id)
    first.database.unlink()
    with pytest.raises(Refused, match="is missing"):
        rollback(home, first.release_id)
    assert store.current_id(home) == second.release_id


def test_data_that_went_back_makes_its_release_current_again(home: Home) -> None:
    add_audit(home)
    first = publish(home)
    next_release(home, 2)
    build_marts(home, MARTS, "build-3")
    add_audit(home)
    assert publish(home).release_id == first.release_id
    assert store.current_id(home) == first.release_id


def test_retention_keeps_the_last_the_current_and_what_was_rolled_back_to(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIEOUT_RETAIN_RELEASES", "2")
    add_audit(home)
    first = publish(home).release_id
    made = [next_release(home, number).release_id for number in (2, 3)]
    assert [release.release_id for release in store.list_releases(home)] == sorted(made)
    rollback(home, made[0])
    made += [next_release(home, number).release_id for number in (4, 5, 6)]
    kept = [release.release_id for release in store.list_releases(home)]
    assert kept == sorted([made[0], *made[-2:]])
    assert first not in kept
