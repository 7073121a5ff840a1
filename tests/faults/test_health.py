"""Verify and doctor: each finding that their code can tell is told when the thing is broken; none is listed by hand."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support.lakes import Event, add_batch
from support.told_reasons import findings_in, reasons_in
from support.warehouses import add_audit, make_home, write_suites

from orchestration.home import PROJECT_ROOT, Home
from orchestration.observability import doctor
from orchestration.observability.doctor import diagnose
from orchestration.observability.integrity import verify
from orchestration.publishing import store
from orchestration.publishing.publish import publish
from orchestration.reconciliation import suites
from orchestration.warehouse.compacted import compactions_folder
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


def restate_the_release(home: Home) -> None:
    path = store.find(home, None).folder / "manifest.json"
    path.chmod(0o644)
    path.write_text(json.dumps({**json.loads(path.read_text()), "as_of": "2030-01-01 00:00:00"}))


def spoil_the_manifest_of_the_release(home: Home) -> None:
    path = store.find(home, None).folder / "manifest.json"
    path.chmod(0o644)
    path.write_text("{")


def lose_the_files_of_a_compaction(home: Home) -> None:
    digest = hashlib.sha256((batch(home, 1) / "manifest.json").read_bytes()).hexdigest()
    files = {"events/stream=order/event_type=OrderSubmitted/events.parquet": {"rows": 1, "bytes": 1, "sha256": ""}}
    folder = compactions_folder(home) / "batches=00000001-00000001"
    folder.mkdir(parents=True)
    said = {"format": 1, "first": 1, "last": 1, "last_manifest_sha256": digest, "files": files}
    (folder / "compaction.json").write_text(json.dumps(said))


BREAKS: list[tuple[str, str, Callable[[Home], object]]] = [
    ("lake", "batch 2 does not follow on the manifest of batch 1", change_manifest),
    ("lake", "events.parquet is not what was landed", change_events),
    ("lake", "batch 1 is missing", lambda home: batch(home, 1).rename(home.root / "gone")),
    ("lake", "is missing", lambda home: next((batch(home, 1) / "events").rglob("*.parquet")).unlink()),
    ("lake", "extra.parquet was added", lambda home: (batch(home, 1) / "extra.parquet").write_bytes(b"")),
    ("lake", "has rows, but the batch is the empty one", fill_the_empty_batch),
    ("lake", "cannot be read", lambda home: (batch(home, 1) / "manifest.json").write_text("{")),
    ("compactions", "events.parquet is missing", lose_the_files_of_a_compaction),
    ("ledger", "record 1:", lambda home: home.ledger.write_text("x" + home.ledger.read_text()[1:])),
    ("release", "rests on ledger record 4", shorten_the_ledger),
    ("release", "its manifest.json is not what was published", restate_the_release),
    ("release", "its manifest.json is not what was published", spoil_the_manifest_of_the_release),
    ("release", "none, it is missing", lambda home: (store.find(home, None).folder / "manifest.json").unlink()),
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


def test_verify_tells_a_release_that_was_changed(home: Home) -> None:
    release = store.find(home, None)
    release.database.chmod(0o644)
    release.database.write_bytes(release.database.read_bytes() + b"x")
    assert [finding.what for finding in verify(home) if not finding.ok] == [f"release {release.release_id}"]


def by_name(home: Home) -> dict[str, tuple[bool, str]]:
    return {finding.what: (finding.ok, finding.found) for finding in diagnose(home)}


def test_doctor_finds_nothing_wrong_with_a_good_home(home: Home) -> None:
    found = by_name(home)
    assert [name for name, (ok, _) in found.items() if not ok] == []
    assert found["current release"] == (True, store.current_id(home))
    assert int(found["packages"][1].split()[0]) > 50


def test_doctor_tells_a_lock_that_is_held(home: Home) -> None:
    with warehouse_lock(home, "build the warehouse"):
        assert "held: build the warehouse" in by_name(home)["warehouse lock"][1]


Patch = pytest.MonkeyPatch


def leave_behind(home: Home, _: Patch) -> None:
    (home.releases / ".tmp-left").mkdir()
    (home.lake / "tmp" / "batch").mkdir(parents=True)
    (home.lake / "lock").touch()


def lose_the_current_release(home: Home, _: Patch) -> None:
    (home.releases / "current").unlink()
    (home.releases / "current").symlink_to("20200101T000000000Z-00000000")


def switch_telemetry_on(home: Home, _: Patch) -> None:
    (home.root / "dagster").mkdir()
    (home.root / "dagster" / "dagster.yaml").write_text("telemetry: {enabled: true}\n")


def lock_other_packages(home: Home, patch: Patch) -> None:
    (home.root / "requirements.lock").write_text("duckdb==0.0.1\nnowhere==1.0 ; python_version < '3'\n")
    patch.setattr(doctor, "PROJECT_ROOT", home.root)


SETUP_FAULTS: list[tuple[str, str, Callable[[Home, Patch], object]]] = [
    ("leftovers", ".tmp-left", leave_behind),
    ("leftovers", "batch", leave_behind),
    ("current release", "20200101T000000000Z-00000000", lose_the_current_release),
    ("disk space", "GB free", lambda _, patch: patch.setattr(doctor, "FREE_BYTES", 10**18)),
    ("python", "3.", lambda _, patch: patch.setattr(doctor, "PYTHON", ((3, 99), (3, 99)))),
    ("telemetry (dagster.yaml)", "on", switch_telemetry_on),
    ("packages", "duckdb ", lock_other_packages),
    ("packages", "is missing", lambda home, patch: patch.setattr(doctor, "PROJECT_ROOT", home.root)),
    ("write permission", "none in", lambda _, patch: patch.setattr(os, "access", lambda *_: False)),
]


@pytest.mark.parametrize(("what", "found", "damage"), SETUP_FAULTS)
def test_doctor_finds_what_is_wrong(
    home: Home, monkeypatch: Patch, what: str, found: str, damage: Callable[[Home, Patch], object]
) -> None:
    damage(home, monkeypatch)
    ok, told = by_name(home)[what]
    assert not ok
    assert found in told
    assert "nowhere" not in told


def told_by_all_breaks(whole: Home, tmp_path: Path) -> list[str]:
    """What verify and doctor say of every break above, as `what | found | advice`."""
    told = []
    damages = [lambda home, _, damage=damage: damage(home) for _, _, damage in BREAKS]
    damages += [damage for _, _, damage in SETUP_FAULTS]
    damages.append(lambda home, _: test_verify_tells_a_release_that_was_changed(home))
    for number, damage in enumerate(damages):
        home = Home(tmp_path / f"broken-{number}")
        shutil.copytree(whole.root, home.root, symlinks=True)
        with pytest.MonkeyPatch.context() as patch:
            damage(home, patch)
            findings = [*verify(home), *diagnose(home)]
        told += [f"{one.what} | {one.found} | {one.advice}" for one in findings if not one.ok]
    return told


def test_every_finding_that_the_code_can_tell_was_told(home: Home, tmp_path: Path) -> None:
    told = told_by_all_breaks(home, tmp_path)
    code = PROJECT_ROOT / "orchestration"
    sites = [
        *findings_in(code / "observability" / "integrity.py"),
        *findings_in(code / "observability" / "doctor.py"),
        *reasons_in(code / "warehouse" / "lake.py", "lake_breaks", "_changed_files", "_rows_in"),
    ]
    assert len(sites) > 12
    never = [site.place for site in sites if not any(site.made(text) for text in told)]
    assert never == [], "never told: add what breaks it to BREAKS or SETUP_FAULTS"
