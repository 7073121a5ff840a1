"""Customers and their billing accounts: who they are, where, in which currency, and the events that say so."""

from dataclasses import dataclass

import numpy as np

from simulator import text
from simulator.draws import Draws
from simulator.events import EventBatch, aggregate_key
from simulator.money import CURRENCY_CODES
from simulator.text import Text
from simulator.window import MINUTE, Bools, Ints, Window

REGIONS = ("AMER", "EMEA", "APAC")
SEGMENTS = ("ENTERPRISE", "MID_MARKET", "SMB", "PUBLIC")
PRIORITIES = ("STANDARD", "GOLD", "PLATINUM")

# country, region, currency, tax in basis points, weight
_COUNTRIES = (
    ("US", 0, "USD", 725, 30),
    ("CA", 0, "CAD", 1_300, 6),
    ("BR", 0, "BRL", 1_700, 4),
    ("DE", 1, "EUR", 1_900, 12),
    ("FR", 1, "EUR", 2_000, 9),
    ("GB", 1, "GBP", 2_000, 10),
    ("CH", 1, "CHF", 810, 4),
    ("JP", 2, "JPY", 1_000, 9),
    ("AU", 2, "AUD", 1_000, 6),
    ("SG", 2, "SGD", 900, 5),
)
COUNTRY_CODES = tuple(country[0] for country in _COUNTRIES)
COUNTRY_REGION: Ints = np.array([country[1] for country in _COUNTRIES], dtype=np.int64)
COUNTRY_CURRENCY: Ints = np.array([CURRENCY_CODES.index(country[2]) for country in _COUNTRIES], dtype=np.int64)
COUNTRY_TAX: Ints = np.array([country[3] for country in _COUNTRIES], dtype=np.int64)

_FIRST_NAMES = (
    "Aurelia", "Bramble", "Cobalt", "Delphi", "Ember", "Fjord", "Granite", "Halcyon", "Indigo", "Juniper", "Kestrel",
    "Larch", "Meridian", "Nimbus", "Orchard", "Peregrine", "Quartz", "Rowan", "Saffron", "Tundra", "Umbra", "Vega",
    "Willow", "Zephyr",
)  # fmt: skip
_SECOND_NAMES = (
    "Logistics", "Foods", "Robotics", "Health", "Textiles", "Energy", "Rail", "Media", "Insurance", "Shipyards",
    "Optics", "Breweries", "Schools", "Ceramics", "Airways", "Timber",
)  # fmt: skip
# one for each country
_LEGAL_FORMS = ("Inc.", "Ltd", "Ltda.", "GmbH", "SA", "plc", "AG", "K.K.", "Pty Ltd", "Pte Ltd")

PARTNERS = tuple(f"PTN-{number:02d}" for number in range(1, 13))
_STATUSES = ("ACTIVE", "SUSPENDED", "CLOSED", "INVALID")


@dataclass(frozen=True)
class Accounts:
    """All accounts, by position. `ids` and `billing_ids` are raw text, the rest are codes."""

    number: Ints
    ids: Text
    billing_ids: Text
    country: Ints
    is_test: Bools
    has_contract: Bools
    partner: Ints

    @property
    def currency(self) -> Ints:
        return COUNTRY_CURRENCY[self.country]

    @property
    def region(self) -> Ints:
        return COUNTRY_REGION[self.country]

    def __len__(self) -> int:
        return len(self.number)


def build_accounts(quotes: int, draws: Draws) -> Accounts:
    """About one account for each dozen quotes."""
    number = np.arange(max(24, quotes // 12), dtype=np.int64)
    country = draws.weighted("account/country", number, [c[4] for c in _COUNTRIES])
    # The first accounts go through all countries, so that even a small run sells in every currency.
    country = np.where(number < len(_COUNTRIES), number, country)
    digits = text.padded(number + 1, 5)
    return Accounts(
        number,
        text.joined("ACC-", digits),
        text.joined("BA-", digits),
        country,
        draws.chance("account/test", number, 0.03),
        draws.chance("account/contract", number, 0.3),
        draws.between("account/partner", number, 0, len(PARTNERS) - 1),
    )


def account_events(accounts: Accounts, window: Window, draws: Draws) -> list[EventBatch]:
    """Each account and billing account at the start; some change later."""
    number = accounts.number
    first = window.start_ms + 10 * MINUTE + number * (20 * MINUTE) // len(accounts)
    span = window.end_ms - first
    later = first + (draws.uniform("account/change", number) * (span - MINUTE)).astype(np.int64) + MINUTE
    changed = np.flatnonzero(draws.chance("account/changes", number, 0.2) & (later < window.end_ms))
    batches = [_upserted(accounts, number, first, 0, draws), _upserted(accounts, changed, later[changed], 1, draws)]

    billing = first + MINUTE
    status = draws.weighted("account/status", number, [88, 5, 4, 3])
    moved = np.flatnonzero((status > 0) & (later + MINUTE < window.end_ms))
    batches.append(_billing(accounts, number, billing, np.where(status == 3, 3, 0)))
    batches.append(_billing(accounts, moved, later[moved] + MINUTE, np.where(status[moved] == 3, 0, status[moved])))
    return batches


def _upserted(accounts: Accounts, rows: Ints, time: Ints, change: int, draws: Draws) -> EventBatch:
    names = [f"{first} {second}" for first in _FIRST_NAMES for second in _SECOND_NAMES]
    name = rows * 7 % len(names)
    country = accounts.country[rows]
    legal_name = text.quoted(text.joined(text.raw(names, name), " ", text.raw(_LEGAL_FORMS, country)))
    segment = draws.weighted("account/segment", rows, [3, 4, 5, 1])
    priority = np.minimum(draws.weighted("account/priority", rows, [7, 2, 1]) + change, 2)
    payload = text.record(
        [
            ("name", text.coded(names, name)),
            ("legalName", text.only(legal_name, draws.chance("account/legal", rows, 0.9))),
            ("segment", text.coded(SEGMENTS, segment)),
            ("region", text.coded(REGIONS, COUNTRY_REGION[country])),
            ("country", text.coded(COUNTRY_CODES, country)),
            ("ownerId", text.joined('"REP-', text.padded((rows * 3 + change * 5) % 40 + 1, 3), '"')),
            ("partnerId", text.coded(PARTNERS, np.where(rows % 3 == 0, accounts.partner[rows], -1))),
            ("priority", text.coded(PRIORITIES, priority)),
            ("isTest", text.flags(accounts.is_test[rows])),
        ],
        len(rows),
    )
    return EventBatch("AccountUpserted", aggregate_key("Account", rows), text.at(accounts.ids, rows), time, payload)


def _billing(accounts: Accounts, rows: Ints, time: Ints, status: Ints) -> EventBatch:
    payload = text.record(
        [
            ("accountId", text.quoted(text.at(accounts.ids, rows))),
            ("currency", text.coded(CURRENCY_CODES, accounts.currency[rows])),
            ("status", text.coded(_STATUSES, status)),
            ("taxJurisdiction", text.coded(COUNTRY_CODES, np.where(status == 3, -1, accounts.country[rows]))),
        ],
        len(rows),
    )
    ids = text.at(accounts.billing_ids, rows)
    return EventBatch("BillingAccountUpserted", aggregate_key("BillingAccount", rows), ids, time, payload)
