"""Faults of billing: harms the invoices of a chunk before they are rendered, so that billing believes them."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from simulator.billing import MAX_PERIODS, CreditNotes, Invoices
from simulator.catalog import ONE_TIME
from simulator.faults.context import Context
from simulator.faults.truth import Fault, month_of
from simulator.faults.victims import first_of_each, months_of
from simulator.fulfillment import Work
from simulator.money import CURRENCY_CODES
from simulator.orders import Orders
from simulator.quotes import Quotes
from simulator.window import DAY, HOUR, NEVER, SECOND, Bools, Ints

COPIED = MAX_PERIODS // 2
"""A second invoice for a period is numbered as this many periods later."""
_SETTLED = 9 * DAY
"""Billing that is this far from the end of the run is over: what is not billed by then is missing."""


@dataclass(frozen=True)
class BillingFaults:
    """Harms invoices; each method gives the table back as billing has it from then on."""

    context: Context

    def invoices(
        self, quotes: Quotes, orders: Orders, work: Work, terminated: Ints, invoices: Invoices, credited: Ints
    ) -> Invoices:
        """What billing does wrong with invoices that no credit note (rows `credited`) belongs to."""
        plain = np.isin(np.arange(len(invoices)), credited, invert=True)
        billing = HarmedInvoices(self.context, quotes, orders, invoices, plain, terminated)
        billing.each("header_differs", plain, billing.header)
        settled = plain & (invoices.time < self.context.end - _SETTLED)
        billing.each("invoice_differs", settled & billing.lasting, billing.line)
        billing.each("wrong_currency", plain, billing.currency)
        billing.each("billed_twice", plain & (invoices.time + HOUR < self.context.end), billing.copy)
        done = np.maximum(work.order_done[orders.items.order], work.item_done + SECOND // 5)
        billing.leave_out(settled, done)
        return billing.result()

    def uncopied(self, invoices: Invoices, credits: CreditNotes) -> CreditNotes:
        """Credit notes without those for invoices that should not be."""
        kept = invoices.period[credits.invoice] < COPIED
        return CreditNotes(
            credits.invoice[kept], credits.invoice_line[kept], credits.time[kept], credits.net[kept], credits.tax[kept]
        )


class HarmedInvoices:
    """The invoices of a chunk while they are harmed."""

    def __init__(
        self,
        context: Context,
        quotes: Quotes,
        orders: Orders,
        invoices: Invoices,
        plain: Bools,
        terminated: Ints,
    ) -> None:
        self.context, self.quotes, self.orders, self.plain = context, quotes, orders, plain
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
        victims = self.context.victims
        for wanted in victims.of_kind(kind):
            rows = first_of_each(self.table.order, can)
            numbers = self.orders.number[self.table.order[rows]]
            for ordinal, at in victims.choose(wanted, numbers, months_of(self.table.time[rows])):
                fault = harm(int(rows[at]), ordinal)
                fault.kind = kind
                self.context.truth.add(fault)

    def fault(self, row: int, found_by: list[tuple[str, str]], amount: int, period: int | None = None) -> Fault:
        name = self.invoice_id(row, int(self.table.period[row]) if period is None else period)
        code = CURRENCY_CODES[int(self.table.currency[row])]
        return Fault("", found_by, "Invoice", name, None, code, amount, event_ids=[f"billing:{name}:1"])

    def header(self, row: int, ordinal: int) -> Fault:
        currency, month = int(self.table.currency[row]), month_of(int(self.table.time[row]))
        delta = self.context.delta("header_differs", self.number(row), currency)
        self.table.net[row] += delta
        return self.fault(row, [("invoice_header", f"invoice/{month}/{CURRENCY_CODES[currency]}")], delta)

    def line(self, row: int, ordinal: int) -> Fault:
        currency, month = int(self.table.currency[row]), month_of(int(self.table.time[row]))
        line = int(self.first_line[row])
        delta = self.context.delta("invoice_differs", self.number(row), currency)
        if ordinal % 2 and delta < self.table.line_net[line]:
            delta = -delta
        self.table.line_net[line] += delta
        self.table.net[row] += delta
        fault = self.fault(row, [("order_billing", f"billing/{month}/{CURRENCY_CODES[currency]}")], delta)
        fault.key = self.context.item_id(self.quotes, self.orders, int(self.table.line_item[line]))
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
        context, table = self.context, self.table
        items = self.orders.items
        one_time = (items.charge[table.line_item] == ONE_TIME) & settled[table.line_invoice]
        for wanted in context.victims.of_kind("unbilled"):
            rows = first_of_each(table.order[table.line_invoice], one_time)
            numbers = self.orders.number[table.order[table.line_invoice[rows]]]
            when = done[table.line_item[rows]]
            for _, at in context.victims.choose(wanted, numbers, months_of(when)):
                line = int(rows[at])
                self.dropped.append(line)
                quote = int(items.quote[table.line_item[line]])
                code = CURRENCY_CODES[int(self.quotes.currency[quote])]
                context.truth.add(
                    Fault(
                        wanted.kind,
                        [("order_billing", f"billing/{month_of(int(when[at]))}/{code}")],
                        "Order",
                        self.quotes.order_id[quote].as_py(),
                        context.item_id(self.quotes, self.orders, int(table.line_item[line])),
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
