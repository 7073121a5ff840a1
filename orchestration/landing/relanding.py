"""Lands single lines of the quarantine again: after a repaired contract, or because a person took the second content.

What is written is an ordinary batch. Lines that the judge still refuses are not written: they are in quarantine
already.
"""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from orchestration.contracts.strict_json import Problem
from orchestration.contracts.validate import judge
from orchestration.home import Home
from orchestration.landing.framing import OddLine
from orchestration.landing.identity import settle
from orchestration.landing.lake import batch_in_progress, create_empty, disk_errors, lake_lock, no_checkpoint
from orchestration.landing.layout import lake_state, temporary_folder
from orchestration.landing.limits import Limits
from orchestration.landing.results import Verdict
from orchestration.landing.staging import Staging, connect
from orchestration.landing.writing import Draft, write_batch


@dataclass(frozen=True)
class QuarantinedLine:
    """A row of the quarantine: its arrival, its bytes, where it was read.

    `replaces_arrival_seq`: the accepted event that it takes the place of, whatever that says; None to let it find its
    verdict like any line.
    """

    arrival_seq: int
    raw: bytes
    file_name: str
    line_number: int
    replaces_arrival_seq: int | None = None


@dataclass(frozen=True)
class Relanded:
    """What became of one line: a verdict and its new arrival, or the problem that keeps it in quarantine."""

    line: QuarantinedLine
    verdict: Verdict
    arrival_seq: int | None
    problem: Problem | None = None


@dataclass(frozen=True)
class RelandResult:
    """What became of each line, in the order given; `batch_seq` is None when no line was valid and nothing written."""

    lines: tuple[Relanded, ...]
    batch_seq: int | None


def reland(
    home: Home,
    lines: Sequence[QuarantinedLine],
    kind: Literal["retry", "resolution"],
    *,
    limits: Limits | None = None,
    lock_is_held: bool = False,
) -> RelandResult:
    """Judges lines again and lands the valid ones as one batch, whose manifest lists their arrivals as `resolves`.

    Raises Unusable when another landing does not end, DiskFull.
    """
    limits = limits or Limits()
    with nullcontext() if lock_is_held else lake_lock(home, limits):
        create_empty(home)
        verdicts = [judge(line.raw) for line in lines]
        valid = [line for line, verdict in zip(lines, verdicts, strict=True) if not isinstance(verdict, Problem)]
        landed, batch_seq = _write(home, valid, kind, limits) if valid else ({}, None)
    results = [
        Relanded(line, Verdict.QUARANTINED, None, verdict)
        if isinstance(verdict, Problem)
        else Relanded(line, *landed[line.arrival_seq])
        for line, verdict in zip(lines, verdicts, strict=True)
    ]
    return RelandResult(tuple(results), batch_seq)


def _write(
    home: Home, lines: Sequence[QuarantinedLine], kind: str, limits: Limits
) -> tuple[dict[int, tuple[Verdict, int]], int]:
    lake = lake_state(home)
    first = lake.next_arrival_seq
    with disk_errors(f"the batch of a {kind}"), connect(temporary_folder(home) / "spill", limits) as con:
        staging = Staging(con)
        origins = [(n, line.file_name, line.replaces_arrival_seq) for n, line in enumerate(lines)]
        con.executemany("insert into origins values (?, ?, ?)", origins)
        staging.take_one_by_one([OddLine(n, line.line_number, line.raw) for n, line in enumerate(lines)])
        settle(staging, lake, first, kind)
        wanted = staging.conflicts_without_raw_line()
        staging.add_raw_lines({n: line.raw for n, line in enumerate(lines) if n in wanted})
        draft = Draft(
            batch_seq=lake.high_water + 1,
            kind=kind,
            first_arrival_seq=first,
            rows=len(lines),
            file_name=kind,
            file=None,
            landed_at=datetime.now(UTC),
            previous_manifest_sha256=lake.batches[-1].manifest_sha256,
            resolves=tuple(line.arrival_seq for line in lines),
        )
        with batch_in_progress(home, draft.batch_seq, no_checkpoint) as folder:
            write_batch(staging, draft, folder, no_checkpoint)
        verdict_of = dict.fromkeys(range(len(lines)), Verdict.ACCEPTED)
        for verdict, query in (
            (Verdict.DUPLICATE, "select n from duplicates"),
            (Verdict.CONFLICT, "select n from quarantined"),
        ):
            verdict_of |= {n: verdict for (n,) in con.execute(query).fetchall()}
    return {line.arrival_seq: (verdict_of[n], first + n) for n, line in enumerate(lines)}, draft.batch_seq
