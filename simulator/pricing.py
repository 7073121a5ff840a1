"""Prices every pricing of a chunk: lines, quantities, list amounts, adjustments, cost and floor. Renders nothing."""

from dataclasses import dataclass

import numpy as np

from simulator import catalog, showcase
from simulator.adjustments import Adjustments, apply_adjustments, no_percentages, place_of
from simulator.catalog import BUNDLE_CHILDREN, CHARGE, DEVICES, FAMILY, QUANTITIES, RECURRING, SERVICES, SOLD_ALONE
from simulator.concessions import asked_discount, overrides_price
from simulator.money import UNIT, scaled, share, to_minor
from simulator.quotes import AMENDMENT, RENEWAL, Quotes, line_counts
from simulator.timeline import Steps
from simulator.window import Bools, Ints, month_number
from simulator.world import World

_BUNDLES: Ints = np.array(list(BUNDLE_CHILDREN), dtype=np.int64)
_CHILDREN: Ints = np.array(list(BUNDLE_CHILDREN.values()), dtype=np.int64)


@dataclass(frozen=True)
class Lines:
    """Priced lines, by pricing and then by line number. Amounts are in units of 10⁻⁴ of the quote's currency."""

    pricing: Ints
    quote: Ints
    number: Ints
    offering: Ints
    charge: Ints
    in_bundle: Bools
    removes: Bools
    quantity: Ints
    term: Ints
    factor: Ints
    list_unit: Ints
    prorated: Ints
    net: Ints
    tax_display: Ints
    cost: Ints
    floor: Ints
    has_cost: Bools
    has_floor: Bools

    def __len__(self) -> int:
        return len(self.pricing)


@dataclass(frozen=True)
class Pricings:
    """Pricings of a chunk, by quote and in order of time; each has `counts` lines from `first` on."""

    steps: Steps
    book: Ints
    first: Ints
    counts: Ints
    lines: Lines
    adjustments: Adjustments
    net: Ints
    """Σ net of the lines of each pricing."""
    of_quote: Ints
    """Position of each quote's first pricing."""

    def row(self, quote: Ints, ordinal: Ints) -> Ints:
        """Position of the n-th pricing (from 1) of a quote."""
        rows: Ints = self.of_quote[quote] + ordinal - 1
        return rows

    def lines_of(self, pricing: Ints) -> Ints:
        """The lines of the given pricings, one after the other."""
        counts = self.counts[pricing]
        skipped = np.cumsum(counts) - counts
        rows: Ints = np.arange(counts.sum(), dtype=np.int64) + np.repeat(self.first[pricing] - skipped, counts)
        return rows


def price_quotes(quotes: Quotes, steps: Steps, world: World) -> Pricings:
    """Price the steps of kind `priced`."""
    counts = line_counts(quotes, steps["revision"], steps.entity, world)
    first = np.cumsum(counts) - counts
    pricing = np.repeat(np.arange(len(steps), dtype=np.int64), counts)
    number = np.arange(len(pricing), dtype=np.int64) - first[pricing]
    book = world.catalog.book_at(steps.time)
    lines, adjustments = _lines(quotes, steps, book, pricing, number, world)
    net = np.add.reduceat(lines.net, first) if len(first) else np.zeros(0, dtype=np.int64)
    per_quote = np.bincount(steps.entity, minlength=len(quotes))
    return Pricings(steps, book, first, counts, lines, adjustments, net, np.cumsum(per_quote) - per_quote)


def _offerings(quotes: Quotes, quote: Ints, number: Ints, world: World) -> tuple[Ints, Bools]:
    """The offering of each line, and whether it came in a bundle; a line keeps its offering over all revisions."""
    draws = world.draws
    ids = quotes.line_ids(quote, number)
    alone = SOLD_ALONE[draws.between("line/offering", ids, 0, len(SOLD_ALONE) - 1)]
    alone = np.where(showcase.ordered(quotes.number[quote]) & (number == 0), catalog.ACCESS, alone)
    bundle = draws.between("line/bundle", quotes.number[quote], 0, len(_BUNDLES) - 1)
    bundled = quotes.has_bundle[quote]
    offering = np.where(bundled & (number == 0), _BUNDLES[bundle], alone)
    child = bundled & ((number == 1) | (number == 2))
    return np.where(child, _CHILDREN[bundle, np.clip(number - 1, 0, 1)], offering), child


