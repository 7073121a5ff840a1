"""The append-only, hash-chained ledger of audits, resolutions and releases; what a record means is up to its writer."""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from orchestration.errors import Unusable
from orchestration.home import Home

GENESIS = "0" * 64
FIELDS = ("body", "hash", "kind", "prev_hash", "recorded_at", "seq")
REPAIR = "repair"


@dataclass(frozen=True)
class Record:
    """One line of the ledger; `hash` is the SHA-256 of the canonical JSON of the other fields."""

    seq: int
    recorded_at: str
    kind: str
    body: dict[str, Any]
    prev_hash: str
    hash: str


@dataclass(frozen=True)
class Break:
    """One place where the chain does not hold: the line (from 1, equal to the expected seq) and what differs."""

    line: int
    what: str


NO_TORN_WRITE = "the last line has no end, and is no record that was cut short"


@dataclass(frozen=True)
class ChainResult:
    """What walking the ledger found: records that hold before the first break, last hash, bytes of a torn last line."""

    records: int
    head_hash: str
    breaks: tuple[Break, ...]
    torn_bytes: int

    @property
    def ok(self) -> bool:
        return not self.breaks


def canonical(value: Any) -> str:
    """JSON text with sorted keys and no white space; a float raises TypeError, because figures are kept as text."""
    _refuse_floats(value, "body")
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def append(home: Home, kind: str, body: dict[str, Any]) -> Record:
    """Append one record and return it once it is on disk. `body`: JSON values without floats."""
    return append_all(home, [(kind, body)])[0]


def append_all(home: Home, entries: Sequence[tuple[str, dict[str, Any]]]) -> list[Record]:
    """Append (kind, body) entries with one write and one fsync, nobody else's record between them.

    Killed in the middle, whole records of the front stay and the torn last line is dropped by the next append, which
    says so in a `repair` record before its own. Raises Unusable when the ledger's last record does not hold, or what is
    behind it is no write that was cut short.
    """
    path = home.ledger
    path.parent.mkdir(parents=True, exist_ok=True)
    with _locked(path) as handle:
        intact, torn = _split_tail(handle)
        last = _last_record(handle, intact, path)
        if torn and not _is_torn_write(torn):
            raise Unusable(f"{path}: {NO_TORN_WRITE}. Restore it from a backup.")
        pending = list(entries)
        if torn:
            pending.insert(
                0, (REPAIR, {"dropped_bytes": len(torn), "dropped_sha256": hashlib.sha256(torn).hexdigest()})
            )
        records = list(_chained(last, pending))
        os.ftruncate(handle, intact)
        _write_or_undo(handle, intact, "".join(_line(record) for record in records).encode(), path)
        _sync_folder(path.parent)
    return records[len(records) - len(entries) :]


def read(home: Home) -> Iterator[Record]:
    """Every whole record in order; raises Unusable at the first that does not hold: no gate reads past a break."""
    prev_hash, seq = GENESIS, 0
    for line_number, line in _lines(home.ledger):
        if not line.endswith(b"\n"):
            return
        record, what = _check(line, seq + 1, prev_hash)
        if record is None:
            raise Unusable(f"{home.ledger}, record {line_number}: {what}. Run `tieout verify` and restore the ledger.")
        yield record
        prev_hash, seq = record.hash, record.seq


def walk(home: Home) -> ChainResult:
    """Check every record: form, number, chain and hash. A break is told once; the walk goes on from what is there."""
    prev_hash, held, torn = GENESIS, 0, 0
    breaks: list[Break] = []
    for line_number, line in _lines(home.ledger):
        if not line.endswith(b"\n"):
            torn = len(line)
            if not _is_torn_write(line):
                breaks.append(Break(line_number, NO_TORN_WRITE))
            break
        record, what = _check(line, line_number, prev_hash)
        if record is None:
            breaks.append(Break(line_number, what))
            prev_hash = _stored_hash(line)
        else:
            prev_hash = record.hash
            held += 0 if breaks else 1
    return ChainResult(held, prev_hash, tuple(breaks), torn)


def _chained(last: Record | None, entries: Iterable[tuple[str, dict[str, Any]]]) -> Iterator[Record]:
    seq, prev_hash = (last.seq, last.hash) if last else (0, GENESIS)
    recorded_at = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    for kind, body in entries:
        seq += 1
        rest = {"seq": seq, "recorded_at": recorded_at, "kind": kind, "body": body, "prev_hash": prev_hash}
        prev_hash = hashlib.sha256(canonical(rest).encode()).hexdigest()
        yield Record(hash=prev_hash, **rest)  # type: ignore[arg-type]


