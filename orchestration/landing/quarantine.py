"""What a person does with lines that were not accepted: list them, look at one, retry them, resolve a conflict.

A quarantine row stays for ever. A retry or a resolution may bring in a batch, is recorded beside the lake's batches,
and then in the ledger. Killed between these steps, the same call made again ends as if nothing had happened.
"""

from dataclasses import dataclass
from typing import Literal

from orchestration.contracts.reasons import Reason
from orchestration.errors import Refused, Unusable
from orchestration.home import Home
from orchestration.landing.held import Difference, Entry, Filters, Shown, entries, entry, in_force, raw_lines, shown
from orchestration.landing.lake import Checkpoint, create_empty, lake_lock, no_checkpoint
from orchestration.landing.layout import Batch, batches
from orchestration.landing.limits import Limits
from orchestration.landing.relanding import QuarantinedLine, Relanded, RelandResult, reland
from orchestration.landing.resolutions import Decision, Resolution, append, record_in_ledger
from orchestration.landing.results import Verdict, Verdicts

__all__ = [
    "Decision",
    "Difference",
    "Entry",
    "Filters",
    "Resolution",
    "Retried",
    "Shown",
    "list_entries",
    "resolve",
    "retry",
    "show",
]


@dataclass(frozen=True)
class Retried:
    """What a retry did: `verdicts` of the lines that are valid now, and the rows that are still refused.

    `resolutions` says which lines were landed, and in which batch.
    """

    tried: int
    verdicts: Verdicts
    still_refused: tuple[Relanded, ...]
    resolutions: tuple[Resolution, ...]

    @property
    def batch_seq(self) -> int | None:
        """The last batch that holds lines of this retry; None when none is valid."""
        return self.resolutions[-1].batch_seq if self.resolutions else None


def list_entries(home: Home, filters: Filters | None = None) -> list[Entry]:
    """Open quarantine rows (all with `with_resolved`) in order of arrival."""
    return entries(home, filters)


def show(home: Home, arrival_seq: int) -> Shown:
    """One quarantine row with its bytes, and for a conflict both contents. Raises Unusable when there is none."""
    return shown(home, arrival_seq)


def retry(
    home: Home,
    filters: Filters | None = None,
    *,
    reason: str,
    resolved_by: str,
    limits: Limits | None = None,
    checkpoint: Checkpoint = no_checkpoint,
) -> Retried:
    """Judges open quarantined lines again and lands those that are valid now, as one batch.

    A line may turn out a duplicate or a conflict, as any line. Lines refused with a whole file (truncated, damaged,
    unpacked too large) are left: the file is to be landed again. Raises Unusable without reason or name.
    """
    _require(reason, resolved_by)
    limits = limits or Limits()
    with lake_lock(home, limits):
        create_empty(home)
        record_in_ledger(home)
        open_lines = [one for one in entries(home, filters) if _may_be_retried(one)]
        verdicts: list[Verdicts] = []
        made: tuple[Resolution, ...] = ()
        for batch, landed in _landed_without_resolution(home, "retry", open_lines):
            made += append(home, landed, Decision.RETRIED, reason, resolved_by, batch.batch_seq)
            verdicts.append(Verdicts(**batch.manifest["verdicts"]))
        result = _reland(
            home, [one for one in open_lines if one.arrival_seq not in {m.arrival_seq for m in made}], limits
        )
        checkpoint("relanded")
        valid = [one for one in result.lines if one.problem is None]
        if valid:
            arrival_seqs = [one.line.arrival_seq for one in valid]
            made += append(home, arrival_seqs, Decision.RETRIED, reason, resolved_by, result.batch_seq)
            verdicts.append(Verdicts(**{v.value: sum(one.verdict is v for one in valid) for v in Verdict}))
        checkpoint("recorded")
        record_in_ledger(home)
    return Retried(
        tried=len(open_lines),
        verdicts=Verdicts.sum(verdicts),
        still_refused=tuple(one for one in result.lines if one.problem is not None),
        resolutions=made,
    )


