"""The KPIs computed anew from landed events, in pandas, by the definitions of docs/kpis.md and not by the SQL."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pandas as pd

from support.billing_by_hand import charges
from support.business_hours import in_business_hours
from support.leakage_by_hand import assessed_lines
from support.replay_by_hand import replayed

Event = Mapping[str, Any]
ENDS = {
    "QuoteAccepted": "ACCEPTED",
    "QuoteRejected": "REJECTED",
    "QuoteExpired": "EXPIRED",
    "QuoteCancelled": "CANCELLED",
}
NEVER = datetime(9999, 12, 31)


@dataclass(frozen=True)
class Counted:
    """One thing that a measure counts, or leaves out with a reason."""

    measure: str
    at: datetime
    numerator: Decimal = Decimal(0)
    denominator: Decimal = Decimal(0)
    seconds: int | None = None
    split: str = ""
    reason: str | None = None
    since: datetime | None = None
    region: str | None = None


class Events:
    """Accepted events by aggregate, in version order, each version once."""

    def __init__(self, events: Iterable[Event]) -> None:
        versions: dict[tuple[str, str], dict[int, Event]] = defaultdict(dict)
        for event in events:
            held = versions[event["aggregateType"], event["aggregateId"]]
            version = event["aggregateVersion"]
            if version not in held or _rank(event) < _rank(held[version]):
                held[version] = event
        self._events = {key: [held[version] for version in sorted(held)] for key, held in versions.items()}

    def of(self, aggregate_type: str) -> dict[str, list[Event]]:
        return {name: events for (kind, name), events in self._events.items() if kind == aggregate_type}

    def all_of(self, aggregate_type: str) -> Iterator[Event]:
        return (event for events in self.of(aggregate_type).values() for event in events)


def moment(text: str) -> datetime:
    """A UTC time without its zone."""
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)


def monthly(counted: Iterable[Counted]) -> dict[tuple[str, str, str, str], tuple[Decimal | None, ...]]:
    """(measure, statistic, month, split) to (numerator, denominator, value); months without a row are left out."""
    table = pd.DataFrame([vars(one) for one in counted])
    table["month"] = [f"{at:%Y-%m-01}" for at in table["at"]]
    found: dict[tuple[str, str, str, str], tuple[Decimal | None, ...]] = {}
    for (measure, split, month), rows in table[table["reason"].isna()].groupby(["measure", "split", "month"]):
        durations = sorted(int(value) for value in rows["seconds"].dropna())
        numerator = sum(rows["numerator"], Decimal(0))
        denominator = sum(rows["denominator"], Decimal(0))
        if durations:
            count = len(durations)
            middle = Fraction(durations[(count - 1) // 2] + durations[count // 2], 2)
            total = Decimal(sum(durations))
            found[measure, "MEDIAN", month, split] = (None, Decimal(count), _places(middle))
            found[measure, "P90", month, split] = (
                None,
                Decimal(count),
                _places(Fraction(durations[-(-9 * count // 10) - 1])),
            )
            found[measure, "MEAN", month, split] = (total, Decimal(count), _places(Fraction(sum(durations), count)))
        else:
            found[measure, "", month, split] = (numerator, denominator, None)
    return found


def excluded(counted: Iterable[Counted]) -> dict[tuple[str, str, str], int]:
    """(measure, month, reason) to how many are left out."""
    found: dict[tuple[str, str, str], int] = defaultdict(int)
    for one in counted:
        if one.reason:
            found[one.measure, f"{one.at:%Y-%m-01}", one.reason] += 1
    return dict(found)


def ratio(numerator: Decimal, denominator: Decimal, scale: int = 1) -> Decimal | None:
    """Six places, half away from zero; None where there is nothing to divide by."""
    return _places(Fraction(numerator) * scale / Fraction(denominator)) if denominator else None


def _places(value: Fraction) -> Decimal:
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return exact.quantize(Decimal("0.000001"), ROUND_HALF_UP)


def _rank(event: Event) -> tuple[datetime, str]:
    return moment(event.get("recordedTime") or event["eventTime"]), event["eventId"]


def _seconds(start: datetime, end: datetime) -> int:
    return int((end - start).total_seconds())


def _when(event: Event) -> datetime:
    return moment(event["eventTime"])


def _last(events: Iterable[Event], *types: str) -> Event | None:
    return next((event for event in reversed(list(events)) if event["eventType"] in types), None)


def _first(events: Iterable[Event], *types: str) -> Event | None:
    return next((event for event in events if event["eventType"] in types), None)


class Business:
    """What the KPIs need of the business, folded from the events."""

    def __init__(self, events: Iterable[Event], as_of: datetime, unknown_timeout_seconds: int) -> None:
        self.events, self.as_of, self.timeout = Events(events), as_of, unknown_timeout_seconds
        self.quotes = self.events.of("Quote")
        self.orders = self.events.of("Order")
        self.tests = {
            account for account, happened in self.events.of("Account").items() if happened[-1]["payload"].get("isTest")
        }
        self.requests: dict[tuple[str, int, int], list[list[Event]]] = defaultdict(list)
        for happened in self.events.of("ApprovalRequest").values():
            asked = _first(happened, "ApprovalRequested")
            if asked:
                said = asked["payload"]
                self.requests[said["quoteId"], said["quoteRevision"], said["submissionSequence"]].append(happened)

    def counted(self) -> list[Counted]:
        """Everything that is measured, accounts for tests left out."""
        found = [*self._quotes(), *self._orders(), *self._leakage(), *self._replay(), *self._billing()]
        return [*found, *in_business_hours(found)]

    def _quotes(self) -> Iterator[Counted]:
        for quote, happened in self.quotes.items():
            yield from _as_test(self._is_test_quote(quote), self._of_quote(quote, happened))

    def _is_test_quote(self, quote: str) -> bool:
        created = _last(self.quotes[quote], "QuoteCreated")
        return created is not None and created["payload"]["accountId"] in self.tests

    def _of_quote(self, quote: str, happened: list[Event]) -> Iterator[Counted]:
        revisions: dict[int, list[Event]] = defaultdict(list)
        for event in happened:
            revisions[event["payload"]["quoteRevision"]].append(event)
        yield from self._cycle(revisions)
        for revision, of_revision in sorted(revisions.items()):
            yield from self._configuration(of_revision)
            yield from self._pricing(of_revision)
            yield from self._approval(quote, revision, of_revision)
            yield from self._overrides(of_revision)
        yield from self._conversion(quote, revisions)

    def _cycle(self, revisions: Mapping[int, list[Event]]) -> Iterator[Counted]:
        started = _first(revisions.get(1, []), "QuoteCreated", "QuoteRevised")
        created = _when(started) if started else None
        end = _last(revisions[max(revisions)], *ENDS)
        until = _when(end) if end else self.as_of
        reason = "creation_missing" if created is None else "time_defect" if until < created else None
        seconds = _seconds(created, until) if created and reason is None else None
        one = Decimal(1)
        told = _last((event for of in revisions.values() for event in of), "QuoteCreated")
        region = told["payload"]["region"] if told else None
        if end is None:
            yield Counted("quote_open_age", self.as_of, denominator=one, seconds=seconds, reason=reason)
            return
        status = ENDS[end["eventType"]]
        if status == "CANCELLED":
            yield Counted("quote_cancellation_time", until, denominator=one, seconds=seconds, reason=reason)
            yield Counted("quote_cycle_time", until, reason="cancelled")
            yield Counted("quote_acceptance_rate", until, reason="cancelled")
            return
        yield Counted("quote_cycle_time", until, Decimal(0), one, seconds, "", reason, created, region)
        yield Counted("quote_acceptance_rate", until, Decimal(status == "ACCEPTED"), one)

    def _configuration(self, happened: list[Event]) -> Iterator[Counted]:
        first = True
        for event in happened:
            if event["eventType"] != "QuoteConfigurationValidated":
                continue
            if event["payload"]["trigger"] != "USER":
                yield Counted("configuration_error_rate", _when(event), reason="system_sweep")
                continue
            failed = any(error["severity"] == "ERROR" for error in event["payload"]["errors"])
            yield Counted("configuration_error_rate", _when(event), Decimal(failed), Decimal(1))
            if first:
                yield Counted("configuration_first_pass_rate", _when(event), Decimal(not failed), Decimal(1))
            first = False

    def _pricing(self, happened: list[Event]) -> Iterator[Counted]:
        runs = [event for event in happened if event["eventType"] == "QuotePriced"]
        if not runs:
            return
        at = _when(runs[0])
        nets = [_nets(run) for run in runs]
        moved = sum(before != after for before, after in pairwise(nets))
        yield Counted("pricing_recalculation_rate", at, Decimal(len(runs) - 1), Decimal(1))
        yield Counted("effective_recalculation_rate", at, Decimal(moved), Decimal(1))
        for run in runs[1:]:
            yield Counted("recalculations_by_trigger", _when(run), Decimal(1), split=run["payload"]["trigger"])

    def _approval(self, quote: str, revision: int, happened: list[Event]) -> Iterator[Counted]:
        submissions: dict[int, Event] = {}
        for event in happened:
            if event["eventType"] == "QuoteSubmittedForApproval":
                submissions[event["payload"]["submissionSequence"]] = event
        approvals: list[tuple[datetime, datetime | None, str | None]] = []
        for sequence, submission in submissions.items():
            at, required = _when(submission), bool(submission["payload"]["approvalRequired"])
            yield Counted("approval_required_rate", at, Decimal(required), Decimal(1))
            yield Counted("auto_approved_rate", at, Decimal(not required), Decimal(1))
            yield Counted("policy_overrides_per_100_submissions", at, denominator=Decimal(1))
            steps = [Step(request) for request in self.requests.get((quote, revision, sequence), [])]
            decision = _decision(required, steps)
            reason = None if decision in ("APPROVED", "DENIED") else decision.lower()
            yield Counted("approval_grant_rate", at, Decimal(decision == "APPROVED"), Decimal(1), reason=reason)
            withdrawn = any(step.withdrawn for step in steps)
            if decision in ("APPROVED", "DENIED") and not withdrawn:
                asked = min(step.asked for step in steps)
                decided = max(step.decided for step in steps if step.decided)
                late = None if decided >= asked else "time_defect"
                seconds = _seconds(asked, decided) if late is None else None
                region = self._region(quote, None)
                yield Counted("approval_cycle_time", decided, Decimal(0), Decimal(1), seconds, "", late, asked, region)
            elif withdrawn:
                decided_at = [step.decided for step in steps if step.decided]
                fell = [at for step in steps for at in (step.recalled, step.invalidated) if at]
                shown = max(decided_at) if decision == "DENIED" and decided_at else min(fell)
                yield Counted("approval_cycle_time", shown, reason="withdrawn_before_decision")
            if decision == "APPROVED":
                fallen = sorted((step.invalidated, step.reason) for step in steps if step.invalidated)
                first = fallen[0] if fallen else (None, None)
                approvals.append((max(step.decided for step in steps if step.decided), *first))
        yield from self._stale(happened, approvals)
        for (of_quote, of_revision, _), requests in self.requests.items():
            if (of_quote, of_revision) == (quote, revision):
                for request in requests:
                    yield from Step(request).counted()

    def _stale(
        self, happened: list[Event], approvals: list[tuple[datetime, datetime | None, str | None]]
    ) -> Iterator[Counted]:
        marked = _last(happened, "QuoteApproved")
        if not approvals:
            if marked:
                yield Counted("stale_approval_rate", _when(marked), reason="approved_without_request")
            return
        approved = min(decided for decided, _, _ in approvals)
        fallen = sorted((at, reason or "") for _, at, reason in approvals if at)
        accepted = _last(happened, "QuoteAccepted")
        converted = next((event for event in happened if _is_conversion(event)), None)
        used = min(_when(accepted) if accepted else NEVER, _when(converted) if converted else NEVER)
        stale = bool(fallen) and fallen[0][0] < used and _seconds(approved, fallen[0][0]) <= 90 * 86400
        yield Counted("stale_approval_rate", approved, Decimal(stale), Decimal(1))
        if stale:
            yield Counted("stale_approvals_by_reason", approved, Decimal(1), split=fallen[0][1])

    def _overrides(self, happened: list[Event]) -> Iterator[Counted]:
        changes: dict[tuple[str | None, str], list[Event]] = defaultdict(list)
        for event in happened:
            if event["eventType"] in ("PolicyOverrideApplied", "PolicyOverrideRemoved"):
                changes[event["payload"].get("lineId"), event["payload"]["policyId"]].append(event)
        for changed in changes.values():
            at = None
            for event in happened:
                if event["eventType"] == "QuoteSubmittedForApproval":
                    before = [one for one in changed if one["aggregateVersion"] < event["aggregateVersion"]]
                    if before and before[-1]["eventType"] == "PolicyOverrideApplied":
                        at = _when(event)
                        break
            if at is None:
                yield Counted("policy_override_attempt_count", _when(changed[0]), Decimal(1))
                continue
            yield Counted("policy_override_count", at, Decimal(1))
            yield Counted("policy_overrides_per_100_submissions", at, Decimal(1))
            yield Counted("policy_overrides_by_type", at, Decimal(1), split=changed[-1]["payload"]["policyType"])

    def _conversion(self, quote: str, revisions: Mapping[int, list[Event]]) -> Iterator[Counted]:
        happened = sorted((e for of in revisions.values() for e in of), key=lambda event: event["aggregateVersion"])
        calls: dict[str, list[Event]] = defaultdict(list)
        for event in happened:
            if event["eventType"] == "QuoteConversionAttempted":
                calls[event["payload"]["idempotencyKey"]].append(event)
        made: list[tuple[int, datetime]] = []
        for called in calls.values():
            outcomes = {call["payload"]["outcome"] for call in called}
            reason = "unknown_outcome" if outcomes == {"UNKNOWN"} else None
            failed = Decimal("SUCCEEDED" not in outcomes and reason is None)
            yield Counted("quote_to_order_failure_rate", _when(called[0]), failed, Decimal(1), reason=reason)
            first = next((call for call in called if _is_conversion(call)), None)
            if first:
                made.append((first["payload"]["quoteRevision"], _when(first)))
        for order in self.orders.values():
            submitted = _last(order, "OrderSubmitted")
            if submitted and submitted["payload"].get("quoteId") == quote:
                made.append((submitted["payload"].get("quoteRevision"), _when(submitted)))
        accepted = [revision for revision, of in revisions.items() if _last(of, "QuoteAccepted")]
        if not accepted:
            return
        revision = max(accepted)
        acceptance = _last(revisions[revision], "QuoteAccepted")
        assert acceptance
        at = _when(acceptance)
        converted = any(of == revision and 0 <= (when - at).total_seconds() < 30 * 86400 + 1 for of, when in made)
        yield Counted("quote_conversion_rate", at, Decimal(converted), Decimal(1))
        if any(of is not None and of != revision for of, _ in made):
            yield Counted("wrong_revision_quote_count", at, Decimal(1))
        if not made:
            yield Counted("unconverted_quote_count", at, Decimal(1))
        priced = _last(revisions[revision], "QuotePriced")
        if priced:
            net = sum((Decimal(line["netAmount"]) for line in priced["payload"]["lines"]), Decimal(0))
            currency = priced["payload"]["currency"]
            yield Counted("quote_conversion_by_value", at, net if converted else Decimal(0), net, split=currency)
        yield from self._margin(quote, revision, at, priced, revisions[revision])

    def _margin(
        self, quote: str, revision: int, at: datetime, priced: Event | None, happened: list[Event]
    ) -> Iterator[Counted]:
        rates = ("margin_exception_rate", "margin_exception_approved_rate", "margin_exception_unapproved_rate")
        lines = priced["payload"]["lines"] if priced else []
        costs = [line.get("costAmount") for line in lines]
        net = sum((Decimal(line["netAmount"]) for line in lines), Decimal(0))
        submitted = [event["payload"] for event in happened if event["eventType"] == "QuoteSubmittedForApproval"]
        reason = "unknown_margin" if not lines or None in costs or net <= 0 else None
        guardrail = None
        if submitted:
            version = max(submitted, key=lambda said: said["submissionSequence"])["policyVersion"]
            guardrail = self._guardrails().get(version)
        if reason is None and guardrail is None:
            reason = "unknown_guardrail"
        if reason or guardrail is None:
            yield from (Counted(measure, at, reason=reason) for measure in rates)
            return
        cost = sum((Decimal(amount) for amount in costs), Decimal(0))
        exception = Fraction(net - cost) / Fraction(net) * 100 < Fraction(guardrail)
        valid = any(
            Step(request).is_valid_at(at)
            for (of_quote, of_revision, _), requests in self.requests.items()
            if (of_quote, of_revision) == (quote, revision)
            for request in requests
        )
        for measure, holds in zip(rates, (exception, exception and valid, exception and not valid), strict=True):
            yield Counted(measure, at, Decimal(holds), Decimal(1))
        if exception:
            assert priced
            yield Counted("margin_value_at_risk", at, net, split=priced["payload"]["currency"])

    def _leakage(self) -> Iterator[Counted]:
        """KPI 17; of a line out of scope nothing is counted."""
        events = (
            event for kind in ("Quote", "ApprovalRequest", "ApprovalPolicy") for event in self.events.all_of(kind)
        )
        for line in assessed_lines(events):
            if line.verdict != "OUT_OF_SCOPE":
                reason = "no_floor" if line.verdict == "NOT_ASSESSABLE" else None
                at, currency = moment(line.accepted_at.isoformat()), line.currency
                leaks = Decimal(line.verdict == "LEAKED")
                found = [
                    Counted("discount_leakage", at, line.leaked, split=currency, reason=reason),
                    Counted("discount_leakage_rate", at, line.leaked, line.listed, split=currency),
                    Counted("discount_leakage_line_rate", at, leaks, Decimal(1), reason=reason),
                ]
                yield from _as_test(self._is_test_quote(line.quote_id), iter(found))

    def _replay(self) -> Iterator[Counted]:
        """KPI 21; a replay belongs to the month in which it is made."""
        for line in replayed(self.quotes, self.events.all_of("PriceBookEntry"), self.as_of):
            differs, why = Decimal(line.differs), line.reason
            undrifted = why or ("no_current_price" if line.drifted is None else None)
            by_month = "price_replay_mismatch_by_capture_month"
            found = [
                Counted("price_replay_mismatch_rate", self.as_of, differs, Decimal(1), reason=why),
                Counted(by_month, self.as_of, differs, Decimal(1), split=line.captured_month, reason=why),
                Counted("price_drift_rate", self.as_of, Decimal(bool(line.drifted)), Decimal(1), reason=undrifted),
            ]
            yield from _as_test(self._is_test_quote(line.quote_id), iter(found))

    def _billing(self) -> Iterator[Counted]:
        """KPI 20; timing and rounding are no mismatch."""
        told = {kind: self.events.of(kind) for kind in ("Subscription", "Asset", "Invoice", "CreditNote")}
        for charge in charges(self.orders, told, self.as_of):
            found = []
            if charge.leg_class == "timing":
                found.append(Counted("billing_timing_amount", self.as_of, charge.under, split=charge.currency))
            else:
                at = datetime.fromisoformat(f"{charge.month}-01")
                breaks = charge.leg_class not in ("matched", "rounding", "within_tolerance", "credited")
                found.append(Counted("contract_billing_mismatch_rate", at, Decimal(breaks), Decimal(1)))
                if breaks:
                    found += [
                        Counted("contract_billing_mismatches_by_class", at, Decimal(1), split=charge.leg_class),
                        Counted("over_billed_amount", at, charge.over, split=charge.currency),
                        Counted("under_billed_amount", at, charge.under, split=charge.currency),
                    ]
                elif charge.leg_class in ("rounding", "within_tolerance"):
                    distance = charge.over + charge.under
                    found.append(Counted("billing_rounding_amount", at, distance, split=charge.currency))
            yield from _as_test(self._is_test(charge.order_id), iter(found))

    def _guardrails(self) -> dict[str, Decimal]:
        found = {}
        for happened in self.events.of("ApprovalPolicy").values():
            for event in happened:
                said = event["payload"]
                found[said["policyVersion"]] = Decimal(said["marginGuardrailPercent"])
        return found

    def _orders(self) -> Iterator[Counted]:
        cases: dict[str, list[list[Event]]] = defaultdict(list)
        of_task: dict[str | None, int] = defaultdict(int)
        for case in self.events.of("FalloutCase").values():
            opened = _first(case, "FalloutOpened")
            if opened:
                cases[opened["payload"]["orderId"]].append(case)
                of_task[opened["payload"].get("taskId")] += 1
        for order, happened in self.orders.items():
            is_test = self._is_test(order)
            yield from _as_test(is_test, self._fallout(happened, cases.get(order, [])))
            yield from _as_test(is_test, self._submitted(happened))
            yield from _as_test(is_test, self._checked(happened))
            yield from _as_test(is_test, self._cancelled(happened))
            yield from _as_test(is_test, self._fulfilled(happened))
        for of_order in cases:
            yield from _as_test(self._is_test(of_order), self._backlog(cases[of_order]))
        for task, happened in self.events.of("FulfillmentTask").items():
            created = _first(happened, "TaskCreated")
            is_test = created is not None and self._is_test(created["payload"]["orderId"])
            if created:
                found = Counted("fallout_cases_per_100_tasks", _when(created), Decimal(of_task[task]), Decimal(1))
                yield from _as_test(is_test, iter([found]))
            yield from _as_test(is_test, self._unknown(happened))

    def _region(self, quote: str | None, order: str | None) -> str | None:
        """That of the quote, else of the order."""
        for told in (
            _last(self.quotes.get(quote or "", []), "QuoteCreated"),
            _last(self.orders.get(order or "", []), "OrderSubmitted"),
        ):
            if told and told["payload"].get("region"):
                return str(told["payload"]["region"])
        return None

    def _is_test(self, order: str) -> bool:
        submitted = _last(self.orders.get(order, []), "OrderSubmitted")
        return submitted is not None and submitted["payload"]["accountId"] in self.tests

    def _fallout(self, order: list[Event], cases: list[list[Event]]) -> Iterator[Counted]:
        submitted = _first(order, "OrderSubmitted")
        if submitted is None:
            return
        at = _when(submitted)
        reasons = set()
        for case in cases:
            opened = _first(case, "FalloutOpened")
            assert opened
            if _seconds(at, _when(opened)) < 30 * 86400:
                said = _last(case, "FalloutOpened", "FalloutReopened")
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
            yield Counted("order_submit_success_rate", _when(called[0]), accepted, Decimal(1), reason=reason)
            if place == 0:
                yield Counted("order_first_pass_rate", _when(called[0]), accepted, Decimal(1), reason=reason)
        submitted = _first(happened, "OrderSubmitted")
        tried = [event for event in happened if event["eventType"] == "OrderDecompositionAttempted"]
        if submitted and tried:
            outcomes_in_order = [event["payload"]["outcome"] for event in tried]
            failed, at = Decimal("FAILED" in outcomes_in_order), _when(submitted)
            yield Counted("decomposition_failure_rate", at, failed, Decimal(1))
            yield Counted("decomposition_unrecovered_rate", at, Decimal(outcomes_in_order[-1] == "FAILED"), Decimal(1))

    def _checked(self, happened: list[Event]) -> Iterator[Counted]:
        checks: dict[tuple[str, int], list[Event]] = defaultdict(list)
        for event in happened:
            if event["eventType"] == "OrderItemFeasibilityChecked":
                checks[event["payload"]["orderItemId"], event["payload"]["checkCycle"]].append(event)
        for checked in checks.values():
            at = _when(checked[0])
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
            at, outcome = _when(decided[-1]), decided[-1]["payload"]["outcome"]
            why = [e["payload"].get("conflictReason") for e in decided if e["payload"]["outcome"] == "REFUSED"]
            conflict = Decimal(bool({"IN_FLIGHT_DEPENDENCY", "POINT_OF_NO_RETURN"} & set(why)))
            reason = "withdrawn" if outcome == "WITHDRAWN" else None
            yield Counted("cancellation_conflict_rate", at, conflict, Decimal(1), reason=reason)
            if outcome == "REFUSED":
                given = [one for one in why if one]
                split = given[-1] if given else ""
                yield Counted("cancellation_refusals_by_reason", at, Decimal(1), split=split)

    def _fulfilled(self, happened: list[Event]) -> Iterator[Counted]:
        submitted, state = _first(happened, "OrderSubmitted"), _last(happened, "OrderStateChanged")
        current = _last(happened, "OrderSubmitted")
        if submitted is None or current is None:
            return
        start, status = _when(submitted), state["payload"]["state"] if state else "SUBMITTED"
        items = {item["orderItemId"]: ("", start) for item in current["payload"]["items"]}
        for event in happened:
            if event["eventType"] == "OrderItemStateChanged" and event["payload"]["orderItemId"] in items:
                items[event["payload"]["orderItemId"]] = (event["payload"]["state"], _when(event))
        states = {item_state for item_state, _ in items.values()}
        done = [at for item_state, at in items.values() if item_state == "COMPLETED"]
        kept = bool(states - {"CANCELLED"})
        whole = status == "PARTIAL" and bool(done) and states <= {"COMPLETED", "CANCELLED"}
        measures = ("fulfillment_lead_time", "fulfillment_working_time", "fulfillment_on_time_rate")
        if (status == "COMPLETED" and kept) or whole:
            assert state
            end = max(done) if done else _when(state)
            waited = _seconds_in(happened, {"HELD", "PENDING"})
            lead = _seconds(start, end)
            region = self._region(current["payload"].get("quoteId"), submitted["aggregateId"])
            yield Counted(measures[0], end, Decimal(0), Decimal(1), lead, "", None, start, region)
            yield Counted(measures[1], end, denominator=Decimal(1), seconds=lead - waited)
            promised = current["payload"].get("promisedCompletionAt")
            kept_promise = Decimal(bool(promised) and end <= moment(promised))
            yield Counted(measures[2], end, kept_promise, Decimal(1), reason=None if promised else "no_promise")
        elif status in ("CANCELLED", "FAILED"):
            assert state
            yield from (Counted(measure, _when(state), reason=status.lower()) for measure in measures)
        elif not (status == "PARTIAL" and states <= {"COMPLETED", "CANCELLED", "FAILED"}) and status != "COMPLETED":
            yield Counted(
                "fulfillment_open_age", self.as_of, denominator=Decimal(1), seconds=_seconds(start, self.as_of)
            )

    def _backlog(self, cases: list[list[Event]]) -> Iterator[Counted]:
        for case in cases:
            opened, ended = (
                _first(case, "FalloutOpened"),
                _last(case, "FalloutRecovered", "FalloutReopened", "FalloutOpened"),
            )
            assert opened
            assert ended
            yield Counted("fallout_backlog", _when(opened), Decimal(1))
            if ended["eventType"] == "FalloutRecovered":
                at, seconds = _when(ended), _seconds(_when(opened), _when(ended))
                yield Counted("fallout_backlog", at, Decimal(-1))
                if ended["payload"]["resolution"] == "CANCELLED":
                    yield Counted("mean_time_to_repair", at, reason="cancelled")
                    yield Counted("fallout_cancellation_time", at, denominator=Decimal(1), seconds=seconds)
                else:
                    region = self._region(None, opened["payload"]["orderId"])
                    yield Counted(
                        "mean_time_to_repair", at, Decimal(0), Decimal(1), seconds, "", None, _when(opened), region
                    )
            else:
                seconds = _seconds(_when(opened), self.as_of)
                yield Counted("fallout_open_age", self.as_of, denominator=Decimal(1), seconds=seconds)

    def _unknown(self, happened: list[Event]) -> Iterator[Counted]:
        since = None
        for event in [*happened, None]:
            if event is not None and event["eventType"] == "TaskOutcomeUnknown":
                since = since or _when(event)
                continue
            if since is not None:
                until = _when(event) if event is not None else None
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
        _seconds(_when(entered), _when(left))
        for entered, left in pairwise(changes)
        if entered["payload"].get("state") in states
    )


class Step:
    """One approval request: when it was asked, decided and withdrawn."""

    def __init__(self, happened: list[Event]) -> None:
        asked = _first(happened, "ApprovalRequested")
        assert asked
        decided = _last(happened, "ApprovalDecided")
        recalled = _first(happened, "ApprovalRecalled")
        invalidated = _first(happened, "ApprovalInvalidated")
        self.asked = _when(asked)
        self.due = asked["payload"].get("slaDueAt")
        self.decided = _when(decided) if decided else None
        self.decision = decided["payload"]["decision"] if decided else None
        self.valid_until = decided["payload"].get("validUntil") if decided else None
        self.recalled = _when(recalled) if recalled else None
        self.invalidated = _when(invalidated) if invalidated else None
        self.reason = invalidated["payload"]["reason"] if invalidated else None
        ended = min((e["aggregateVersion"] for e in (recalled, invalidated) if e), default=None)
        self.withdrawn = ended is not None and (decided is None or ended < decided["aggregateVersion"])

    def counted(self) -> Iterator[Counted]:
        if self.decided is None:
            return
        reason = "withdrawn_before_decision" if self.withdrawn else "time_defect" if self.decided < self.asked else None
        seconds = _seconds(self.asked, self.decided) if reason is None else None
        yield Counted("approval_step_time", self.decided, denominator=Decimal(1), seconds=seconds, reason=reason)
        missing = None if self.due else "no_due_time"
        late = bool(self.due) and self.decided > moment(self.due)
        yield Counted("approval_sla_breach_rate", self.decided, Decimal(late), Decimal(1), reason=missing)

    def is_valid_at(self, at: datetime) -> bool:
        fell = any(end is not None and end <= at for end in (self.recalled, self.invalidated))
        expired = self.valid_until is not None and moment(self.valid_until) < at
        return (
            self.decision == "APPROVED" and self.decided is not None and self.decided <= at and not fell and not expired
        )


def _decision(required: bool, steps: list[Step]) -> str:
    if any(step.decision == "DENIED" and not step.withdrawn for step in steps):
        return "DENIED"
    if any(step.withdrawn for step in steps):
        return "WITHDRAWN"
    if steps and all(step.decision for step in steps):
        return "APPROVED"
    return "NOT_REQUIRED" if not steps and not required else "PENDING"


def _nets(priced: Event) -> list[tuple[str, str, str, Decimal]]:
    said = priced["payload"]
    return sorted(
        (line["lineId"], line["chargeType"], said["currency"], Decimal(line["netAmount"])) for line in said["lines"]
    )


def _is_conversion(event: Event) -> bool:
    return event["eventType"] == "QuoteConversionAttempted" and event["payload"]["outcome"] == "SUCCEEDED"


def _as_test(is_test: bool, counted: Iterator[Counted]) -> Iterator[Counted]:
    for one in counted:
        yield Counted(one.measure, one.at, split=one.split, reason="test_account") if is_test else one
