"""Building: the inputs that dbt gets, what counts as complete, and what a build leaves behind."""

import io
import json
import shutil
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import duckdb
import pytest
from support.lakes import SMALL_PROJECT, Event, add_batch

from orchestration.contracts.registry import event_types
from orchestration.errors import Refused, Unusable
from orchestration.home import Home
from orchestration.warehouse.build import BuildResult, build, parse_as_of
from orchestration.warehouse.lock import warehouse_lock


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    add_batch(home, 0, [])
    add_batch(home, 1, [Event("a", "1.5"), Event("b", "2.25")])
    return home


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SMALL_PROJECT, tmp_path / "project"))


def rows(home: Home, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def amounts(home: Home) -> list[tuple[str, str]]:
    return rows(home, "select event_id, amount::varchar from marts.fact_event order by 1")


def summary(result: BuildResult) -> tuple[bool, bool, int, int]:
    return result.complete, result.full_refresh, result.built_through, result.lake_high_water


def test_builds_are_incremental_from_the_last_complete_one(home: Home, project: Path) -> None:
    printed = io.StringIO()
    steps: list[str] = []
    with redirect_stdout(printed):
        first = build(home, project=project, progress=steps.append)
    assert printed.getvalue() == ""
    assert "model fact_event: success" in steps
    assert summary(first) == (True, True, 0, 1)
    assert first.reason == "first build"
    assert amounts(home) == [("a", "1.5000"), ("b", "2.2500")]

    add_batch(home, 2, [Event("a", "3"), Event("c", "4", "2026-09-02T00:00:00")])
    second = build(home, project=project)
    assert summary(second) == (True, False, 1, 2)
    assert second.as_of.isoformat() == "2026-09-02T00:00:00"
    assert amounts(home) == [("a", "3.0000"), ("b", "2.2500"), ("c", "4.0000")]
    assert rows(home, "select lake_high_water from audit.build order by finished_at") == [(1,), (2,)]
    assert rows(home, "from audit.checksum_exclusion") == [("fact_event", "arrival_seq")]
    assert {path.name for path in project.iterdir()} == {path.name for path in SMALL_PROJECT.iterdir()}
    # Nothing of dbt keeps the file: another process could open it now.
    with duckdb.connect(str(home.warehouse), config={"threads": "1"}):
        pass


def test_an_increment_keeps_views_that_say_the_same_and_tests_them(home: Home, project: Path) -> None:
    marts = project / "models" / "marts"
    (marts / "view_steady.sql").write_text(
        "{{ config(materialized='view') }}\nselect event_id from {{ ref('fact_event') }}\n"
    )
    (marts / "view_moving.sql").write_text(
        "{{ config(materialized='view') }}\nselect {{ var('lake_high_water') }} as high_water\n"
    )
    test = {"name": "event_id", "data_type": "varchar", "data_tests": [{"accepted_values": {"values": ["a", "b"]}}]}
    (marts / "view_steady.yml").write_text(
        json.dumps(
            {
                "models": [
                    {"name": "view_steady", "columns": [test]},
                    {"name": "view_moving", "columns": [{"name": "high_water", "data_type": "integer"}]},
                ]
            }
        )
    )
    first = build(home, project=project)
    assert first.complete, first.failed

    again = {node.name: node.message for node in build(home, project=project).nodes}
    assert again["view_steady"] == "unchanged"
    assert again["view_moving"] != "unchanged"
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute("drop view marts.view_steady")
    add_batch(home, 2, [Event("c", "4")])
    failed = build(home, project=project)
    messages = {node.name: node.message for node in failed.nodes}
    assert messages["view_steady"] != "unchanged", "a view that is gone is made again"
    assert rows(home, "from marts.view_moving") == [(2,)]
    assert [node.resource_type for node in failed.failed] == ["test"], "c is not accepted"
    kept = build(home, project=project)
    assert {node.name: node.message for node in kept.nodes}["view_steady"] == "unchanged"
    assert [node.resource_type for node in kept.failed] == ["test"]


def test_a_lake_older_than_an_event_type_is_given_a_file_of_it(home: Home, project: Path) -> None:
    assert build(home, project=project).complete
    for event_type in event_types():
        assert list((home.lake / "batches").glob(f"*/events/stream=*/event_type={event_type}/*.parquet")), event_type


def test_changed_code_an_earlier_as_of_and_asking_rebuild_in_full(
    home: Home, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(home, project=project)
    assert not build(home, project=project).full_refresh
    assert build(home, project=project, full_refresh=True).reason == "asked for"
    earlier = build(home, project=project, as_of="2026-08-01")
    assert (earlier.full_refresh, earlier.reason) == (True, "as of an earlier time than the last build")
    assert amounts(home) == []
    assert not build(home, project=project, as_of="2026-09-01T12:00:00+02:00").full_refresh
    (project / "models" / "marts" / "dim_other.sql").write_text("select 1 as one\n")
    (project / "models" / "marts" / "dim_other.yml").write_text(
        "models:\n  - name: dim_other\n    columns:\n      - {name: one, data_type: integer}\n"
    )
    changed = build(home, project=project, full_refresh=False)
    assert changed.full_refresh
    assert changed.reason.startswith("models, macros")
    monkeypatch.setenv("TIEOUT_REPORTING_CURRENCY", "EUR")
    assert build(home, project=project).full_refresh


def test_what_the_project_no_longer_builds_is_dropped(home: Home, project: Path) -> None:
    build(home, project=project)
    for suffix in ("sql", "yml"):
        (project / "models" / "marts" / f"dim_currency.{suffix}").unlink()
    build(home, project=project)
    tables = rows(home, "select table_name from duckdb_tables() where schema_name in ('marts', 'reference') order by 1")
    assert tables == [("currency",), ("fact_event",)]


def test_a_failed_test_is_named_and_the_build_is_not_complete(home: Home, project: Path) -> None:
    build(home, project=project)
    add_batch(home, 2, [Event("d", "null")])
    result = build(home, project=project)
    assert not result.complete
    assert [node.name for node in result.failed] == ["not_null_fact_event_amount"]
    assert result.failed[0].failures == 1
    assert rows(home, "select max(lake_high_water) from audit.build") == [(1,)]
    assert build(home, project=project).built_through == 1


def test_a_selection_is_never_a_complete_build(home: Home, project: Path) -> None:
    build(home, project=project)
    assert not build(home, project=project, select=["dim_currency"]).complete
    with pytest.raises(Refused, match="no model matches nonsense"):
        build(home, project=project, select=["nonsense"])


def test_a_project_that_does_not_parse_is_refused(home: Home, project: Path) -> None:
    (project / "models" / "marts" / "broken.sql").write_text("select * from {{ ref('nowhere') }}\n")
    with pytest.raises(Refused, match=r"(?s)does not parse.*nowhere"):
        build(home, project=project)


def test_a_second_builder_is_refused(home: Home, project: Path) -> None:
    with warehouse_lock(home, "publish"), pytest.raises(Refused, match="in use"):
        build(home, project=project, wait_seconds=0)


def test_an_empty_lake_and_a_wrong_time_say_what_to_do(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with pytest.raises(Refused, match="Nothing has landed yet"):
        build(home)
    with pytest.raises(Unusable, match="--as-of 'yesterday'"):
        build(home, as_of="yesterday")
    assert parse_as_of("2026-10-01T02:00:00+02:00").isoformat() == "2026-10-01T00:00:00"
