"""What happens to an order before the work on it starts, and cancellations. Decides; renders nothing."""

from dataclasses import dataclass

import numpy as np

from simulator import showcase
from simulator.orders import CANCELLED, FAILED, REFUSED, WITHDRAWN, Orders
from simulator.showcase import Shows
from simulator.timeline import Steps, Timeline, merged
from simulator.window import HOUR, NEVER, SECOND, Ints
from simulator.world import World

STATES = ("ACKNOWLEDGED", "IN_PROGRESS", "HELD", "PENDING", "COMPLETED", "PARTIAL", "FAILED", "CANCELLED")
ACKNOWLEDGED, IN_PROGRESS, HELD, PENDING, COMPLETED, PARTIAL, FAILED_STATE, CANCELLED_STATE = range(8)

CHECK_OUTCOMES = ("FEASIBLE", "INFEASIBLE", "CONDITIONAL", "TIMEOUT")
FEASIBLE, INFEASIBLE, CONDITIONAL, TIMEOUT = range(4)


@dataclass(frozen=True)
class OrderFlow:
    """Steps of orders by kind (`state`, `decomposition`, `cancel_requested`, `cancel_decided`) and of items (`checks`).

    Per order: when it was decomposed into tasks and when work starts (NEVER where that does not come), and when its
    cancellation was decided or its decomposition given up (NEVER where neither happened).
    """

    state: Steps
    decomposition: Steps
    cancel_requested: Steps
    cancel_decided: Steps
    checks: Steps
    decomposed: Ints
    work_starts: Ints
    abandoned: Ints


def walk_orders(orders: Orders, world: World) -> OrderFlow:
    """From submission to the start of work."""
    draws, number = world.draws, orders.number
    every = np.ones(len(orders), dtype=np.bool_)
    line = Timeline(draws, number, orders.submitted, world.window.end_ms, orders.pace)
    line.step("state", every, 5, 1_800, "acknowledged", state=ACKNOWLEDGED)
    acknowledged = line.clock
    checked = np.zeros(len(orders), dtype=np.bool_)
    checked[orders.items.order[orders.items.is_checked]] = True
    line.clock = np.where(checked, line.after("checking", 3_600, 43_200), line.clock)
    checks = _checks(orders, acknowledged, line.clock, world)

    doomed = orders.fate == FAILED
    stumbles = draws.chance("order/decomposition", number, 0.04) & ~showcase.showcased(number)
    stumbles |= doomed | showcase.shows(number, Shows.FAILED_DECOMPOSITION)
    line.step("decomposition", stumbles, 30, 600, "failed", failed=1)
    line.step("decomposition", stumbles & doomed, 600, 14_400, "failed again", failed=1)
    line.step("state", doomed, 60, 3_600, "failed", state=FAILED_STATE)
    given_up = np.where(doomed, line.clock, NEVER)
    goes_on = ~doomed
    line.step("decomposition", goes_on, 60, 1_800, "succeeded", failed=0)
    decomposed = np.where(goes_on, line.clock, NEVER)
    line.step("state", goes_on, 5, 600, "in progress", state=IN_PROGRESS)

    cancelled = orders.fate == CANCELLED
    line.step("cancel_requested", cancelled, 300, 28_800)
    line.step("cancel_decided", cancelled, 300, 14_400, outcome=0, conflict=-1)
    abandoned = np.where(cancelled, line.clock, given_up)
    line.step_at("state", cancelled, line.clock + 3 * SECOND, state=CANCELLED_STATE)
    stays = goes_on & ~cancelled
    for slot, state, often in (("held", HELD, 0.05), ("pending", PENDING, 0.04)):
        stopped = stays & draws.chance(f"order/{slot}", number, often) & ~showcase.showcased(number)
        line.step("state", stopped, 600, 14_400, slot, state=state)
        line.step("state", stopped, 3_600, 2 * 86_400, f"after {slot}", state=IN_PROGRESS)
    works = np.where(stays, line.clock, NEVER)
    return OrderFlow(
        state=line.steps("state"),
        decomposition=line.steps("decomposition"),
        cancel_requested=line.steps("cancel_requested"),
        cancel_decided=line.steps("cancel_decided"),
        checks=checks,
        decomposed=decomposed,
        work_starts=works,
        abandoned=abandoned,
    )


def refused_cancellations(orders: Orders, flow: OrderFlow, finished: Ints, world: World) -> tuple[Steps, Steps]:
    """Requests to cancel that come while the work is going on, or after it: (requested, decided)."""
    draws, number = world.draws, orders.number
    asked = (orders.fate == REFUSED) | (orders.fate == WITHDRAWN)
    line = Timeline(draws, number, flow.work_starts, world.window.end_ms, orders.pace)
    line.step("requested", asked, 3_600, 5 * 86_400)
    late = finished < line.clock
    conflict = np.where(late, 2, draws.between("order/conflict", number, 0, 1))
    refused = orders.fate == REFUSED
    line.step("decided", asked, 600, 43_200, outcome=np.where(refused, 1, 2), conflict=np.where(refused, conflict, -1))
    return line.steps("requested"), line.steps("decided")


def _checks(orders: Orders, begin: Ints, end: Ints, world: World) -> Steps:
    """Feasibility checks between two moments of each order; entities are item rows."""
    items, draws, window_end = orders.items, world.draws, world.window.end_ms
    rows = np.flatnonzero(items.is_checked)
    order, ids = items.order[rows], items.ids[rows]
    outcome = draws.weighted("check/outcome", ids, [86, 4, 5, 5])
    shown = showcase.shows(orders.number[order], Shows.FEASIBILITY) & items.lead[rows]
    outcome = np.where(items.infeasible[rows], INFEASIBLE, np.where(shown, TIMEOUT, outcome))
    room = (end - begin)[order]
    first = begin[order] + (room * (0.1 + 0.35 * draws.uniform("check/first", ids))).astype(np.int64)
    second = begin[order] + (room * (0.55 + 0.4 * draws.uniform("check/second", ids))).astype(np.int64)
    again = ((outcome == TIMEOUT) | (outcome == INFEASIBLE)) & ~items.infeasible[rows]
    cycle = np.where(outcome == INFEASIBLE, 2, 1)
    one = np.ones(len(rows), dtype=np.int64)
    parts = [
        Steps(rows, first, {"cycle": one, "outcome": outcome}),
        Steps(rows[again], second[again], {"cycle": cycle[again], "outcome": np.zeros(again.sum(), dtype=np.int64)}),
    ]
    return merged([part.where(part.time < window_end) for part in parts])


def promised(orders: Orders) -> Ints:
    """When each order was promised to be complete: ten days after it was submitted, at 17:00."""
    day = orders.submitted // (24 * HOUR) + 10
    moments: Ints = day * (24 * HOUR) + 17 * HOUR
    return moments
