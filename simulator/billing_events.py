"""Billing events: renders activations, failed handoffs, invoices and credit notes. Decides nothing."""

from dataclasses import dataclass

import numpy as np

from simulator import text
from simulator.accounts import COUNTRY_CODES
from simulator.assets import Assets, asset_id
from simulator.billing import MAX_PERIODS, Activation, CreditNotes, Invoices, period_amount
from simulator.catalog import CHARGE_TYPES, OFFERING_IDS, ONE_TIME
from simulator.events import EventBatch, aggregate_key
from simulator.fulfillment import Work
from simulator.money import CURRENCY_CODES
from simulator.order_events import item_id, item_name
from simulator.orders import Orders
from simulator.quote_events import Fields, line_id, months_after
from simulator.quotes import FREQUENCIES, Quotes
from simulator.text import Text
from simulator.window import DAY, NEVER, SECOND, Bools, Ints
from simulator.world import World

_HANDOFF_REASONS = ("BILLING_ACCOUNT_INVALID", "TAX_JURISDICTION_UNRESOLVED", "BILLING_SYSTEM_TIMEOUT")
_CREDIT_REASONS = ("SERVICE_OUTAGE", "GOODWILL", "BILLING_ERROR")


@dataclass(frozen=True)
class BillingRenderer:
    """Event batches of what a chunk is billed for."""

    quotes: Quotes
    orders: Orders
    work: Work
    activation: Activation
    assets: Assets
    invoices: Invoices
    credits: CreditNotes
    world: World

    def batches(self) -> list[EventBatch]:
        """Every billing event but those of billing accounts."""
        items, end = self.orders.items, self.world.window.end_ms
        subscribed = (self.work.item_done < NEVER) & (items.net > 0) & (items.charge != ONE_TIME)
        # The recurring items of an order are activated one after the other.
        time = self.activation.start[items.order] + items.number * SECOND // 4
        failed = self.activation.handoff_failed[items.order] + items.number * SECOND // 4
        return [
            self.activated(np.flatnonzero(subscribed & (time < end)), time),
            self.handoff_failed(np.flatnonzero(subscribed & (failed < end)), failed),
            self.issued(),
            self.credited(),
        ]

    def subscription(self, event_type: str, rows: Ints, time: Ints, fields: Fields) -> EventBatch:
        items = self.orders.items
        return EventBatch(
            event_type,
            aggregate_key("Subscription", items.ids[rows]),
            item_name("SUB-", self.quotes, self.orders, rows),
            time[rows],
            text.record(fields, len(rows)),
            text.at(self.quotes.correlation, items.quote[rows]),
            self.after_order(items.quote[rows]),
        )

    def after_order(self, quote: Ints) -> Ints:
        return aggregate_key("Order", self.quotes.number[quote])

    def order_fields(self, rows: Ints) -> Fields:
        return [
            ("orderId", text.quoted(text.at(self.quotes.order_id, self.orders.items.quote[rows]))),
            ("orderItemId", text.quoted(item_id(self.quotes, self.orders, rows))),
        ]

    def account_fields(self, quote: Ints) -> Fields:
        accounts, account = self.world.accounts, self.quotes.account[quote]
        return [
            ("accountId", text.quoted(text.at(accounts.ids, account))),
            ("billingAccountId", text.quoted(text.at(accounts.billing_ids, account))),
        ]

    def asset(self, rows: Ints) -> Text:
        exists = self.assets.created[rows] < NEVER
        return text.only(text.quoted(asset_id(self.quotes, self.orders, rows)), exists)

    def currency(self, quote: Ints) -> Text:
        return text.coded(CURRENCY_CODES, self.quotes.currency[quote])

    def invoiced_in(self, rows: Ints) -> Text:
        return text.coded(CURRENCY_CODES, self.invoices.currency[rows])

    def activated(self, rows: Ints, time: Ints) -> EventBatch:
        quotes = self.quotes
        quote = self.orders.items.quote[rows]
        start = self.activation.start[self.orders.items.order[rows]] // DAY
        fields: Fields = [
            *self.order_fields(rows),
            ("assetId", self.asset(rows)),
            *self.account_fields(quote),
            ("currency", self.currency(quote)),
            ("recurringNetAmount", text.amounts(period_amount(quotes, self.orders, rows)[0])),
            ("billingFrequency", text.coded(FREQUENCIES, quotes.frequency[quote])),
            ("startDate", text.dates(start)),
            ("endDate", text.dates(months_after(start, quotes.term[quote]))),
        ]
        return self.subscription("BillingActivated", rows, time, fields)

    def handoff_failed(self, rows: Ints, time: Ints) -> EventBatch:
        reason = self.world.draws.between("billing/reason", self.orders.items.ids[rows], 0, len(_HANDOFF_REASONS) - 1)
        fields: Fields = [*self.order_fields(rows), ("reasonCode", text.coded(_HANDOFF_REASONS, reason))]
        return self.subscription("BillingHandoffFailed", rows, time, fields)

    def invoice_id(self, prefix: str, rows: Ints) -> Text:
        digits = text.at(self.quotes.digits, self.orders.quote[self.invoices.order[rows]])
        return text.joined(prefix, digits, "-", text.padded(self.invoices.period[rows] + 1, 2))

    def line_fields(self, item: Ints, net: Ints, tax: Ints, taxed: Bools) -> Fields:
        items, quotes = self.orders.items, self.quotes
        quote = items.quote[item]
        return [
            *self.order_fields(item),
            ("quoteLineId", text.quoted(line_id(quotes, quote, items.number[item]))),
            ("assetId", self.asset(item)),
            ("productOfferingId", text.coded(OFFERING_IDS, items.offering[item])),
            ("chargeType", text.coded(CHARGE_TYPES, items.charge[item])),
            ("quantity", text.amounts(items.quantity[item])),
            ("netAmount", text.amounts(net)),
            ("taxAmount", text.amounts(tax)),
            ("taxJurisdiction", text.coded(COUNTRY_CODES, np.where(taxed, quotes.country[quote], -1))),
        ]

    def issued(self) -> EventBatch:
        invoices, orders = self.invoices, self.orders
        rows = np.arange(len(invoices), dtype=np.int64)
        quote = orders.quote[invoices.order]
        of_line, item = invoices.line_invoice, invoices.line_item
        line_name = text.joined(
            self.invoice_id("INV-", of_line), "-", text.padded(orders.items.number[item] + 1, 2)
        )  # fmt: skip
        lines = text.record(
            [
                ("invoiceLineId", text.quoted(line_name)),
                *self.line_fields(item, invoices.line_net, invoices.line_tax, invoices.line_taxed),
            ],
            len(of_line),
        )
        ids = self.invoice_id("INV-", rows)
        fields: Fields = [
            ("invoiceNumber", text.quoted(ids)),
            *self.account_fields(quote),
            ("currency", self.invoiced_in(rows)),
            ("periodStart", text.dates(invoices.start_day)),
            ("periodEnd", text.dates(invoices.end_day)),
            ("lines", text.listed(lines, np.bincount(of_line, minlength=len(invoices)))),
            ("totalNetAmount", text.amounts(invoices.net)),
            ("totalTaxAmount", text.amounts(invoices.tax)),
        ]
        return self.document("InvoiceIssued", "Invoice", rows, invoices.time, ids, fields, self.after_order(quote))

    def credited(self) -> EventBatch:
        credits, invoices = self.credits, self.invoices
        rows = credits.invoice
        quote = self.orders.quote[invoices.order[rows]]
        ids = self.invoice_id("CN-", rows)
        item, taxed = invoices.line_item[credits.invoice_line], invoices.line_taxed[credits.invoice_line]
        lines = text.record(
            [
                ("invoiceLineId", text.joined('"', ids, '-01"')),
                *self.line_fields(item, credits.net, credits.tax, taxed),
            ],
            len(rows),
        )
        number = self.orders.number[invoices.order[rows]]
        reason = self.world.draws.between("credit/reason", number, 0, len(_CREDIT_REASONS) - 1)
        account, _ = self.account_fields(quote)
        fields: Fields = [
            ("creditNoteNumber", text.quoted(ids)),
            ("invoiceId", text.quoted(self.invoice_id("INV-", rows))),
            account,
            ("currency", self.invoiced_in(rows)),
            ("reasonCode", text.coded(_CREDIT_REASONS, reason)),
            ("lines", text.listed(lines, np.ones(len(rows), dtype=np.int64))),
            ("totalNetAmount", text.amounts(credits.net)),
            ("totalTaxAmount", text.amounts(credits.tax)),
        ]
        cause = aggregate_key("Invoice", self.numbers(rows))
        return self.document("CreditNoteIssued", "CreditNote", rows, credits.time, ids, fields, cause)

    def numbers(self, rows: Ints) -> Ints:
        number: Ints = self.orders.number[self.invoices.order[rows]] * MAX_PERIODS + self.invoices.period[rows]
        return number

    def document(
        self, event_type: str, aggregate: str, rows: Ints, time: Ints, ids: Text, fields: Fields, cause: Ints
    ) -> EventBatch:
        return EventBatch(
            event_type,
            aggregate_key(aggregate, self.numbers(rows)),
            ids,
            time,
            text.record(fields, len(time)),
            text.at(self.quotes.correlation, self.orders.quote[self.invoices.order[rows]]),
            cause,
        )
