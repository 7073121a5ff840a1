"""Files of more wide events than memory holds: they land, whatever else is in them, and lie in the order they came."""

import os
from pathlib import Path

import duckdb
import pytest

from orchestration.home import Home
from orchestration.landing import FilesUnusable, Limits, Verdicts, land, landing
from orchestration.landing.staging import connect
from tests.unit.landing.landing_files import account, check_every_line_is_accounted_for, rows, text, write, write_bytes

MIB = 1024 * 1024
WIDE = 10_000
LINES = 21_000
MEMORY = 150 * MIB


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def wide(event_id: str) -> bytes:
    return text(account(event_id, os.urandom(WIDE // 2).hex()))


def refused(event_id: str) -> bytes:
    return wide(event_id).replace(b'"aggregateVersion": 1', b'"aggregateVersion": "x"')


def in_order(home: Home, kind: str) -> list[bool]:
    """Of each file of a kind: whether its rows lie in the order of their arrival."""
    with duckdb.connect() as con:
        files = f"read_parquet('{home.lake}/batches/*/{kind}/**/*.parquet', file_row_number = true, filename = true)"
        return [
            found
            for (found,) in con.execute(
                f"select list(arrival_seq order by file_row_number) = list_sort(list(arrival_seq)) from {files}"
                " group by filename"
            ).fetchall()
        ]


@pytest.fixture
def on_many_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each thread that writes Parquet holds rows of its own."""

    def on_many(spill: Path, limits: Limits) -> duckdb.DuckDBPyConnection:
        con = connect(spill, limits)
        con.execute("set threads = 16")
        return con

    monkeypatch.setattr(landing, "connect", on_many)


@pytest.mark.usefixtures("on_many_cores")
def test_wide_events_land_in_order_within_little_memory(home: Home, tmp_path: Path) -> None:
    """With lines between them that only the judge accepts, that are refused, that repeat or contradict another."""
    lines = []
    for n in range(LINES):
        line = refused(f"e{n}") if n % 3 == 2 else wide(f"e{n}")
        lines.append(line.replace(b"{", b'{"notOfTheContract": {"of": "it"}, ', 1) if n % 20 == 0 else line)
    lines[702], lines[903] = lines[12], wide("e3")
    path = write_bytes(tmp_path / "wide.ndjson", b"\n".join(lines) + b"\n")
    assert path.stat().st_size > 1.3 * MEMORY
    verdicts = land(home, [path], limits=Limits(memory=f"{MEMORY}B", chunk_bytes=2 * MIB)).verdicts
    check_every_line_is_accounted_for(home)
    assert verdicts == Verdicts(accepted=LINES * 2 // 3 - 2, duplicate=1, conflict=1, quarantined=LINES // 3)
    assert in_order(home, "events") == [True]
    kept = [(row["verdict"], row["arrival_seq"], row["raw_line"]) for row in rows(home, "quarantine")]
    held = [n for n in range(LINES) if n % 3 == 2 or n == 903]
    assert kept == [("conflict" if n == 903 else "quarantined", n + 1, lines[n]) for n in held]


def test_more_than_memory_can_hold_is_told_and_nothing_is_lost(home: Home, tmp_path: Path) -> None:
    path = write(tmp_path / "wider.ndjson", [wide(f"e{n}") for n in range(3000)])
    beside = write(tmp_path / "z.ndjson", [account("beside")])
    with pytest.raises(FilesUnusable, match=r"wider\.ndjson needs more memory than landing has") as caught:
        land(home, [path, beside], limits=Limits(memory="20MB", chunk_bytes=MIB))
    assert caught.value.exit_code == 2
    assert land(home, [path, beside]).verdicts == Verdicts(accepted=3000, duplicate=1)
    check_every_line_is_accounted_for(home)
