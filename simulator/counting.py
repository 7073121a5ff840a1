"""What each source system counts in its own tables of a chunk, for its control totals."""

import numpy as np

from simulator.billing import CreditNotes, Invoices
from simulator.control import ControlTotals
from simulator.fulfillment import Work
from simulator.journeys import Journeys
from simulator.orders import Orders
from simulator.pricing import Pricings
from simulator.quotes import Quotes


def count_quotes(totals: ControlTotals, quotes: Quotes, journeys: Journeys, pricings: Pricings) -> None:
    """Quotes created; quotes accepted with the net of their last pricing."""
    totals.add("quotes_created", journeys["created"].time)
    accepted = journeys["accepted"]
    net = pricings.net[pricings.row(accepted.entity, accepted["ordinal"])]
    totals.add("quotes_accepted", accepted.time, quotes.currency[accepted.entity], net)


def count_orders(totals: ControlTotals, quotes: Quotes, orders: Orders, work: Work) -> None:
    """Orders submitted with the net of their items; tasks completed."""
    net = np.zeros(len(orders), dtype=np.int64)
    np.add.at(net, orders.items.order, orders.items.net)
    totals.add("orders_submitted", orders.submitted, quotes.currency[orders.quote], net)
    totals.add("fulfillment_tasks_completed", work.steps["completed"].time)


def count_billing(totals: ControlTotals, invoices: Invoices, credits: CreditNotes) -> None:
    """Invoices and credit notes with the net totals and the currency that billing has for them."""
    totals.add("invoices_issued", invoices.time, invoices.currency, invoices.net)
    totals.add("credit_notes_issued", credits.time, invoices.currency[credits.invoice], credits.net)
