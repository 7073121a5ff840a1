"""Reads the quarantine: which lines were not accepted, what is open among them, and what a conflict is about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestration.contracts.strict_json import Problem, read, write
from orchestration.contracts.validate import canonical, judge
from orchestration.errors import Unusable
from orchestration.home import Home
from orchestration.landing.content import native_json, parts_of
from orchestration.landing.layout import QUARANTINE_COLUMNS, QUARANTINE_FILE, batches_folder, lake_state
from orchestration.landing.recorded import event_files, one_identity, read_files
from orchestration.landing.resolutions import Resolution, resolutions
from orchestration.landing.results import Verdict

_HEAVY = ("raw_line", "existing_content")
_LISTED = tuple(name for name in QUARANTINE_COLUMNS if name not in _HEAVY)


@dataclass(frozen=True)
class Entry:
    """A quarantine row without its contents. `resolution` is None while it is open."""

    arrival_seq: int
    batch_seq: int
    verdict: Verdict
    reason_code: str
    field: str
    message: str
    file_name: str
    line_number: int
    source_system: str | None
    event_id: str | None
    event_type: str | None
    aggregate_type: str | None
    aggregate_id: str | None
    content_hash: str | None
    existing_arrival_seq: int | None
    resolution: Resolution | None


@dataclass(frozen=True)
class Filters:
    """Which rows are meant: each filter that is given must hold. Without `with_resolved` only open rows."""

    verdict: Verdict | None = None
    reason_code: str | None = None
    source_system: str | None = None
    event_type: str | None = None
    event_id: str | None = None
    aggregate_id: str | None = None
    file_name: str | None = None
    batch_seq: int | None = None
    arrival_seqs: tuple[int, ...] = ()
    with_resolved: bool = False


@dataclass(frozen=True)
class Difference:
    """A field in which two contents differ; JSON text of each side, None where it has no such field."""

    field: str
    first: str | None
    second: str | None


@dataclass(frozen=True)
class Shown:
    """A quarantine row with its bytes; for a conflict also both events in native form (UTC), and what differs."""

    entry: Entry
    raw_line: bytes
    first: str | None = None
    second: str | None = None
    differences: tuple[Difference, ...] = ()


def entries(home: Home, filters: Filters | None = None) -> list[Entry]:
    """Quarantine rows in order of arrival; none where there is no lake yet."""
    filters = filters or Filters()
    resolved = {one.arrival_seq: one for one in resolutions(home)}
    found = [
        Entry(**{**row, "verdict": Verdict(row["verdict"]), "resolution": resolved.get(row["arrival_seq"])})
        for row in _rows(home, _LISTED, filters)
    ]
    return [one for one in found if filters.with_resolved or one.resolution is None]


def entry(home: Home, arrival_seq: int) -> Entry:
    """One quarantine row. Raises Unusable when there is none of this arrival."""
    found = entries(home, Filters(arrival_seqs=(arrival_seq,), with_resolved=True))
    if not found:
        raise Unusable(f"no line in quarantine has arrival {arrival_seq}; `tieout quarantine list` shows those that do")
    return found[0]


def raw_lines(home: Home, arrival_seqs: Sequence[int]) -> Mapping[int, bytes]:
    """The bytes of quarantine rows by arrival."""
    rows = _rows(home, ("arrival_seq", "raw_line"), Filters(arrival_seqs=tuple(arrival_seqs)))
    return {row["arrival_seq"]: bytes(row["raw_line"] or b"") for row in rows}


def in_force(home: Home, source_system: str, event_id: str) -> int:
    """The arrival of the accepted event that is in force under an identity. Raises Unusable when there is none."""
    import duckdb

    files = event_files(lake_state(home), one_identity(source_system, event_id))
    with duckdb.connect(":memory:") as con:
        query = f"select max(arrival_seq) from {read_files(files)} where source_system = ? and event_id = ?"
        row = con.execute(query, [source_system, event_id]).fetchone()
    if row is None or row[0] is None:
        raise Unusable(f"no accepted event {event_id!r} of {source_system!r} is in the lake")
    return int(row[0])


def shown(home: Home, arrival_seq: int) -> Shown:
    """One row with all there is to see. Raises Unusable when there is none of this arrival."""
    about = entry(home, arrival_seq)
    row = next(iter(_rows(home, _HEAVY, Filters(arrival_seqs=(arrival_seq,)))))
    raw = bytes(row["raw_line"] or b"")
    verdict = judge(raw)
    first = row["existing_content"]
    if about.verdict is not Verdict.CONFLICT or first is None or isinstance(verdict, Problem):
        return Shown(about, raw)
    second = native_json(parts_of(verdict))
    return Shown(about, raw, first, second, differences(read(first.encode()), read(second.encode())))


def differences(first: Any, second: Any, path: str = "") -> tuple[Difference, ...]:
    """Where two JSON values differ, down to the smallest fields, in the order of their names."""
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        names = sorted({*first, *second})
        paths = [f"{path}.{name}" if path else name for name in names]
        pairs = [(p, first.get(n, _ABSENT), second.get(n, _ABSENT)) for p, n in zip(paths, names, strict=True)]
    elif isinstance(first, list) and isinstance(second, list):
        longest = range(max(len(first), len(second)))
        pairs = [(f"{path}[{i}]", _at(first, i), _at(second, i)) for i in longest]
    elif first is _ABSENT or second is _ABSENT or canonical(first) != canonical(second):
        return (Difference(path, _text(first), _text(second)),)
    else:
        return ()
    return tuple(found for name, one, other in pairs for found in differences(one, other, name))


_ABSENT = object()


def _at(values: list[Any], index: int) -> Any:
    return values[index] if index < len(values) else _ABSENT


def _text(value: Any) -> str | None:
    return None if value is _ABSENT else write(value)


def _rows(home: Home, columns: Sequence[str], filters: Filters) -> list[dict[str, Any]]:
    import duckdb

    files = sorted(batches_folder(home).glob(f"batch_seq=*/{QUARANTINE_FILE}"))
    if not files:
        return []
    wanted = {name: getattr(filters, name) for name in _FILTERED if getattr(filters, name) is not None}
    conditions = [f"{name} = ?" for name in wanted]
    parameters: list[Any] = [[str(file) for file in files], *wanted.values()]
    if filters.arrival_seqs:
        conditions.append("arrival_seq in (select unnest(?::bigint[]))")
        parameters.append(list(filters.arrival_seqs))
    where = f"where {' and '.join(conditions)}" if conditions else ""
    with duckdb.connect(":memory:") as con:
        result = con.execute(
            f"""
            select {", ".join(columns)}, batch_seq
            from read_parquet(?, hive_partitioning = true, hive_types = {{'batch_seq': bigint}})
            {where} order by arrival_seq
            """,
            parameters,
        )
        names = [column[0] for column in result.description or ()]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


_FILTERED = (
    "verdict",
    "reason_code",
    "source_system",
    "event_type",
    "event_id",
    "aggregate_id",
    "file_name",
    "batch_seq",
)
