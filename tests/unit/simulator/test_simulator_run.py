"""Running the simulator: repeatable to the byte, complete at small size, careful with the folder it writes to."""

import gzip
import hashlib
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
import zstandard
from conftest import END, START

import simulator
from orchestration.contracts import registry
from orchestration.contracts.validate import Accepted, judge
from orchestration.errors import Refused, Unusable

SEPTEMBER = (date(2026, 9, 1), date(2026, 10, 1))


def fingerprints(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def test_same_arguments_same_bytes(run_folder: Path, tmp_path: Path) -> None:
    threads = pa.cpu_count()
    pa.set_cpu_count(1)
    try:
        simulator.run(260, 11, START, END, tmp_path)
    finally:
        pa.set_cpu_count(threads)
    assert fingerprints(tmp_path) == fingerprints(run_folder)


def test_other_seed_other_business(run_folder: Path, tmp_path: Path) -> None:
    simulator.run(260, 12, START, END, tmp_path)
    assert not set(fingerprints(tmp_path).values()) & set(fingerprints(run_folder).values())


def test_chunks_change_the_order_of_lines_only(
    run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.simulation.CHUNK", 37)
    done = []
    simulator.run(260, 11, START, END, tmp_path, progress=lambda quotes, of: done.append((quotes, of)))
    assert done[0] == (37, 260) and done[-1] == (260, 260)
    for path in run_folder.iterdir():
        assert sorted((tmp_path / path.name).read_bytes().splitlines()) == sorted(path.read_bytes().splitlines())


@pytest.mark.parametrize(("quotes", "seed"), [(100, 1), (200, 2), (200, 3), (200, 4)])
def test_every_event_type_occurs_in_a_month(quotes: int, seed: int, tmp_path: Path) -> None:
    summary = simulator.run(quotes, seed, *SEPTEMBER, tmp_path)
    assert set(summary.events_by_type) == set(registry.event_types())
    assert min(summary.events_by_type.values()) > 0


def test_every_line_keeps_the_contract(run_folder: Path) -> None:
    lines = [line for path in run_folder.iterdir() for line in path.read_bytes().splitlines()]
    problems = [verdict for verdict in map(judge, lines) if not isinstance(verdict, Accepted)]
    assert len(lines) > 5_000
    assert problems == []


def test_summary_counts_what_was_written(run_folder: Path, tmp_path: Path) -> None:
    summary = simulator.run(260, 11, START, END, tmp_path)
    written = {path.name: len(path.read_bytes().splitlines()) for path in tmp_path.iterdir()}
    assert summary.events_by_file == written
    assert sum(summary.events_by_type.values()) == sum(written.values()) == summary.events


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_compressed_files_hold_the_same_lines(run_folder: Path, tmp_path: Path, compression: str) -> None:
    simulator.run(260, 11, START, END, tmp_path, compression)
    for path in run_folder.iterdir():
        if compression == "gzip":
            content = gzip.decompress((tmp_path / f"{path.name}.gz").read_bytes())
        else:
            content = zstandard.decompress((tmp_path / f"{path.name}.zst").read_bytes(), max_output_size=1 << 26)
        assert content == path.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 1, *SEPTEMBER), "--quotes is 0"),
        ((1, -1, *SEPTEMBER), "--seed is -1"),
        ((1, 1, date(2026, 9, 1), date(2026, 9, 1)), "window is empty"),
        ((1, 1, date(1990, 1, 1), date(2026, 9, 1)), "at most 3660"),
    ],
)
def test_senseless_arguments_are_refused(arguments: tuple[int, int, date, date], message: str, tmp_path: Path) -> None:
    with pytest.raises(Unusable, match=message):
        simulator.run(*arguments, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_unknown_compression_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="lz4"):
        simulator.run(1, 1, *SEPTEMBER, tmp_path, "lz4")


def test_files_of_another_run_are_not_mixed_in(tmp_path: Path) -> None:
    (tmp_path / "cpq-2025-01.ndjson.gz").write_bytes(b"")
    with pytest.raises(Refused, match=r"cpq-2025-01\.ndjson\.gz"):
        simulator.run(20, 1, *SEPTEMBER, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["cpq-2025-01.ndjson.gz"]


def test_an_interrupted_run_leaves_the_old_files_and_can_be_repeated(tmp_path: Path) -> None:
    simulator.run(50, 1, *SEPTEMBER, tmp_path)
    before = fingerprints(tmp_path)

    def stop(done: int, of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulator.run(50, 2, *SEPTEMBER, tmp_path, progress=stop)
    assert fingerprints(tmp_path) == before
    simulator.run(50, 2, *SEPTEMBER, tmp_path)
    assert fingerprints(tmp_path).keys() == before.keys()
    assert fingerprints(tmp_path) != before


def test_a_single_quote_on_a_single_day(tmp_path: Path) -> None:
    summary = simulator.run(1, 1, date(2026, 9, 1), date(2026, 9, 2), tmp_path)
    assert summary.events_by_type["QuoteCreated"] == 1
