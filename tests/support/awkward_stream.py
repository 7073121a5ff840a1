"""One small stream with everything in it that could make an order of arrival matter, and how its conflicts end."""

import json
from itertools import count

from orchestration.contracts.examples import example
from orchestration.contracts.registry import event_types
from orchestration.home import Home
from orchestration.landing.quarantine import Decision, Filters, list_entries, resolve
from orchestration.landing.results import Verdict
from support.order_stories import billed, case_event, fell_out, item, order_event, orders, submitted, task_event
from support.quote_stories import Event, account, created, event, line, moved, offering, priced, quotes

AS_OF = "2026-10-27 00:00:00"
NO_EVENTS = [b"no event at all", b'{"eventId": "half', b'{"eventType": "Nonsense"}']


def events() -> list[Event]:
    """Every event but those that contradict one another, in the order in which a calm day would deliver them."""
    told = [*_installed(1), *quotes(), *orders(), *_late(), *_in_work(), *_one_of_each_type(), *_installed(2)]
    return list({(one["source"], one["eventId"]): one for one in told}.values())


def conflicts() -> list[tuple[Event, Event]]:
    """Pairs with one identity and two contents; the second of each is the right one."""
    return [
        (
            priced("q-conflict", 1, "08T09:00", line("l1", "10", ("BUNDLE", "-1"))),
            priced("q-conflict", 1, "08T09:00", line("l1", "20", ("BUNDLE", "-1"), ("ROUNDING", "0.0001"))),
        ),
        (
            task_event("TaskCompleted", "t-conflict", 1, "06T10:00", eventId="t-conflict-1"),
            task_event("TaskCompleted", "t-elsewhere", 1, "06T11:00", eventId="t-conflict-1"),
        ),
        (billed("Invoice:n3", 1, "05T10:00", "1"), billed("Invoice:n3", 1, "05T10:00", "2", "3")),
        (account("a-conflict", segment="SMB"), account("a-conflict", segment="ENTERPRISE")),
    ]


def lines() -> list[bytes]:
    """The whole stream, one line per delivery."""
    told = [*events(), *(one for pair in conflicts() for one in pair)]
    return [*(json.dumps(one).encode() for one in told), *NO_EVENTS]


def settle(home: Home) -> int:
    """Decide every open conflict for the right content, whichever came first; returns how many were open."""
    right = {(one["source"], one["eventId"]): one for _, one in conflicts()}
    settled = 0
    while waiting := list_entries(home, Filters(verdict=Verdict.CONFLICT)):
        told = waiting[0]
        resolve(home, told.arrival_seq, _decision(home, told.arrival_seq, right), reason="checked", resolved_by="Ada")
        settled += 1
    return settled


def _decision(home: Home, arrival_seq: int, right: dict[tuple[str, str], Event]) -> Decision:
    from orchestration.landing.quarantine import show

    content = json.loads(show(home, arrival_seq).raw_line)
    is_right = right[content["source"], content["eventId"]] == content
    return Decision.TAKE_SECOND if is_right else Decision.KEEP_FIRST


def _late() -> list[Event]:
    """What changes rows without an event of their own (a family, a name, a price book), and what heals gaps."""
    price = {
        "priceBookVersion": "b2",
        "productOfferingId": "p1",
        "currency": "USD",
        "chargeType": "ONE_TIME",
        "listUnitPrice": "99.9999",
        "validFrom": "2026-10-06",
    }
    return [
        offering("p1", "Platforms", 2),
        offering("p2", "Hardware"),
        offering("p-unknown", "Found"),
        account("a1", 2, region="APAC", name="Renamed"),
        event("PriceBookEntryUpserted", "PriceBookEntry:p1-usd", 1, "02T00:00", {**price, "priceBookVersion": "b1"}),
        event("PriceBookEntryUpserted", "PriceBookEntry:p1-usd", 2, "06T00:00", price),
        created("heals"),
        moved("QuoteRevised", "heals", 4, "07T10:00", revision=2),
        priced("heals", 5, "08T09:00", line("l1", "7", ("PROMOTION", "-3")), line("l2", "0.0001"), revision=2),
        priced("heals", 2, "05T09:00", line("l1", "8")),
        moved("QuoteSent", "heals", 3, "05T10:00", recordedTime="2026-10-26T10:00:00Z"),
        submitted(
            "o9", 1, "04T08:00", item("i1", "5", "p2"), region="APAC", promisedCompletionAt="2026-10-30T00:00:00Z"
        ),
        order_event("OrderStateChanged", "o3", 1, "04T08:00", state="ACKNOWLEDGED"),
        fell_out("c4", 1, "09T10:00", "t-lost-order", "R5"),
        case_event("FalloutAssigned", "c2", 2, "06T09:00", ownerTeam="Depot"),
        task_event("TaskStarted", "t-gap", 3, "06T08:00"),
    ]


