"""The KPIs that are counted from quotes and their approvals."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from support.approval_steps import Step, decision_of
from support.known_business import Known
from support.kpi_events import Event, elapsed, first_of, happened_at, last_of
from support.kpi_figures import Counted, as_test

ENDS = {
    "QuoteAccepted": "ACCEPTED",
    "QuoteRejected": "REJECTED",
    "QuoteExpired": "EXPIRED",
    "QuoteCancelled": "CANCELLED",
}


NEVER = datetime(9999, 12, 31)


class Quotes(Known):
    """KPIs 1 to 8, 18 and 19."""

    def _quotes(self) -> Iterator[Counted]:
        for quote, happened in self.quotes.items():
            yield from as_test(self._is_test_quote(quote), self._of_quote(quote, happened))

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
        started = first_of(revisions.get(1, []), "QuoteCreated", "QuoteRevised")
        created = happened_at(started) if started else None
        end = last_of(revisions[max(revisions)], *ENDS)
        until = happened_at(end) if end else self.as_of
        reason = "creation_missing" if created is None else "time_defect" if until < created else None
        seconds = elapsed(created, until) if created and reason is None else None
        one = Decimal(1)
        told = last_of((event for of in revisions.values() for event in of), "QuoteCreated")
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
                yield Counted("configuration_error_rate", happened_at(event), reason="system_sweep")
                continue
            failed = any(error["severity"] == "ERROR" for error in event["payload"]["errors"])
            yield Counted("configuration_error_rate", happened_at(event), Decimal(failed), Decimal(1))
            if first:
                yield Counted("configuration_first_pass_rate", happened_at(event), Decimal(not failed), Decimal(1))
            first = False

    def _pricing(self, happened: list[Event]) -> Iterator[Counted]:
        runs = [event for event in happened if event["eventType"] == "QuotePriced"]
        if not runs:
            return
        at = happened_at(runs[0])
        nets = [_nets(run) for run in runs]
        moved = sum(before != after for before, after in pairwise(nets))
        yield Counted("pricing_recalculation_rate", at, Decimal(len(runs) - 1), Decimal(1))
        yield Counted("effective_recalculation_rate", at, Decimal(moved), Decimal(1))
        for run in runs[1:]:
            yield Counted("recalculations_by_trigger", happened_at(run), Decimal(1), split=run["payload"]["trigger"])

    def _approval(self, quote: str, revision: int, happened: list[Event]) -> Iterator[Counted]:
        submissions: dict[int, Event] = {}
        for event in happened:
            if event["eventType"] == "QuoteSubmittedForApproval":
                submissions[event["payload"]["submissionSequence"]] = event
        approvals: list[tuple[datetime, datetime | None, str | None]] = []
        for sequence, submission in submissions.items():
            at, required = happened_at(submission), bool(submission["payload"]["approvalRequired"])
            yield Counted("approval_required_rate", at, Decimal(required), Decimal(1))
            yield Counted("auto_approved_rate", at, Decimal(not required), Decimal(1))
            yield Counted("policy_overrides_per_100_submissions", at, denominator=Decimal(1))
            steps = [Step(request) for request in self.requests.get((quote, revision, sequence), [])]
            decision = decision_of(required, steps)
            reason = None if decision in ("APPROVED", "DENIED") else decision.lower()
            yield Counted("approval_grant_rate", at, Decimal(decision == "APPROVED"), Decimal(1), reason=reason)
            withdrawn = any(step.withdrawn for step in steps)
            if decision in ("APPROVED", "DENIED") and not withdrawn:
                asked = min(step.asked for step in steps)
                decided = max(step.decided for step in steps if step.decided)
                late = None if decided >= asked else "time_defect"
                seconds = elapsed(asked, decided) if late is None else None
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
        marked = last_of(happened, "QuoteApproved")
        if not approvals:
            if marked:
                yield Counted("stale_approval_rate", happened_at(marked), reason="approved_without_request")
            return
        approved = min(decided for decided, _, _ in approvals)
        fallen = sorted((at, reason or "") for _, at, reason in approvals if at)
        accepted = last_of(happened, "QuoteAccepted")
        converted = next((event for event in happened if _is_conversion(event)), None)
        used = min(happened_at(accepted) if accepted else NEVER, happened_at(converted) if converted else NEVER)
        stale = bool(fallen) and fallen[0][0] < used and elapsed(approved, fallen[0][0]) <= 90 * 86400
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
                        at = happened_at(event)
                        break
            if at is None:
                yield Counted("policy_override_attempt_count", happened_at(changed[0]), Decimal(1))
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
            yield Counted("quote_to_order_failure_rate", happened_at(called[0]), failed, Decimal(1), reason=reason)
            first = next((call for call in called if _is_conversion(call)), None)
            if first:
                made.append((first["payload"]["quoteRevision"], happened_at(first)))
        for order in self.orders.values():
            submitted = last_of(order, "OrderSubmitted")
            if submitted and submitted["payload"].get("quoteId") == quote:
                made.append((submitted["payload"].get("quoteRevision"), happened_at(submitted)))
        accepted = [revision for revision, of in revisions.items() if last_of(of, "QuoteAccepted")]
        if not accepted:
            return
        revision = max(accepted)
        acceptance = last_of(revisions[revision], "QuoteAccepted")
        assert acceptance
        at = happened_at(acceptance)
        converted = any(of == revision and 0 <= (when - at).total_seconds() < 30 * 86400 + 1 for of, when in made)
        yield Counted("quote_conversion_rate", at, Decimal(converted), Decimal(1))
        if any(of is not None and of != revision for of, _ in made):
            yield Counted("wrong_revision_quote_count", at, Decimal(1))
        if not made:
            yield Counted("unconverted_quote_count", at, Decimal(1))
        priced = last_of(revisions[revision], "QuotePriced")
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

    def _guardrails(self) -> dict[str, Decimal]:
        found = {}
        for happened in self.events.of("ApprovalPolicy").values():
            for event in happened:
                said = event["payload"]
                found[said["policyVersion"]] = Decimal(said["marginGuardrailPercent"])
        return found


def _nets(priced: Event) -> list[tuple[str, str, str, Decimal]]:
    said = priced["payload"]
    return sorted(
        (line["lineId"], line["chargeType"], said["currency"], Decimal(line["netAmount"])) for line in said["lines"]
    )


def _is_conversion(event: Event) -> bool:
    return event["eventType"] == "QuoteConversionAttempted" and event["payload"]["outcome"] == "SUCCEEDED"
