"""The KPIs that are counted from orders, their items, tasks and fallout cases."""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise

import pandas as pd

from support.known_business import Known
from support.kpi_events import Event, elapsed, first_of, happened_at, last_of, moment
from support.kpi_figures import Counted, as_test


class Orders(Known):
    """KPIs 9 to 16."""

    def _orders(self) -> Iterator[Counted]:
        cases: dict[str, list[list[Event]]] = defaultdict(list)
        of_task: dict[str | None, int] = defaultdict(int)
        for case in self.events.of("FalloutCase").values():
            opened = first_of(case, "FalloutOpened")
            if opened:
                cases[opened["payload"]["orderId"]].append(case)
                of_task[opened["payload"].get("taskId")] += 1
        for order, happened in self.orders.items():
            is_test = self._is_test(order)
            yield from as_test(is_test, self._fallout(happened, cases.get(order, [])))
            yield from as_test(is_test, self._submitted(happened))
            yield from as_test(is_test, self._checked(happened))
            yield from as_test(is_test, self._cancelled(happened))
            yield from as_test(is_test, self._fulfilled(happened))
        for of_order in cases:
            yield from as_test(self._is_test(of_order), self._backlog(cases[of_order]))
        for task, happened in self.events.of("FulfillmentTask").items():
            created = first_of(happened, "TaskCreated")
            is_test = created is not None and self._is_test(created["payload"]["orderId"])
            if created:
                found = Counted("fallout_cases_per_100_tasks", happened_at(created), Decimal(of_task[task]), Decimal(1))
                yield from as_test(is_test, iter([found]))
            yield from as_test(is_test, self._unknown(happened))

    def _fallout(self, order: list[Event], cases: list[list[Event]]) -> Iterator[Counted]:
        submitted = first_of(order, "OrderSubmitted")
        if submitted is None:
            return
        at = happened_at(submitted)
        reasons = set()
        for case in cases:
            opened = first_of(case, "FalloutOpened")
            assert opened
            if elapsed(at, happened_at(opened)) < 30 * 86400:
                said = last_of(case, "FalloutOpened", "FalloutReopened")
                assert said
                reasons.add(said["payload"]["reasonCode"])
        yield Counted("fallout_rate", at, Decimal(bool(reasons)), Decimal(1))
        for reason in reasons:
            yield Counted("fallout_orders_by_reason", at, Decimal(1), split=reason)

    def _submitted(self, happened: list[Event]) -> Iterator[Counted]:
        calls: dict[str, list[Event]] = defaultdict(list)
        for event in happened:
            if event["eventType"] == "OrderSubmissionAttempted":
                calls[event["payload"]["idempotencyKey"]].append(event)
        for place, called in enumerate(calls.values()):
            outcomes = {call["payload"]["outcome"] for call in called}
            reason = "unknown_outcome" if outcomes == {"UNKNOWN"} else None
            accepted = Decimal("ACCEPTED" in outcomes)
            yield Counted("order_submit_success_rate", happened_at(called[0]), accepted, Decimal(1), reason=reason)
            if place == 0:
                yield Counted("order_first_pass_rate", happened_at(called[0]), accepted, Decimal(1), reason=reason)
        submitted = first_of(happened, "OrderSubmitted")
        tried = [event for event in happened if event["eventType"] == "OrderDecompositionAttempted"]
        if submitted and tried:
            outcomes_in_order = [event["payload"]["outcome"] for event in tried]
            failed, at = Decimal("FAILED" in outcomes_in_order), happened_at(submitted)
            yield Counted("decomposition_failure_rate", at, failed, Decimal(1))
            yield Counted("decomposition_unrecovered_rate", at, Decimal(outcomes_in_order[-1] == "FAILED"), Decimal(1))

    def _checked(self, happened: list[Event]) -> Iterator[Counted]:
        checks: dict[tuple[str, int], list[Event]] = defaultdict(list)
        for event in happened:
            if event["eventType"] == "OrderItemFeasibilityChecked":
                checks[event["payload"]["orderItemId"], event["payload"]["checkCycle"]].append(event)
        for checked in checks.values():
            at = happened_at(checked[0])
            results = [event["payload"]["outcome"] for event in checked]
            conclusive = [result for result in results if result != "TIMEOUT"]
            reason = None if conclusive else "timeout"
            last = conclusive[-1] if conclusive else ""
            for measure, holds in (
                ("feasibility_pass_rate", last == "FEASIBLE"),
                ("feasibility_conditional_rate", last == "CONDITIONAL"),
                ("feasibility_first_pass_rate", results[0] == "FEASIBLE"),
            ):
                yield Counted(measure, at, Decimal(holds), Decimal(1), reason=reason)

    def _cancelled(self, happened: list[Event]) -> Iterator[Counted]:
        decisions: dict[str, list[Event]] = defaultdict(list)
        for event in happened:
            if event["eventType"] == "OrderCancellationDecided":
                decisions[event["payload"]["requestId"]].append(event)
        for decided in decisions.values():
            at, outcome = happened_at(decided[-1]), decided[-1]["payload"]["outcome"]
            why = [e["payload"].get("conflictReason") for e in decided if e["payload"]["outcome"] == "REFUSED"]
            conflict = Decimal(bool({"IN_FLIGHT_DEPENDENCY", "POINT_OF_NO_RETURN"} & set(why)))
            reason = "withdrawn" if outcome == "WITHDRAWN" else None
            yield Counted("cancellation_conflict_rate", at, conflict, Decimal(1), reason=reason)
            if outcome == "REFUSED":
                given = [one for one in why if one]
                split = given[-1] if given else ""
                yield Counted("cancellation_refusals_by_reason", at, Decimal(1), split=split)

    def _fulfilled(self, happened: list[Event]) -> Iterator[Counted]:
        submitted, state = first_of(happened, "OrderSubmitted"), last_of(happened, "OrderStateChanged")
        current = last_of(happened, "OrderSubmitted")
        if submitted is None or current is None:
            return
        start, status = happened_at(submitted), state["payload"]["state"] if state else "SUBMITTED"
        items = {item["orderItemId"]: ("", start) for item in current["payload"]["items"]}
        for event in happened:
            if event["eventType"] == "OrderItemStateChanged" and event["payload"]["orderItemId"] in items:
                items[event["payload"]["orderItemId"]] = (event["payload"]["state"], happened_at(event))
        states = {item_state for item_state, _ in items.values()}
        done = [at for item_state, at in items.values() if item_state == "COMPLETED"]
        kept = bool(states - {"CANCELLED"})
        whole = status == "PARTIAL" and bool(done) and states <= {"COMPLETED", "CANCELLED"}
        measures = ("fulfillment_lead_time", "fulfillment_working_time", "fulfillment_on_time_rate")
        if (status == "COMPLETED" and kept) or whole:
            assert state
            end = max(done) if done else happened_at(state)
            waited = _seconds_in(happened, {"HELD", "PENDING"})
            lead = elapsed(start, end)
            region = self._region(current["payload"].get("quoteId"), submitted["aggregateId"])
            yield Counted(measures[0], end, Decimal(0), Decimal(1), lead, "", None, start, region)
            yield Counted(measures[1], end, denominator=Decimal(1), seconds=lead - waited)
            promised = current["payload"].get("promisedCompletionAt")
            kept_promise = Decimal(bool(promised) and end <= moment(promised))
            yield Counted(measures[2], end, kept_promise, Decimal(1), reason=None if promised else "no_promise")
        elif status in ("CANCELLED", "FAILED"):
            assert state
            yield from (Counted(measure, happened_at(state), reason=status.lower()) for measure in measures)
        elif not (status == "PARTIAL" and states <= {"COMPLETED", "CANCELLED", "FAILED"}) and status != "COMPLETED":
            yield Counted(
                "fulfillment_open_age", self.as_of, denominator=Decimal(1), seconds=elapsed(start, self.as_of)
            )

    def _backlog(self, cases: list[list[Event]]) -> Iterator[Counted]:
        for case in cases:
            opened, ended = (
                first_of(case, "FalloutOpened"),
                last_of(case, "FalloutRecovered", "FalloutReopened", "FalloutOpened"),
            )
            assert opened
            assert ended
            yield Counted("fallout_backlog", happened_at(opened), Decimal(1))
            if ended["eventType"] == "FalloutRecovered":
                at, seconds = happened_at(ended), elapsed(happened_at(opened), happened_at(ended))
                yield Counted("fallout_backlog", at, Decimal(-1))
                if ended["payload"]["resolution"] == "CANCELLED":
                    yield Counted("mean_time_to_repair", at, reason="cancelled")
                    yield Counted("fallout_cancellation_time", at, denominator=Decimal(1), seconds=seconds)
                else:
                    region = self._region(None, opened["payload"]["orderId"])
                    yield Counted(
                        "mean_time_to_repair",
                        at,
                        Decimal(0),
                        Decimal(1),
                        seconds,
                        "",
                        None,
                        happened_at(opened),
                        region,
                    )
            else:
                seconds = elapsed(happened_at(opened), self.as_of)
                yield Counted("fallout_open_age", self.as_of, denominator=Decimal(1), seconds=seconds)

    def _unknown(self, happened: list[Event]) -> Iterator[Counted]:
        since = None
        for event in [*happened, None]:
            if event is not None and event["eventType"] == "TaskOutcomeUnknown":
                since = since or happened_at(event)
                continue
            if since is not None:
                until = happened_at(event) if event is not None else None
                if ((until or self.as_of) - since).total_seconds() >= self.timeout:
                    entered = since + pd.Timedelta(seconds=self.timeout).to_pytimedelta()
                    yield Counted("unknown_outcome_count", entered, Decimal(1))
                    yield Counted("unknown_outcome_entered_count", entered, Decimal(1))
                    if until is not None:
                        yield Counted("unknown_outcome_count", until, Decimal(-1))
                        yield Counted("unknown_outcome_resolved_count", until, Decimal(1))
            since = None


def _seconds_in(happened: list[Event], states: set[str]) -> int:
    """Whole seconds of each stay in one of the states, of stays that ended."""
    changes = [event for event in happened if event["eventType"] in ("OrderStateChanged", "OrderSubmitted")]
    return sum(
        elapsed(happened_at(entered), happened_at(left))
        for entered, left in pairwise(changes)
        if entered["payload"].get("state") in states
    )