def _in_work() -> list[Event]:
    """What people act on: an approval that waits and one that fell, quotes about to expire, items in a cycle."""
    told = []
    for number, quote in enumerate(("q-pending", "q-fell", "q-expiring"), start=1):
        request = f"ApprovalRequest:of-{quote}"
        about = {"quoteId": quote, "quoteRevision": 1, "submissionSequence": 1, "policyVersion": "v1"}
        asked = {"approver": "Ada", "approverGroup": "Desk", "reasonCodes": ["DISCOUNT", "MARGIN"], "requestedBy": "r1"}
        until = {"slaDueAt": f"2026-10-1{number}T00:00:00Z", "maxDiscountPercent": "12.5"}
        given = created(quote)
        told += [
            {**given, "payload": {**given["payload"], "expiresAt": "2026-11-02T00:00:00Z"}},
            priced(quote, 2, "09T09:00", line("l1", "90", ("PROMOTION", "-10"), costAmount="60")),
            moved(
                "QuoteSubmittedForApproval",
                quote,
                3,
                "10T09:00",
                submissionSequence=1,
                approvalRequired=True,
                policyVersion="v1",
                reasonCodes=["DISCOUNT", "MARGIN"],
            ),
            event("ApprovalRequested", request, 1, "10T09:01", {**about, **asked, **until}),
        ]
        if quote != "q-pending":
            decided = {"decision": "APPROVED", "decidedBy": "Ada", "validUntil": "2026-11-30T00:00:00Z"}
            told += [
                event("ApprovalDecided", request, 2, "11T09:00", decided),
                moved("QuoteApproved", quote, 4, "11T09:01"),
            ]
    waits = {"one": ["two"], "two": ["one"], "three": ["one", "never"]}
    return [
        *told,
        event("ApprovalInvalidated", "ApprovalRequest:of-q-fell", 3, "12T09:00", {"reason": "PRICE"}),
        submitted(
            "o-cycle",
            1,
            "20T08:00",
            *({**item(name, "3"), "dependsOn": needs} for name, needs in waits.items()),
            accountId="a-never",
            quoteId="q-none",
            promisedCompletionAt="2026-11-20T00:00:00Z",
        ),
        order_event("OrderStateChanged", "o-cycle", 2, "20T09:00", state="IN_PROGRESS"),
    ]


def _installed(version: int) -> list[Event]:
    """An asset and its billing: made at one end of the stream, changed at the other, so that batches divide them."""
    kinds = (("AssetCreated", "AssetChanged")[version - 1], "BillingActivated")
    return [
        {
            **example(kind),
            "eventId": f"divided-{kind}-{version}",
            "aggregateId": f"divided-{kind[:5]}",
            "aggregateVersion": version,
            "payload": {**example(kind)["payload"], "recurringNetAmount": f"{version}.5"},
        }
        for kind in kinds
    ]


def _one_of_each_type() -> list[Event]:
    """An event of every type of the contract with every field filled, so that no model has nothing to read."""
    versions = {kind: count(1) for kind in {example(event_type)["aggregateType"] for event_type in event_types()}}
    return [
        {**made, "eventId": f"example-{event_type}", "aggregateVersion": next(versions[made["aggregateType"]])}
        for event_type in event_types()
        for made in [example(event_type)]
    ]
