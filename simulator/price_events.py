"""QuotePriced: renders priced lines and their adjustments. Decides nothing."""

import numpy as np

from simulator import text
from simulator.adjustments import ADJUSTMENT_TYPES, SAYS_PERCENT
from simulator.catalog import CHARGE_TYPES, OFFERING_IDS, ONE_TIME
from simulator.events import EventBatch, aggregate_key
from simulator.journeys import TRIGGERS
from simulator.money import CURRENCY_CODES, UNIT
from simulator.pricing import Pricings
from simulator.quote_events import Fields, line_id
from simulator.quotes import Quotes
from simulator.text import Listed
from simulator.world import World

_KIND = {name: place for place, name in enumerate(ADJUSTMENT_TYPES)}
# by adjustment type, in its order: what the source states about the adjustment
_REASON_CODES = {
    "LINE_DISCRETIONARY": "SALES_NEGOTIATION",
    "MANUAL_OVERRIDE": "MANAGER_OVERRIDE",
    "UNCLASSIFIED": "LEGACY",
}
_CAUSES = {"CONTRACTED_PRICE": "AGREEMENT-7", "VOLUME_TERM_SCHEDULE": "SCHEDULE-2", "PROMOTION": "PROMO-SEASONAL"}


def _by_type(stated: dict[str, str]) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """For each adjustment type its position among the stated values; -1 where nothing is stated."""
    values = list(stated)
    return np.array([values.index(name) if name in stated else -1 for name in ADJUSTMENT_TYPES], dtype=np.int64)


def _adjustments(pricings: Pricings, world: World) -> Listed:
    """The list of adjustments of each line."""
    adjustments, lines = pricings.adjustments, pricings.lines
    kind = adjustments.kind
    time = pricings.steps.time[lines.pricing[adjustments.line]]
    says_percent = SAYS_PERCENT[kind]
    of_policy = kind == _KIND["LINE_DISCRETIONARY"]
    policy = np.where(of_policy, world.policies.at(time), -1)
    fields: Fields = [
        ("sequence", text.whole(adjustments.sequence)),
        ("type", text.coded(ADJUSTMENT_TYPES, kind)),
        ("amount", text.amounts(adjustments.amount)),
        ("basis", text.coded(("LIST", "RUNNING"), (adjustments.sequence > 1).astype(np.int64))),
        ("basisAmount", text.amounts(adjustments.basis_amount)),
        ("percent", text.only(text.amounts(adjustments.percent), says_percent)),
        ("reasonCode", text.coded(tuple(_REASON_CODES.values()), _by_type(_REASON_CODES)[kind])),
        ("causeId", text.coded(tuple(_CAUSES.values()), _by_type(_CAUSES)[kind])),
        ("policyVersion", text.coded(world.policies.versions, policy)),
    ]
    counts = np.bincount(adjustments.line, minlength=len(lines))
    return text.listed(text.record(fields, len(kind)), counts)


def _lines(quotes: Quotes, pricings: Pricings, world: World) -> Listed:
    """The list of lines of each pricing."""
    lines = pricings.lines
    quote = lines.quote
    recurs = lines.charge != ONE_TIME
    parent = text.only(text.quoted(line_id(quotes, quote, np.zeros_like(quote))), lines.in_bundle)
    # Outside the Americas customers see prices with tax.
    shows_tax = quotes.region[quote] > 0
    fields: Fields = [
        ("lineId", text.quoted(line_id(quotes, quote, lines.number))),
        ("parentLineId", parent),
        ("productOfferingId", text.coded(OFFERING_IDS, lines.offering)),
        ("chargeType", text.coded(CHARGE_TYPES, lines.charge)),
        ("quantity", text.amounts(lines.quantity)),
        ("termPeriods", text.only(text.whole(lines.term), recurs)),
        ("listUnitPrice", text.amounts(lines.list_unit)),
        ("prorationFactor", text.only(text.amounts(lines.factor), lines.factor != UNIT)),
        ("proratedListAmount", text.amounts(lines.prorated)),
        ("adjustments", _adjustments(pricings, world)),
        ("netAmount", text.amounts(lines.net)),
        ("taxDisplayAmount", text.only(text.amounts(lines.tax_display), shows_tax)),
        ("costAmount", text.only(text.amounts(lines.cost), lines.has_cost)),
        ("floorNetAmount", text.only(text.amounts(lines.floor), lines.has_floor)),
    ]
    return text.listed(text.record(fields, len(lines)), pricings.counts)


def priced_events(quotes: Quotes, pricings: Pricings, world: World) -> EventBatch:
    """One event per pricing."""
    steps = pricings.steps
    rows = steps.entity
    catalog, policies = world.catalog, world.policies
    fields: Fields = [
        ("quoteRevision", text.whole(steps["revision"])),
        ("trigger", text.coded(TRIGGERS, steps["trigger"])),
        ("currency", text.coded(CURRENCY_CODES, quotes.currency[rows])),
        ("catalogVersion", text.coded(catalog.versions, catalog.version_at(steps.time))),
        ("priceBookVersion", text.coded(catalog.books, pricings.book)),
        ("pricingEngineVersion", '"4.2.0"'),
        ("policyVersion", text.coded(policies.versions, policies.at(steps.time))),
        ("lines", _lines(quotes, pricings, world)),
    ]
    return EventBatch(
        "QuotePriced",
        aggregate_key("Quote", quotes.number[rows]),
        text.at(quotes.quote_id, rows),
        steps.time,
        text.record(fields, len(steps)),
        text.at(quotes.correlation, rows),
    )
