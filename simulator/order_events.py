"""Order events: renders submissions, items, states, checks and cancellations. Decides nothing."""

from dataclasses import dataclass

import numpy as np

from simulator import text
from simulator.accounts import REGIONS
from simulator.catalog import CHARGE_TYPES, FAMILIES, FAMILY, OFFERING_IDS
from simulator.events import EventBatch, aggregate_key
from simulator.fulfillment import Work
from simulator.journeys import Journeys
from simulator.money import CURRENCY_CODES
from simulator.order_flow import CHECK_OUTCOMES, FAILED_STATE, STATES, OrderFlow, promised, refused_cancellations
from simulator.orders import ACTIONS, FAILED, SUBMITTED_BEFORE, Orders
from simulator.pricing import Pricings
from simulator.quote_events import Fields, idempotency_key, line_id
from simulator.quotes import CHANNELS, Quotes
from simulator.text import Listed, Text
from simulator.timeline import Steps, merged
from simulator.window import NEVER, SECOND, Ints
from simulator.world import World

_REASONS = {"HELD": "CREDIT_CHECK", "PENDING": "CUSTOMER_NOT_READY", "FAILED": "DECOMPOSITION_FAILED"}
_STATE_REASON: Ints = np.array(
    [list(_REASONS).index(state) if state in _REASONS else -1 for state in STATES], dtype=np.int64
)
_MILESTONES = tuple(f"{family.upper()}_DELIVERED" for family in FAMILIES)
_CONFLICTS = ("IN_FLIGHT_DEPENDENCY", "POINT_OF_NO_RETURN", "ALREADY_COMPLETED")
_IN_PROGRESS, _COMPLETED, _CANCELLED = (STATES.index(state) for state in ("IN_PROGRESS", "COMPLETED", "CANCELLED"))


