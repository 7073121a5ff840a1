"""Approval requests: renders who was asked, by when, and what was decided. Decides nothing."""

import numpy as np

from simulator import text
from simulator.concessions import asked_discount
from simulator.events import EventBatch, aggregate_key
from simulator.journeys import INVALIDATIONS, Journeys
from simulator.pricing import Pricings
from simulator.quote_events import REASON_LISTS, Fields, line_id
from simulator.quotes import Quotes
from simulator.text import Text
from simulator.timeline import Steps
from simulator.window import DAY, HOUR, Ints
from simulator.world import World

_APPROVERS = ("deskmanager.amer", "deskmanager.emea", "deskmanager.apac", "finance.director", "regional.vp")
_GROUPS = ("DEAL_DESK_AMER", "DEAL_DESK_EMEA", "DEAL_DESK_APAC", "FINANCE", "SALES_LEADERSHIP")


class ApprovalRenderer:
    """Event batches of the approval requests of a chunk."""

    def __init__(self, quotes: Quotes, journeys: Journeys, pricings: Pricings, world: World) -> None:
        self.quotes = quotes
        self.journeys = journeys
        self.pricings = pricings
        self.world = world

    def batch(self, event_type: str, steps: Steps, fields: Fields, caused_by_quote: bool = False) -> EventBatch:
        quotes, rows = self.quotes, steps.entity
        request = steps["request"] % 8
        revision, sequence = text.whole(request // 2 + 1), text.whole(request % 2 + 1)
        return EventBatch(
            event_type,
            aggregate_key("ApprovalRequest", steps["request"]),
            text.joined("AR-", text.at(quotes.digits, rows), "-", revision, "-", sequence),
            steps.time,
            text.record(fields, len(steps)),
            text.at(quotes.correlation, rows),
            aggregate_key("Quote", quotes.number[rows]) if caused_by_quote else None,
        )

    def batches(self) -> list[EventBatch]:
        """Every approval event."""
        return [
            self.requested(),
            self.reassigned(),
            self.decided(),
            self.withdrawn("ApprovalRecalled", "recalled"),
            self.withdrawn("ApprovalInvalidated", "invalidated"),
        ]

    def requested(self) -> EventBatch:
        quotes, steps, world = self.quotes, self.journeys["requested"], self.world
        rows = steps.entity
        approver = self.approver(steps)
        hours = np.where(approver < 3, 8, 24)
        asked = asked_discount(quotes, rows, steps["revision"], world)
        fields: Fields = [
            ("quoteId", text.quoted(text.at(quotes.quote_id, rows))),
            ("quoteRevision", text.whole(steps["revision"])),
            ("submissionSequence", text.whole(steps["sequence"])),
            ("approver", text.coded(_APPROVERS, approver)),
            ("approverGroup", text.coded(_GROUPS, approver)),
            ("policyVersion", text.coded(world.policies.versions, world.policies.at(steps.time))),
            ("reasonCodes", text.raw(REASON_LISTS, steps["reasons"])),
            ("requestedBy", text.joined('"REP-', text.padded(quotes.account[rows] * 3 % 40 + 1, 3), '"')),
            ("slaDueAt", text.moments(steps.time + hours * HOUR)),
            ("maxDiscountPercent", text.amounts(asked * 100)),
        ]
        return self.batch("ApprovalRequested", steps, fields, caused_by_quote=True)

    def approver(self, steps: Steps) -> Ints:
        """The desk of the region, finance or leadership."""
        level = self.world.draws.weighted("approval/level", steps["request"], [6, 3, 1])
        return np.where(level == 0, self.quotes.region[steps.entity], level + 2)

    def reassigned(self) -> EventBatch:
        steps = self.journeys["reassigned"]
        approver = np.minimum(self.approver(steps) + 1, len(_APPROVERS) - 1)
        fields: Fields = [
            ("approver", text.coded(_APPROVERS, approver)),
            ("approverGroup", text.coded(_GROUPS, approver)),
        ]
        return self.batch("ApprovalReassigned", steps, fields)

    def decided(self) -> EventBatch:
        steps = self.journeys["decided"]
        denied = steps["denied"] > 0
        fields: Fields = [
            ("decision", text.coded(("APPROVED", "DENIED"), steps["denied"])),
            ("decidedBy", text.coded(_APPROVERS, self.approver(steps))),
            ("approvedFloorAmounts", text.only(self.floors(steps), ~denied)),
            ("validUntil", text.only(text.moments((steps.time // DAY + 30) * DAY), ~denied)),
        ]
        return self.batch("ApprovalDecided", steps, fields)

    def floors(self, steps: Steps) -> Text:
        """The net amounts that were approved, line by line."""
        pricing = self.pricings.row(steps.entity, steps["ordinal"])
        rows = self.pricings.lines_of(pricing)
        lines = self.pricings.lines
        fields: Fields = [
            ("lineId", text.quoted(line_id(self.quotes, lines.quote[rows], lines.number[rows]))),
            ("netAmount", text.amounts(lines.net[rows])),
        ]
        return text.bracketed(text.listed(text.record(fields, len(rows)), self.pricings.counts[pricing]))

    def withdrawn(self, event_type: str, kind: str) -> EventBatch:
        steps = self.journeys[kind]
        return self.batch(event_type, steps, [("reason", text.coded(INVALIDATIONS, steps["reason"]))])
