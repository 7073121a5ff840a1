"""Writes a settled batch as Parquet files into a folder, counts what it wrote, and draws up the manifest."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from orchestration.contracts import registry
from orchestration.landing.checks import literal
from orchestration.landing.layout import (
    DUPLICATE_COLUMNS,
    DUPLICATES_FILE,
    EVENT_COLUMNS,
    MANIFEST_FILE,
    QUARANTINE_COLUMNS,
    QUARANTINE_FILE,
    event_file,
)
from orchestration.landing.results import Verdict, Verdicts
from orchestration.landing.staging import Staging

MANIFEST_FORMAT = 1
# Payloads and hashes gain some 7 % from the default level, at half as much time again; columns with more than some
# thousand values gain nothing from a dictionary.
# A row group is held in memory until it is written: counted by rows alone it may weigh anything.
PARQUET = (
    "format parquet, compression zstd, compression_level 1, dictionary_size_limit 4096, row_group_size_bytes '32MB'"
)
# Of a batch with no more events of a source the manifest lists the ids: a later landing then opens its files only for
# an id that it has.
_LISTED_IDS = 100


@dataclass(frozen=True)
class Draft:
    """What a batch is to be, before its rows are written. `file` is the manifest's entry on the landed file."""

    batch_seq: int
    kind: str
    first_arrival_seq: int
    rows: int
    file_name: str
    file: Mapping[str, Any] | None
    landed_at: datetime
    previous_manifest_sha256: str | None
    resolves: tuple[int, ...] = ()


def write_batch(
    staging: Staging, draft: Draft, folder: Path, checkpoint: Callable[[str], None]
) -> tuple[dict[str, Any], Verdicts]:
    """Writes the batch into an empty folder, manifest last. Raises AssertionError when the counts do not add up.

    `checkpoint` is called as `writing` after each file.
    """
    writer = _Writer(staging, draft, folder, checkpoint)
    # With more threads row groups wait for the ones before them, as many as memory holds.
    staging.con.execute("set threads = 1")
    try:
        files = writer.write_files()
    finally:
        staging.con.execute("reset threads")
    accepted = sum(files[str(event_file(registry.stream_of(t), t))]["rows"] for t in writer.accepted_types)
    conflicts = writer.one("select count(*) from quarantined where verdict = 'conflict'")
    verdicts = Verdicts(
        accepted=accepted,
        duplicate=files[str(DUPLICATES_FILE)]["rows"],
        conflict=conflicts,
        quarantined=files[str(QUARANTINE_FILE)]["rows"] - conflicts,
    )
    if verdicts.total != draft.rows:
        raise AssertionError(f"{draft.rows} lines of {draft.file_name} were read, but {verdicts} have a verdict")
    manifest = writer.manifest(files, verdicts)
    (folder / MANIFEST_FILE).write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return manifest, verdicts


def timestamp(moment: datetime | None) -> str | None:
    """A UTC moment as RFC 3339 text."""
    return None if moment is None else moment.replace(tzinfo=None).isoformat() + "Z"


