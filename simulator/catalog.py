"""What the company sells: offerings, bundles, and price books in every currency over time, with their events."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from simulator import text
from simulator.draws import Draws
from simulator.events import EventBatch, aggregate_key
from simulator.money import CURRENCIES, CURRENCY_CODES, STEPS, UNIT, divided, share
from simulator.window import DAY, Bools, Ints, Window, milliseconds

CHARGE_TYPES = ("ONE_TIME", "RECURRING", "USAGE")
ONE_TIME, RECURRING, USAGE = range(3)

FAMILIES = ("Connectivity", "Cloud", "Security", "Collaboration", "Devices", "Services", "Bundles")
CONNECTIVITY, CLOUD, SECURITY, COLLABORATION, DEVICES, SERVICES, BUNDLES = range(7)


@dataclass(frozen=True)
class Offering:
    """A sellable thing: list price in whole USD (per month when it recurs), cost in percent of it; None: not known."""

    name: str
    family: int
    charge: int
    usd: int
    cost_percent: int | None
    floor_percent: int | None
    quantities: tuple[int, int]
    is_active: bool = True


OFFERINGS = (
    Offering("Fibre Access 1G", CONNECTIVITY, RECURRING, 420, 55, 80, (1, 6)),
    Offering("Fibre Access 10G", CONNECTIVITY, RECURRING, 1_650, 52, 78, (1, 3)),
    Offering("Managed SD-WAN Site", CONNECTIVITY, RECURRING, 310, 48, 75, (1, 20)),
    Offering("5G Backup Line", CONNECTIVITY, RECURRING, 65, 40, 70, (1, 20)),
    Offering("Cross Connect", CONNECTIVITY, RECURRING, 180, 35, 80, (1, 4)),
    Offering("Virtual Private Cloud", CLOUD, RECURRING, 900, 58, 82, (1, 4)),
    Offering("Block Storage per TB", CLOUD, RECURRING, 38, 45, 75, (5, 200)),
    Offering("Object Storage Requests", CLOUD, USAGE, 4, 30, None, (100, 900)),
    Offering("Outbound Traffic per TB", CLOUD, USAGE, 21, 50, 70, (10, 120)),
    Offering("Kubernetes Cluster", CLOUD, RECURRING, 540, 50, 78, (1, 5)),
    Offering("Backup Vault", CLOUD, RECURRING, 120, 42, 75, (1, 12)),
    Offering("Managed Firewall", SECURITY, RECURRING, 260, 46, 76, (1, 8)),
    Offering("Endpoint Protection Seat", SECURITY, RECURRING, 7, 38, 70, (20, 400)),
    Offering("DDoS Mitigation", SECURITY, RECURRING, 780, 44, 80, (1, 2)),
    Offering("Identity Seat", SECURITY, RECURRING, 5, 33, 70, (25, 500)),
    Offering("Resold Threat Feed", SECURITY, RECURRING, 350, None, None, (1, 2)),
    Offering("Voice Seat", COLLABORATION, RECURRING, 14, 47, 72, (10, 250)),
    Offering("Meeting Room", COLLABORATION, RECURRING, 85, 41, 72, (1, 15)),
    Offering("International Minutes", COLLABORATION, USAGE, 1, 65, 85, (200, 2_000)),
    Offering("Contact Centre Agent", COLLABORATION, RECURRING, 95, 43, 75, (5, 80)),
    Offering("Edge Router", DEVICES, ONE_TIME, 1_240, 68, 85, (1, 10)),
    Offering("Access Switch 48", DEVICES, ONE_TIME, 890, 66, 85, (1, 24)),
    Offering("Wireless Access Point", DEVICES, ONE_TIME, 310, 62, 82, (2, 60)),
    Offering("Desk Phone", DEVICES, ONE_TIME, 130, 64, 80, (5, 150)),
    Offering("Room Camera", DEVICES, ONE_TIME, 720, 65, 82, (1, 12)),
    Offering("Installation Visit", SERVICES, ONE_TIME, 380, 70, 85, (1, 6)),
    Offering("Migration Day", SERVICES, ONE_TIME, 1_450, 60, 75, (2, 20)),
    Offering("Security Assessment", SERVICES, ONE_TIME, 6_800, 55, 75, (1, 1)),
    Offering("Administrator Training", SERVICES, ONE_TIME, 990, 45, 65, (1, 8)),
    Offering("Branch in a Box", BUNDLES, RECURRING, 0, 0, None, (1, 1)),
    Offering("Secure Workplace", BUNDLES, RECURRING, 0, 0, None, (1, 1)),
    Offering("Cloud Starter", BUNDLES, RECURRING, 0, 0, None, (1, 1)),
    Offering("Copper Access 100M", CONNECTIVITY, RECURRING, 95, 72, 90, (1, 1), is_active=False),
    Offering("Desk Phone Classic", DEVICES, ONE_TIME, 70, 80, 90, (1, 1), is_active=False),
)
BUNDLE_CHILDREN = {29: (0, 20), 30: (12, 16), 31: (5, 6)}
"""Bundle: the two offerings that always come in it."""

_NUMBER = {offering.name: position for position, offering in enumerate(OFFERINGS)}
ACCESS = _NUMBER["Fibre Access 1G"]
SOLD_ALONE: Ints = np.array([i for i, o in enumerate(OFFERINGS) if o.is_active and o.family != BUNDLES], dtype=np.int64)
FAMILY: Ints = np.array([offering.family for offering in OFFERINGS], dtype=np.int64)
CHARGE: Ints = np.array([offering.charge for offering in OFFERINGS], dtype=np.int64)
QUANTITIES: Ints = np.array([offering.quantities for offering in OFFERINGS], dtype=np.int64)
HAS_COST: Bools = np.array([offering.cost_percent is not None for offering in OFFERINGS])
HAS_FLOOR: Bools = np.array([offering.floor_percent is not None for offering in OFFERINGS])
OFFERING_IDS = tuple(f"P-{position:04d}" for position in range(1, len(OFFERINGS) + 1))


@dataclass(frozen=True)
class Catalog:
    """Versions of the catalog and the price books in the window.

    Unit prices are in units of 10⁻⁴, indexed by book, offering and currency; zero where there is no cost or floor.
    """

    version_starts: Ints
    versions: tuple[str, ...]
    book_starts: Ints
    books: tuple[str, ...]
    list_price: Ints
    unit_cost: Ints
    floor_price: Ints

    def version_at(self, times: Ints) -> Ints:
        """The catalog version in force."""
        return np.maximum(np.searchsorted(self.version_starts, times, side="right") - 1, 0)

    def book_at(self, times: Ints) -> Ints:
        """The price book in force."""
        return np.maximum(np.searchsorted(self.book_starts, times, side="right") - 1, 0)

    def next_book_start(self, times: Ints) -> Ints:
        """When the next price book comes into force; far away when none does in the window."""
        return np.append(self.book_starts, 1 << 60)[np.searchsorted(self.book_starts, times, side="right")]


def _starts(first: date, days: list[date]) -> Ints:
    return np.array([milliseconds(day) for day in [first, *days]], dtype=np.int64)


def _in_currencies(usd_units: Ints) -> Ints:
    """USD amounts (…, offering) in every currency (…, offering, currency), in whole minor units."""
    factor = np.array([currency.per_thousand_usd for currency in CURRENCIES], dtype=np.int64)
    return divided(divided(usd_units[..., None] * factor, 1_000), STEPS) * STEPS


def build_catalog(window: Window, draws: Draws) -> Catalog:
    """A new catalog version each month; on the 1st and the 16th a new price book, which changes some prices."""
    months = window.days_of_month(1)
    days = window.days_of_month(1, 16)
    books = len(days) + 1
    usd = np.array([offering.usd for offering in OFFERINGS], dtype=np.int64) * UNIT
    entries = np.arange(books * len(OFFERINGS), dtype=np.int64).reshape(books, -1)
    change = draws.between("catalog/change", entries, -150, 300) * draws.chance("catalog/changes", entries, 0.3)
    level = 10_000 + np.cumsum(np.where(entries >= len(OFFERINGS), change, 0), axis=0)
    list_usd = share(np.broadcast_to(usd, entries.shape), level)
    cost = np.array([offering.cost_percent or 0 for offering in OFFERINGS], dtype=np.int64) * 100
    floor = np.array([offering.floor_percent or 0 for offering in OFFERINGS], dtype=np.int64) * 100
    return Catalog(
        _starts(window.start, months),
        tuple(f"CAT-{day:%Y-%m}" for day in [window.start, *months]),
        _starts(window.start, days),
        tuple(f"PB-{day:%Y-%m-%d}" for day in [window.start, *days]),
        _in_currencies(list_usd),
        _in_currencies(share(np.broadcast_to(usd, entries.shape), cost)),
        _in_currencies(share(list_usd, floor)),
    )


def catalog_events(catalog: Catalog) -> list[EventBatch]:
    """Every offering with each catalog version, every price with each price book."""
    return [_offerings(catalog), _prices(catalog)]


def _offerings(catalog: Catalog) -> EventBatch:
    count = len(OFFERINGS)
    offering = np.tile(np.arange(count, dtype=np.int64), len(catalog.versions))
    version = np.repeat(np.arange(len(catalog.versions), dtype=np.int64), count)
    payload = text.record(
        [
            ("name", text.coded([o.name for o in OFFERINGS], offering)),
            ("family", text.coded(FAMILIES, FAMILY[offering])),
            ("catalogVersion", text.coded(catalog.versions, version)),
            ("isActive", text.flags(np.array([o.is_active for o in OFFERINGS])[offering])),
        ],
        len(offering),
    )
    ids = text.joined("P-", text.padded(offering + 1, 4))
    time = catalog.version_starts[version] + offering * 40
    return EventBatch("ProductOfferingUpserted", aggregate_key("ProductOffering", offering), ids, time, payload)


def _prices(catalog: Catalog) -> EventBatch:
    books, count, currencies = catalog.list_price.shape
    number = np.arange(books * count * currencies, dtype=np.int64)
    book, rest = np.divmod(number, count * currencies)
    offering, currency = np.divmod(rest, currencies)
    starts = catalog.book_starts // DAY
    ends = np.append(starts[1:], -1)
    floor = text.only(text.amounts(catalog.floor_price.reshape(-1)), HAS_FLOOR[offering])
    cost = text.only(text.amounts(catalog.unit_cost.reshape(-1)), HAS_COST[offering])
    payload = text.record(
        [
            ("priceBookVersion", text.coded(catalog.books, book)),
            ("productOfferingId", text.coded(OFFERING_IDS, offering)),
            ("currency", text.coded(CURRENCY_CODES, currency)),
            ("chargeType", text.coded(CHARGE_TYPES, CHARGE[offering])),
            ("listUnitPrice", text.amounts(catalog.list_price.reshape(-1))),
            ("floorUnitPrice", floor),
            ("unitCost", cost),
            ("validFrom", text.dates(starts[book])),
            ("validTo", text.only(text.dates(np.maximum(ends[book], 0)), ends[book] >= 0)),
        ],
        len(number),
    )
    price_of = text.joined(text.raw(OFFERING_IDS, offering), ":", text.raw(CURRENCY_CODES, currency))
    ids = text.joined(text.raw(catalog.books, book), ":", price_of)
    time = catalog.book_starts[book] + 5_000 + rest * 15
    return EventBatch("PriceBookEntryUpserted", aggregate_key("PriceBookEntry", number), ids, time, payload)
