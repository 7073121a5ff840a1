"""Which breaks a reviewed waiver covers, and what objects to it; not reading the file (waivers.py)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from orchestration.closing.breaks import OPEN, WAIVED, Break


@dataclass(frozen=True)
class BreakWaiver:
    """Breaks that a named person accepts until a day: one by its id, or all of a leg and class up to an amount each."""

    pattern: str
    amount_limit: Decimal
    reason: str
    approver: str
    expires: date

    def matches(self, one: Break) -> bool:
        """Whether it means this break: by id, or as `leg/class`, either of them `*`."""
        leg, _, break_class = self.pattern.partition("/")
        return self.pattern == one.break_id or (leg in ("*", one.leg) and break_class in ("*", one.break_class))

    def covers(self, one: Break, today: date) -> bool:
        """Whether it accepts this break on this day."""
        return self.matches(one) and today <= self.expires and one.difference <= self.amount_limit

    def objection(self, breaks: Iterable[Break], today: date) -> str | None:
        """Why it no longer does what it was made for; None when it does."""
        if today > self.expires:
            return f"the waiver of {self.pattern} by {self.approver} expired on {self.expires}"
        over = [one for one in breaks if self.matches(one) and one.difference > self.amount_limit]
        if over:
            worst = max(over, key=lambda one: one.difference)
            return (
                f"the waiver of {self.pattern} by {self.approver} is exceeded: {worst.break_id} is "
                f"{worst.difference} {worst.currency}, accepted is {self.amount_limit}"
            )
        return None


def waived(breaks: Iterable[Break], accepted: Iterable[BreakWaiver], today: date) -> list[Break]:
    """The breaks, those that a waiver covers marked so."""
    waivers = list(accepted)
    marked = []
    for one in breaks:
        cover = next((waiver for waiver in waivers if waiver.covers(one, today)), None)
        if cover and one.status == OPEN:
            one = replace(
                one,
                status=WAIVED,
                note=cover.reason,
                noted_by=cover.approver,
                explained_amount=None,
                explained_as="",
            )
        marked.append(one)
    return marked
