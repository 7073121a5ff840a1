"""Puts the accepted events of many small batches together, to be read in their place; the batches stay as they are.

A scan opens every file of the lake, and following leaves thousands of small ones a day. A compaction is derived: it is
proven equal to the batches before it is there, and when it is deleted the next one is made of them again.
"""

import contextlib
import fcntl
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from orchestration.errors import Unusable
from orchestration.home import Home
from orchestration.landing.checks import literal
from orchestration.landing.lake import Checkpoint, disk_errors, no_checkpoint, sync_folder, sync_tree
from orchestration.landing.layout import EVENT_COLUMNS, Batch, batches
from orchestration.landing.limits import MIB, Limits
from orchestration.landing.staging import connect
from orchestration.landing.writing import PARQUET
from orchestration.warehouse.compacted import (
    COMPACTION,
    FOLDER_PREFIX,
    Compaction,
    all_compactions,
    compactions,
    compactions_folder,
)

FORMAT = 1
LEAST_BATCHES = 256
# A batch that is no smaller than this is read well enough as it is.
SMALL_BYTES = 4 * MIB
MOST_BYTES = 256 * MIB
COLUMNS = (*EVENT_COLUMNS, "batch_seq")
Told = Callable[[str], None]


def compact(
    home: Home,
    *,
    least: int = LEAST_BATCHES,
    limits: Limits | None = None,
    checkpoint: Checkpoint = no_checkpoint,
    told: Told | None = None,
) -> list[Compaction]:
    """Compacts every run of at least `least` small batches (under 4 MiB each) that is in no compaction yet.

    Landing goes on meanwhile. Returns what was made, nothing while another process compacts; raises Unusable where a
    batch is not what its manifest says.
    """
    made: list[Compaction] = []
    if next(_runs(home, max(least, 2)), None) is None and not (compactions_folder(home) / "tmp").exists():
        return made
    with _alone(home) as is_alone:
        if is_alone:
            _drop_those_of_another_lake(home)
            for run in _runs(home, max(least, 2)):
                if told:
                    told(f"batches {run[0].batch_seq} to {run[-1].batch_seq} are put together")
                made.append(_compact(home, run, limits or Limits(), checkpoint))
    return made


def differing_rows_of_all(home: Home, limits: Limits | None = None) -> list[str]:
    """What is wrong with each compaction that is read: its files, by hash and by the rows of its batches."""
    found = compactions(home)
    told = [wrong for one in found for wrong in one.changed_files()]
    if found and not told:
        there = batches(home)
        with _scratch(home) as spill, connect(spill, limits or Limits()) as con:
            for one in found:
                told += differing_rows(con, one, [batch for batch in there if one.first <= batch.batch_seq <= one.last])
    return told


def differing_rows(con: duckdb.DuckDBPyConnection, compaction: Compaction, of: Sequence[Batch]) -> list[str]:
    """Every file of a compaction that does not hold the very rows of its batches; of its names, all are looked at."""
    told = []
    held = _files_by_name(of)
    for name in sorted(held.keys() | compaction.files.keys()):
        file = compaction.folder / name
        if name not in held or not file.exists():
            told.append(f"compaction {compaction.name}: {name} is of no batch, or missing")
            continue
        one, other = _rows(held[name]), f"(select {', '.join(COLUMNS)} from read_parquet({literal(str(file))}))"
        only_one, only_other = (f"(from {a} except all from {b})" for a, b in ((one, other), (other, one)))
        try:
            differing = con.execute(f"select count(*) from ({only_one} union all {only_other})").fetchone()
        except duckdb.OutOfMemoryException:
            raise
        except duckdb.Error as error:
            told.append(f"compaction {compaction.name}: {name} cannot be compared with its batches: {error}")
        else:
            if differing is None or differing[0]:
                told.append(f"compaction {compaction.name}: {name} does not hold the rows of its batches")
    return told


@contextlib.contextmanager
def _alone(home: Home) -> Iterator[bool]:
    """Whether this process is the only one that compacts; what a killed one left is removed."""
    folder = compactions_folder(home)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        shutil.rmtree(folder / "tmp", ignore_errors=True)
        yield True
        shutil.rmtree(folder / "tmp", ignore_errors=True)


