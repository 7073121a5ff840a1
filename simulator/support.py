"""Support cases about orders and the assets they brought, with their events. The CRM owns them."""

import numpy as np

from simulator import showcase, text
from simulator.assets import Assets, asset_id
from simulator.events import EventBatch, aggregate_key
from simulator.fulfillment import Work
from simulator.orders import Orders
from simulator.quote_events import Fields
from simulator.quotes import Quotes
from simulator.showcase import Shows
from simulator.window import DAY, NEVER, Ints
from simulator.world import World

_TITLES = (
    "No signal after activation",
    "Invoice question",
    "Delivery is late",
    "Password reset",
    "Slow in the evening",
)
_SEVERITIES = ("LOW", "MEDIUM", "HIGH", "CRITICAL")


def support_events(quotes: Quotes, orders: Orders, work: Work, assets: Assets, world: World) -> list[EventBatch]:
    """Cases opened after delivery, or while an order takes long; most are closed some days later."""
    draws, number, end = world.draws, orders.number, world.window.end_ms
    shown = showcase.shows(number, Shows.SUPPORT_CASE)
    asked = draws.chance("case/opened", number, 0.1) & ~showcase.showcased(number) | shown
    base = np.minimum(work.order_done, orders.submitted + 4 * DAY)
    wait = (draws.delay("case/wait", number, 3_600, 8 * 86_400) * orders.pace).astype(np.int64)
    opened = np.where(asked, base + wait, NEVER)
    repair = (draws.delay("case/closed", number, 1_800, 6 * 86_400) * orders.pace).astype(np.int64)
    closed = np.where(draws.chance("case/closes", number, 0.85) | shown, opened + repair, NEVER)
    lead = orders.lead_item(np.arange(len(orders), dtype=np.int64))
    about = np.where(assets.created[lead] < opened, lead, -1)
    return [
        _cases("SupportCaseOpened", quotes, orders, about, opened, np.flatnonzero(opened < end), world),
        _cases("SupportCaseClosed", quotes, orders, about, closed, np.flatnonzero(closed < end), world),
    ]


def _cases(
    event_type: str, quotes: Quotes, orders: Orders, about: Ints, time: Ints, rows: Ints, world: World
) -> EventBatch:
    """`about` is the item whose asset the case is about, per order; -1: none."""
    draws, number = world.draws, orders.number[rows]
    quote = orders.quote[rows]
    asset = text.quoted(asset_id(quotes, orders, np.maximum(about[rows], 0)))
    fields: Fields = [
        ("accountId", text.quoted(text.at(world.accounts.ids, quotes.account[quote]))),
        ("orderId", text.quoted(text.at(quotes.order_id, quote))),
        ("assetId", text.only(asset, about[rows] >= 0)),
        ("title", text.coded(_TITLES, draws.between("case/title", number, 0, len(_TITLES) - 1))),
        ("severity", text.coded(_SEVERITIES, draws.weighted("case/severity", number, [3, 4, 2, 1]))),
    ]
    return EventBatch(
        event_type,
        aggregate_key("SupportCase", number),
        text.joined("CASE-", text.at(quotes.digits, quote)),
        time[rows],
        text.record(fields, len(rows)),
        text.at(quotes.correlation, quote),
        aggregate_key("Order", number) if event_type == "SupportCaseOpened" else None,
    )
