"""The work on orders: tasks in their order, retries, failures, fallout and repair; when items and orders are done.

Decides; renders nothing.
"""

from dataclasses import dataclass

import numpy as np

from simulator import showcase
from simulator.catalog import BUNDLES, CLOUD, COLLABORATION, CONNECTIVITY, DEVICES, FAMILIES, FAMILY, SECURITY, SERVICES
from simulator.order_flow import COMPLETED, PARTIAL, OrderFlow
from simulator.orders import CANCELLED, DELETE, Orders
from simulator.showcase import Shows
from simulator.timeline import Steps, Timeline, merged
from simulator.window import NEVER, SECOND, Bools, Ints
from simulator.world import World


@dataclass(frozen=True)
class TaskType:
    """A kind of work: who does it, which team owns it, and its due time in hours."""

    name: str
    system: str
    team: str
    hours: int


TASK_TYPES = (
    TaskType("RESERVE_CAPACITY", "NetworkInventory", "NetworkPlanning", 24),
    TaskType("PROVISION_ACCESS", "NetworkProvisioning", "ProvisioningOps", 72),
    TaskType("ACTIVATE_SERVICE", "NetworkProvisioning", "ProvisioningOps", 96),
    TaskType("PROVISION_TENANT", "CloudPlatform", "CloudOps", 24),
    TaskType("CONFIGURE_POLICY", "SecurityGateway", "SecurityOps", 48),
    TaskType("ASSIGN_NUMBERS", "VoiceCore", "VoiceOps", 36),
    TaskType("PICK_AND_PACK", "Warehouse", "Logistics", 24),
    TaskType("SHIP", "CarrierGateway", "Logistics", 96),
    TaskType("SCHEDULE_VISIT", "FieldService", "FieldOps", 48),
    TaskType("PERFORM_WORK", "FieldService", "FieldOps", 144),
    TaskType("DISCONNECT", "NetworkProvisioning", "ProvisioningOps", 48),
)
_PLANS = {
    CONNECTIVITY: (0, 1, 2),
    CLOUD: (3,),
    SECURITY: (3, 4),
    COLLABORATION: (5,),
    DEVICES: (6, 7),
    SERVICES: (8, 9),
    BUNDLES: (),
}
MAX_TASKS = 4
"""More than any item has: tasks are numbered item × MAX_TASKS + position."""
_DISCONNECT = (len(TASK_TYPES) - 1,)
_PLAN_TABLE: Ints = np.array(
    [
        [*_PLANS[family], *[-1] * (MAX_TASKS - len(_PLANS[family]))] for family in range(len(FAMILIES))
    ] + [[*_DISCONNECT, -1, -1, -1]],
    dtype=np.int64,
)  # fmt: skip

TASK_KINDS = ("started", "retried", "unknown", "failed", "completed", "cancelled")
FALLOUT_KINDS = ("opened", "assigned", "recovered", "reopened")
RESOLUTIONS = ("REPAIRED", "RETRIED", "CANCELLED", "OTHER")


@dataclass(frozen=True)
class Tasks:
    """Tasks by item and then by position in it."""

    item: Ints
    position: Ints
    kind: Ints
    ids: Ints
    created: Ints
    previous: Ints
    """The task that must be done before: the one before in the item, or the last of the lead item; -1: none."""

    def __len__(self) -> int:
        return len(self.item)


@dataclass(frozen=True)
class Work:
    """Tasks with their steps (TASK_KINDS, FALLOUT_KINDS), and how items and orders end.

    Times are NEVER where it does not come to that. A cancelled item is not done.
    """

    tasks: Tasks
    steps: dict[str, Steps]
    item_started: Ints
    item_done: Ints
    item_cancelled: Ints
    order_done: Ints
    order_state: Ints


