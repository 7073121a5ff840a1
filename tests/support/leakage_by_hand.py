"""Discount leakage computed from the files of events in plain Python, apart from the models."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

Event = Mapping[str, Any]
ALWAYS = {"LINE_DISCRETIONARY", "MANUAL_OVERRIDE"}
IF_LISTED = {"RENEWAL_INCENTIVE", "PARTNER_MARGIN"}


@dataclass
class Leakage:
    """Per currency the leakage and the list amount that it is a share of, and how many lines got which verdict."""

    leaked: defaultdict[str, Decimal]
    listed: defaultdict[str, Decimal]
    lines: Counter[str]


@dataclass(frozen=True)
class Assessed:
    """One accepted line and its verdict; `listed` is nothing where it is out of scope."""

    quote_id: str
    accepted_at: datetime
    currency: str
    verdict: str
    leaked: Decimal
    listed: Decimal


def leakage_by_hand(files: Iterable[Path]) -> Leakage:
    """What leaked in these events, which have to be whole and free of contradictions."""
    found = Leakage(defaultdict(Decimal), defaultdict(Decimal), Counter())
    events = (json.loads(line, parse_float=Decimal) for file in files for line in file.read_text().splitlines())
    for line in assessed_lines(events):
        found.lines[line.verdict] += 1
        if line.verdict != "OUT_OF_SCOPE":
            found.listed[line.currency] += line.listed
        if line.verdict in ("LEAKED", "AUTHORISED"):
            found.leaked[line.currency] += line.leaked
    return found


def assessed_lines(events: Iterable[Event]) -> Iterator[Assessed]:
    """Every accepted line of these events."""
    quotes, requests, policies = _sorted(events)
    for quote_id, of_quote in quotes.items():
        accepted = [event for event in of_quote if event["eventType"] == "QuoteAccepted"]
        if accepted:
            yield from _assess(quote_id, of_quote, accepted[-1], requests, policies)


def _sorted(told_events: Iterable[Event]) -> tuple[dict[str, list[Event]], list[list[Event]], dict[str, set[str]]]:
    told: defaultdict[tuple[str, str], list[Event]] = defaultdict(list)
    for event in told_events:
        told[event["aggregateType"], event["aggregateId"]].append(event)
    for events in told.values():
        events.sort(key=lambda event: event["aggregateVersion"])
    quotes = {name: events for (kind, name), events in told.items() if kind == "Quote"}
    requests = [events for (kind, _), events in told.items() if kind == "ApprovalRequest"]
    published = [event["payload"] for (kind, _), events in told.items() if kind == "ApprovalPolicy" for event in events]
    return quotes, requests, {policy["policyVersion"]: set(policy["leakageTypes"]) for policy in published}


def _assess(
    quote_id: str,
    events: list[Event],
    accepted: Event,
    requests: list[list[Event]],
    policies: dict[str, set[str]],
) -> Iterator[Assessed]:
    revision = accepted["payload"]["quoteRevision"]
    of_revision = [event for event in events if event["payload"].get("quoteRevision") == revision]
    pricing = [event["payload"] for event in of_revision if event["eventType"] == "QuotePriced"][-1]
    scope = ALWAYS | (policies[pricing["policyVersion"]] & IF_LISTED)
    floors = list(_approved_floors(quote_id, revision, _at(accepted), requests))
    verdict = partial(Assessed, quote_id, _at(accepted), pricing["currency"])
    for line in pricing["lines"]:
        lowered = [change for change in line["adjustments"] if Decimal(change["amount"]) < 0]
        if not scope & {change["type"] for change in lowered}:
            yield verdict("OUT_OF_SCOPE", Decimal(0), Decimal(0))
            continue
        listed = Decimal(line["proratedListAmount"])
        approved = [floor[line["lineId"]] for floor in floors if line["lineId"] in floor]
        minimum = min(approved) if approved else line.get("floorNetAmount")
        if minimum is None:
            yield verdict("NOT_ASSESSABLE", Decimal(0), listed)
            continue
        excess = max(Decimal(minimum) - Decimal(line["netAmount"]), Decimal(0))
        yield verdict("LEAKED" if excess else "AUTHORISED", excess, listed)


def _approved_floors(
    quote_id: str, revision: int, moment: datetime, requests: list[list[Event]]
) -> Iterator[dict[str, Decimal]]:
    """The floors of each submission that stood whole at this moment; a line that one request leaves out is not."""
    submissions: defaultdict[int, list[list[Event]]] = defaultdict(list)
    for events in requests:
        asked = events[0]["payload"]
        if (asked["quoteId"], asked["quoteRevision"]) == (quote_id, revision):
            submissions[asked["submissionSequence"]].append(events)
    for steps in submissions.values():
        floors = [_floors(events, moment) for events in steps]
        covered = set.intersection(*(set(named) for named in floors))
        yield {line: max(named[line] for named in floors) for line in covered}


def _floors(events: list[Event], moment: datetime) -> dict[str, Decimal]:
    decisions = [event for event in events if event["eventType"] == "ApprovalDecided"]
    ended = [event for event in events if event["eventType"] in ("ApprovalRecalled", "ApprovalInvalidated")]
    if not decisions or any(_at(event) <= moment for event in ended):
        return {}
    decided = decisions[-1]["payload"]
    lapsed = decided.get("validUntil") and datetime.fromisoformat(decided["validUntil"]) < moment
    if decided["decision"] != "APPROVED" or _at(decisions[-1]) > moment or lapsed:
        return {}
    return {floor["lineId"]: Decimal(floor["netAmount"]) for floor in decided["approvedFloorAmounts"]}


def _at(event: Event) -> datetime:
    return datetime.fromisoformat(event["eventTime"])
