"""Cuts the bytes of a file into lines, a chunk at a time, without looking at what they say.

A line ends at LF (a CR before it is white space; a CR alone ends nothing). A file that is one JSON array, and a line
that is one, give a row per element; the line number is then that of the element, or of the line that holds it. Lines
without an event (white space only, an empty array) are only counted. A byte order mark at the start is skipped.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from orchestration.contracts.reasons import Reason
from orchestration.landing import json_arrays
from orchestration.landing.decompress import BrokenArchive, FileRefused
from orchestration.landing.limits import Limits

BOM = b"\xef\xbb\xbf"
TRUNCATED_FILE = "truncated_file"
_NEWLINE, _OPENING = ord("\n"), ord("[")
_FIRST_TO_LOOK_AT = np.zeros(256, np.bool_)
_FIRST_TO_LOOK_AT[[*json_arrays.JSON_SPACE, _OPENING]] = True
_ROWS_PER_BATCH = 8192
SCHEMA = pa.schema([("n", pa.int64()), ("line_number", pa.int64()), ("line", pa.string())])


@dataclass(frozen=True)
class OddLine:
    """A line that DuckDB cannot be shown as text. `reason` is empty where the judge is to say what is wrong."""

    n: int
    line_number: int
    raw: bytes
    reason: str = ""
    message: str = ""


@dataclass(frozen=True)
class Chunk:
    """Lines in order: `n` numbers the rows of the file from 0 without holes, over `lines` and `odd` together."""

    lines: pa.Table
    odd: list[OddLine] = field(default_factory=list)

    @property
    def first_n(self) -> int:
        """The number of its first row."""
        numbers: list[int] = [*self.lines["n"].slice(0, 1).to_pylist(), *(line.n for line in self.odd)]
        return min(numbers)


@dataclass
class Framing:
    """Cuts one file; `rows` and `blank` are complete when `chunks` is exhausted. `refused`: nothing of it may land."""

    limits: Limits
    is_array_by_name: bool = False
    rows: int = 0
    blank: int = 0
    line_number: int = 0
    refused: FileRefused | None = None

    def chunks(self, blocks: Iterable[bytes]) -> Iterator[Chunk]:
        """The lines of a file given as blocks of any size."""
        source = _Source(iter(blocks), self.limits)
        head = source.peek()
        if head.startswith(BOM):
            source.skip(len(BOM))
            head = head[len(BOM) :]
        if self._is_array(head):
            yield from self._array_chunks(source)
        else:
            yield from self._line_chunks(source)
        self.refused = source.refused
        if source.broken:
            self.line_number += 1
            yield self._only(OddLine(self._take_n(), self.line_number, source.rest, TRUNCATED_FILE, source.broken))

    def _is_array(self, head: bytes) -> bool:
        first_line = head.lstrip(json_arrays.JSON_SPACE).partition(b"\n")[0].strip(json_arrays.JSON_SPACE)
        return first_line == b"[" or (self.is_array_by_name and first_line.startswith(b"["))

    def _line_chunks(self, source: "_Source") -> Iterator[Chunk]:
        while (text := source.through_last(b"\n")) or source.is_long:
            if text:
                yield self._cut(text)
            else:
                self.line_number += 1
                yield self._only(source.long_line(self._take_n(), self.line_number))

    def _array_chunks(self, source: "_Source") -> Iterator[Chunk]:
        source.skip_through(b"[")
        is_first = True
        while True:
            text = source.available()
            found = json_arrays.split(text)
            elements = found.elements(text)
            if is_first and found.closed and len(elements) == 1 and not elements[0].strip(json_arrays.JSON_SPACE):
                elements = []
            is_first = is_first and not elements
            yield self._rows(elements, [self.line_number + i + 1 for i in range(len(elements))])
            self.line_number += len(elements)
            source.skip(found.ends[-1] + 1 if found.ends else 0)
            if found.closed or source.is_exhausted or not (found.ends or source.grow()):
                break
        rest = source.everything()
        if found.closed:
            if rest.raw.strip(json_arrays.JSON_SPACE):
                yield self._tail(rest, Reason.NOT_JSON, "text after the end of the JSON array")
        elif not source.broken:
            too_long = rest.size > self.limits.line_bytes
            reason = Reason.LINE_TOO_LONG if too_long else TRUNCATED_FILE
            yield self._tail(rest, reason, "the JSON array is not closed" + (f"; {rest.size} bytes" * too_long))
        else:
            source.rest = rest.raw

    def _tail(self, rest: "_Kept", reason: str, message: str) -> Chunk:
        self.line_number += 1
        return self._only(OddLine(self._take_n(), self.line_number, rest.raw, reason, message + rest.note))

    def _cut(self, text: bytes) -> Chunk:
        codes = np.frombuffer(text, np.uint8)
        ends = np.flatnonzero(codes == _NEWLINE) + 1
        if not len(ends) or ends[-1] != len(text):
            ends = np.append(ends, len(text))
        offsets = np.concatenate([np.zeros(1, np.int64), ends])
        first_number = self.line_number + 1
        self.line_number += len(ends)
        starts, lengths = offsets[:-1], np.diff(offsets)
        to_look_at = _FIRST_TO_LOOK_AT[codes[starts]] | (codes[starts] == _NEWLINE) | (lengths > self.limits.line_bytes)
        if not to_look_at.any() and _is_utf8(text):
            return Chunk(self._table(pa.py_buffer(text), offsets, np.arange(first_number, first_number + len(ends))))
        rows: list[bytes] = []
        numbers: list[int] = []
        for i in range(len(ends)):
            line = text[starts[i] : offsets[i + 1]]
            found = self._look_at(line) if to_look_at[i] else [line]
            rows += found
            numbers += [first_number + i] * len(found)
            self.blank += not found
        return self._rows(rows, numbers)

    def _look_at(self, line: bytes) -> list[bytes]:
        """The rows of a line that begins with white space or a bracket, or that is long."""
        if len(line) > self.limits.line_bytes:
            return [line]
        text = line.strip(json_arrays.JSON_SPACE)
        if not text:
            return []
        elements = json_arrays.whole_array(text) if text.startswith(b"[") else None
        return [line] if elements is None else elements

    def _rows(self, rows: list[bytes], numbers: list[int]) -> Chunk:
        odd = []
        plain: list[bytes] = []
        ns: list[int] = []
        plain_numbers: list[int] = []
        for row, number in zip(rows, numbers, strict=True):
            n = self._take_n()
            if len(row) > self.limits.line_bytes:
                message = f"{len(row)} bytes; a line may have {self.limits.line_bytes}"
                odd.append(OddLine(n, number, row, Reason.LINE_TOO_LONG, message))
            elif _is_utf8(row):
                plain.append(row)
                ns.append(n)
                plain_numbers.append(number)
            else:
                odd.append(OddLine(n, number, row))
        table = pa.table([ns, plain_numbers, pa.array(plain, pa.binary()).cast(pa.string())], schema=SCHEMA)
        return Chunk(table, odd)

    def _table(self, text: pa.Buffer, offsets: NDArray[np.int64], numbers: NDArray[np.int64]) -> pa.Table:
        first = self.rows
        self.rows += len(numbers)
        ns = np.arange(first, self.rows)
        lines = pa.StringArray.from_buffers(len(numbers), pa.py_buffer(offsets.astype(np.int32)), text)
        whole = pa.RecordBatch.from_arrays([_int64s(ns), _int64s(numbers), lines], schema=SCHEMA)
        # DuckDB reads batches in parallel.
        parts = [whole.slice(at, _ROWS_PER_BATCH) for at in range(0, len(numbers), _ROWS_PER_BATCH)]
        return pa.Table.from_batches(parts, schema=SCHEMA)

    def _take_n(self) -> int:
        self.rows += 1
        return self.rows - 1

    @staticmethod
    def _only(odd: OddLine) -> Chunk:
        return Chunk(SCHEMA.empty_table(), [odd])


def _int64s(numbers: NDArray[np.int64]) -> pa.Array:
    """As Arrow, without a copy (and without `pa.array`, which imports pandas)."""
    return pa.Array.from_buffers(pa.int64(), len(numbers), [None, pa.py_buffer(numbers)])


def _is_utf8(text: bytes) -> bool:
    if text.isascii():
        return True
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


@dataclass(frozen=True)
class _Kept:
    """A long stretch of bytes: the part that is kept, its true size, and a note where some was left out."""

    raw: bytes
    size: int
    note: str


class _Source:
    """Blocks as a buffer that is read from its front, never much longer than a chunk or the longest line.

    `broken` says how the file broke off, `rest` what stood after its last whole line.
    """

    def __init__(self, blocks: Iterator[bytes], limits: Limits) -> None:
        self._blocks = blocks
        self._limits = limits
        self._buffer = b""
        self._target = limits.chunk_bytes
        self.is_exhausted = False
        self.is_long = False
        self.broken = ""
        self.refused: FileRefused | None = None
        self.rest = b""

    def peek(self) -> bytes:
        self._fill(4096)
        return self._buffer[:65536]

    def skip(self, size: int) -> None:
        self._buffer = self._buffer[size:]

    def skip_through(self, mark: bytes) -> None:
        self._buffer = self._buffer.partition(mark)[2]

    def available(self) -> bytes:
        self._fill(self._target)
        return self._buffer

    def grow(self) -> bool:
        """Reads further for what is longer than a chunk; False when it is longer than a line may be."""
        self._target *= 2
        return len(self._buffer) <= self._limits.line_bytes

    def through_last(self, mark: bytes) -> bytes:
        """The next stretch that ends in `mark` (or the end of the file); `is_long` when none fits into a line."""
        self._fill(self._limits.chunk_bytes)
        while b"\n" not in self._buffer and not self.is_exhausted and len(self._buffer) <= self._limits.line_bytes:
            self._fill(len(self._buffer) + self._limits.chunk_bytes)
        cut = self._buffer.rfind(mark) + 1
        if self.is_exhausted:
            if self.broken or self.refused:
                self.rest = self._buffer[cut:]
            else:
                cut = len(self._buffer)
        elif not cut:
            self.is_long = True
            return b""
        text, self._buffer = self._buffer[:cut], self._buffer[cut:]
        return text

    def long_line(self, n: int, line_number: int) -> OddLine:
        """The long line at the front, read to its end, of which a bounded part is kept."""
        kept = self._drain(until_newline=True)
        self.is_long = False
        message = f"{kept.size} bytes; a line may have {self._limits.line_bytes}{kept.note}"
        return OddLine(n, line_number, kept.raw, Reason.LINE_TOO_LONG, message)

    def everything(self) -> _Kept:
        """All that is left, of which a bounded part is kept."""
        return self._drain(until_newline=False)

    def _drain(self, *, until_newline: bool) -> _Kept:
        kept = bytearray()
        size = 0
        digest = hashlib.sha256()
        while True:
            cut = self._buffer.find(b"\n") + 1 if until_newline else 0
            part = self._buffer[:cut] if cut else self._buffer
            digest.update(part)
            kept += part[: max(0, self._limits.kept_bytes - len(kept))]
            size += len(part)
            self._buffer = self._buffer[len(part) :]
            if cut or self.is_exhausted:
                break
            self._fill(self._limits.chunk_bytes)
        note = "" if size == len(kept) else f"; the first {len(kept)} are kept, sha256 of all is {digest.hexdigest()}"
        return _Kept(bytes(kept), size, note)

    def _fill(self, size: int) -> None:
        parts: list[bytes] = [self._buffer]
        have = len(self._buffer)
        while have < size and not self.is_exhausted:
            block = self._next()
            parts.append(block)
            have += len(block)
        if len(parts) > 1:
            self._buffer = b"".join(parts)

    def _next(self) -> bytes:
        try:
            return next(self._blocks)
        except StopIteration:
            self.is_exhausted = True
        except BrokenArchive as error:
            self.is_exhausted, self.broken = True, str(error)
        except FileRefused as error:
            self.is_exhausted, self.refused = True, error
        return b""


def rows_of(chunk: Chunk, wanted: set[int]) -> dict[int, bytes]:
    """The raw bytes of some rows of a chunk, by n."""
    found: dict[int, Any] = {odd.n: odd.raw for odd in chunk.odd if odd.n in wanted}
    ns = chunk.lines["n"].to_numpy()
    at = np.flatnonzero(np.isin(ns, np.fromiter(wanted, np.int64, len(wanted))))
    lines = chunk.lines["line"]
    for i in at:
        found[int(ns[i])] = lines[int(i)].as_buffer().to_pybytes()
    return found
