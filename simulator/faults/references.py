"""Reference data that never arrives: chosen among what some quote and its order name, and taken out of the lines."""

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from simulator.billing import activate, bill
from simulator.catalog import OFFERING_IDS
from simulator.envelopes import Lines
from simulator.faults.truth import Fault, Truth
from simulator.faults.victims import Victims
from simulator.fulfillment import do_work
from simulator.journeys import walk_quotes
from simulator.money import CURRENCY_CODES
from simulator.order_flow import walk_orders
from simulator.orders import build_orders
from simulator.pricing import price_quotes
from simulator.quotes import build_quotes
from simulator.window import NEVER
from simulator.world import World

Named = tuple[str, str, list[tuple[str, ...]]]
"""Aggregate type and id, and the texts by which a line is known to name it: all of one of the tuples."""


@dataclass(frozen=True)
class ReferenceFaults:
    """Takes accounts, billing accounts, offerings and prices out of the reference data."""

    victims: Victims
    truth: Truth
    world: World

    def harm(self, parts: list[Lines]) -> list[Lines]:
        """The lines of the chunk that holds the reference data, without what is to be missing."""
        for wanted in self.victims.of_kind("missing_reference"):
            number = 0
            while (ordinal := self.victims.next_ordinal(wanted)) is not None and number < self.world.quotes:
                named = self._named_by(number, ordinal % 4)
                number += 1
                if named is None or any(named[:2] == (f.aggregate_type, f.aggregate_id) for f in self.truth.faults):
                    continue
                kind, name, needles = named
                parts, ids = _without(parts, kind, name)
                self.victims.count(wanted)
                self.truth.add(Fault(wanted.kind, [], kind, name, event_ids=ids, names=needles))
        return parts

    def _named_by(self, number: int, which: int) -> Named | None:
        """What the quote of a number, or its order, names; None where it names nothing of the sort."""
        world = self.world
        quotes = build_quotes(number, number + 1, world)
        journeys = walk_quotes(quotes, world)
        pricings = price_quotes(quotes, journeys["priced"], world)
        account = quotes.account
        if which == 0:
            name = world.accounts.ids.take(pa.array(account))[0].as_py()
            return "Account", name, [(f'"accountId":"{name}"', f'"eventType":"{one}"') for one in _NAMING_ACCOUNTS]
        if not len(pricings.lines):
            return None
        offering = OFFERING_IDS[int(pricings.lines.offering[0])]
        if which == 1:
            return "ProductOffering", offering, [(f'"productOfferingId":"{offering}"', _PRICED)]
        if which == 2:
            book = world.catalog.books[int(pricings.book[0])]
            code = CURRENCY_CODES[int(quotes.currency[0])]
            texts = (
                _PRICED,
                f'"currency":"{code}"',
                f'"priceBookVersion":"{book}"',
                f'"productOfferingId":"{offering}"',
            )
            return "PriceBookEntry", f"{book}:{offering}:{code}", [texts]
        orders = build_orders(quotes, journeys, pricings, world)
        if not len(orders):
            return None
        work = do_work(orders, walk_orders(orders, world), world)
        never = np.full(len(orders.items), NEVER, dtype=np.int64)
        if not len(bill(quotes, orders, work, activate(orders, work, world), never, world)):
            return None
        name = world.accounts.billing_ids.take(pa.array(account))[0].as_py()
        return "BillingAccount", name, [(f'"billingAccountId":"{name}"',)]


_NAMING_ACCOUNTS = ("QuoteCreated", "OrderSubmitted", "InvoiceIssued", "CreditNoteIssued", "AssetCreated")
_PRICED = '"eventType":"QuotePriced"'


def _without(parts: list[Lines], kind: str, name: str) -> tuple[list[Lines], list[str]]:
    """The lines without those of an aggregate, and the ids of the events that were taken out."""
    mark = f'"aggregateType":"{kind}","aggregateId":"{name}"'
    kept, ids = [], []
    for part in parts:
        hit = pc.match_substring(part.line, mark)
        ids += pc.extract_regex(part.line.filter(hit), r'"eventId":"(?P<id>[^"]+)"').field("id").to_pylist()
        stays = pc.invert(hit)
        rows = stays.to_numpy(zero_copy_only=False)
        line = part.line if rows.all() else pa.array(part.line.filter(stays).to_pylist(), pa.string())
        kept.append(replace(part, time=part.time[rows], line=line))
    return kept, ids