def _line(record: Record) -> str:
    return canonical(vars(record)) + "\n"


def _check(line: bytes, seq: int, prev_hash: str) -> tuple[Record | None, str]:
    """The record of a line, or None and what is wrong with it."""
    try:
        stored = json.loads(line)
    except ValueError:
        return None, "the line is not JSON"
    if not isinstance(stored, dict) or tuple(sorted(stored)) != FIELDS or not isinstance(stored["body"], dict):
        return None, f"the line is not a record with the fields {', '.join(FIELDS)}"
    record = Record(**stored)
    try:
        same_text = _line(record).encode() == line
    except TypeError:
        same_text = False
    if not same_text:
        return None, "the line is not written as canonical JSON: it was edited"
    if record.seq != seq:
        return None, f"seq is {record.seq}, expected {seq}: a record was removed, added or moved"
    if record.prev_hash != prev_hash:
        return None, f"prev_hash is {record.prev_hash[:12]}…, but the record before ends on {prev_hash[:12]}…"
    rest = {key: value for key, value in stored.items() if key != "hash"}
    computed = hashlib.sha256(canonical(rest).encode()).hexdigest()
    if record.hash != computed:
        return None, f"hash is {record.hash[:12]}…, but the content gives {computed[:12]}…: the content was changed"
    return record, ""


def _stored_hash(line: bytes) -> str:
    try:
        stored = json.loads(line)
    except ValueError:
        return ""
    return str(stored.get("hash", "")) if isinstance(stored, dict) else ""


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    if not path.exists():
        return
    with path.open("rb") as handle:
        yield from enumerate(handle, start=1)


class _locked:
    """The ledger opened for reading and appending under an exclusive lock; closing it releases the lock."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> int:
        self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        fcntl.flock(self._handle, fcntl.LOCK_EX)
        return self._handle

    def __exit__(self, *_: object) -> None:
        os.close(self._handle)


def _is_torn_write(tail: bytes) -> bool:
    """Whether bytes without a newline can be the front of a record: anything else was changed after it was written."""
    try:
        text = tail.decode("ascii")
    except UnicodeDecodeError:
        return False
    try:
        _, end = json.JSONDecoder().raw_decode(text)
    except ValueError:
        return text.isprintable()
    return end == len(text)


def _split_tail(handle: int) -> tuple[int, bytes]:
    """The length of the whole lines, and the bytes of a torn last line behind them."""
    size = os.fstat(handle).st_size
    tail = b""
    while size - len(tail) > 0:
        step = min(65536, size - len(tail))
        tail = os.pread(handle, step, size - len(tail) - step) + tail
        newline = tail.rfind(b"\n")
        if newline >= 0:
            return size - len(tail) + newline + 1, tail[newline + 1 :]
    return 0, tail


def _last_record(handle: int, intact: int, path: Path) -> Record | None:
    if intact == 0:
        return None
    line, position = b"", intact
    while position > 0 and line.count(b"\n", 0, len(line) - 1) == 0:
        step = min(65536, position)
        position -= step
        line = os.pread(handle, step, position) + line
    line = line[line.rfind(b"\n", 0, len(line) - 1) + 1 :]
    try:
        stored = json.loads(line)
        seq, prev_hash = int(stored["seq"]), str(stored["prev_hash"])
    except (ValueError, TypeError, KeyError):
        raise Unusable(f"{path}: the last record cannot be read. Run `tieout verify` and restore the ledger.") from None
    record, what = _check(line, seq, prev_hash)
    if record is None:
        raise Unusable(f"{path}, record {seq}: {what}. Run `tieout verify` and restore the ledger.")
    return record


def _write_or_undo(handle: int, intact: int, data: bytes, path: Path) -> None:
    """Write everything and make it durable; on a full disk put the file back as it was."""
    try:
        written = 0
        while written < len(data):
            written += os.write(handle, data[written:])
        os.fsync(handle)
    except OSError as error:
        os.ftruncate(handle, intact)
        raise Unusable(f"{path}: cannot append to the ledger: {error.strerror}. Nothing was recorded.") from error


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _refuse_floats(value: Any, where: str) -> None:
    if isinstance(value, float):
        raise TypeError(f"ledger {where}: {value!r} is a float; give figures as text")
    if isinstance(value, dict):
        for key, item in value.items():
            _refuse_floats(item, f"{where}.{key}")
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            _refuse_floats(item, f"{where}[{index}]")