@dataclass(frozen=True)
class OrderRenderer:
    """Event batches of the orders of a chunk."""

    quotes: Quotes
    journeys: Journeys
    pricings: Pricings
    orders: Orders
    flow: OrderFlow
    work: Work
    world: World

    def batch(self, event_type: str, quote: Ints, time: Ints, fields: Fields, cause: Ints | None = None) -> EventBatch:
        return EventBatch(
            event_type,
            aggregate_key("Order", self.quotes.number[quote]),
            text.at(self.quotes.order_id, quote),
            time,
            text.record(fields, len(time)),
            text.at(self.quotes.correlation, quote),
            cause,
        )

    def batches(self) -> list[EventBatch]:
        """Every order event."""
        requested, decided = refused_cancellations(self.orders, self.flow, self.work.order_done, self.world)
        return [
            self.attempts(),
            self.submitted(),
            self.states(),
            self.item_states(),
            self.checks(),
            self.decompositions(),
            self.cancel_requested(merged([self.flow.cancel_requested, requested])),
            self.cancel_decided(merged([self.flow.cancel_decided, decided])),
        ]

    def attempts(self) -> EventBatch:
        """What the order system saw of each conversion attempt, a moment before CPQ noted its outcome."""
        steps = self.journeys["conversion"]
        outcome = steps["outcome"]
        order = text.quoted(text.at(self.quotes.order_id, steps.entity))
        codes = ("BILLING_ACCOUNT_INVALID", "ADDRESS_NOT_VALIDATED", "CATALOG_VERSION_STALE")
        fields: Fields = [
            ("quoteId", text.quoted(text.at(self.quotes.quote_id, steps.entity))),
            ("quoteRevision", text.whole(steps["revision"])),
            ("idempotencyKey", idempotency_key(self.quotes, steps)),
            ("outcome", text.coded(("ACCEPTED", "REJECTED", "UNKNOWN"), outcome)),
            ("orderId", text.only(order, outcome == 0)),
            ("validationCode", text.coded(codes, np.where(outcome == 1, steps["failure"], -1))),
        ]
        time = steps.time - 2 * SUBMITTED_BEFORE
        cause = aggregate_key("Quote", self.quotes.number[steps.entity])
        return self.batch("OrderSubmissionAttempted", steps.entity, time, fields, cause)

    def submitted(self) -> EventBatch:
        quotes, orders, world = self.quotes, self.orders, self.world
        rows, accounts = orders.quote, world.accounts
        digits = text.at(quotes.digits, rows)
        street = text.whole(orders.number * 17 % 240 + 1)
        fields: Fields = [
            ("orderNumber", text.joined('"ORD-', digits, '"')),
            ("quoteId", text.quoted(text.at(quotes.quote_id, rows))),
            ("quoteRevision", text.whole(orders.revision)),
            ("accountId", text.quoted(text.at(accounts.ids, quotes.account[rows]))),
            ("billingAccountId", text.quoted(text.at(accounts.billing_ids, quotes.account[rows]))),
            ("currency", text.coded(CURRENCY_CODES, quotes.currency[rows])),
            ("channel", text.coded(CHANNELS, quotes.channel[rows])),
            ("region", text.coded(REGIONS, quotes.region[rows])),
            ("catalogVersion", text.coded(world.catalog.versions, world.catalog.version_at(orders.submitted))),
            ("priceBookVersion", text.coded(world.catalog.books, self.book())),
            ("serviceAddress", text.joined('"Harbour Street ', street, '"')),
            ("promisedCompletionAt", text.moments(promised(orders))),
            ("items", self.items()),
        ]
        return self.batch("OrderSubmitted", rows, orders.submitted, fields)

    def book(self) -> Ints:
        """The price book that the accepted revision was priced with."""
        book: Ints = self.pricings.book[self.pricings.lines.pricing[self.orders.items.line[self.orders.first_item]]]
        return book

    def items(self) -> Listed:
        """The list of items of each order."""
        items = self.orders.items
        lead = self.item_id(self.orders.lead_item(items.order))
        fields: Fields = [
            ("orderItemId", text.quoted(self.item_id(np.arange(len(items))))),
            ("quoteLineId", text.quoted(line_id(self.quotes, items.quote, items.number))),
            ("productOfferingId", text.coded(OFFERING_IDS, items.offering)),
            ("action", text.coded(ACTIONS, items.action)),
            ("chargeType", text.coded(CHARGE_TYPES, items.charge)),
            ("quantity", text.amounts(items.quantity)),
            ("netAmount", text.amounts(items.net)),
            ("dependsOn", text.only(text.joined('["', lead, '"]'), items.after_lead)),
        ]
        return text.listed(text.record(fields, len(items)), np.bincount(items.order, minlength=len(self.orders)))

    def item_id(self, rows: Ints) -> Text:
        """Raw ids of order items."""
        return item_id(self.quotes, self.orders, rows)

    def states(self) -> EventBatch:
        done = np.flatnonzero(self.work.order_done < self.world.window.end_ms)
        ended = Steps(done, self.work.order_done[done], {"state": self.work.order_state[done]})
        steps = merged([self.flow.state, ended])
        reason = _STATE_REASON[steps["state"]]
        fields: Fields = [
            ("state", text.coded(STATES, steps["state"])),
            ("reasonCode", text.coded(tuple(_REASONS.values()), reason)),
        ]
        return self.batch("OrderStateChanged", self.orders.quote[steps.entity], steps.time, fields)

    def item_states(self) -> EventBatch:
        orders, work, end = self.orders, self.work, self.world.window.end_ms
        failed = np.where(orders.fate == FAILED, self.flow.abandoned, NEVER)[orders.items.order]
        parts = []
        for times, state in (
            (work.item_started, _IN_PROGRESS),
            (work.item_done + SECOND // 5, _COMPLETED),
            (work.item_cancelled + SECOND // 5, _CANCELLED),
            (failed + SECOND, FAILED_STATE),
        ):
            rows = np.flatnonzero(times < end)
            parts.append(Steps(rows, times[rows], {"state": np.full(len(rows), state, dtype=np.int64)}))
        steps = merged(parts)
        family = FAMILY[orders.items.offering[steps.entity]]
        fields: Fields = [
            ("orderItemId", text.quoted(self.item_id(steps.entity))),
            ("state", text.coded(STATES, steps["state"])),
            ("milestone", text.coded(_MILESTONES, np.where(steps["state"] == _COMPLETED, family, -1))),
        ]
        return self.batch("OrderItemStateChanged", orders.items.quote[steps.entity], steps.time, fields)

    def checks(self) -> EventBatch:
        steps = self.flow.checks
        outcome = steps["outcome"]
        reasons = ("NO_CAPACITY", "CONSTRUCTION_NEEDED", "NO_ANSWER")
        fields: Fields = [
            ("orderItemId", text.quoted(self.item_id(steps.entity))),
            ("checkCycle", text.whole(steps["cycle"])),
            ("outcome", text.coded(CHECK_OUTCOMES, outcome)),
            ("reasonCode", text.coded(reasons, outcome - 1)),
        ]
        quote = self.orders.items.quote[steps.entity]
        return self.batch("OrderItemFeasibilityChecked", quote, steps.time, fields)

    def decompositions(self) -> EventBatch:
        steps = self.flow.decomposition
        fields: Fields = [
            ("outcome", text.coded(("SUCCEEDED", "FAILED"), steps["failed"])),
            ("failureCode", text.coded(("RULE_NOT_FOUND",), steps["failed"] - 1)),
        ]
        return self.batch("OrderDecompositionAttempted", self.orders.quote[steps.entity], steps.time, fields)

    def cancel_requested(self, steps: Steps) -> EventBatch:
        lead = self.item_id(self.orders.lead_item(steps.entity))
        partly = self.world.draws.chance("cancel/partly", self.orders.number[steps.entity], 0.4)
        partly &= np.isin(steps.entity, self.flow.cancel_requested.entity, invert=True)
        fields: Fields = [
            ("requestId", self.request_id(steps)),
            ("orderItemIds", text.only(text.joined('["', lead, '"]'), partly)),
        ]
        return self.batch("OrderCancellationRequested", self.orders.quote[steps.entity], steps.time, fields)

    def cancel_decided(self, steps: Steps) -> EventBatch:
        fields: Fields = [
            ("requestId", self.request_id(steps)),
            ("outcome", text.coded(("CANCELLED", "REFUSED", "WITHDRAWN"), steps["outcome"])),
            ("conflictReason", text.coded(_CONFLICTS, steps["conflict"])),
        ]
        return self.batch("OrderCancellationDecided", self.orders.quote[steps.entity], steps.time, fields)

    def request_id(self, steps: Steps) -> Text:
        digits = text.at(self.quotes.digits, self.orders.quote[steps.entity])
        return text.joined('"CAN-', digits, '"')


def item_name(prefix: str, quotes: Quotes, orders: Orders, rows: Ints) -> Text:
    """Raw ids made of a prefix, the order's number and the line's, for what there is one of for each item."""
    names = [f"-{position:02d}" for position in range(1, quotes.max_lines + 1)]
    digits = text.at(quotes.digits, orders.items.quote[rows])
    return text.joined(prefix, digits, text.raw(names, orders.items.number[rows]))


def item_id(quotes: Quotes, orders: Orders, rows: Ints) -> Text:
    """Raw ids of order items."""
    return item_name("OI-", quotes, orders, rows)
