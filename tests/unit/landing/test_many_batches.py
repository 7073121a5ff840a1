"""Landing many small batches: what each costs does not grow with those before it, and no repetition is overlooked."""

from pathlib import Path

import pytest
from landing_files import account, accounts, check_every_line_is_accounted_for, rows, write

from orchestration.home import Home
from orchestration.landing import Verdicts, batches, land, layout
from orchestration.landing.layout import lake_state
from orchestration.landing.recorded import Wanted, event_files, one_identity


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def test_each_manifest_is_read_once_per_run(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for i in range(8):
        write(tmp_path / "in" / f"{i}.ndjson", [account(f"e{i}")])
    read: list[str] = []
    read_batch = layout._read_batch
    monkeypatch.setattr(layout, "_read_batch", lambda folder: (read.append(folder.name), read_batch(folder))[1])
    land(home, [tmp_path / "in"])
    once = [f"batch_seq={i:08d}" for i in range(9)]
    # repeat_decisions looks at the lake as it is at the end.
    assert sorted(read) == sorted([*once, *once])
    assert len(batches(home)) == 9
    check_every_line_is_accounted_for(home)


def test_only_batches_that_have_an_id_are_opened(home: Home, tmp_path: Path) -> None:
    """Ids of all batches lie among each other, so that least and greatest alone would rule none out."""
    for i in range(5):
        land(home, [write(tmp_path / f"{i}.ndjson", [account(f"e{i}"), account(f"e{i + 5}"), account(f"x{i}")])])
    lake = lake_state(home)
    for i in range(5):
        for event_id in (f"e{i}", f"e{i + 5}", f"x{i}"):
            (file,) = event_files(lake, one_identity("crm", event_id))
            assert file.is_relative_to(lake.batches[i + 1].folder)
    assert event_files(lake, one_identity("crm", "e3.5")) == []
    assert event_files(lake, one_identity("erp", "e3")) == []
    assert len(event_files(lake, {"crm": Wanted("e2", "e4")})) == 3
    again = land(home, [write(tmp_path / "again.ndjson", [account("e3"), account("e4", "Other"), account("n")])])
    assert again.verdicts == Verdicts(accepted=1, duplicate=1, conflict=1)
    assert {row["existing_arrival_seq"] for row in rows(home, "duplicates")} == {10}
    check_every_line_is_accounted_for(home)


def test_ids_are_listed_for_small_batches_only(home: Home, tmp_path: Path) -> None:
    land(home, [write(tmp_path / "small.ndjson", accounts(100)), write(tmp_path / "large.ndjson", accounts(201))])
    _, small, large = batches(home)
    assert len(small.manifest["identities"]["accepted"]["crm"]["ids"]) == 100
    assert large.manifest["verdicts"]["accepted"] == 101
    assert large.manifest["identities"]["accepted"]["crm"] == {"least": "e00100", "most": "e00200"}
    repeated = land(
        home, [write(tmp_path / "both.ndjson", [account("e00050", "Account 50"), account("e00150", "Account 150")])]
    )
    assert repeated.verdicts == Verdicts(duplicate=2)


def test_nothing_of_one_file_is_in_the_batch_of_the_next(home: Home, tmp_path: Path) -> None:
    """All files of a run share one DuckDB."""
    first = [account("a"), account("a"), account("a", "Other"), b"nope"]
    result = land(home, [write(tmp_path / "1.ndjson", first), write(tmp_path / "2.ndjson", [account("b")])])
    assert [file.verdicts for file in result.files] == [
        Verdicts(accepted=1, duplicate=1, conflict=1, quarantined=1),
        Verdicts(accepted=1),
    ]
    check_every_line_is_accounted_for(home)
