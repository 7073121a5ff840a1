"""Compactions hold the very rows of their batches, whatever interrupts them, and are never read where they do not."""

import fcntl
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.errors import Refused, Unusable
from orchestration.home import PROJECT_ROOT, Home
from orchestration.landing import batches, compaction, land
from orchestration.landing.compaction import compact
from orchestration.landing.layout import EVENT_COLUMNS
from orchestration.observability.integrity import check_compactions
from orchestration.reconciliation.lake_presence import read_presence
from orchestration.warehouse.compacted import (
    as_variable,
    compactions,
    compactions_folder,
    event_rows,
    intact_compactions,
    require_what_views_read,
)
from orchestration.warehouse.lake import lake_breaks
from tests.unit.landing.landing_files import account, accounts, write


def land_each(home: Home, first: int, last: int) -> None:
    """A batch per number: an account, a repeated one and a broken line."""
    folder = home.root / "files"
    files = []
    for number in range(first, last + 1):
        lines: list[Any] = [account(f"e{number}", f"Account {number}"), account("e0"), b"nope"]
        files.append(write(folder / f"{number:04d}.ndjson", lines))
    land(home, files)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    land_each(home, 1, 10)
    return home


def contents(home: Home) -> dict[str, bytes]:
    """Every file of the batches, byte for byte."""
    folder = home.lake / "batches"
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def in_batches(home: Home) -> list[tuple[Any, ...]]:
    return read(f"{home.lake}/batches/batch_seq=*", ", hive_types = {'batch_seq': bigint}")


def in_compactions(home: Home) -> list[tuple[Any, ...]]:
    return read(f"{home.lake}/compactions/batches=*")


def read(folders: str, types: str = "") -> list[tuple[Any, ...]]:
    columns = ", ".join([*EVENT_COLUMNS, "batch_seq", "stream", "event_type"])
    files = f"'{folders}/events/stream=*/event_type=*/*.parquet'"
    with duckdb.connect() as con:
        return con.execute(
            f"select {columns} from read_parquet({files}, hive_partitioning = true{types}) order by arrival_seq"
        ).fetchall()


def ranges(home: Home) -> list[tuple[int, int]]:
    return [(one.first, one.last) for one in compactions(home)]


def verified(home: Home) -> tuple[bool, str]:
    """What `verify` says of the compactions; one line of it."""
    (found,) = check_compactions(home)
    return found.ok, found.found


def test_a_compaction_holds_the_very_rows_and_leaves_the_batches_alone(home: Home) -> None:
    before = contents(home)
    (made,) = compact(home, least=5)
    assert (made.first, made.last, made.events) == (1, 10, 11)
    assert contents(home) == before
    assert in_compactions(home) == in_batches(home)
    assert as_variable([made]) == [{"first": 1, "last": 10, "event_types": ["AccountUpserted"]}]
    assert verified(home) == (True, "all 1 hold the rows of their batches")
    assert lake_breaks(home, contents=True) == []


def test_the_next_compaction_goes_on_after_the_last(home: Home) -> None:
    compact(home, least=5)
    land_each(home, 11, 14)
    assert compact(home, least=5) == []
    land_each(home, 15, 15)
    assert [(one.first, one.last) for one in compact(home, least=5)] == [(11, 15)]
    assert ranges(home) == [(1, 10), (11, 15)]
    assert in_compactions(home) == in_batches(home)


