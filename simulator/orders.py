"""Orders and their items: what accepted quotes turn into, line for line, and what fate they meet. Renders nothing."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator import showcase
from simulator.catalog import BUNDLES, CLOUD, COLLABORATION, CONNECTIVITY, FAMILY, SECURITY, SERVICES
from simulator.journeys import SUCCEEDED, Journeys
from simulator.pricing import Pricings
from simulator.quotes import AMENDMENT, RENEWAL, Quotes
from simulator.showcase import Shows
from simulator.window import SECOND, Bools, Ints
from simulator.world import World

ACTIONS = ("ADD", "MODIFY", "DELETE")
ADD, MODIFY, DELETE = range(3)

FATES = ("NORMAL", "CANCELLED", "REFUSED", "WITHDRAWN", "FAILED")
NORMAL, CANCELLED, REFUSED, WITHDRAWN, FAILED = range(5)

SUBMITTED_BEFORE = SECOND
"""How long before CPQ notes its success the order system has the order."""

_DEPENDENT_FAMILIES = (CLOUD, SECURITY, COLLABORATION, SERVICES)


@dataclass(frozen=True)
class Items:
    """Items by order and then by line. `order` is a row of Orders, `line` a row of the priced lines."""

    order: Ints
    quote: Ints
    line: Ints
    number: Ints
    ids: Ints
    """A number for each item over the whole run."""
    offering: Ints
    charge: Ints
    quantity: Ints
    net: Ints
    action: Ints
    lead: Bools
    is_header: Bools
    """The header of a bundle: nothing to do for it."""
    after_lead: Bools
    """Waits for the lead item."""
    is_checked: Bools
    """Goes through feasibility checks."""
    infeasible: Bools
    """Cannot be delivered, and the order goes on without it."""

    def __len__(self) -> int:
        return len(self.order)


@dataclass(frozen=True)
class Orders:
    """Orders of a chunk, one per converted quote, with the same number as the quote."""

    quote: Ints
    number: Ints
    revision: Ints
    submitted: Ints
    pace: npt.NDArray[np.float64]
    fate: Ints
    first_item: Ints
    items: Items

    def __len__(self) -> int:
        return len(self.quote)

    def lead_item(self, order: Ints) -> Ints:
        """Row of the first item of an order that is no bundle header."""
        first = self.first_item[order]
        lead: Ints = first + self.items.is_header[first]
        return lead


def build_orders(quotes: Quotes, journeys: Journeys, pricings: Pricings, world: World) -> Orders:
    """One order for each conversion that succeeded, with one item for each line of the accepted revision."""
    conversions = journeys["conversion"]
    done = conversions.where(conversions["outcome"] == SUCCEEDED)
    quote = done.entity
    number = quotes.number[quote]
    ordinal = np.zeros(len(quotes), dtype=np.int64)
    ordinal[journeys["accepted"].entity] = journeys["accepted"]["ordinal"]
    pricing = pricings.row(quote, ordinal[quote])
    fate = np.where(showcase.ordered(number), NORMAL, world.draws.weighted("order/fate", number, [90, 4, 3, 1, 2]))
    fate = np.where(showcase.shows(number, Shows.CANCELLED_ORDER), CANCELLED, fate)
    fate = np.where(showcase.shows(number, Shows.REFUSED_CANCELLATION), REFUSED, fate)
    counts = pricings.counts[pricing]
    order = np.repeat(np.arange(len(done), dtype=np.int64), counts)
    items = _items(quotes, pricings, pricings.lines_of(pricing), order, fate, world)
    first = np.cumsum(counts) - counts
    submitted = done.time - SUBMITTED_BEFORE
    return Orders(quote, number, done["revision"], submitted, quotes.pace[quote], fate, first, items)


def _items(quotes: Quotes, pricings: Pricings, line: Ints, order: Ints, fate: Ints, world: World) -> Items:
    lines, draws = pricings.lines, world.draws
    quote, number, offering = lines.quote[line], lines.number[line], lines.offering[line]
    ids = quotes.line_ids(quote, number)
    kind = quotes.kind[quote]
    modifies = (kind == RENEWAL) | (kind == AMENDMENT) & draws.chance("item/modifies", ids, 0.6)
    lead = number == quotes.lead_line[quote]
    family = FAMILY[offering]
    is_header = family == BUNDLES
    is_checked = (family == CONNECTIVITY) & ~lines.removes[line]
    infeasible = is_checked & ~lead & (fate[order] == NORMAL) & draws.chance("item/infeasible", ids, 0.04)
    waits = np.isin(family, _DEPENDENT_FAMILIES) & ~lead & ~lines.removes[line]
    return Items(
        order=order,
        quote=quote,
        line=line,
        number=number,
        ids=ids,
        offering=offering,
        charge=lines.charge[line],
        quantity=lines.quantity[line],
        net=lines.net[line],
        action=np.where(lines.removes[line], DELETE, np.where(modifies, MODIFY, ADD)),
        lead=lead,
        is_header=is_header,
        after_lead=waits & ~infeasible & draws.chance("item/waits", ids, 0.5),
        is_checked=is_checked,
        infeasible=infeasible,
    )