def _quantities(offering: Ints, ids: Ints, revision: Ints, world: World) -> Ints:
    """Quantities in units of 10⁻⁴; services also come in halves, and a later revision may ask for more or less."""
    draws = world.draws
    low, high = QUANTITIES[offering].T
    pieces = low + (draws.uniform("line/quantity", ids) ** 3 * (high - low + 1)).astype(np.int64)
    percent = np.array([100, 100, 80, 125])[draws.between("line/resize", ids * 4 + revision, 0, 3)]
    pieces = np.where(revision > 1, np.maximum(pieces * percent // 100, 1), pieces)
    half = (FAMILY[offering] == SERVICES) & draws.chance("line/half", ids, 0.25)
    quantity: Ints = pieces * UNIT + half * (UNIT // 2)
    return quantity


def _plan(
    quotes: Quotes,
    steps: Steps,
    pricing: Ints,
    number: Ints,
    offering: Ints,
    child: Bools,
    quantity: Ints,
    world: World,
) -> Ints:
    """Signed basis points for each type and line."""
    draws = world.draws
    quote, revision = steps.entity[pricing], steps["revision"][pricing]
    ids = quotes.line_ids(quote, number)
    lead = number == quotes.lead_line[quote]
    plan = no_percentages(len(pricing))

    def put(kind: str, where: Bools, points: Ints | int) -> None:
        plan[place_of(kind)] = np.where(where, points, 0)

    contracted = world.accounts.has_contract[quotes.account[quote]] & (FAMILY[offering] != DEVICES)
    put(
        "CONTRACTED_PRICE",
        contracted,
        -draws.between("line/contract", quotes.account[quote] * 64 + offering, 300, 1_800),
    )
    long_term = (CHARGE[offering] == RECURRING) & (quotes.term[quote] >= 24)
    put("VOLUME_TERM_SCHEDULE", long_term | (quantity >= 50 * UNIT), np.where(quotes.term[quote] >= 36, -900, -500))
    put("BUNDLE", child, -1_000)
    month = month_number(steps.time)[pricing]
    put("PROMOTION", draws.chance("line/promotion", month * 64 + offering, 0.12), -750)
    incentive = np.array([-500, -250, 200, 350])[draws.weighted("line/renewal", quotes.number[quote], [4, 3, 2, 1])]
    put("RENEWAL_INCENTIVE", quotes.kind[quote] == RENEWAL, incentive)
    asked = asked_discount(quotes, quote, revision, world)
    part = np.where(lead, 10_000, np.array([0, 5_000, 10_000])[draws.between("line/ask", ids, 0, 2)])
    put("LINE_DISCRETIONARY", asked > 0, -share(asked, part))
    override = np.array([-2_200, -1_100, -333, 400])[draws.between("line/override", ids * 4 + revision, 0, 3)]
    put("MANUAL_OVERRIDE", overrides_price(quotes, quote, revision, world) & lead, override)
    put("PARTNER_MARGIN", quotes.channel[quote] == 1, -np.array([800, 1_000, 1_250])[quotes.partner[quote] % 3])
    put("UNCLASSIFIED", draws.chance("line/unclassified", ids, 0.015), -125)
    return plan


def _lines(
    quotes: Quotes, steps: Steps, book: Ints, pricing: Ints, number: Ints, world: World
) -> tuple[Lines, Adjustments]:
    draws = world.draws
    quote, revision = steps.entity[pricing], steps["revision"][pricing]
    ids = quotes.line_ids(quote, number)
    currency = quotes.currency[quote]
    offering, child = _offerings(quotes, quote, number, world)
    charge = CHARGE[offering]
    recurs = charge != catalog.ONE_TIME
    quantity = _quantities(offering, ids, revision, world)
    term = np.where(recurs, quotes.term[quote], 1)
    factors = np.array([UNIT, 5_000, 4_333, 9_677, 2_500])
    factor = np.where(recurs, factors[draws.weighted("line/factor", ids, [80, 6, 5, 5, 4])], UNIT)
    removes = (quotes.kind[quote] == AMENDMENT) & (number > 2) & draws.chance("line/removes", ids, 0.4)
    keeps = ~removes

    price = (book[pricing], offering, currency)
    list_unit = world.catalog.list_price[price] * keeps

    def extended(unit: Ints) -> Ints:
        return scaled(unit * (quantity // (UNIT // 2)) * term // 2, factor)

    prorated = extended(list_unit)
    plan = _plan(quotes, steps, pricing, number, offering, child, quantity, world)
    adjustments = apply_adjustments(prorated, plan, currency)
    known_cost = catalog.HAS_COST[offering] & ~draws.chance("line/no-cost", ids, 0.01)
    return Lines(
        pricing=pricing,
        quote=quote,
        number=number,
        offering=offering,
        charge=charge,
        in_bundle=child,
        removes=removes,
        quantity=quantity,
        term=term,
        factor=factor,
        list_unit=list_unit,
        prorated=prorated,
        net=adjustments.net,
        tax_display=to_minor(share(adjustments.net, quotes.tax[quote]), currency),
        cost=extended(world.catalog.unit_cost[price] * keeps),
        floor=extended(world.catalog.floor_price[price] * keeps),
        has_cost=known_cost,
        has_floor=catalog.HAS_FLOOR[offering],
    ), adjustments