def resolve(
    home: Home,
    arrival_seq: int,
    decision: Decision,
    *,
    reason: str,
    resolved_by: str,
    limits: Limits | None = None,
    checkpoint: Checkpoint = no_checkpoint,
) -> tuple[Resolution, ...]:
    """Resolves a conflict, and with it the other open conflicts of the same event that say the same.

    `keep_first` leaves in force what is in force; `take_second` lands the conflict's content in its place. Asked again
    for what was decided, it returns that decision. Raises Unusable for a row that is no conflict or without reason or
    name, Refused when the conflict was decided otherwise.
    """
    _require(reason, resolved_by)
    if decision is Decision.RETRIED:
        raise Unusable("a conflict is resolved by keep_first or take_second")
    limits = limits or Limits()
    with lake_lock(home, limits):
        create_empty(home)
        record_in_ledger(home)
        conflict = entry(home, arrival_seq)
        if conflict.verdict is not Verdict.CONFLICT:
            raise Unusable(
                f"arrival {arrival_seq} is no conflict but was quarantined ({conflict.reason_code}): retry it"
            )
        if conflict.resolution is not None:
            return (_same_decision(conflict.resolution, decision),)
        alike = _alike(home, conflict)
        batch_seq = _batch_of(home, alike, decision)
        if decision is Decision.TAKE_SECOND and batch_seq is None:
            batch_seq = _take(home, conflict, limits)
        checkpoint("relanded")
        made = append(home, [one.arrival_seq for one in alike], decision, reason, resolved_by, batch_seq)
        checkpoint("recorded")
        record_in_ledger(home)
    return made


def _require(reason: str, resolved_by: str) -> None:
    if not reason.strip() or not resolved_by.strip():
        raise Unusable("a decision needs a reason and the name of who takes it")


def _may_be_retried(one: Entry) -> bool:
    of_whole_files = (Reason.TRUNCATED_FILE, Reason.DAMAGED_ARCHIVE, Reason.UNPACKED_TOO_LARGE)
    return one.verdict is Verdict.QUARANTINED and one.reason_code not in of_whole_files


def _reland(home: Home, rows: list[Entry], limits: Limits) -> RelandResult:
    raw = raw_lines(home, [one.arrival_seq for one in rows]) if rows else {}
    lines = [QuarantinedLine(one.arrival_seq, raw[one.arrival_seq], one.file_name, one.line_number) for one in rows]
    return reland(home, lines, "retry", limits=limits, lock_is_held=True)


def _landed_without_resolution(
    home: Home, kind: Literal["retry", "resolution"], open_rows: list[Entry]
) -> list[tuple[Batch, list[int]]]:
    """Batches that brought rows in before their resolution could be recorded, with these rows."""
    still_open = {one.arrival_seq for one in open_rows}
    landed = [
        (batch, [seq for seq in batch.manifest["resolves"] if seq in still_open])
        for batch in batches(home)
        if batch.manifest["kind"] == kind
    ]
    return [(batch, rows) for batch, rows in landed if rows]


def _alike(home: Home, conflict: Entry) -> list[Entry]:
    """The open conflicts of the same event with the same content, this one among them."""
    filters = Filters(Verdict.CONFLICT, source_system=conflict.source_system, event_id=conflict.event_id)
    return [one for one in entries(home, filters) if one.content_hash == conflict.content_hash]


def _batch_of(home: Home, alike: list[Entry], decision: Decision) -> int | None:
    """The batch that took the second content before the decision could be recorded. Raises Refused for another one."""
    seqs = [batch.batch_seq for batch, _ in _landed_without_resolution(home, "resolution", alike)]
    if seqs and decision is not Decision.TAKE_SECOND:
        raise Refused(f"take_second was interrupted after its batch {seqs[-1]} was landed: finish it with take_second")
    return seqs[-1] if seqs else None


def _take(home: Home, conflict: Entry, limits: Limits) -> int:
    raw = raw_lines(home, [conflict.arrival_seq])[conflict.arrival_seq]
    replaced = in_force(home, str(conflict.source_system), str(conflict.event_id))
    line = QuarantinedLine(conflict.arrival_seq, raw, conflict.file_name, conflict.line_number, replaced)
    result = reland(home, [line], "resolution", limits=limits, lock_is_held=True)
    if result.batch_seq is None:
        problem = result.lines[0].problem
        raise Refused(f"the second content cannot be taken: {problem.message if problem else 'it is no event'}")
    return result.batch_seq


def _same_decision(made: Resolution, decision: Decision) -> Resolution:
    if made.decision is decision:
        return made
    raise Refused(
        f"arrival {made.arrival_seq} was resolved by {made.resolved_by} with {made.decision.value} ({made.reason})"
    )