def _tasks(orders: Orders, flow: OrderFlow) -> Tasks:
    items = orders.items
    plan = _PLAN_TABLE[np.where(items.action == DELETE, len(FAMILIES), FAMILY[items.offering])]
    exists = (plan >= 0) & ~items.infeasible[:, None] & (flow.decomposed[items.order] < NEVER)[:, None]
    item, position = np.nonzero(exists)
    counts = exists.sum(axis=1)
    first = np.cumsum(counts) - counts
    row = np.arange(len(item), dtype=np.int64)
    lead = orders.lead_item(items.order[item])
    waits = items.after_lead[item] & (position == 0) & (counts[lead] > 0)
    previous = np.where(position > 0, row - 1, np.where(waits, first[lead] + counts[lead] - 1, -1))
    created = flow.decomposed[items.order[item]] + SECOND + (row - first[orders.first_item[items.order[item]]]) * 120
    return Tasks(item, position, plan[item, position], items.ids[item] * MAX_TASKS + position, created, previous)


class _Shift:
    """One walk over tasks that can be worked on at the same time."""

    def __init__(self, orders: Orders, tasks: Tasks, rows: Ints, ready: Ints, world: World) -> None:
        item = tasks.item[rows]
        order = orders.items.order[item]
        self.rows = rows
        self.draws = world.draws
        self.ids = tasks.ids[rows]
        self.number = orders.number[order]
        self.first_of_lead = orders.items.lead[item] & (tasks.position[rows] == 0)
        self.may_be_dropped = ~orders.items.lead[item]
        self.line = Timeline(world.draws, self.ids, ready, world.window.end_ms, orders.pace[order])
        self.retries = np.zeros(len(rows), dtype=np.int64)

    def chance(self, question: str, probability: float) -> Bools:
        return self.draws.chance(f"task/{question}", self.ids, probability)

    def shows(self, what: Shows) -> Bools:
        shown: Bools = self.first_of_lead & showcase.shows(self.number, what)
        return shown

    def retry(self, where: Bools, slot: str, low: float, high: float) -> None:
        self.retries = self.retries + where
        self.line.step("retried", where, low, high, slot, count=self.retries)

    def work(self) -> tuple[Ints, Ints]:
        """Walk; returns when each task was completed and when it was cancelled."""
        line, bound = self.line, showcase.showcased(self.number)
        every = np.ones(len(self.rows), dtype=np.bool_)
        fails = self.chance("fails", 0.04) & ~bound | self.shows(Shows.FALLOUT)
        unknown = self.chance("unknown", 0.015) & ~bound & ~fails | self.shows(Shows.UNKNOWN_OUTCOME)
        line.step("started", every, 120, 14_400)
        flaky = fails | self.chance("flaky", 0.12)
        self.retry(flaky, "first", 300, 7_200)
        self.retry(flaky & (fails | self.chance("flaky again", 0.3)), "second", 300, 7_200)
        line.step("unknown", unknown, 1_800, 43_200)
        lost = unknown & self.chance("lost", 0.2) & ~bound
        line.step("failed", fails, 300, 14_400)
        dropped, stuck = self.fall_out(fails, bound)
        line.step("cancelled", dropped, 60, 1_800)
        cancelled = np.where(dropped, np.minimum(line.clock, NEVER), NEVER)
        done = every & ~dropped & ~lost & ~stuck
        line.step("completed", done, 900, 100_000)
        return np.where(done, np.minimum(line.clock, NEVER), NEVER), cancelled

    def fall_out(self, fails: Bools, bound: Bools) -> tuple[Bools, Bools]:
        """Cases for failed tasks; returns which tasks were given up, and which are still waiting for repair."""
        line = self.line
        resolution = self.draws.weighted("fallout/resolution", self.ids, [5, 3, 1, 1])
        resolution = np.where((resolution == 2) & ~self.may_be_dropped, 0, resolution)
        line.step("opened", fails, 5, 120)
        line.step("assigned", fails & (bound | self.chance("assigned", 0.9)), 300, 28_800, "first", round=1)
        stuck = fails & self.chance("stuck", 0.1) & ~bound
        mended = fails & ~stuck
        line.step("recovered", mended, 1_800, 2 * 86_400, "first", resolution=resolution)
        reopened = mended & (resolution != 2) & (self.chance("reopened", 0.15) | self.shows(Shows.FALLOUT))
        line.step("reopened", reopened, 1_800, 86_400)
        line.step("assigned", reopened, 60, 14_400, "second", round=2)
        line.step("recovered", reopened, 1_800, 86_400, "second", resolution=resolution)
        dropped = mended & (resolution == 2)
        self.retry(mended & ~dropped, "after repair", 60, 3_600)
        return dropped, stuck

    def steps(self, kind: str) -> Steps:
        found = self.line.steps(kind)
        return Steps(self.rows[found.entity], found.time, found.attributes)