@contextlib.contextmanager
def _scratch(home: Home) -> Iterator[Path]:
    """Where a comparison spills to; not where a compaction is being made."""
    with TemporaryDirectory(prefix="compare-", dir=compactions_folder(home)) as folder:
        yield Path(folder)


def _drop_those_of_another_lake(home: Home) -> None:
    usable = {one.folder for one in compactions(home)}
    for one in all_compactions(home):
        if one.folder not in usable:
            shutil.rmtree(one.folder)


def _runs(home: Home, least: int) -> Iterator[list[Batch]]:
    """Batches in order, all small and in no compaction, without a hole; together not too much for one."""
    covered = [(one.first, one.last) for one in compactions(home)]
    run: list[Batch] = []
    size = 0
    for batch in batches(home):
        bytes_ = sum(file["bytes"] for name, file in batch.manifest["files"].items() if name.startswith("events/"))
        is_free = batch.batch_seq and not any(first <= batch.batch_seq <= last for first, last in covered)
        if run and not (is_free and bytes_ < SMALL_BYTES and size + bytes_ <= MOST_BYTES):
            if len(run) >= least:
                yield run
            run, size = [], 0
        if is_free and bytes_ < SMALL_BYTES:
            run.append(batch)
            size += bytes_
    if len(run) >= least:
        yield run


def _compact(home: Home, run: Sequence[Batch], limits: Limits, checkpoint: Checkpoint) -> Compaction:
    first, last = run[0], run[-1]
    name = f"{FOLDER_PREFIX}{first.batch_seq:08d}-{last.batch_seq:08d}"
    temporary = compactions_folder(home) / "tmp" / name
    temporary.mkdir(parents=True)
    with disk_errors(f"compaction {name}"), connect(temporary.parent / "spill", limits) as con:
        files = {}
        for path, sources in _files_by_name(run).items():
            target = temporary / path
            target.parent.mkdir(parents=True)
            con.execute(f"copy (from {_rows(sources)} order by arrival_seq) to {literal(str(target))} ({PARQUET})")
            checkpoint("writing")
            content = target.read_bytes()
            rows = con.execute("select num_rows from parquet_file_metadata(?)", [str(target)]).fetchone()
            files[path] = {
                "rows": rows[0] if rows else 0,
                "bytes": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
            }
        made = Compaction(temporary, first.batch_seq, last.batch_seq, last.manifest_sha256, files)
        _prove(con, made, run)
        checkpoint("proven")
    kept = {
        "format": FORMAT,
        "first": made.first,
        "last": made.last,
        "last_manifest_sha256": made.last_manifest_sha256,
        "files": files,
    }
    (temporary / COMPACTION).write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    sync_tree(temporary)
    checkpoint("synced")
    folder = compactions_folder(home) / name
    temporary.rename(folder)
    checkpoint("renamed")
    sync_folder(folder.parent)
    return Compaction(folder, made.first, made.last, made.last_manifest_sha256, files)


def _prove(con: duckdb.DuckDBPyConnection, made: Compaction, run: Sequence[Batch]) -> None:
    """Raises Unusable unless the batches are what landed, and what was made of them holds their very rows."""
    for batch in run:
        for name, file in batch.manifest["files"].items():
            if name.startswith("events/"):
                content = (batch.folder / name).read_bytes()
                if hashlib.sha256(content).hexdigest() != file["sha256"]:
                    raise Unusable(f"{batch.folder / name} is not what was landed; run `tieout verify`")
    told = differing_rows(con, made, run)
    if told:
        raise Unusable("; ".join(told))


def _files_by_name(run: Sequence[Batch]) -> dict[str, list[Path]]:
    """The files of accepted events, by their path below the batch."""
    found: dict[str, list[Path]] = {}
    for batch in run:
        for name, file in batch.manifest["files"].items():
            if name.startswith("events/") and file["rows"]:
                found.setdefault(name, []).append(batch.folder / name)
    return found


def _rows(files: Sequence[Path]) -> str:
    listed = ", ".join(literal(str(file)) for file in files)
    return (
        f"(select {', '.join(COLUMNS)} from "
        f"read_parquet([{listed}], hive_partitioning = true, hive_types = {{'batch_seq': bigint}}))"
    )
