"""The installed base: assets from delivered items, their changes and end, with the events. Inventory owns them."""

from dataclasses import dataclass

import numpy as np

from simulator import showcase, text
from simulator.billing import Activation, period_amount
from simulator.catalog import BUNDLES, FAMILY, OFFERING_IDS, ONE_TIME, SERVICES
from simulator.events import EventBatch, aggregate_key
from simulator.fulfillment import Work
from simulator.money import CURRENCY_CODES
from simulator.order_events import item_id, item_name
from simulator.orders import ADD, Orders
from simulator.quote_events import Fields
from simulator.quotes import Quotes
from simulator.showcase import Shows
from simulator.window import DAY, NEVER, SECOND, Bools, Ints
from simulator.world import World


@dataclass(frozen=True)
class Assets:
    """Per item: when its asset was created, changed and terminated; NEVER where it was not.

    An asset that is `unpriced` when it is created gets its recurring amount when billing starts.
    """

    created: Ints
    unpriced: Bools
    changed: Ints
    terminated: Ints


def build_assets(orders: Orders, work: Work, activation: Activation, world: World) -> Assets:
    """What was added and delivered becomes an asset, except services and bundle headers."""
    items, draws = orders.items, world.draws
    family = FAMILY[items.offering]
    number = orders.number[items.order]
    kept = (items.action == ADD) & (family != SERVICES) & (family != BUNDLES) & (work.item_done < NEVER)
    created = np.where(kept, work.item_done + SECOND // 2, NEVER)
    recurs = kept & (items.charge != ONE_TIME)
    bound = showcase.showcased(number)
    changes = draws.chance("asset/unpriced", items.ids, 0.25) & ~bound
    unpriced = recurs & (changes | showcase.shows(number, Shows.ASSET_CHANGE) & items.lead)
    active = activation.start[items.order]
    changed = np.where(unpriced & (active < NEVER), active + 5 * SECOND, NEVER)
    shown = showcase.shows(number, Shows.TERMINATION) & items.lead
    ends = recurs & (draws.chance("asset/ends", items.ids, 0.04) & ~bound | shown) & (active < NEVER)
    life = np.where(shown, DAY, draws.delay("asset/life", items.ids, 2 * 86_400, 150 * 86_400))
    terminated = np.where(ends, active + DAY + life, NEVER)
    return Assets(created, unpriced, changed, terminated)


def asset_events(quotes: Quotes, orders: Orders, assets: Assets, world: World) -> list[EventBatch]:
    """Every asset event."""
    items, end, draws = orders.items, world.window.end_ms, world.draws

    def batch(event_type: str, rows: Ints, time: Ints, fields: Fields, cause: str | None = None) -> EventBatch:
        return EventBatch(
            event_type,
            aggregate_key("Asset", items.ids[rows]),
            asset_id(quotes, orders, rows),
            time[rows],
            text.record(fields, len(rows)),
            text.at(quotes.correlation, items.quote[rows]),
            None if cause is None else aggregate_key(cause, quotes.number[items.quote[rows]]),
        )

    created = np.flatnonzero(assets.created < end)
    changed = np.flatnonzero(assets.changed < end)
    terminated = np.flatnonzero(assets.terminated < end)
    account = quotes.account[items.quote[created]]
    recurs = (items.charge[created] != ONE_TIME) & ~assets.unpriced[created]
    reasons = ("CUSTOMER_CHURN", "MOVED_AWAY", "REPLACED")
    reason = draws.between("asset/reason", items.ids[terminated], 0, len(reasons) - 1)
    return [
        batch(
            "AssetCreated",
            created,
            assets.created,
            [
                ("accountId", text.quoted(text.at(world.accounts.ids, account))),
                ("orderId", text.quoted(text.at(quotes.order_id, items.quote[created]))),
                ("orderItemId", text.quoted(item_id(quotes, orders, created))),
                ("productOfferingId", text.coded(OFFERING_IDS, items.offering[created])),
                ("quantity", text.amounts(items.quantity[created])),
                ("currency", text.coded(CURRENCY_CODES, quotes.currency[items.quote[created]])),
                ("recurringNetAmount", text.only(text.amounts(period_amount(quotes, orders, created)[0]), recurs)),
                ("billingAccountId", text.quoted(text.at(world.accounts.billing_ids, account))),
                ("startDate", text.dates(assets.created[created] // DAY)),
            ],
            "Order",
        ),
        batch(
            "AssetChanged",
            changed,
            assets.changed,
            [
                ("recurringNetAmount", text.amounts(period_amount(quotes, orders, changed)[0])),
                ("orderId", text.quoted(text.at(quotes.order_id, items.quote[changed]))),
                ("orderItemId", text.quoted(item_id(quotes, orders, changed))),
            ],
        ),
        batch("AssetTerminated", terminated, assets.terminated, [("reasonCode", text.coded(reasons, reason))]),
    ]


def asset_id(quotes: Quotes, orders: Orders, rows: Ints) -> text.Text:
    """Raw ids of the assets of items."""
    return item_name("A-", quotes, orders, rows)
