"""Fulfillment tasks and fallout cases: renders the work on orders. Decides nothing."""

from dataclasses import dataclass, replace

import numpy as np

from simulator import text
from simulator.events import EventBatch, aggregate_key
from simulator.fulfillment import RESOLUTIONS, TASK_TYPES, Work
from simulator.order_events import item_id, item_name
from simulator.orders import Orders
from simulator.quote_events import Fields
from simulator.quotes import Quotes
from simulator.text import Text
from simulator.timeline import Steps
from simulator.window import HOUR, Bools, Ints
from simulator.world import World

_HOURS: Ints = np.array([kind.hours for kind in TASK_TYPES], dtype=np.int64)
_SYSTEMS = tuple(kind.system for kind in TASK_TYPES)
_TEAMS = tuple(kind.team for kind in TASK_TYPES)
_ERRORS = ("DOWNSTREAM_TIMEOUT", "MISSING_PARAMETER", "NO_INVENTORY", "VALIDATION_REJECTED", "INTERNAL_ERROR")
_FALLOUT_REASONS = ("MISSING_PARAMETER", "INVENTORY_TIMEOUT", "DOWNSTREAM_REJECTED", "ADDRESS_MISMATCH")
_NEXT_ACTIONS = ("Ask for the missing parameter", "Check the stock", "Call the carrier", "Correct the address")
_PRIORITIES = ("LOW", "NORMAL", "HIGH")


@dataclass(frozen=True)
class TaskRenderer:
    """Event batches of the tasks and fallout cases of a chunk."""

    quotes: Quotes
    orders: Orders
    work: Work
    world: World

    def batches(self) -> list[EventBatch]:
        """Every task and fallout event."""
        return [*self.tasks(), *self.fallout()]

    def name(self, prefix: str, rows: Ints) -> Text:
        tasks = self.work.tasks
        return text.joined(
            item_name(prefix, self.quotes, self.orders, tasks.item[rows]), "-", text.whole(tasks.position[rows] + 1)
        )

    def quote(self, rows: Ints) -> Ints:
        quote: Ints = self.orders.items.quote[self.work.tasks.item[rows]]
        return quote

    def batch(
        self, aggregate: str, event_type: str, prefix: str, steps: Steps, fields: Fields, cause: Ints | None = None
    ) -> EventBatch:
        return EventBatch(
            event_type,
            aggregate_key(aggregate, self.work.tasks.ids[steps.entity]),
            self.name(prefix, steps.entity),
            steps.time,
            text.record(fields, len(steps)),
            text.at(self.quotes.correlation, self.quote(steps.entity)),
            cause,
        )

    def order_fields(self, rows: Ints) -> Fields:
        return [
            ("orderId", text.quoted(text.at(self.quotes.order_id, self.quote(rows)))),
            ("orderItemId", text.quoted(item_id(self.quotes, self.orders, self.work.tasks.item[rows]))),
        ]

    def error(self, steps: Steps, question: str) -> Text:
        ids = self.work.tasks.ids[steps.entity]
        return text.coded(_ERRORS, self.world.draws.weighted(f"task/error/{question}", ids, [5, 3, 2, 2, 1]))

    def tasks(self) -> list[EventBatch]:
        created = np.flatnonzero(self.work.tasks.created < self.world.window.end_ms)
        of = self.work.steps

        def plain(event_type: str, kind: str, fields: Fields | None = None) -> EventBatch:
            return self.batch("FulfillmentTask", event_type, "T-", of[kind], fields or [])

        retried, failed, unknown = of["retried"], of["failed"], of["unknown"]
        named = self.world.draws.chance("task/unknown-named", self.work.tasks.ids[unknown.entity], 0.5)
        return [
            self.created(created),
            plain("TaskStarted", "started"),
            plain(
                "TaskRetried",
                "retried",
                [("retryCount", text.whole(retried["count"])), ("errorCode", self.error(retried, "retried"))],
            ),
            plain("TaskFailed", "failed", [("errorCode", self.error(failed, "failed"))]),
            self.unknown(unknown, named),
            plain("TaskCompleted", "completed"),
            plain("TaskCancelled", "cancelled"),
        ]

    def unknown(self, steps: Steps, named: Bools) -> EventBatch:
        """An unknown outcome, with an error code in some cases only."""
        with_code = text.record([("errorCode", self.error(steps, "unknown"))], len(steps))
        batch = self.batch("FulfillmentTask", "TaskOutcomeUnknown", "T-", steps, [])
        payload = text.either(named, with_code, "{}")
        return replace(batch, payload=payload)

    def created(self, rows: Ints) -> EventBatch:
        tasks = self.work.tasks
        kind, previous = tasks.kind[rows], tasks.previous[rows]
        steps = Steps(rows, tasks.created[rows], {})
        before = text.only(text.joined('["', self.name("T-", np.maximum(previous, 0)), '"]'), previous >= 0)
        fields: Fields = [
            *self.order_fields(rows),
            ("taskType", text.coded([task_type.name for task_type in TASK_TYPES], kind)),
            ("downstreamSystem", text.coded(_SYSTEMS, kind)),
            ("ownerTeam", text.coded(_TEAMS, kind)),
            ("slaDueAt", text.moments(steps.time + _HOURS[kind] * HOUR)),
            ("dependsOn", before),
        ]
        cause = aggregate_key("Order", self.quotes.number[self.quote(rows)])
        return self.batch("FulfillmentTask", "TaskCreated", "T-", steps, fields, cause)

    def fallout(self) -> list[EventBatch]:
        of = self.work.steps

        def case(event_type: str, kind: str, fields: Fields, cause: Ints | None = None) -> EventBatch:
            return self.batch("FalloutCase", event_type, "F-", of[kind], fields, cause)

        opened, assigned = of["opened"], of["assigned"]
        tasks, draws = self.work.tasks, self.world.draws
        ids, kind = tasks.ids[opened.entity], tasks.kind[opened.entity]
        reason = draws.between("fallout/reason", ids, 0, len(_FALLOUT_REASONS) - 1)
        person = tasks.ids[assigned.entity] // 4 % 9 + assigned["round"]
        return [
            case(
                "FalloutOpened",
                "opened",
                [
                    *self.order_fields(opened.entity),
                    ("taskId", text.quoted(self.name("T-", opened.entity))),
                    ("reasonCode", text.coded(_FALLOUT_REASONS, reason)),
                    ("downstreamSystem", text.coded(_SYSTEMS, kind)),
                    ("ownerTeam", text.coded(_TEAMS, kind)),
                    ("priority", text.coded(_PRIORITIES, draws.weighted("fallout/priority", ids, [2, 5, 3]))),
                    ("dueAt", text.moments(opened.time + 24 * HOUR)),
                    ("nextAction", text.coded(_NEXT_ACTIONS, reason)),
                    ("note", text.coded(("Seen twice this week",), draws.weighted("fallout/note", ids, [1, 4]) * -1)),
                ],
                aggregate_key("FulfillmentTask", ids),
            ),
            case(
                "FalloutAssigned",
                "assigned",
                [
                    ("ownerTeam", text.coded(_TEAMS, tasks.kind[assigned.entity])),
                    ("assignee", text.joined('"ops.', text.whole(person), '"')),
                    ("dueAt", text.moments(assigned.time + 12 * HOUR)),
                ],
            ),
            case(
                "FalloutRecovered",
                "recovered",
                [("resolution", text.coded(RESOLUTIONS, of["recovered"]["resolution"]))],
            ),
            case("FalloutReopened", "reopened", [("reasonCode", '"SAME_ERROR_AGAIN"')]),
        ]
