"""What is billed for orders: activation, invoices period by period, credit notes. Decides; renders nothing."""

from dataclasses import dataclass

import numpy as np

from simulator import showcase
from simulator.catalog import ONE_TIME
from simulator.fulfillment import Work
from simulator.money import STEPS, share, to_minor
from simulator.orders import Orders
from simulator.quote_events import months_after
from simulator.quotes import FREQUENCY_MONTHS, Quotes
from simulator.showcase import Shows
from simulator.window import DAY, HOUR, NEVER, SECOND, Bools, Ints
from simulator.world import World

MAX_PERIODS = 128
"""More than any order is billed for: invoices are numbered order × MAX_PERIODS + period."""


@dataclass(frozen=True)
class Activation:
    """Per order: when billing starts, and the failed handoff before it (NEVER where there is none)."""

    handoff_failed: Ints
    start: Ints


@dataclass(frozen=True)
class Invoices:
    """Invoices by order and period, and their lines by invoice. Amounts are in 10⁻⁴ units.

    `line_invoice` is a row of the invoices, `line_item` a row of the items.
    """

    order: Ints
    period: Ints
    time: Ints
    start_day: Ints
    end_day: Ints
    currency: Ints
    net: Ints
    tax: Ints
    line_invoice: Ints
    line_item: Ints
    line_net: Ints
    line_tax: Ints
    line_taxed: Bools

    def __len__(self) -> int:
        return len(self.order)


@dataclass(frozen=True)
class CreditNotes:
    """Credit notes, one line each: `invoice_line` is the row of the invoice line that is credited in part or whole."""

    invoice: Ints
    invoice_line: Ints
    time: Ints
    net: Ints
    tax: Ints


def period_amount(quotes: Quotes, orders: Orders, rows: Ints) -> tuple[Ints, Ints]:
    """For recurring items: what each billing period but the last is billed with, and how many periods there are.

    Whole minor units; the last period takes what is left of the net amount.
    """
    items = orders.items
    quote = items.quote[rows]
    periods = quotes.term[quote] // FREQUENCY_MONTHS[quotes.frequency[quote]]
    step = STEPS[quotes.currency[quote]]
    amount: Ints = items.net[rows] // periods // step * step
    return amount, periods


def activate(orders: Orders, work: Work, world: World) -> Activation:
    """Billing starts when an order is done, later where the handoff fails first."""
    draws, number = world.draws, orders.number
    pace = orders.pace
    first = work.order_done + (draws.delay("billing/handoff", number, 600, 7_200) * pace).astype(np.int64)
    fails = draws.chance("billing/handoff-fails", number, 0.03) & ~showcase.showcased(number)
    fails |= showcase.shows(number, Shows.HANDOFF_FAILURE)
    repaired = first + SECOND + (draws.delay("billing/repair", number, 3_600, 3 * 86_400) * pace).astype(np.int64)
    return Activation(np.where(fails, first, NEVER), np.where(fails, repaired, first))


