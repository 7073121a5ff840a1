"""What every audit records of breaks: which stand now, and that they roll forward from the audit before; no close."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.closing import breaks as ledgered
from orchestration.closing.break_waivers import waived
from orchestration.closing.breaks import CLEARED, Break
from orchestration.closing.roll_forward import RollForward, roll_forward
from orchestration.closing.waivers import load
from orchestration.home import Home
from orchestration.reconciliation import ledger
from orchestration.reconciliation.results import CheckResult

if TYPE_CHECKING:
    import duckdb

CHECK = "break_roll_forward"
KIND = "break_roll_forward"
TIES = (
    "select leg, currency, sum(over_net_amount + under_net_amount) from marts.fact_commercial_leg"
    " where is_break group by all"
)
EXISTS = (
    "select count(*) from information_schema.tables where (table_schema, table_name) = ('marts', 'fact_commercial_leg')"
)


@dataclass(frozen=True)
class AuditedBreaks:
    """The results of the check, and the records of what changed, with the roll-forward last."""

    results: tuple[CheckResult, ...]
    entries: tuple[tuple[str, dict[str, Any]], ...]


def audit_breaks(
    connection: "duckdb.DuckDBPyConnection", home: Home, as_of: datetime, waivers_path: Path | None, today: date
) -> AuditedBreaks | None:
    """Hold the breaks of a warehouse to those of the audit before; None where it has no legs at all."""
    row = connection.execute(EXISTS).fetchone()
    if not row or not row[0]:
        return None
    now = waived(ledgered.standing(connection, home, as_of), load(waivers_path).breaks, today)
    sums = {(leg, currency): amount for leg, currency, amount in connection.execute(TIES).fetchall()}
    last, before, closing = _before(home)
    rolls = roll_forward(before, now)
    told = {"as_of": as_of.isoformat(sep=" "), "rolls": [roll.as_json() for roll in rolls]}
    return AuditedBreaks(tuple(_results(rolls, closing, sums)), (*ledgered.changes(last, now), (KIND, told)))


def _before(home: Home) -> tuple[dict[str, dict[str, Any]], list[Break], dict[tuple[str, str], Decimal]]:
    """What was last recorded of each break; the breaks that stood at the last roll-forward; what it closed with."""
    last: dict[str, dict[str, Any]] = {}
    stood: list[Break] = []
    closing: dict[tuple[str, str], Decimal] = {}
    for record in ledger.read(home):
        if record.kind == ledgered.KIND:
            last[record.body["break_id"]] = record.body
        elif record.kind == KIND:
            stood = [ledgered.from_json(body) for body in last.values() if body["status"] != CLEARED]
            closing = {(roll["leg"], roll["currency"]): Decimal(roll["closing"]) for roll in record.body["rolls"]}
    return last, stood, closing


def _results(
    rolls: Iterable[RollForward], closing: dict[tuple[str, str], Decimal], sums: dict[tuple[str, str], Decimal]
) -> Iterator[CheckResult]:
    """Per leg and currency: it opens with what the audit before closed with, and closes with the sum of its legs."""
    by_place = {(roll.leg, roll.currency): roll for roll in rolls}
    nothing = Decimal(0)
    for leg, currency in sorted({*by_place, *closing, *sums}):
        roll = by_place.get((leg, currency), RollForward(leg, currency, *[nothing] * 5))
        opening, total = closing.get((leg, currency), nothing), sums.get((leg, currency), nothing)
        moved = opening + roll.new - roll.cleared + roll.adjusted
        wrong = []
        if roll.opening != opening:
            wrong.append(f"the audit before closed with {opening:f}, its breaks add up to {roll.opening:f}")
        if moved != total:
            wrong.append(f"opening, new, cleared and adjusted come to {moved:f}, the legs to {total:f}")
        left = f"opening={opening:f} new={roll.new:f} cleared={roll.cleared:f} adjusted={roll.adjusted:f}"
        yield _result(f"{leg}/{currency}", left, f"closing={total:f}", "; ".join(wrong))
    if not (by_place or closing or sums):
        yield _result("none", "closing=0", "closing=0", "")


def _result(partition: str, left: str, right: str, wrong: str) -> CheckResult:
    return CheckResult(CHECK, partition, "integrity", "critical", "failed" if wrong else "passed", left, right, wrong)
