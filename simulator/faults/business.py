"""Faults of the business: harms the tables of a chunk before they are rendered, so that sources believe them.

What a source counts and whatever follows from its tables goes along with the fault; only another source knows better.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from simulator.billing import MAX_PERIODS, CreditNotes, Invoices
from simulator.catalog import ONE_TIME
from simulator.draws import Draws
from simulator.faults.truth import Fault, Truth, moment_text, month_of
from simulator.faults.victims import Victims
from simulator.fulfillment import Work
from simulator.money import CURRENCY_CODES, STEPS
from simulator.orders import Orders
from simulator.pricing import Pricings
from simulator.quotes import Quotes
from simulator.window import DAY, HOUR, NEVER, SECOND, Bools, Ints

COPIED = MAX_PERIODS // 2
"""A second invoice for a period is numbered as this many periods later."""
_SETTLED = 9 * DAY
"""Billing that is this far from the end of the run is over: what is not billed by then is missing."""


class BusinessFaults:
    """Harms tables; each method gives the table back as the source has it from then on."""

    def __init__(self, victims: Victims, truth: Truth, draws: Draws, end: int) -> None:
        self.victims, self.truth, self.draws, self.end = victims, truth, draws, end

    def delta(self, kind: str, number: int, currency: int) -> int:
        """By how much an amount is wrong: some minor units of its currency."""
        units = int(self.draws.between(f"fault/{kind}/delta", np.array([number]), 1, 500)[0])
        return units * int(STEPS[currency])

    def prices(self, quotes: Quotes, pricings: Pricings) -> Pricings:
        """Adjustments of another amount than what leads to the net."""
        lines, steps = pricings.lines, pricings.steps
        amount = pricings.adjustments.amount.copy()
        line = pricings.adjustments.line
        for wanted in self.victims.of_kind("price_differs"):
            first = np.unique(lines.pricing[line], return_index=True)[1]
            pricing = lines.pricing[line[first]]
            numbers = quotes.number[steps.entity[pricing]]
            for _, at in self.victims.choose(wanted, numbers, _months(steps.time[pricing])):
                row, quote = int(first[at]), int(steps.entity[pricing[at]])
                currency, time = int(quotes.currency[quote]), int(steps.time[pricing[at]])
                delta = self.delta(wanted.kind, int(numbers[at]), currency)
                amount[row] += delta
                code, quote_id = CURRENCY_CODES[currency], quotes.quote_id[quote].as_py()
                self.truth.add(
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
        for wanted in self.victims.of_kind("order_differs"):
            rows = _first_of_each(items.order, items.net > 1_000 * STEPS[quotes.currency[items.quote]])
            submitted = orders.submitted[items.order[rows]]
            for ordinal, at in self.victims.choose(wanted, quotes.number[items.quote[rows]], _months(submitted)):
                row = int(rows[at])
                quote, time = int(items.quote[row]), int(submitted[at])
                currency = int(quotes.currency[quote])
                delta = self.delta(wanted.kind, int(quotes.number[quote]), currency)
                delta = (delta, -delta, 0)[ordinal % 3]
                net[row] += delta
                quantity[row] *= 1 if delta else 2
                code, order_id = CURRENCY_CODES[currency], quotes.order_id[quote].as_py()
                self.truth.add(
                    Fault(
                        wanted.kind,
                        [("quote_order", f"order/{month_of(time)}/{code}")],
                        "Order",
                        order_id,
                        self.item_id(quotes, orders, row),
                        code,
                        delta,
                        sought=[("OrderSubmitted", order_id, moment_text(time))],
                    )
                )
        return replace(orders, items=replace(items, net=net, quantity=quantity))

    def item_id(self, quotes: Quotes, orders: Orders, row: int) -> str:
        """The id of an order item, as its events say it."""
        from simulator.order_events import item_id

        name: str = item_id(quotes, orders, np.array([row]))[0].as_py()
        return name

    def invoices(
        self, quotes: Quotes, orders: Orders, work: Work, terminated: Ints, invoices: Invoices, credited: Ints
    ) -> Invoices:
        """What billing does wrong with invoices that no credit note (rows `credited`) belongs to."""
        plain = np.isin(np.arange(len(invoices)), credited, invert=True)
        billing = _Billing(self, quotes, orders, invoices, plain, terminated)
        billing.each("header_differs", plain, billing.header)
        settled = plain & (invoices.time < self.end - _SETTLED)
        billing.each("invoice_differs", settled & billing.lasting, billing.line)
        billing.each("wrong_currency", plain, billing.currency)
        billing.each("billed_twice", plain & (invoices.time + HOUR < self.end), billing.copy)
        done = np.maximum(work.order_done[orders.items.order], work.item_done + SECOND // 5)
        billing.leave_out(settled, done)
        return billing.result()

    def uncopied(self, invoices: Invoices, credits: CreditNotes) -> CreditNotes:
        """Credit notes without those for invoices that should not be."""
        kept = invoices.period[credits.invoice] < COPIED
        return CreditNotes(
            credits.invoice[kept], credits.invoice_line[kept], credits.time[kept], credits.net[kept], credits.tax[kept]
        )


class _Billing:
    """The invoices of a chunk while they are harmed."""

    def __init__(
        self,
        faults: BusinessFaults,
        quotes: Quotes,
        orders: Orders,
        invoices: Invoices,
        plain: Bools,
        terminated: Ints,
    ) -> None:
        self.faults, self.quotes, self.orders, self.plain = faults, quotes, orders, plain
        self.table = replace(
            invoices,
            net=invoices.net.copy(),
            tax=invoices.tax.copy(),
            currency=invoices.currency.copy(),
            line_net=invoices.line_net.copy(),
        )
        self.first_line = np.searchsorted(invoices.line_invoice, np.arange(len(invoices)))
        self.lasting = terminated[invoices.line_item[self.first_line]] >= NEVER if len(invoices) else plain
        self.copied: list[int] = []
        self.dropped: list[int] = []

    def number(self, row: int) -> int:
        return int(self.orders.number[self.table.order[row]])

    def invoice_id(self, row: int, period: int) -> str:
        quote = self.orders.quote[self.table.order[row]]
        return f"INV-{self.quotes.digits[int(quote)].as_py()}-{period + 1:02d}"

    def each(self, kind: str, can: Bools, harm: Callable[[int, int], Fault]) -> None:
        """Harm those that are chosen among the first invoices that can be, one of each order."""
        victims = self.faults.victims
        for wanted in victims.of_kind(kind):
            rows = _first_of_each(self.table.order, can)
            numbers = self.orders.number[self.table.order[rows]]
            for ordinal, at in victims.choose(wanted, numbers, _months(self.table.time[rows])):
                fault = harm(int(rows[at]), ordinal)
                fault.kind = kind
                self.faults.truth.add(fault)

    def fault(self, row: int, found_by: list[tuple[str, str]], amount: int, period: int | None = None) -> Fault:
        name = self.invoice_id(row, int(self.table.period[row]) if period is None else period)
        code = CURRENCY_CODES[int(self.table.currency[row])]
        return Fault("", found_by, "Invoice", name, None, code, amount, event_ids=[f"billing:{name}:1"])

    def header(self, row: int, ordinal: int) -> Fault:
        currency, month = int(self.table.currency[row]), month_of(int(self.table.time[row]))
        delta = self.faults.delta("header_differs", self.number(row), currency)
        self.table.net[row] += delta
        return self.fault(row, [("invoice_header", f"invoice/{month}/{CURRENCY_CODES[currency]}")], delta)

    def line(self, row: int, ordinal: int) -> Fault:
        currency, month = int(self.table.currency[row]), month_of(int(self.table.time[row]))
        line = int(self.first_line[row])
        delta = self.faults.delta("invoice_differs", self.number(row), currency)
        if ordinal % 2 and delta < self.table.line_net[line]:
            delta = -delta
        self.table.line_net[line] += delta
        self.table.net[row] += delta
        fault = self.fault(row, [("order_billing", f"billing/{month}/{CURRENCY_CODES[currency]}")], delta)
        fault.key = self.faults.item_id(self.quotes, self.orders, int(self.table.line_item[line]))
        return fault

    def currency(self, row: int, ordinal: int) -> Fault:
        right, month = int(self.table.currency[row]), month_of(int(self.table.time[row]))
        # Both have hundredths, so that the amounts can be said in either.
        self.table.currency[row] = CURRENCY_CODES.index("USD" if CURRENCY_CODES[right] != "USD" else "EUR")
        found_by = [("order_billing", f"billing/{month}/{CURRENCY_CODES[right]}"), ("currency", f"invoice/{month}")]
        return self.fault(row, found_by, int(self.table.net[row]))

    def copy(self, row: int, ordinal: int) -> Fault:
        currency, month = int(self.table.currency[row]), month_of(int(self.table.time[row]) + HOUR)
        self.copied.append(row)
        found_by = [("order_billing", f"billing/{month}/{CURRENCY_CODES[currency]}")]
        return self.fault(row, found_by, int(self.table.net[row]), int(self.table.period[row]) + COPIED)

    def leave_out(self, settled: Bools, done: Ints) -> None:
        """One-time items that are on no invoice."""
        faults, table = self.faults, self.table
        items = self.orders.items
        one_time = (items.charge[table.line_item] == ONE_TIME) & settled[table.line_invoice]
        for wanted in faults.victims.of_kind("unbilled"):
            rows = _first_of_each(table.order[table.line_invoice], one_time)
            numbers = self.orders.number[table.order[table.line_invoice[rows]]]
            when = done[table.line_item[rows]]
            for _, at in faults.victims.choose(wanted, numbers, _months(when)):
                line = int(rows[at])
                self.dropped.append(line)
                quote = int(items.quote[table.line_item[line]])
                code = CURRENCY_CODES[int(self.quotes.currency[quote])]
                faults.truth.add(
                    Fault(
                        wanted.kind,
                        [("order_billing", f"billing/{month_of(int(when[at]))}/{code}")],
                        "Order",
                        self.quotes.order_id[quote].as_py(),
                        faults.item_id(self.quotes, self.orders, int(table.line_item[line])),
                        code,
                        -int(table.line_net[line]),
                    )
                )

    def result(self) -> Invoices:
        """The invoices as billing has them: without the lines that were left out, copies at the end."""
        table = self.table
        for line in self.dropped:
            table.net[table.line_invoice[line]] -= table.line_net[line]
            table.tax[table.line_invoice[line]] -= table.line_tax[line]
        stays = np.isin(np.arange(len(table.line_item)), self.dropped, invert=True)
        rows = np.concatenate([np.unique(table.line_invoice[stays]), np.array(self.copied, dtype=np.int64)])
        count = len(rows) - len(self.copied)
        place = np.zeros(len(table), dtype=np.int64)
        place[rows[:count]] = np.arange(count)
        line_rows = [np.flatnonzero(stays)]
        owner = [place[table.line_invoice[stays]]]
        for position, row in enumerate(self.copied):
            line_rows.append(np.flatnonzero(table.line_invoice == row))
            owner.append(np.full(len(line_rows[-1]), count + position, dtype=np.int64))
        lines = np.concatenate(line_rows)
        late = np.zeros(len(rows), dtype=np.int64)
        late[count:] = 1
        return Invoices(
            order=table.order[rows],
            period=table.period[rows] + late * COPIED,
            time=table.time[rows] + late * HOUR,
            start_day=table.start_day[rows],
            end_day=table.end_day[rows],
            currency=table.currency[rows],
            net=table.net[rows],
            tax=table.tax[rows],
            line_invoice=np.concatenate(owner),
            line_item=table.line_item[lines],
            line_net=table.line_net[lines],
            line_tax=table.line_tax[lines],
            line_taxed=table.line_taxed[lines],
        )


def _months(times: Ints) -> list[str]:
    return [month_of(time) for time in times.tolist()]


def _first_of_each(owner: Ints, can: Bools) -> Ints:
    """The first row that can be hit of each owner; owners rise with the rows."""
    rows = np.flatnonzero(can)
    first: Ints = rows[np.unique(owner[rows], return_index=True)[1]]
    return first