class _Writer:
    def __init__(self, staging: Staging, draft: Draft, folder: Path, checkpoint: Callable[[str], None]) -> None:
        self._checkpoint = checkpoint
        self._staging = staging
        self._draft = draft
        self._folder = folder
        self.accepted_types: list[str] = []
        con = staging.con
        con.execute("create table settled as select n from duplicates union all select n from quarantined")
        self._some_are_settled = bool(self.one("select count(*) from settled"))
        has_origins = bool(self.one("select count(*) from origins"))
        self._file_name = "coalesce(o.file_name, {0})" if has_origins else "{0}"
        self._file_name = self._file_name.format(literal(draft.file_name))
        self._replaces = "o.replaces_arrival_seq" if has_origins else "null::bigint"
        # Few and small: a line of quarantine is landed again because a person asks for it.
        self._origins = "left join origins as o using (n)" if has_origins else ""
        self._in_order = "order by n" if has_origins else ""

    def one(self, query: str) -> int:
        row = self._staging.con.execute(query).fetchone()
        return int(row[0]) if row else 0

    def _arrival(self) -> str:
        return f"({self._draft.first_arrival_seq} + n)::bigint"

    def write_files(self) -> dict[str, dict[str, Any]]:
        """Nothing is sorted but what is small: events lie in order, and may be more than memory holds."""
        duplicates = self._copy(self._duplicates(), DUPLICATES_FILE)
        files: dict[str, dict[str, Any]] = {}
        for event_type in sorted(self._staging.event_types):
            name = event_file(registry.stream_of(event_type), event_type)
            con, table = self._staging.con, self._staging.table(event_type)
            if self._some_are_settled:
                con.execute(f"delete from {table} where n in (select n from settled)")
            if self.one(f"select count(*) from {table}"):
                self.accepted_types.append(event_type)
                made = {
                    "arrival_seq": self._arrival(),
                    "file_name": self._file_name,
                    "replaces_arrival_seq": self._replaces,
                }
                columns = ", ".join(f"{made.get(column, column)} as {column}" for column in EVENT_COLUMNS)
                files[str(name)] = self._copy(f"select {columns} from {table} {self._origins} {self._in_order}", name)
        files[str(DUPLICATES_FILE)] = duplicates
        files[str(QUARANTINE_FILE)] = self._copy(self._quarantined(), QUARANTINE_FILE)
        return files

    def _duplicates(self) -> str:
        made = {"arrival_seq": self._arrival(), "file_name": self._file_name}
        columns = ", ".join(f"{made.get(column, column)} as {column}" for column in DUPLICATE_COLUMNS)
        needed = "n, source_system, event_id, event_type, content_hash, line_number"
        return f"""select {columns} from duplicates join ({self._staging.all_events(needed)}) using (n)
            {self._origins} order by n"""

    def _quarantined(self) -> str:
        made = {"arrival_seq": self._arrival(), "file_name": self._file_name}
        columns = ", ".join(f"{made.get(column, column)} as {column}" for column in QUARANTINE_COLUMNS)
        return f"select {columns} from quarantined {self._origins} {self._in_order}"

    def _copy(self, query: str, name: Path) -> dict[str, Any]:
        target = self._folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        rows = self.one(f"copy ({query}) to {literal(str(target))} ({PARQUET})")
        self._checkpoint("writing")
        content = target.read_bytes()
        return {"rows": rows, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}

    def manifest(self, files: Mapping[str, Any], verdicts: Verdicts) -> dict[str, Any]:
        draft = self._draft
        events = self._totals()
        times = [row["least"] for row in events] + [row["greatest"] for row in events]
        current = [row["as_of"] for row in events if row["as_of"] is not None]
        return {
            "format": MANIFEST_FORMAT,
            "batch_seq": draft.batch_seq,
            "kind": draft.kind,
            "landed_at": timestamp(draft.landed_at),
            "file": draft.file,
            "verdicts": verdicts.as_dict(),
            "arrival": {
                "first": draft.first_arrival_seq if draft.rows else None,
                "last": draft.first_arrival_seq + draft.rows - 1 if draft.rows else None,
                "next": draft.first_arrival_seq + draft.rows,
            },
            "event_time": {"least": timestamp(min(times)), "greatest": timestamp(max(times))} if times else None,
            "as_of": timestamp(max(current, default=None)),
            "sources": _by_source(events),
            "identities": {
                "accepted": _identities(events),
                Verdict.CONFLICT.value: self._conflict_identities(),
            },
            "control_sums": _control_sums(events),
            "resolves": list(draft.resolves),
            "files": dict(files),
            "previous_manifest_sha256": draft.previous_manifest_sha256,
        }

    def _totals(self) -> list[dict[str, Any]]:
        """One row per event type, source and currency of what was accepted."""
        landed_at = literal(self._draft.landed_at.astimezone(UTC).replace(tzinfo=None).isoformat())
        totals = []
        for event_type in self.accepted_types:
            result = self._staging.con.execute(f"""
                select {literal(event_type)} as event_type, source_system, control_currency as currency,
                    count(*) as events, sum(control_amount) as amount, min(event_time) as least,
                    max(event_time) as greatest,
                    max(event_time) filter (where event_time <= {landed_at}::timestamp) as as_of,
                    min(event_id) as least_id, max(event_id) as most_id,
                    case when count(*) <= {_LISTED_IDS} then list(event_id order by event_id) end as ids
                from {self._staging.table(event_type)}
                group by source_system, control_currency order by source_system, control_currency
            """)
            totals += rows_as_dicts(result)
        return totals

    def _conflict_identities(self) -> dict[str, Any]:
        result = self._staging.con.execute("""
            select source_system, min(event_id) as least_id, max(event_id) as most_id, null as ids
            from quarantined where verdict = 'conflict' group by 1 order by 1
        """)
        return _identities(rows_as_dicts(result))


def rows_as_dicts(result: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _by_source(events: list[dict[str, Any]]) -> dict[str, Any]:
    sources: dict[str, Any] = {}
    for row in events:
        source = sources.setdefault(row["source_system"], {"accepted": 0, "high_water": row["greatest"]})
        source["accepted"] += row["events"]
        source["high_water"] = max(source["high_water"], row["greatest"])
    return {
        name: {"accepted": source["accepted"], "high_water": timestamp(source["high_water"])}
        for name, source in sorted(sources.items())
    }


def _identities(events: list[dict[str, Any]]) -> dict[str, Any]:
    held: dict[str, Any] = {}
    for row in events:
        ids = held.setdefault(row["source_system"], {"least": row["least_id"], "most": row["most_id"], "ids": []})
        ids["least"], ids["most"] = min(ids["least"], row["least_id"]), max(ids["most"], row["most_id"])
        if ids.get("ids") is not None:
            listed = None if row["ids"] is None else [*ids["ids"], *row["ids"]]
            ids["ids"] = None if listed is None or len(listed) > _LISTED_IDS else sorted(listed)
    return {
        source: ids if ids["ids"] is not None else {"least": ids["least"], "most": ids["most"]}
        for source, ids in sorted(held.items())
    }


def _control_sums(events: list[dict[str, Any]]) -> dict[str, Any]:
    """Per event type and currency: how many events, and the exact sum of their principal amounts as text."""
    sums: dict[str, Any] = {}
    for row in events:
        if row["amount"] is None:
            continue
        of_type = sums.setdefault(row["event_type"], {})
        total = of_type.setdefault(row["currency"] or "", {"events": 0, "amount": 0})
        total["events"] += row["events"]
        total["amount"] += row["amount"]
    return {
        event_type: {c: {**total, "amount": str(total["amount"])} for c, total in sorted(of_type.items())}
        for event_type, of_type in sums.items()
    }
