"""Control totals: what each source counts in its own tables, per month and currency. Never looks at an event."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from simulator.money import CURRENCY_CODES, amount_text
from simulator.window import HOUR, MINUTE, Ints, Month, Window, milliseconds, month_number

MEASURES = {
    "cpq": ("quotes_created", "quotes_accepted"),
    "oms": ("orders_submitted", "fulfillment_tasks_completed"),
    "billing": ("invoices_issued", "credit_notes_issued"),
    "inventory": ("assets_created",),
}
"""Who publishes what. The catalog and the CRM own no measure of the contract and publish nothing."""

WITH_AMOUNT = frozenset({"quotes_accepted", "orders_submitted", "invoices_issued", "credit_notes_issued"})
"""Measures that are counted and summed per currency; the others are counted only."""


@dataclass
class ControlTotals:
    """Counts and amounts (in 10⁻⁴ units) by (measure, month number, currency index or -1)."""

    counts: dict[tuple[str, int, int], int] = field(default_factory=dict)
    amounts: dict[tuple[str, int, int], int] = field(default_factory=dict)

    def add(self, measure: str, times: Ints, currency: Ints | None = None, amount: Ints | None = None) -> None:
        """Take in what happened at the given moments; `currency` and `amount` for measures that have amounts."""
        if (measure in WITH_AMOUNT) != (amount is not None and currency is not None):
            raise ValueError(f"{measure} is given with the wrong columns")
        if not len(times):
            return
        month = month_number(times)
        code = np.full(len(times), -1, dtype=np.int64) if currency is None else currency
        cell, where = np.unique(np.stack([month, code], axis=1), axis=0, return_inverse=True)
        counts = np.bincount(where, minlength=len(cell))
        sums = np.zeros(len(cell), dtype=np.int64)
        if amount is not None:
            np.add.at(sums, where, amount)
        for position, (number, index) in enumerate(cell.tolist()):
            key = (measure, number, index)
            self.counts[key] = self.counts.get(key, 0) + int(counts[position])
            self.amounts[key] = self.amounts.get(key, 0) + int(sums[position])

    def cells(self, measures: Iterable[str], month: Month) -> list[tuple[str, int, int]]:
        """The keys of what was counted in a month, by measure and currency."""
        return [key for one in measures for key in sorted(self.counts) if key[:2] == (one, month.number)]

    def totals(self, source: str, month: Month) -> list[dict[str, object]]:
        """What a source says about a month. A measure without any event is counted as zero, without a currency."""
        found: list[dict[str, object]] = []
        for measure in MEASURES[source]:
            cells = self.cells([measure], month)
            if not cells:
                found.append({"measure": measure, "count": 0})
            for cell in cells:
                total: dict[str, object] = {"measure": measure}
                if measure in WITH_AMOUNT:
                    total |= {
                        "currency": CURRENCY_CODES[cell[2]],
                        "count": self.counts[cell],
                        "amount": amount_text(self.amounts[cell]),
                    }
                else:
                    total["count"] = self.counts[cell]
                found.append(total)
        return found


def control_lines(totals: ControlTotals, window: Window) -> list[tuple[str, str, str]]:
    """(source, month, line) for each source that owns a measure and each month of the window, in order of time.

    A source counts a few hours after the period is over, so the last event lies behind the end of the window.
    """
    lines = []
    for month in window.months():
        for position, source in enumerate(MEASURES):
            time = np.array([milliseconds(month.end) + HOUR + position * 7 * MINUTE]).astype("datetime64[ms]")[0]
            aggregate_id = f"{source}:{month.name}"
            event = {
                "eventId": f"{source}:control:{month.name}",
                "source": source,
                "eventType": "ControlTotalsPublished",
                "schemaVersion": 1,
                "eventTime": f"{time}Z",
                "recordedTime": f"{time}Z",
                "aggregateType": "ControlTotal",
                "aggregateId": aggregate_id,
                "aggregateVersion": 1,
                "payload": {
                    "system": source,
                    "periodStart": month.start.isoformat(),
                    "periodEnd": month.end.isoformat(),
                    "totals": totals.totals(source, month),
                },
            }
            lines.append((source, month.name, json.dumps(event, separators=(",", ":")) + "\n"))
    return lines