def do_work(orders: Orders, flow: OrderFlow, world: World) -> Work:
    """All tasks of a chunk: items that wait for the lead item after the others, tasks of an item in their order."""
    items, end = orders.items, world.window.end_ms
    tasks = _tasks(orders, flow)
    done = np.full(len(tasks), NEVER, dtype=np.int64)
    cancelled = np.full(len(tasks), NEVER, dtype=np.int64)
    shifts: list[_Shift] = []
    for waits in (False, True):
        for position in range(MAX_TASKS - 1):
            rows = np.flatnonzero((items.after_lead[tasks.item] == waits) & (tasks.position == position))
            previous = tasks.previous[rows]
            ready = np.where(previous >= 0, done[previous], flow.work_starts[items.order[tasks.item[rows]]])
            shift = _Shift(orders, tasks, rows, np.maximum(ready, tasks.created[rows]), world)
            done[rows], given_up = shift.work()
            # What follows a cancelled task is cancelled with it.
            inherited = np.where(position > 0, cancelled[previous], NEVER) if len(rows) else given_up
            cancelled[rows] = np.minimum(given_up, np.where(inherited < NEVER, inherited + SECOND, NEVER))
            shifts.append(shift)

    steps = {kind: merged([s.steps(kind) for s in shifts]) for kind in (*TASK_KINDS, *FALLOUT_KINDS)}
    order_of_task = items.order[tasks.item]
    with_order = (orders.fate == CANCELLED)[order_of_task]
    cancelled = np.where(with_order, flow.abandoned[order_of_task] + 2 * SECOND, cancelled)
    gone = np.flatnonzero(cancelled < end)
    steps["cancelled"] = Steps(gone, cancelled[gone], {})

    started = np.full(len(items), NEVER, dtype=np.int64)
    np.minimum.at(started, tasks.item[steps["started"].entity], steps["started"].time)
    item_cancelled = np.full(len(items), NEVER, dtype=np.int64)
    np.minimum.at(item_cancelled, tasks.item, cancelled)
    item_cancelled = np.where(items.infeasible, flow.decomposed[items.order] + SECOND, item_cancelled)
    item_done = np.zeros(len(items), dtype=np.int64)
    np.maximum.at(item_done, tasks.item, done)
    has_task = np.bincount(tasks.item, minlength=len(items)) > 0
    item_done = np.where(has_task & (item_cancelled == NEVER), item_done, NEVER)
    return _ended(orders, flow, tasks, steps, started, item_done, item_cancelled)


def _ended(
    orders: Orders,
    flow: OrderFlow,
    tasks: Tasks,
    steps: dict[str, Steps],
    started: Ints,
    item_done: Ints,
    item_cancelled: Ints,
) -> Work:
    """Orders end with the last of their items; bundle headers are done with the rest of the order."""
    items = orders.items
    ends = np.where(items.is_header, 0, np.minimum(item_done, item_cancelled))
    last = np.maximum.reduceat(ends, orders.first_item) if len(orders) else np.zeros(0, dtype=np.int64)
    going = flow.work_starts < NEVER
    order_done = np.where(going & (last < NEVER), last + 2 * SECOND, NEVER)
    dropped = np.zeros(len(orders), dtype=np.bool_)
    dropped[items.order[item_cancelled < NEVER]] = True
    header_done = np.where(order_done < NEVER, order_done - SECOND, NEVER)[items.order]
    item_done = np.where(items.is_header, header_done, item_done)
    state = np.where(dropped, PARTIAL, COMPLETED)
    return Work(tasks, steps, started, item_done, item_cancelled, order_done, state)
