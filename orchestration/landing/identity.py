"""Decides which valid events are new, which are duplicates and which contradict what is in force under their identity.

The identity is (source, event id). In force is what was accepted first, or what a person took instead; within a file
the first line. Equal hashes are settled in SQL; only where they differ are two events compared one by one.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

import duckdb

from orchestration.contracts.validate import Accepted, judge
from orchestration.landing.content import Content, content_hash, first_difference, native_json, parts_of
from orchestration.landing.known import KnownIds
from orchestration.landing.layout import LakeState
from orchestration.landing.recorded import conflict_files, event_files, identities_in, read_files
from orchestration.landing.staging import Staging

OTHER_CONTENT = "other_content"
OTHER_CONTENT_AGAIN = "other_content_again"
_ROWS_AT_A_TIME = 1000
_PARTS = """source_system, event_id, event_type, schema_version, event_time, event_time_text, recorded_time,
    recorded_time_text, aggregate_type, aggregate_id, aggregate_version, correlation_id, causation_id, payload,
    envelope_extra, content_hash, line_number"""


def settle(
    staging: Staging, lake: LakeState, first_arrival_seq: int, file_name: str, known: KnownIds | None = None
) -> None:
    """Fills `duplicates` (n, existing_arrival_seq) and `conflicts`, these still without raw line.

    What is in neither afterwards is new. A row that a person put in the place of what is in force is never compared.
    """
    con = staging.con
    if not staging.event_types:
        return
    con.execute("create table given as select n from origins where replaces_arrival_seq is not null")
    con.execute(f"""
        create table identities as
        select source_system, event_id, min(n) as first_n, count(*) as times
        from ({staging.all_events("n, source_system, event_id")}) anti join given using (n)
        group by all
    """)
    recorded = _recorded(con, lake, known)
    con.execute(f"""
        create table in_force as
        select source_system, event_id, max(arrival_seq) as arrival_seq,
            arg_max(content_hash, arrival_seq) as content_hash
        from {recorded} semi join identities using (source_system, event_id)
        group by all
    """)
    con.execute(f"""
        create table contested as
        with seen as (
            select i.source_system, i.event_id, i.first_n, f.arrival_seq, f.content_hash
            from identities as i left join in_force as f using (source_system, event_id)
            where i.times > 1 or f.arrival_seq is not null
        ),
        events as (
            select e.n, e.source_system, e.event_id, e.content_hash, s.first_n, s.arrival_seq,
                s.content_hash as recorded_hash
            from ({staging.all_events("n, source_system, event_id, content_hash")}) as e
            join seen as s using (source_system, event_id)
            anti join given using (n)
        )
        select n, source_system, event_id, content_hash,
            coalesce(arrival_seq, {first_arrival_seq} + first_n) as in_force_seq,
            coalesce(recorded_hash, arg_min(content_hash, n) over (partition by source_system, event_id))
                as in_force_hash,
            arrival_seq is null and n = first_n as is_new
        from events
    """)
    con.execute("""
        insert into duplicates
        select n, in_force_seq from contested where not is_new and content_hash = in_force_hash order by n
    """)
    unequal = con.execute("select count(*) from contested where content_hash != in_force_hash").fetchone()
    if unequal and unequal[0]:
        _compare_one_by_one(staging, lake, first_arrival_seq, file_name)
    con.execute("drop table contested; drop table in_force; drop table identities; drop table given")


def _recorded(con: duckdb.DuckDBPyConnection, lake: LakeState, known: KnownIds | None) -> str:
    """Files that may hold the identities, as a table; an empty one when none is in them, which only reads their ids."""
    if known is not None and not known.may_hold(con, lake, "identities"):
        return read_files([])
    files = event_files(lake, identities_in(con, "identities"))
    found = f"select 1 from {read_files(files)} semi join identities using (source_system, event_id) limit 1"
    return read_files(files if files and con.execute(found).fetchone() else [])


def _compare_one_by_one(staging: Staging, lake: LakeState, first_arrival_seq: int, file_name: str) -> None:
    con = staging.con
    duplicates: list[tuple[int, int]] = []
    conflicts: list[dict[str, Any]] = []
    stored = _PARTS.replace("event_time_text", "null as event_time_text", 1)
    stored = stored.replace("recorded_time_text", "null as recorded_time_text", 1)
    con.execute(
        "create table wanted as select distinct source_system, event_id from contested "
        "where content_hash != in_force_hash"
    )
    wanted = identities_in(con, "wanted")
    cursor = con.cursor()
    cursor.execute(f"""
        with recorded as (
            select 'recorded' as kind, arrival_seq as seq, file_name, null::blob as raw_line, {stored}
            from {read_files(event_files(lake, wanted))} semi join wanted using (source_system, event_id)
        ),
        conflicts as (
            select 'refused' as kind, arrival_seq as seq, file_name, raw_line, source_system, event_id, content_hash
            from {read_files(conflict_files(lake, wanted))} semi join wanted using (source_system, event_id)
            where verdict = 'conflict'
        ),
        here as (
            select 'here' as kind, n as seq, null as file_name, null::blob as raw_line, {_PARTS}
            from ({staging.all_events(f"n, {_PARTS}")})
            semi join wanted using (source_system, event_id)
            semi join (select n from contested where is_new or content_hash != in_force_hash) using (n)
        )
        select * from recorded union all by name select * from conflicts union all by name select * from here
        order by source_system, event_id, case kind when 'recorded' then 0 when 'refused' then 1 else 2 end, seq
    """)
    for _, rows in groupby(_rows(cursor), key=lambda row: (row["source_system"], row["event_id"])):
        for row, same_as, known in _verdicts(rows, first_arrival_seq, file_name):
            if same_as is known.in_force:
                duplicates.append((row["seq"], known.arrival_seq))
            else:
                conflicts.append(_conflict(row, same_as, known))
        if len(conflicts) > _ROWS_AT_A_TIME:
            staging.quarantine(conflicts, "conflicts")
            conflicts = []
    if conflicts:
        staging.quarantine(conflicts, "conflicts")
    if duplicates:
        con.executemany("insert into duplicates values (?, ?)", duplicates)
    con.execute("drop table wanted")


class _Known:
    """What is recorded under one identity: the content in force, when and where it came, and other contents seen."""

    def __init__(self, in_force: Content, arrival_seq: int, where: str) -> None:
        self.in_force = in_force
        self.arrival_seq = arrival_seq
        self.where = where
        self.others: list[Content] = []

    def find(self, content: Content) -> Content | None:
        """The recorded content that says the same."""
        return next((one for one in (self.in_force, *self.others) if content.says_the_same(one)), None)


def _verdicts(
    rows: Iterable[dict[str, Any]], first_arrival_seq: int, file_name: str
) -> Iterator[tuple[dict[str, Any], Content | None, _Known]]:
    """Each new row of one identity with the recorded content that it repeats, if any; rows come oldest first."""
    known: _Known | None = None
    for row in rows:
        if row["kind"] == "recorded":
            replaced = known
            known = _Known(_content(row), row["seq"], f"{row['file_name']}, line {row['line_number']}")
            if replaced:
                known.others = [*replaced.others, replaced.in_force]
        elif row["kind"] == "refused":
            if known:
                known.others.append(_refused_content(row))
        elif known is None:
            known = _Known(_content(row), first_arrival_seq + row["seq"], f"{file_name}, line {row['line_number']}")
        else:
            content = _content(row)
            same_as = known.find(content)
            yield row, same_as, known
            if same_as is None:
                known.others.append(content)


def _content(row: Mapping[str, Any]) -> Content:
    return Content(row, row["content_hash"])


def _refused_content(row: Mapping[str, Any]) -> Content:
    """The content of an earlier conflict, read from its raw line under the hash that it was recorded by."""
    verdict = judge(row["raw_line"])
    if not isinstance(verdict, Accepted):
        return Content({}, row["content_hash"])
    parts = parts_of(verdict)
    return Content(parts, row["content_hash"], own_hash=content_hash(parts))


def _conflict(row: Mapping[str, Any], same_as: Content | None, known: _Known) -> dict[str, Any]:
    where = first_difference(row, known.in_force.parts)
    message = f"says otherwise than arrival {known.arrival_seq} ({known.where}), which stays in force"
    return {
        "n": row["seq"],
        "line_number": row["line_number"],
        "verdict": "conflict",
        "reason_code": OTHER_CONTENT if same_as is None else OTHER_CONTENT_AGAIN,
        "field": where,
        "message": message if same_as is None else f"{message}; this content was seen before",
        "raw_line": None,
        **{name: row[name] for name in ("source_system", "event_id", "event_type", "aggregate_type", "aggregate_id")},
        "content_hash": row["content_hash"] if same_as is None else same_as.hash,
        "existing_arrival_seq": known.arrival_seq,
        "existing_content": native_json(known.in_force.parts),
    }


def _rows(cursor: duckdb.DuckDBPyConnection) -> Iterator[dict[str, Any]]:
    names = [column[0] for column in cursor.description or ()]
    while rows := cursor.fetchmany(_ROWS_AT_A_TIME):
        for row in rows:
            yield dict(zip(names, row, strict=True))