def test_a_large_batch_stays_by_itself(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    size = max(sum(file["bytes"] for file in batch.manifest["files"].values()) for batch in batches(home))
    monkeypatch.setattr(compaction, "SMALL_BYTES", 2 * size)
    land(home, [write(home.root / "large.ndjson", [account(f"l{i}", f"{i}" * 50) for i in range(2000)])])
    land_each(home, 12, 17)
    assert [(one.first, one.last) for one in compact(home, least=5)] == [(1, 10), (12, 17)]


def test_a_compaction_does_not_grow_without_end(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = [sum(f["bytes"] for name, f in b.manifest["files"].items() if "events/" in name) for b in batches(home)]
    monkeypatch.setattr(compaction, "MOST_BYTES", sum(sizes[1:5]))
    assert [(one.first, one.last) for one in compact(home, least=2)] == [(1, 4), (5, 8), (9, 10)]


def test_batches_without_events_are_compacted_to_nothing(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    land(home, [write(home.root / f"{i}.ndjson", [b"nope" * (i + 1)]) for i in range(4)])
    (made,) = compact(home, least=2)
    assert (made.events, made.files) == (0, {})
    with duckdb.connect() as con:
        assert con.execute(f"select count(*) from {event_rows(home, 'event_id')}").fetchone() == (0,)


def test_presence_is_the_same_with_and_without(home: Home) -> None:
    with duckdb.connect() as con:
        before, within = read_presence(con, home, 10), read_presence(con, home, 6)
        assert [sum(one.events for one in held) for held in (before, within)] == [11, 7]
        compact(home, least=4)
        land_each(home, 11, 12)
        assert read_presence(con, home, 10) == before
        assert read_presence(con, home, 6) == within
        assert "compactions" in event_rows(home, "event_id")
        assert sum(one.events for one in read_presence(con, home, 12)) == 13


DRIVER = """
import os, signal, sys
from pathlib import Path
from orchestration.home import Home
from orchestration.landing.compaction import compact

home, point = sys.argv[1:]

def checkpoint(name):
    if name == point:
        os.kill(os.getpid(), signal.SIGKILL)

compact(Home(Path(home)), least=2, checkpoint=checkpoint)
"""


@pytest.mark.parametrize("point", ["writing", "proven", "synced", "renamed"])
def test_killed_and_run_again_ends_the_same(home: Home, point: str) -> None:
    before = contents(home)
    assert subprocess.run([sys.executable, "-c", DRIVER, str(home.root), point], check=False).returncode == -9
    assert contents(home) == before
    assert len(compactions(home)) == (point == "renamed")
    compact(home, least=2)
    assert in_compactions(home) == in_batches(home)
    assert sorted(path.name for path in compactions_folder(home).iterdir()) == ["batches=00000001-00000010", "lock"]


def test_two_at_once_do_the_work_once(home: Home) -> None:
    compactions_folder(home).mkdir()
    with (compactions_folder(home) / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert compact(home, least=2) == []
    assert len(compact(home, least=2)) == 1


def test_a_damaged_batch_is_not_put_together(home: Home) -> None:
    (file,) = (home.lake / "batches" / "batch_seq=00000007" / "events").rglob("*.parquet")
    shutil.copyfile(next((home.lake / "batches" / "batch_seq=00000003" / "events").rglob("*.parquet")), file)
    with pytest.raises(Unusable, match=r"batch_seq=00000007.*not what was landed"):
        compact(home, least=2)
    assert compactions(home) == []


def test_what_was_put_together_wrongly_is_not_there(home: Home) -> None:
    def lose_a_row(point: str) -> None:
        if point == "writing":
            (file,) = (compactions_folder(home) / "tmp").rglob("*.parquet")
            with duckdb.connect() as con:
                con.execute(f"create table held as from read_parquet('{file}', hive_partitioning = false) limit 10")
                con.execute(f"copy held to '{file}' (format parquet)")

    with pytest.raises(Unusable, match="does not hold the rows of its batches"):
        compact(home, least=2, checkpoint=lose_a_row)
    assert compactions(home) == []
    assert len(compact(home, least=2)) == 1


def test_an_audit_is_refused_where_views_read_what_is_not_there(home: Home) -> None:
    (made,) = compact(home, least=2)
    with duckdb.connect() as con:
        con.execute(f"create view plain as select 1; create view reading as from {event_rows(home, 'event_id')}")
        require_what_views_read(con, home)
        shutil.rmtree(made.folder)
        with pytest.raises(Refused, match=r"compaction 00000001-00000010 .* Run `tieout build`"):
            require_what_views_read(con, home)
        with pytest.raises(duckdb.IOException):
            con.execute("from reading")


def test_an_older_copy_of_the_lake_does_not_read_what_it_does_not_have(home: Home, tmp_path: Path) -> None:
    shutil.copytree(home.lake, tmp_path / "older")
    land_each(home, 11, 12)
    compact(home, least=2)
    kept = tmp_path / "kept"
    compactions_folder(home).rename(kept)
    shutil.rmtree(home.lake)
    (tmp_path / "older").rename(home.lake)
    shutil.copytree(kept, compactions_folder(home), dirs_exist_ok=True)
    assert compactions(home) == []
    land(home, [write(tmp_path / f"other{i}.ndjson", [account(f"other{i}")]) for i in range(2)])
    assert compactions(home) == [], "the same number of batches, but others"
    assert [(one.first, one.last) for one in compact(home, least=2)] == [(1, 12)]
    assert in_compactions(home) == in_batches(home)


def flipped(folder: Path) -> None:
    (file,) = folder.rglob("*.parquet")
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def lost(folder: Path) -> None:
    (file,) = folder.rglob("*.parquet")
    file.unlink()


def added(folder: Path) -> None:
    (file,) = folder.rglob("*.parquet")
    shutil.copyfile(file, file.with_name("more.parquet"))


@pytest.mark.parametrize("damage", [flipped, lost, added])
def test_a_changed_compaction_is_told_and_stops_an_audit(home: Home, damage: Any) -> None:
    (made,) = compact(home, least=2)
    damage(made.folder)
    assert not verified(home)[0]
    with pytest.raises(Unusable, match="delete the folder"):
        intact_compactions(home)
    with duckdb.connect() as con, pytest.raises(Unusable, match="delete the folder"):
        read_presence(con, home, 10)
    shutil.rmtree(made.folder)
    assert list(check_compactions(home)) == []
    assert len(compact(home, least=2)) == 1
    assert verified(home)[0]


@pytest.mark.parametrize(
    "change",
    [
        "select * from held where batch_seq <> 4",
        "select * replace (replace(payload, 'Account 4', 'Account 5') as payload) from held",
        "select * replace (case when batch_seq = 4 then 5 else batch_seq end as batch_seq) from held",
        "from held union all select * from held where batch_seq = 4",
    ],
)
def test_other_rows_are_told_even_where_the_hashes_were_made_to_fit(home: Home, change: str) -> None:
    (made,) = compact(home, least=2)
    (file,) = made.folder.rglob("*.parquet")
    with duckdb.connect() as con:
        con.execute(f"create table held as from read_parquet('{file}', hive_partitioning = false)")
        con.execute(f"copy ({change}) to '{file}' (format parquet)")
    described = json.loads((made.folder / "compaction.json").read_text())
    (name,) = described["files"]
    digest = subprocess.run(["sha256sum", str(file)], check=True, capture_output=True, text=True).stdout.split()[0]
    described["files"][name]["sha256"] = digest
    (made.folder / "compaction.json").write_text(json.dumps(described))
    assert intact_compactions(home)
    is_good, told = verified(home)
    assert not is_good
    assert "does not hold the rows of its batches" in told


def test_a_batch_that_was_damaged_or_lost_is_told(home: Home) -> None:
    compact(home, least=2)
    folder = home.lake / "batches" / "batch_seq=00000007"
    (file,) = (folder / "events").rglob("*.parquet")
    content = file.read_bytes()
    file.write_bytes(b"no Parquet")
    assert "cannot be compared" in verified(home)[1]
    file.write_bytes(content)
    assert verified(home)[0]
    folder.rename(home.root / "gone")
    assert "does not hold the rows" in verified(home)[1]
    (home.lake / "batches" / "batch_seq=00000010").rename(home.root / "last")
    assert compactions(home) == []


def test_a_description_that_cannot_be_read_is_told(home: Home) -> None:
    (made,) = compact(home, least=2)
    (made.folder / "compaction.json").write_text("{")
    assert "cannot be read" in verified(home)[1]
    with pytest.raises(Unusable, match=r"compaction\.json cannot be read"):
        compactions(home)


def test_landing_knows_what_is_in_a_compaction(home: Home) -> None:
    compact(home, least=2)
    again = land(
        home, [write(home.root / "again.ndjson", [*accounts(1), account("e3", "Account 3"), account("e4", "?")])]
    )
    assert again.verdicts.as_dict() == {"accepted": 1, "duplicate": 1, "conflict": 1, "quarantined": 0}


def test_dbt_reads_the_columns_that_landing_writes() -> None:
    macro = (PROJECT_ROOT / "macros/lake/lake_events.sql").read_text(encoding="utf-8")
    listed = macro.split("macro lake_event_columns()")[1].split("endmacro")[0]
    assert re.findall(r'"(\w+)"', listed) == [*EVENT_COLUMNS, "batch_seq", "stream", "event_type"]