def bill(
    quotes: Quotes, orders: Orders, work: Work, activation: Activation, terminated: Ints, world: World
) -> Invoices:
    """Invoices that fall into the window. `terminated` says per item when its asset was (NEVER: not).

    One-time items are billed whole with the first invoice, the others period by period in advance, until they are
    terminated. An invoice without lines is not issued.
    """
    items, end = orders.items, world.window.end_ms
    billed = (work.item_done < NEVER) & (items.net > 0)
    recurs = billed & (items.charge != ONE_TIME)
    months = FREQUENCY_MONTHS[quotes.frequency[orders.quote]]
    periods = np.where(_any(recurs, orders), quotes.term[orders.quote] // months, 1)
    begins = activation.start < end
    start_day = np.where(begins, activation.start, 0) // DAY
    # Not more than there are months in the window, plus the running one.
    possible = np.where(begins, (end // DAY - start_day) // (28 * months) + 1, 0)
    counts = np.minimum(periods, possible)
    order = np.repeat(np.arange(len(orders), dtype=np.int64), counts)
    period = np.arange(len(order), dtype=np.int64) - np.repeat(np.cumsum(counts) - counts, counts)
    first_day = months_after(start_day[order], period * months[order])
    next_day = np.where(
        _any(recurs, orders)[order], months_after(start_day[order], (period + 1) * months[order]), first_day + 1
    )
    run = world.draws.between("billing/run", orders.number[order] * MAX_PERIODS + period, 0, 3 * 3_600) * SECOND
    time = (first_day + 1) * DAY + 2 * HOUR + run
    issued = np.flatnonzero(time < end)
    order, period, time = order[issued], period[issued], time[issued]
    first_day, next_day = first_day[issued], next_day[issued]

    invoice, item = _invoice_items(orders, order)
    amount, item_periods = period_amount(quotes, orders, item)
    at_period = period[invoice]
    last = items.net[item] - amount * (item_periods - 1)
    recurring = np.where(at_period < item_periods - 1, amount, np.where(at_period == item_periods - 1, last, 0))
    one_time = np.where(at_period == 0, items.net[item], 0)
    net = np.where(items.charge[item] == ONE_TIME, one_time, recurring)
    due = billed[item] & (net > 0) & (time[invoice] < terminated[item])
    invoice, item, net = invoice[due], item[due], net[due]

    quote = items.quote[item]
    taxed = ~world.draws.chance("billing/untaxed", items.ids[item], 0.01)
    tax = to_minor(share(net, quotes.tax[quote]), quotes.currency[quote]) * taxed
    kept, place = np.unique(invoice, return_inverse=True)
    totals = np.zeros((2, len(kept)), dtype=np.int64)
    np.add.at(totals[0], place, net)
    np.add.at(totals[1], place, tax)
    return Invoices(
        order=order[kept],
        period=period[kept],
        time=time[kept],
        start_day=first_day[kept],
        end_day=next_day[kept],
        currency=quotes.currency[orders.quote[order[kept]]],
        net=totals[0],
        tax=totals[1],
        line_invoice=place,
        line_item=item,
        line_net=net,
        line_tax=tax,
        line_taxed=taxed,
    )


def _any(where: Bools, orders: Orders) -> Bools:
    """Per order, whether it has an item of that sort."""
    found = np.zeros(len(orders), dtype=np.bool_)
    found[orders.items.order[where]] = True
    return found


def _invoice_items(orders: Orders, order: Ints) -> tuple[Ints, Ints]:
    """(invoice, item) for every item of the order of every invoice."""
    counts = np.bincount(orders.items.order, minlength=len(orders))[order]
    invoice = np.repeat(np.arange(len(order), dtype=np.int64), counts)
    skipped = np.cumsum(counts) - counts
    item = np.arange(len(invoice), dtype=np.int64) + np.repeat(orders.first_item[order] - skipped, counts)
    return invoice, item


def credit(quotes: Quotes, orders: Orders, invoices: Invoices, world: World) -> CreditNotes:
    """Credit notes: for a few invoices, a part of their first line."""
    draws = world.draws
    number = orders.number[invoices.order]
    ids = number * MAX_PERIODS + invoices.period
    shown = showcase.shows(number, Shows.CREDIT_NOTE) & (invoices.period == 0)
    credited = draws.chance("credit/note", ids, 0.04) & ~showcase.showcased(number) | shown
    time = invoices.time + np.where(shown, HOUR, DAY) + draws.delay("credit/delay", ids, 600, 9 * 86_400)
    time = np.where(shown, invoices.time + HOUR, time)
    first = np.searchsorted(invoices.line_invoice, np.arange(len(invoices)))
    part = np.array([1_000, 2_500, 5_000, 10_000])[draws.weighted("credit/part", ids, [3, 3, 2, 2])]
    currency = quotes.currency[orders.quote[invoices.order]]
    net = to_minor(share(invoices.line_net[first], part), currency)
    tax = to_minor(share(invoices.line_tax[first], part), currency)
    rows = np.flatnonzero(credited & (time < world.window.end_ms) & (net > 0))
    return CreditNotes(rows, first[rows], time[rows], net[rows], tax[rows])
