"""Runs a simulation: chunk after chunk of quotes through all parts, into files. The only module that knows them all."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pyarrow as pa

from orchestration.errors import Unusable
from simulator.accounts import account_events
from simulator.approval_events import ApprovalRenderer
from simulator.assets import asset_events, build_assets
from simulator.billing import activate, bill, credit
from simulator.billing_events import BillingRenderer
from simulator.catalog import catalog_events
from simulator.control import ControlTotals, control_lines
from simulator.counting import count_billing, count_orders, count_quotes
from simulator.envelopes import enveloped
from simulator.events import EventBatch
from simulator.faults.plan import Faults
from simulator.faults.spec import Wanted
from simulator.files import COMPRESSIONS, EventFiles
from simulator.fulfillment import do_work
from simulator.journeys import walk_quotes
from simulator.mix import Mix
from simulator.order_events import OrderRenderer
from simulator.order_flow import walk_orders
from simulator.orders import build_orders
from simulator.policies import policy_events
from simulator.price_events import priced_events
from simulator.pricing import price_quotes
from simulator.quote_events import QuoteRenderer
from simulator.quotes import build_quotes
from simulator.summary import Progress, Summary
from simulator.support import support_events
from simulator.task_events import TaskRenderer
from simulator.window import Window
from simulator.world import World, build_world

CHUNK = 2_048
"""Quotes at a time: bounds memory. Results do not depend on it, only the order of lines in large files does."""

LONGEST_DAYS = 3_660


def _checked(quotes: int, seed: int, start: date, end: date, compression: str) -> Window:
    if quotes < 1:
        raise Unusable(f"--quotes is {quotes}: at least 1 is needed")
    if seed < 0:
        raise Unusable(f"--seed is {seed}: it must not be negative")
    if end <= start:
        raise Unusable(f"--to {end} is not after --from {start}: the window is empty")
    if (end - start).days > LONGEST_DAYS:
        raise Unusable(f"from {start} to {end} is {(end - start).days} days: at most {LONGEST_DAYS} can be simulated")
    if compression not in COMPRESSIONS:
        raise Unusable(f"--compress {compression} is unknown: choose one of {', '.join(COMPRESSIONS)}")
    return Window(start, end)


def reference_events(world: World) -> list[EventBatch]:
    """Catalog, price books, policies, accounts and billing accounts."""
    return [
        *catalog_events(world.catalog),
        *policy_events(world.policies),
        *account_events(world.accounts, world.window, world.draws),
    ]


def chunk_events(first: int, last: int, world: World, totals: ControlTotals, faults: Faults) -> list[EventBatch]:
    """Everything that becomes of quotes number `first` to `last` (exclusive); `totals` takes in what sources count.

    Sources believe their faults, so these come before anything is counted or follows.
    """
    business = faults.business
    quotes = build_quotes(first, last, world)
    journeys = walk_quotes(quotes, world)
    pricings = business.prices(quotes, price_quotes(quotes, journeys["priced"], world))
    orders = business.orders(quotes, build_orders(quotes, journeys, pricings, world))
    flow = walk_orders(orders, world)
    work = do_work(orders, flow, world)
    activation = activate(orders, work, world)
    assets = build_assets(orders, work, activation, world)
    invoices = bill(quotes, orders, work, activation, assets.terminated, world)
    credited = credit(quotes, orders, invoices, world).invoice
    invoices = faults.billing.invoices(quotes, orders, work, assets.terminated, invoices, credited)
    credits = faults.billing.uncopied(invoices, credit(quotes, orders, invoices, world))
    count_quotes(totals, quotes, journeys, pricings)
    count_orders(totals, quotes, orders, work)
    count_billing(totals, invoices, credits)
    totals.add("assets_created", assets.created[assets.created < world.window.end_ms])
    return [
        *QuoteRenderer(quotes, journeys, world).batches(),
        priced_events(quotes, pricings, world),
        *ApprovalRenderer(quotes, journeys, pricings, world).batches(),
        *OrderRenderer(quotes, journeys, pricings, orders, flow, work, world).batches(),
        *TaskRenderer(quotes, orders, work, world).batches(),
        *BillingRenderer(quotes, orders, work, activation, assets, invoices, credits, world).batches(),
        *asset_events(quotes, orders, assets, world),
        *support_events(quotes, orders, work, assets, world),
    ]


def simulate(
    quotes: int,
    seed: int,
    start: date,
    end: date,
    out: Path,
    compression: str,
    progress: Progress | None,
    wanted: Sequence[Wanted] = (),
    mix: Mix | None = None,
) -> Summary:
    """See `simulator.run`."""
    window = _checked(quotes, seed, start, end, compression)
    world = build_world(quotes, seed, window, mix or Mix())
    totals = ControlTotals()
    faults = Faults(wanted, world)
    summary = Summary(out)
    with EventFiles(out, window, compression) as files:
        for first in range(0, quotes, CHUNK):
            last = min(first + CHUNK, quotes)
            batches = [] if first else reference_events(world)
            batches += chunk_events(first, last, world, totals, faults)
            for batch in batches:
                counted = summary.events_by_type.get(batch.event_type, 0) + len(batch)
                summary.events_by_type[batch.event_type] = counted
            faults.write(enveloped(batches, window.start_ms, world.draws), files)
            if progress is not None:
                progress(last, quotes)
        faults.write_delayed(files)
        faults.control_totals(totals)
        controls = control_lines(totals, window)
        for source, month, line in controls:
            faults.truth.saw(pa.array([line], pa.string()), [files.write_text(source, month, line)])
        summary.events_by_type["ControlTotalsPublished"] = len(controls)
        faults.finish(files)
    summary.events_by_file = files.counts
    return summary
