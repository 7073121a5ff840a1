"""Verify and doctor: each thing that they look at, found when it is broken."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from support.lakes import Event, add_batch
from support.warehouses import add_audit, make_home, write_suites

from orchestration.home import Home
from orchestration.observability import doctor
from orchestration.observability.doctor import diagnose
from orchestration.observability.integrity import verify
from orchestration.publishing import store
from orchestration.publishing.publish import publish
from orchestration.reconciliation import suites
from orchestration.warehouse.lock import warehouse_lock


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(suites, "EXPECTATIONS", write_suites(tmp_path / "expectations"))
    home = make_home(tmp_path / "home")
    add_batch(home, 2, [Event("b", "2")])
    add_audit(home)
    publish(home)
    return home


def batch(home: Home, number: int) -> Path:
    return home.lake / "batches" / f"batch_seq={number:08d}"


def change_manifest(home: Home) -> None:
    path = batch(home, 1) / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "as_of": "2030-01-01T00:00:00"}))


def change_events(home: Home) -> None:
    path = next((batch(home, 2) / "events").rglob("*.parquet"))
    path.write_bytes(path.read_bytes() + b"x")


def fill_the_empty_batch(home: Home) -> None:
    target = next((batch(home, 0) / "events").rglob("*.parquet"))
    target.write_bytes(next((batch(home, 1) / "events").rglob("*.parquet")).read_bytes())


def shorten_the_ledger(home: Home) -> None:
    lines = home.ledger.read_text().splitlines(keepends=True)
    home.ledger.write_text("".join(lines[:2]))


BREAKS: list[tuple[str, str, Callable[[Home], object]]] = [
    ("lake", "batch 2 does not follow on the manifest of batch 1", change_manifest),
    ("lake", "events.parquet is not what was landed", change_events),
    ("lake", "batch 1 is missing", lambda home: batch(home, 1).rename(home.root / "gone")),
    ("lake", "is missing", lambda home: next((batch(home, 1) / "events").rglob("*.parquet")).unlink()),
    ("lake", "extra.parquet was added", lambda home: (batch(home, 1) / "extra.parquet").write_bytes(b"")),
    ("lake", "has rows, but the batch is the empty one", fill_the_empty_batch),
    ("lake", "cannot be read", lambda home: (batch(home, 1) / "manifest.json").write_text("{")),
    ("ledger", "record 1:", lambda home: home.ledger.write_text("x" + home.ledger.read_text()[1:])),
    ("release", "rests on ledger record 4", shorten_the_ledger),
]


def test_all_is_well_at_first(home: Home) -> None:
    assert [finding.found for finding in verify(home) if not finding.ok] == []
    assert len(verify(home)) == 3


@pytest.mark.parametrize(("what", "found", "damage"), BREAKS)
def test_verify_finds_what_is_broken(home: Home, what: str, found: str, damage: Callable[[Home], object]) -> None:
    damage(home)
    problems = [finding for finding in verify(home) if not finding.ok]
    assert len(problems) >= 1
    assert any(finding.what.startswith(what) and found in finding.found for finding in problems), problems
    assert all(finding.advice for finding in problems)


def by_name(home: Home) -> dict[str, tuple[bool, str]]:
    return {finding.what: (finding.ok, finding.found) for finding in diagnose(home)}


def test_doctor_finds_nothing_wrong_with_a_good_home(home: Home) -> None:
    found = by_name(home)
    assert [name for name, (ok, _) in found.items() if not ok] == []
    assert found["current release"] == (True, store.current_id(home))
    assert int(found["packages"][1].split()[0]) > 50


def test_doctor_finds_what_is_wrong(home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (home.releases / ".tmp-left").mkdir()
    (home.lake / "tmp" / "batch").mkdir(parents=True)
    (home.lake / "lock").touch()
    ok, told = by_name(home)["leftovers"]
    assert not ok
    assert ".tmp-left" in told
    assert "batch" in told
    with warehouse_lock(home, "build the warehouse"):
        assert "held: build the warehouse" in by_name(home)["warehouse lock"][1]
    (home.releases / "current").unlink()
    (home.releases / "current").symlink_to("20200101T000000000Z-00000000")
    assert by_name(home)["current release"][0] is False
    monkeypatch.setattr(doctor, "FREE_BYTES", 10**18)
    assert by_name(home)["disk space"][0] is False
    monkeypatch.setattr(doctor, "PYTHON", ((3, 99), (3, 99)))
    assert by_name(home)["python"][0] is False
    (home.root / "dagster").mkdir()
    (home.root / "dagster" / "dagster.yaml").write_text("telemetry: {enabled: true}\n")
    assert by_name(home)["telemetry (dagster.yaml)"] == (False, "on")
    (tmp_path / "requirements.lock").write_text("duckdb==0.0.1\nnowhere==1.0 ; python_version < '3'\n")
    monkeypatch.setattr(doctor, "PROJECT_ROOT", tmp_path)
    ok, told = by_name(home)["packages"]
    assert not ok
    assert told.startswith("duckdb ")
    assert "nowhere" not in told
