"""Takes lines in, chunk by chunk, and holds what became of them until the batch is written: valid events as typed
rows per event type, the others with their reason. Which events were there before is not asked here."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from orchestration.contracts import registry
from orchestration.contracts.strict_json import Problem, read
from orchestration.contracts.validate import Accepted, judge
from orchestration.landing import checks
from orchestration.landing.content import content_hash_sql, parts_of
from orchestration.landing.framing import Chunk, OddLine
from orchestration.landing.layout import EVENT_COLUMNS, QUARANTINE_COLUMNS, column_list
from orchestration.landing.limits import Limits

_FROM_LINE = [
    "n",
    "line_number",
    "source_system",
    "event_id",
    "schema_version",
    "event_time",
    "recorded_time",
    "aggregate_type",
    "aggregate_id",
    "aggregate_version",
    "correlation_id",
    "causation_id",
    "payload",
    "envelope_extra",
    "event_time_text",
    "recorded_time_text",
]
_STAGED = {
    **{name: EVENT_COLUMNS.get(name, "VARCHAR") for name in _FROM_LINE},
    "n": "BIGINT",
    "line_number": "BIGINT",
    "event_type": "VARCHAR",
    "content_hash": "VARCHAR",
    "control_currency": "VARCHAR",
    "control_amount": "DECIMAL(38, 4)",
}
_ARROW = {"VARCHAR": pa.string(), "INTEGER": pa.int32(), "BIGINT": pa.int64(), "TIMESTAMP": pa.timestamp("us")}


def connect(spill: Path, limits: Limits) -> duckdb.DuckDBPyConnection:
    """A DuckDB in memory that spills to `spill` and loads nothing from anywhere."""
    return duckdb.connect(
        ":memory:",
        config={
            "memory_limit": limits.memory,
            "temp_directory": str(spill),
            "preserve_insertion_order": "true",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        },
    )


class Staging:
    """The lines of one batch to be, numbered by `n`; takes away what the batch before left in the connection.

    Tables: `staged_<event type>` for valid events in the order of `n`, so that nobody has to sort them; `quarantined`;
    `duplicates` and `conflicts` (filled when the batch is settled); and `origins` for rows that come from elsewhere
    than the batch's own file.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con
        for (left,) in con.execute("select table_name from duckdb_tables()").fetchall():
            con.execute(f"drop table {left}")
        self.event_types: list[str] = []
        self.judged_one_by_one = 0
        self._staged_by: Counter[str] = Counter()
        columns = {name: kind for name, kind in QUARANTINE_COLUMNS.items() if name not in ("arrival_seq", "file_name")}
        for table in ("quarantined", "conflicts"):
            con.execute(f"create table {table} (n BIGINT, {column_list(columns)})")
        con.execute("create table duplicates (n BIGINT, existing_arrival_seq BIGINT)")
        con.execute("create table origins (n BIGINT, file_name VARCHAR, replaces_arrival_seq BIGINT)")

    def table(self, event_type: str) -> str:
        """The table of valid events of a type, created when the first one comes."""
        if event_type not in self.event_types:
            self.con.execute(f"create table staged_{event_type} ({column_list(_STAGED)})")
            self.event_types.append(event_type)
        return f"staged_{event_type}"

    def all_events(self, columns: str) -> str:
        """A query over the valid events of every type."""
        if not self.event_types:
            self.table(registry.event_types()[0])
        return " union all ".join(f"select {columns} from staged_{event_type}" for event_type in self.event_types)

    def take(self, chunk: Chunk) -> None:
        """Gives every line of the chunk its place: proven events at once, the rest after the judge has seen it."""
        self._staged_by.clear()
        left = chunk.lines
        for dialect in checks.dialects():
            if left.num_rows:
                left = _only(left, self.take_proven(dialect, left))
        lines = [
            OddLine(n, number, line.as_buffer().to_pybytes())
            for n, number, line in zip(
                left["n"].to_pylist(), left["line_number"].to_pylist(), left["line"], strict=True
            )
        ]
        self.take_one_by_one(sorted([*lines, *chunk.odd], key=lambda line: line.n))
        for event_type, times in self._staged_by.items():
            if times > 1:
                self._put_in_order(event_type, chunk.first_n)

    def _put_in_order(self, event_type: str, first_n: int) -> None:
        """Sort the rows of a chunk that came by more than one way; all rows of a file may not fit into memory."""
        table, con = self.table(event_type), self.con
        con.execute(f"create temp table in_order as select * from {table} where n >= {first_n} order by n")
        con.execute(f"delete from {table} where n >= {first_n}")
        con.execute(f"insert into {table} select * from in_order")
        con.execute("drop table in_order")

    def take_one_by_one(self, lines: Sequence[OddLine]) -> None:
        """Gives each line its place by the judge's verdict, or by the reason that it comes with."""
        self.judged_one_by_one += len(lines)
        accepted: dict[str, list[dict[str, Any]]] = {}
        refused: list[dict[str, Any]] = []
        for line in lines:
            verdict = None if line.reason else judge(line.raw)
            if isinstance(verdict, Accepted):
                parts = parts_of(verdict)
                accepted.setdefault(parts["event_type"], []).append(
                    {**parts, "n": line.n, "line_number": line.line_number}
                )
            else:
                refused.append(quarantine_row(line, verdict))
        for event_type, rows in accepted.items():
            self._stage_judged(event_type, rows)
        if refused:
            self.quarantine(refused)

    def conflicts_without_raw_line(self) -> set[int]:
        """The rows whose bytes are still to be fetched."""
        return {n for (n,) in self.con.execute("select n from conflicts").fetchall()}

    def add_raw_lines(self, raw_lines: Mapping[int, bytes]) -> None:
        """The bytes of rows that turned out to be conflicts, which with them are in `quarantined`."""
        rows = pa.table(
            {
                "n": list(raw_lines),
                "raw_line": pa.array([raw.removesuffix(b"\n") for raw in raw_lines.values()], pa.binary()),
            }
        )
        self.con.register("raw_found", rows)
        self.con.execute("""
            insert into quarantined
            select conflicts.* replace (raw_found.raw_line as raw_line)
            from conflicts join raw_found using (n) order by n
        """)
        self.con.unregister("raw_found")

    def quarantine(self, rows: Sequence[Mapping[str, Any]], table: str = "quarantined") -> None:
        """Adds rows to `quarantined`, or to `conflicts`, all with the same columns."""
        columns = ["n", *(name for name in QUARANTINE_COLUMNS if name in rows[0])]
        kinds = {**QUARANTINE_COLUMNS, "n": "BIGINT"}
        schema = pa.schema([(name, pa.binary() if kinds[name] == "BLOB" else _ARROW[kinds[name]]) for name in columns])
        self.con.register("to_quarantine", pa.Table.from_pylist(list(rows), schema=schema))
        self.con.execute(f"insert into {table} by name select * from to_quarantine")
        self.con.unregister("to_quarantine")

    def take_proven(self, dialect: checks.Dialect, lines: pa.Table) -> list[int]:
        """Stages what SQL can prove; returns the n of the lines that it cannot."""
        con = self.con
        con.register("lines", lines)
        try:
            pieces = f"({checks.split_sql(dialect, 'lines')})"
            con.execute(f"create or replace temp table envelopes as {checks.envelope_sql(dialect, pieces)}")
            proven = con.execute("select count(*) from envelopes where is_proven").fetchall()
            unproven: list[int] = []
            if proven != [(lines.num_rows,)]:
                missing = "select n from lines where n not in (select n from envelopes where is_proven)"
                unproven = [n for (n,) in con.execute(missing).fetchall()]
            per_type = (
                "select event_type, count(*) from envelopes where is_proven group by event_type order by event_type"
            )
            for event_type, count in con.execute(per_type).fetchall():
                unproven += self._take_event_type(event_type, count)
        finally:
            con.unregister("lines")
            con.execute("drop table if exists envelopes")
        return unproven

    def _take_event_type(self, event_type: str, count: int) -> list[int]:
        if event_type not in registry.event_types():
            unknown = "select n from envelopes where is_proven and event_type = ?"
            return [n for (n,) in self.con.execute(unknown, [event_type]).fetchall()]
        versions = ", ".join(str(version) for version in registry.supported_versions(event_type))
        of_type = f"from envelopes where is_proven and event_type = {checks.literal(event_type)}"
        table = self.table(event_type)
        inserted = self.con.execute(f"""
            insert into {table}
            with parsed as (
                select *, {checks.payload_parsed(event_type)} as p, null::varchar as envelope_extra {of_type}
            )
            select {", ".join(_FROM_LINE)}, event_type, {content_hash_sql()} as content_hash,
                {checks.control_columns(event_type)}
            from parsed
            where {checks.payload_is_proven(event_type)} and schema_version in ({versions})
                and aggregate_type = {checks.literal(registry.aggregate_type_of(event_type))}
        """).fetchall()
        self._staged_by[event_type] += 1 if inserted != [(0,)] else 0
        if inserted == [(count,)]:
            return []
        missing = f"select n {of_type} and n not in (select n from {table})"
        return [n for (n,) in self.con.execute(missing).fetchall()]

    def _stage_judged(self, event_type: str, rows: list[dict[str, Any]]) -> None:
        self.table(event_type)
        self._staged_by[event_type] += 1
        struct = checks.literal(checks.payload_struct(event_type))
        self.con.register("judged", pa.Table.from_pylist(rows, schema=_schema([*_FROM_LINE, "event_type"])))
        self.con.execute(f"""
            insert into staged_{event_type}
            with parsed as (select *, {_payload_for_sums(event_type, struct)} as p from judged)
            select {", ".join(_FROM_LINE)}, event_type, {content_hash_sql()} as content_hash,
                {checks.control_columns(event_type)}
            from parsed
        """)
        self.con.unregister("judged")


