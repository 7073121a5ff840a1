"""Lands event files: one file becomes one batch of the lake, whole or not at all."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from orchestration.errors import Unusable
from orchestration.home import Home
from orchestration.landing.decompress import read_blocks
from orchestration.landing.framing import Framing, OddLine, rows_of
from orchestration.landing.identity import settle
from orchestration.landing.inputs import OpenedFile, find, is_array_by_name, opened
from orchestration.landing.known import KnownIds
from orchestration.landing.lake import (
    Checkpoint,
    batch_in_progress,
    create_empty,
    disk_errors,
    lake_lock,
    no_checkpoint,
)
from orchestration.landing.layout import Batch, LakeState, lake_state, temporary_folder
from orchestration.landing.limits import Limits
from orchestration.landing.repeated import repeat_decisions
from orchestration.landing.results import DiskFull, FileResult, FilesUnusable, LandResult, Status, Verdicts
from orchestration.landing.staging import Staging, connect
from orchestration.landing.writing import Draft, write_batch

# Called with the file's name, the bytes read so far and the bytes that it has on disk.
Progress = Callable[[str, int, int], None]
# Called as soon as the lines of a file are in the lake.
Told = Callable[[FileResult], None]


def no_progress(name: str, done: int, size: int) -> None:
    """Shows nothing."""


def land(
    home: Home,
    paths: Sequence[Path],
    *,
    progress: Progress | None = None,
    limits: Limits | None = None,
    checkpoint: Checkpoint = no_checkpoint,
    known: KnownIds | None = None,
    told: Told | None = None,
) -> LandResult:
    """Lands files, and the event files of folders in name order; each file is one batch.

    Who lands again and again keeps `known`, and spares itself most of what is asked of the lake. `told` is called with
    each file as soon as it has landed. Raises FilesUnusable when files cannot be read, after the others have landed;
    DiskFull at once.
    """
    return Lander(home, limits or Limits(), progress or no_progress, checkpoint, known, told).land(paths)


class Lander:
    """One landing run. `checkpoint` is called at named points, so that tests can stop there."""

    def __init__(
        self,
        home: Home,
        limits: Limits,
        progress: Progress,
        checkpoint: Checkpoint,
        known: KnownIds | None = None,
        told: Told | None = None,
    ) -> None:
        self._known = known
        self._told = told
        self._home = home
        self._limits = limits
        self._progress = progress
        self._checkpoint = checkpoint

    def land(self, paths: Sequence[Path]) -> LandResult:
        inputs = find(paths, self._limits)
        errors = inputs.errors
        results: list[FileResult] = []
        spill = temporary_folder(self._home) / "spill"
        # One DuckDB for all files: to start one takes longer than to land a small file.
        with lake_lock(self._home, self._limits), connect(spill, self._limits) as con:
            create_empty(self._home, self._checkpoint)
            state = lake_state(self._home)
            for path in inputs.files:
                try:
                    with opened(path) as file:
                        results.append(self._land_file(file, state, con))
                    if self._told:
                        self._told(results[-1])
                    state = state.grown(self._home)
                except DiskFull:
                    raise
                except Unusable as error:
                    errors.append(str(error))
            repeat_decisions(self._home)
            result = LandResult(tuple(results), state.high_water, tuple(errors), tuple(inputs.skipped))
        if errors:
            raise FilesUnusable(result)
        return result

    def _land_file(self, file: OpenedFile, lake: LakeState, con: duckdb.DuckDBPyConnection) -> FileResult:
        earlier = lake.by_sha256.get(file.sha256)
        if earlier:
            return _seen_again(file, earlier)
        namesakes = lake.by_name.get(file.path.name, ())
        with disk_errors(f"the batch of {file.path.name}"):
            staging = Staging(con)
            framing = self._stage(file, staging)
            self._checkpoint("staged")
            if framing.refused:
                refused_before = [one for one in namesakes if one.manifest["file"]["sha256"] == file.sha256]
                if refused_before:
                    return _seen_again(file, refused_before[-1])
                staging = Staging(con)
                staging.take_one_by_one([OddLine(0, 0, b"", framing.refused.reason, str(framing.refused))])
                framing = Framing(self._limits, rows=1, refused=framing.refused)
            settle(staging, lake, lake.next_arrival_seq, file.path.name, self._known)
            self._fetch_raw_lines(file, staging)
            self._checkpoint("settled")
            draft = Draft(
                batch_seq=lake.high_water + 1,
                kind="file",
                first_arrival_seq=lake.next_arrival_seq,
                rows=framing.rows,
                file_name=file.path.name,
                file={
                    "name": file.path.name,
                    "sha256": file.sha256,
                    "bytes": file.size,
                    "lines": framing.rows,
                    "blank": framing.blank,
                    "refused": framing.refused is not None,
                },
                landed_at=datetime.now(UTC),
                previous_manifest_sha256=lake.batches[-1].manifest_sha256,
            )
            with batch_in_progress(self._home, draft.batch_seq, self._checkpoint) as folder:
                _, verdicts = write_batch(staging, draft, folder, self._checkpoint)
                file.check_unchanged()
        return FileResult(
            path=file.path,
            sha256=file.sha256,
            size=file.size,
            lines=framing.rows,
            blank=framing.blank,
            verdicts=verdicts,
            status=Status.SAME_NAME_OTHER_CONTENT if namesakes else Status.LANDED,
            batch_seq=draft.batch_seq,
            messages=_messages(file, framing, namesakes),
        )

    def _stage(self, file: OpenedFile, staging: Staging) -> Framing:
        framing = Framing(self._limits, is_array_by_name(file.path))
        for chunk in framing.chunks(self._blocks(file)):
            staging.take(chunk)
            self._progress(file.path.name, file.file.tell(), file.size)
        return framing

    def _fetch_raw_lines(self, file: OpenedFile, staging: Staging) -> None:
        wanted = staging.conflicts_without_raw_line()
        if wanted:
            framing = Framing(self._limits, is_array_by_name(file.path))
            for chunk in framing.chunks(self._blocks(file)):
                staging.add_raw_lines(rows_of(chunk, wanted))

    def _blocks(self, file: OpenedFile) -> Iterator[bytes]:
        return read_blocks(file.rewind(), file.path, self._limits)


def _seen_again(file: OpenedFile, earlier: Batch) -> FileResult:
    landed: dict[str, Any] = earlier.manifest["file"]
    name = file.path.name
    as_other = f" as {landed['name']}" if landed["name"] != name else ""
    return FileResult(
        path=file.path,
        sha256=file.sha256,
        size=file.size,
        lines=landed["lines"],
        blank=landed["blank"],
        verdicts=Verdicts(**earlier.manifest["verdicts"]).when_seen_again(),
        status=Status.ALREADY_LANDED,
        batch_seq=earlier.batch_seq,
        messages=(f"{name}: the same content landed before{as_other}, in batch {earlier.batch_seq}; nothing is new",),
    )


def _messages(file: OpenedFile, framing: Framing, namesakes: Sequence[Batch]) -> tuple[str, ...]:
    messages = []
    if namesakes:
        seqs = ", ".join(str(batch.batch_seq) for batch in namesakes)
        messages.append(f"{file.path.name}: a file of this name with other content landed before, in batch {seqs}")
    if framing.refused:
        messages.append(f"{file.path.name}: refused as a whole, {framing.refused}")
    return tuple(messages)
