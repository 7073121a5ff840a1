"""The inbox sensor, the Dagster instance and the start of its UI: one run per set of files, one writer."""

import socket
from pathlib import Path

import dagster as dg
import pytest
import yaml

from orchestration.automation.inbox_sensor import inbox_sensor
from orchestration.errors import Refused, Unusable
from orchestration.home import Home
from orchestration.inbox import remember, waiting
from orchestration.instance import dagster_home, fail_interrupted_runs, prepare_instance
from orchestration.ui import _only_one, free_port


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.inbox.mkdir()
    return home


def requested(home: Home) -> str | None:
    with dg.instance_for_test() as instance, dg.build_sensor_context(instance=instance) as context:
        requests = inbox_sensor(home).evaluate_tick(context).run_requests or []
    return requests[0].run_key if requests else None


def test_an_empty_inbox_starts_nothing(home: Home) -> None:
    assert requested(home) is None


def test_the_same_files_have_the_same_run_key(home: Home) -> None:
    (home.inbox / "a.ndjson").write_text("{}")
    first = requested(home)
    assert first is not None
    assert requested(home) == first
    (home.inbox / "b.ndjson").write_text("{}")
    assert requested(home) not in (None, first)


def test_a_changed_file_is_another_run_and_a_landed_one_is_none(home: Home) -> None:
    path = home.inbox / "a.ndjson"
    path.write_text("{}")
    first = requested(home)
    path.write_text("{}\n{}")
    assert requested(home) not in (None, first)
    for file in waiting(home):
        remember(home, file)
    assert requested(home) is None


def test_the_instance_sends_nothing_and_has_one_writer(home: Home) -> None:
    environment = prepare_instance(home)
    assert environment["DAGSTER_DISABLE_TELEMETRY"] == "1"
    assert environment["TIEOUT_HOME"] == str(home.root)
    assert environment["DAGSTER_HOME"] == str(dagster_home(home))
    with dg.DagsterInstance.from_config(str(dagster_home(home))) as instance:
        assert not instance.telemetry_enabled
        assert not instance.nux_enabled
        pools = instance.get_concurrency_config().pool_config
        assert pools.default_pool_limit == 1
        assert pools.pool_granularity is not None
        assert pools.pool_granularity.value == "run"
    written = yaml.safe_load((dagster_home(home) / "dagster.yaml").read_text())
    assert Path(written["storage"]["sqlite"]["base_dir"]).is_relative_to(home.root)


def test_runs_cut_short_are_failed_and_finished_ones_left_alone(home: Home) -> None:
    prepare_instance(home)
    with dg.DagsterInstance.from_config(str(dagster_home(home))) as instance:
        for run_id, status in (("a" * 8, "STARTED"), ("b" * 8, "SUCCESS"), ("c" * 8, "CANCELED")):
            run = dg.DagsterRun(job_name="refresh", run_id=run_id, status=dg.DagsterRunStatus[status])
            instance.add_run(run)
    assert fail_interrupted_runs(home) == 1
    with dg.DagsterInstance.from_config(str(dagster_home(home))) as instance:
        found = {run.run_id[0]: run.status.value for run in instance.get_runs()}
    assert found == {"a": "FAILURE", "b": "SUCCESS", "c": "CANCELED"}


def test_a_port_in_use_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TIEOUT_UI_PORT", raising=False)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setattr("orchestration.ui.FAVOURITE_PORT", port)
        assert free_port() != port
        monkeypatch.setenv("TIEOUT_UI_PORT", str(port))
        with pytest.raises(Refused, match=str(port)):
            free_port()
    monkeypatch.setenv("TIEOUT_UI_PORT", "the usual")
    with pytest.raises(Unusable, match="TIEOUT_UI_PORT"):
        free_port()


def test_a_home_is_served_once(home: Home) -> None:
    with _only_one(home) as (note, _):
        note.write_text("http://127.0.0.1:3000")
        with pytest.raises(Refused, match=r"127\.0\.0\.1:3000"), _only_one(home):
            raise AssertionError("served twice")
    with _only_one(home):
        assert [path.name for path in dagster_home(home).iterdir()] == ["ui.lock"]
