"""Holds redelivered conflicts to the decision that a person took: the same two contents are not asked about twice.

A source that resends what lost against the content in force brings a conflict again. Where a person decided between
these very two contents, and the one that won is still in force, the decision is recorded for the new row too; any other
pair stays open.
"""

from collections.abc import Iterator
from typing import Any

from orchestration.home import Home
from orchestration.landing.held import Entry, Filters, entries
from orchestration.landing.identity import OTHER_CONTENT_AGAIN
from orchestration.landing.layout import LakeState, lake_state
from orchestration.landing.recorded import event_files, one_identity, read_files
from orchestration.landing.resolutions import Decision, Resolution, append, record_in_ledger
from orchestration.landing.results import Verdict

# (source, event id, content that lost, arrival of what is in force)
Pair = tuple[str | None, str | None, str | None, int | None]


def repeat_decisions(home: Home) -> tuple[Resolution, ...]:
    """Records earlier decisions for the open conflicts that repeat them; needs the lake's lock, safe to run again."""
    lake = lake_state(home)
    if not _may_repeat(lake):
        return ()
    conflicts = entries(home, Filters(Verdict.CONFLICT, with_resolved=True))
    repeated = [one for one in conflicts if one.resolution is None and one.reason_code == OTHER_CONTENT_AGAIN]
    if not repeated:
        return ()
    decided: dict[Pair, Resolution] = {}
    for pair, resolution in _decided(lake, [one for one in conflicts if one.resolution is not None]):
        decided.setdefault(pair, resolution)
    made: tuple[Resolution, ...] = ()
    for conflict in repeated:
        before = decided.get(_pair(conflict))
        if before is not None:
            reason = f"decided before, in resolution {before.resolution_seq}: {before.reason}"
            made += append(home, [conflict.arrival_seq], Decision.KEEP_FIRST, reason, before.resolved_by, None)
    if made:
        record_in_ledger(home)
    return made


def _may_repeat(lake: LakeState) -> bool:
    """Whether anything can be open that was decided before; most landings are done here."""
    conflicts = [int(batch.manifest["verdicts"][Verdict.CONFLICT]) for batch in lake.batches]
    return sum(conflicts) > 1


def _pair(conflict: Entry) -> Pair:
    return conflict.source_system, conflict.event_id, conflict.content_hash, conflict.existing_arrival_seq


def _decided(lake: LakeState, resolved: list[Entry]) -> Iterator[tuple[Pair, Resolution]]:
    """Each pair of contents that was decided, as it looks when the one that lost comes again."""
    taken = [one for one in resolved if one.resolution and one.resolution.decision is Decision.TAKE_SECOND]
    replaced = _replaced(lake, taken)
    for one in resolved:
        if one.resolution is None:
            continue
        identity = one.source_system, one.event_id
        if one.resolution.decision is Decision.KEEP_FIRST:
            yield _pair(one), one.resolution
        elif (*identity, one.resolution.batch_seq) in replaced:
            yield (*identity, *replaced[*identity, one.resolution.batch_seq]), one.resolution


def _replaced(lake: LakeState, taken: list[Entry]) -> dict[tuple[Any, ...], tuple[str, int]]:
    """The hash of what lost and the arrival that won, by source, event id and the batch that brought the winner in."""
    if not taken:
        return {}
    import duckdb

    ids = sorted({(str(one.source_system), str(one.event_id)) for one in taken})
    files = [file for source, event_id in ids for file in event_files(lake, one_identity(source, event_id))]
    with duckdb.connect(":memory:") as con:
        con.execute("create table wanted (source_system varchar, event_id varchar)")
        con.executemany("insert into wanted values (?, ?)", ids)
        found = con.execute(f"""
            with events as (
                select * from {read_files(sorted(set(files)))} semi join wanted using (source_system, event_id)
            )
            select won.source_system, won.event_id, won.batch_seq::bigint, lost.content_hash, won.arrival_seq
            from events as won join events as lost on won.replaces_arrival_seq = lost.arrival_seq
        """).fetchall()
    return {(source, event_id, batch): (lost, winner) for source, event_id, batch, lost, winner in found}