def quarantine_row(line: OddLine, problem: Problem | None) -> dict[str, Any]:
    """The quarantine columns of a line that is no event, with what can be read of its identity."""
    row: dict[str, Any] = {
        "n": line.n,
        "line_number": line.line_number,
        "verdict": "quarantined",
        "reason_code": problem.reason.value if problem else line.reason,
        "field": problem.field if problem else "",
        "message": problem.message if problem else line.message,
        "raw_line": line.raw.removesuffix(b"\n"),
    }
    value = None if problem is None else read(line.raw)
    names = registry.cloudevents_names()
    is_cloudevent = isinstance(value, dict) and "eventType" not in value and "specversion" in value
    for column, native in _IDENTITY.items():
        found = value.get(names[native] if is_cloudevent else native) if isinstance(value, dict) else None
        row[column] = found if isinstance(found, str) else None
    return row


_IDENTITY = {
    "source_system": "source",
    "event_id": "eventId",
    "event_type": "eventType",
    "aggregate_type": "aggregateType",
    "aggregate_id": "aggregateId",
}


def _only(lines: pa.Table, wanted: Sequence[int]) -> pa.Table:
    if not wanted:
        return lines.slice(0, 0)
    return lines.filter(pa.array(np.isin(lines["n"].to_numpy(), np.fromiter(wanted, np.int64))))


def _payload_for_sums(event_type: str, struct: str) -> str:
    return f"from_json(payload, {struct})" if registry.tree(event_type) else "null"


def _schema(columns: Sequence[str]) -> pa.Schema:
    return pa.schema([(name, _ARROW[_STAGED[name]]) for name in columns])
