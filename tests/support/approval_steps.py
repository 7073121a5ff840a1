"""One approval request and what a submission's requests decide, folded by hand."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from support.kpi_events import Event, elapsed, first_of, happened_at, last_of, moment
from support.kpi_figures import Counted


class Step:
    """One approval request: when it was asked, decided and withdrawn."""

    def __init__(self, happened: list[Event]) -> None:
        asked = first_of(happened, "ApprovalRequested")
        assert asked
        decided = last_of(happened, "ApprovalDecided")
        recalled = first_of(happened, "ApprovalRecalled")
        invalidated = first_of(happened, "ApprovalInvalidated")
        self.asked = happened_at(asked)
        self.due = asked["payload"].get("slaDueAt")
        self.decided = happened_at(decided) if decided else None
        self.decision = decided["payload"]["decision"] if decided else None
        self.valid_until = decided["payload"].get("validUntil") if decided else None
        self.recalled = happened_at(recalled) if recalled else None
        self.invalidated = happened_at(invalidated) if invalidated else None
        self.reason = invalidated["payload"]["reason"] if invalidated else None
        ended = min((e["aggregateVersion"] for e in (recalled, invalidated) if e), default=None)
        self.withdrawn = ended is not None and (decided is None or ended < decided["aggregateVersion"])

    def counted(self) -> Iterator[Counted]:
        if self.decided is None:
            return
        reason = "withdrawn_before_decision" if self.withdrawn else "time_defect" if self.decided < self.asked else None
        seconds = elapsed(self.asked, self.decided) if reason is None else None
        yield Counted("approval_step_time", self.decided, denominator=Decimal(1), seconds=seconds, reason=reason)
        missing = None if self.due else "no_due_time"
        late = bool(self.due) and self.decided > moment(self.due)
        yield Counted("approval_sla_breach_rate", self.decided, Decimal(late), Decimal(1), reason=missing)

    def is_valid_at(self, at: datetime) -> bool:
        fell = any(end is not None and end <= at for end in (self.recalled, self.invalidated))
        expired = self.valid_until is not None and moment(self.valid_until) < at
        return (
            self.decision == "APPROVED" and self.decided is not None and self.decided <= at and not fell and not expired
        )


def decision_of(required: bool, steps: list[Step]) -> str:
    if any(step.decision == "DENIED" and not step.withdrawn for step in steps):
        return "DENIED"
    if any(step.withdrawn for step in steps):
        return "WITHDRAWN"
    if steps and all(step.decision for step in steps):
        return "APPROVED"
    return "NOT_REQUIRED" if not steps and not required else "PENDING"
