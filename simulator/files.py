"""Writes the lines of a run: one file per source and month, plain, gzip or zstd, put in place when all are complete."""

import gzip
import shutil
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Any, NamedTuple, cast

import numpy as np
import zstandard

from orchestration.errors import Refused
from simulator.envelopes import Lines
from simulator.text import Text
from simulator.window import Window, milliseconds

_UNFINISHED = ".unfinished"
TRUTH_FILE = "faults.truth"
"""NDJSON beside the event files, under a name that landing does not take for events."""


def _gzip(raw: IO[bytes]) -> IO[bytes]:
    # No name and no time in the header: the same lines give the same bytes.
    return cast(IO[bytes], gzip.GzipFile(filename="", mode="wb", compresslevel=5, fileobj=raw, mtime=0))


def _zstd(raw: IO[bytes]) -> IO[bytes]:
    return cast(IO[bytes], zstandard.ZstdCompressor(level=3).stream_writer(raw, closefd=False))


_COMPRESSORS: dict[str, tuple[str, Callable[[IO[bytes]], IO[bytes]]]] = {
    "none": (".ndjson", lambda raw: raw),
    "gzip": (".ndjson.gz", _gzip),
    "zstd": (".ndjson.zst", _zstd),
}
COMPRESSIONS = tuple(_COMPRESSORS)


def _line_bytes(lines: Text, first: int, last: int) -> memoryview:
    """The bytes of lines `first` to `last` (exclusive) without a copy."""
    if lines.offset:
        raise ValueError("the lines must start their own buffer")
    offsets = np.frombuffer(lines.buffers()[1], dtype=np.int32)
    return memoryview(lines.buffers()[2])[int(offsets[first]) : int(offsets[last])]


class Place(NamedTuple):
    """Where lines were written: the file, the number (from 1) that the first has there, and which rows they were."""

    file: str
    number: int
    first: int
    last: int


class EventFiles:
    """The files of one run. As a context: an exception leaves the folder as it was."""

    def __init__(self, out: Path, window: Window, compression: str) -> None:
        self.out = out
        self.months = list(window.months())
        self.suffix, self._compressed = _COMPRESSORS[compression]
        self.counts: dict[str, int] = {}
        self._files: dict[str, tuple[IO[bytes], IO[bytes]]] = {}
        self._edges = np.array([milliseconds(month.start) for month in self.months] + [window.end_ms], dtype=np.int64)

    @property
    def _unfinished(self) -> Path:
        return self.out / _UNFINISHED

    def __enter__(self) -> "EventFiles":
        self.out.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self._unfinished, ignore_errors=True)
        self._unfinished.mkdir()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file, raw in self._files.values():
            file.close()
            raw.close()
        try:
            if kind is None:
                self._put_in_place()
        finally:
            shutil.rmtree(self._unfinished, ignore_errors=True)

    def _put_in_place(self) -> None:
        strangers = sorted(
            path.name for path in self.out.iterdir() if ".ndjson" in path.suffixes and path.name not in self.counts
        )
        if strangers:
            names = ", ".join(strangers[:3]) + (" …" if strangers[3:] else "")
            raise Refused(f"{self.out} holds event files of another run ({names}): remove them or take another folder")
        for name in sorted(self.counts):
            (self._unfinished / name).replace(self.out / name)
        truth = self._unfinished / TRUTH_FILE
        if truth.exists():
            truth.replace(self.out / TRUTH_FILE)
        else:
            (self.out / TRUTH_FILE).unlink(missing_ok=True)

    def write(self, lines: Lines) -> list[Place]:
        """Append lines to the files of their months; where they went."""
        edges = np.searchsorted(lines.time, self._edges).tolist()
        places = []
        for month, first, last in zip(self.months, edges[:-1], edges[1:], strict=True):
            if last > first:
                data = _line_bytes(lines.line, first, last)
                places.append(Place(*self._append(lines.source, month.name, data, last - first), first, last))
        return places

    def write_text(self, source: str, month: str, line: str) -> Place:
        """Append one line to the file of a source and month; where it went."""
        return Place(*self._append(source, month, memoryview(line.encode()), 1), 0, 1)

    def write_truth(self, text: str) -> None:
        """The truth about the faults of the run; a run without faults takes an old one away."""
        (self._unfinished / TRUTH_FILE).write_text(text, "utf-8")

    def _append(self, source: str, month: str, data: memoryview, count: int) -> tuple[str, int]:
        name = f"{source}-{month}{self.suffix}"
        if name not in self._files:
            raw = (self._unfinished / name).open("wb")
            self._files[name] = (self._compressed(raw), raw)
            self.counts[name] = 0
        cast(Any, self._files[name][0]).write(data)
        self.counts[name] += count
        return name, self.counts[name] - count + 1
