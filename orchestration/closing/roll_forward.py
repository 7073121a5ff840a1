"""The roll-forward of breaks from one close to the next: what was opened, cleared and changed, exactly."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from orchestration.closing.breaks import Break


@dataclass(frozen=True)
class RollForward:
    """One leg and currency over a period: opening + new - cleared + adjusted = closing, exactly.

    `adjusted` is what breaks that stayed have grown by, less what they have shrunk by.
    """

    leg: str
    currency: str
    opening: Decimal
    new: Decimal
    cleared: Decimal
    adjusted: Decimal
    closing: Decimal

    @property
    def holds(self) -> bool:
        return self.opening + self.new - self.cleared + self.adjusted == self.closing

    def as_json(self) -> dict[str, Any]:
        """With amounts as text."""
        return {name: value if isinstance(value, str) else f"{value:f}" for name, value in asdict(self).items()}


def roll_forward(before: Sequence[Break], now: Sequence[Break]) -> list[RollForward]:
    """From the breaks of the close before to those of this one, per leg and currency."""
    earlier, later = ({one.break_id: one for one in side} for side in (before, now))
    lines = []
    for leg, currency in sorted({(one.leg, one.currency) for one in (*before, *now)}):
        opening = _sum(one for one in before if (one.leg, one.currency) == (leg, currency))
        closing = _sum(one for one in now if (one.leg, one.currency) == (leg, currency))
        mine = {name for name, one in (*earlier.items(), *later.items()) if (one.leg, one.currency) == (leg, currency)}
        new = _sum(later[name] for name in mine if name not in earlier)
        cleared = _sum(earlier[name] for name in mine if name not in later)
        stayed = [name for name in mine if name in earlier and name in later]
        adjusted = sum((later[name].difference - earlier[name].difference for name in stayed), Decimal(0))
        lines.append(RollForward(leg, currency, opening, new, cleared, adjusted, closing))
    return lines


def _sum(breaks: Iterable[Break]) -> Decimal:
    return sum((one.difference for one in breaks), Decimal(0))
