"""Faults of quoting and ordering: harms the tables of a chunk before they are rendered, so that sources believe them.

What a source counts and whatever follows from its tables goes along with the fault; only another source knows better.
"""

from dataclasses import dataclass, replace

import numpy as np

from simulator.faults.context import Context
from simulator.faults.truth import Fault, moment_text, month_of
from simulator.faults.victims import first_of_each, months_of
from simulator.money import CURRENCY_CODES, STEPS
from simulator.orders import Orders
from simulator.pricing import Pricings
from simulator.quotes import Quotes


@dataclass(frozen=True)
class BusinessFaults:
    """Harms prices and orders; each method gives the table back as the source has it from then on."""

    context: Context

    def prices(self, quotes: Quotes, pricings: Pricings) -> Pricings:
        """Adjustments of another amount than what leads to the net."""
        lines, steps = pricings.lines, pricings.steps
        amount = pricings.adjustments.amount.copy()
        line = pricings.adjustments.line
        for wanted in self.context.victims.of_kind("price_differs"):
            first = np.unique(lines.pricing[line], return_index=True)[1]
            pricing = lines.pricing[line[first]]
            numbers = quotes.number[steps.entity[pricing]]
            for _, at in self.context.victims.choose(wanted, numbers, months_of(steps.time[pricing])):
                row, quote = int(first[at]), int(steps.entity[pricing[at]])
                currency, time = int(quotes.currency[quote]), int(steps.time[pricing[at]])
                delta = self.context.delta(wanted.kind, int(numbers[at]), currency)
                amount[row] += delta
                code, quote_id = CURRENCY_CODES[currency], quotes.quote_id[quote].as_py()
                self.context.truth.add(
                    Fault(
                        wanted.kind,
                        [("price_identity", f"quote/{month_of(time)}/{code}")],
                        "Quote",
                        quote_id,
                        f"line {int(lines.number[line[row]]) + 1}",
                        code,
                        delta,
                        sought=[("QuotePriced", quote_id, moment_text(time))],
                    )
                )
        return replace(pricings, adjustments=replace(pricings.adjustments, amount=amount))

    def orders(self, quotes: Quotes, orders: Orders) -> Orders:
        """Items with another net, every third with another quantity, than the line that was accepted."""
        items = orders.items
        net, quantity = items.net.copy(), items.quantity.copy()
        for wanted in self.context.victims.of_kind("order_differs"):
            rows = first_of_each(items.order, items.net > 1_000 * STEPS[quotes.currency[items.quote]])
            submitted = orders.submitted[items.order[rows]]
            for ordinal, at in self.context.victims.choose(
                wanted, quotes.number[items.quote[rows]], months_of(submitted)
            ):
                row = int(rows[at])
                quote, time = int(items.quote[row]), int(submitted[at])
                currency = int(quotes.currency[quote])
                delta = self.context.delta(wanted.kind, int(quotes.number[quote]), currency)
                delta = (delta, -delta, 0)[ordinal % 3]
                net[row] += delta
                quantity[row] *= 1 if delta else 2
                code, order_id = CURRENCY_CODES[currency], quotes.order_id[quote].as_py()
                self.context.truth.add(
                    Fault(
                        wanted.kind,
                        [("quote_order", f"order/{month_of(time)}/{code}")],
                        "Order",
                        order_id,
                        self.context.item_id(quotes, orders, row),
                        code,
                        delta,
                        sought=[("OrderSubmitted", order_id, moment_text(time))],
                    )
                )
        return replace(orders, items=replace(items, net=net, quantity=quantity))
