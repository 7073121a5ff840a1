"""Reads simulated files with json and Decimal alone and says what contradicts itself; no code of the simulator."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

Event = dict[str, Any]


def read_events(folder: Path) -> list[Event]:
    """Every event of a folder, file after file, with the file's name under `file`."""
    events = []
    for path in sorted(folder.iterdir()):
        for line in path.read_text("utf-8").splitlines():
            events.append(json.loads(line) | {"file": path.name})
    return events


def of_type(events: Iterable[Event], *names: str) -> list[Event]:
    """The events of some types."""
    return [event for event in events if event["eventType"] in names]


def moment(event: Event) -> datetime:
    """When it happened."""
    return datetime.fromisoformat(event["eventTime"])


def version_breaks(events: list[Event]) -> Iterator[str]:
    """Aggregates whose versions are not 1, 2, 3 … in order of time."""
    aggregates = defaultdict(list)
    for event in events:
        aggregates[event["aggregateType"], event["aggregateId"]].append(event)
    for name, found in aggregates.items():
        found.sort(key=lambda event: event["aggregateVersion"])
        if [event["aggregateVersion"] for event in found] != list(range(1, len(found) + 1)):
            yield f"{name}: versions {[event['aggregateVersion'] for event in found]}"
        times = [moment(event) for event in found]
        if times != sorted(times):
            yield f"{name}: times fall back"


def price_breaks(events: list[Event]) -> Iterator[str]:
    """Lines where prorated list and adjustments do not make the net, or where the signs are wrong."""
    for event in of_type(events, "QuotePriced"):
        for line in event["payload"]["lines"]:
            amounts = [Decimal(adjustment["amount"]) for adjustment in line["adjustments"]]
            if Decimal(line["proratedListAmount"]) + sum(amounts) != Decimal(line["netAmount"]):
                yield f"{event['eventId']} {line['lineId']}: {line}"
            if [a["sequence"] for a in line["adjustments"]] != list(range(1, len(amounts) + 1)):
                yield f"{event['eventId']} {line['lineId']}: sequence"
            for adjustment in line["adjustments"]:
                uplift = adjustment["type"] in ("RENEWAL_INCENTIVE", "MANUAL_OVERRIDE", "ROUNDING")
                if Decimal(adjustment["amount"]) > 0 and not uplift:
                    yield f"{event['eventId']} {line['lineId']}: {adjustment}"


def minor_unit_breaks(events: list[Event]) -> Iterator[str]:
    """Net and tax amounts that the currency cannot express."""
    for event in of_type(events, "QuotePriced", "InvoiceIssued", "CreditNoteIssued"):
        unit = Decimal(1) if event["payload"]["currency"] == "JPY" else Decimal("0.01")
        for line in event["payload"]["lines"]:
            for name in ("netAmount", "taxAmount"):
                if Decimal(line.get(name, "0")) % unit:
                    yield f"{event['eventId']}: {name} {line[name]}"


def header_breaks(events: list[Event]) -> Iterator[str]:
    """Invoices and credit notes whose totals are not the sums of their lines."""
    for event in of_type(events, "InvoiceIssued", "CreditNoteIssued"):
        payload = event["payload"]
        for total, amount in (("totalNetAmount", "netAmount"), ("totalTaxAmount", "taxAmount")):
            if Decimal(payload[total]) != sum(Decimal(line[amount]) for line in payload["lines"]):
                yield f"{event['eventId']}: {total}"


def accepted_lines(events: list[Event]) -> dict[str, list[Event]]:
    """Quote id: the lines of the accepted revision as last priced."""
    priced: dict[tuple[str, int], Event] = {}
    for event in sorted(of_type(events, "QuotePriced"), key=lambda event: event["aggregateVersion"]):
        priced[event["aggregateId"], event["payload"]["quoteRevision"]] = event["payload"]
    return {
        event["aggregateId"]: priced[event["aggregateId"], event["payload"]["quoteRevision"]]["lines"]
        for event in of_type(events, "QuoteAccepted")
    }


def order_breaks(events: list[Event]) -> Iterator[str]:
    """Orders whose items are not the lines of the accepted quote."""
    lines = accepted_lines(events)
    for event in of_type(events, "OrderSubmitted"):
        ordered = [
            (i["quoteLineId"], i["productOfferingId"], i["chargeType"], Decimal(i["quantity"]), Decimal(i["netAmount"]))
            for i in event["payload"]["items"]
        ]
        accepted = [
            (x["lineId"], x["productOfferingId"], x["chargeType"], Decimal(x["quantity"]), Decimal(x["netAmount"]))
            for x in lines[event["payload"]["quoteId"]]
        ]
        if ordered != accepted:
            yield f"{event['eventId']}: {ordered} against {accepted}"


def billing_breaks(events: list[Event]) -> Iterator[str]:
    """Items billed with more than was ordered, one-time items billed in part, periods that differ from one another."""
    items = {i["orderItemId"]: i for o in of_type(events, "OrderSubmitted") for i in o["payload"]["items"]}
    activated = {e["payload"]["orderItemId"]: e["payload"] for e in of_type(events, "BillingActivated")}
    billed = defaultdict(list)
    for event in sorted(of_type(events, "InvoiceIssued"), key=moment):
        for line in event["payload"]["lines"]:
            billed[line["orderItemId"]].append(Decimal(line["netAmount"]))
    for item, amounts in billed.items():
        net = Decimal(items[item]["netAmount"])
        if sum(amounts) > net:
            yield f"{item}: billed {amounts} of {net}"
        if items[item]["chargeType"] == "ONE_TIME":
            if amounts != [net]:
                yield f"{item}: billed {amounts}, not {net} at once"
        elif sum(amounts) < net and {Decimal(activated[item]["recurringNetAmount"])} != set(amounts):
            yield f"{item}: billed {amounts} per period, activated {activated[item]}"


def recounted(events: list[Event]) -> dict[tuple[str, str, str, str | None], tuple[int, Decimal | None]]:
    """(source, month, measure, currency): count and amount, from the events themselves."""
    counts: Counter[tuple[str, str, str, str | None]] = Counter()
    amounts: dict[tuple[str, str, str, str | None], Decimal] = defaultdict(Decimal)
    priced = {quote: sum(Decimal(x["netAmount"]) for x in lines) for quote, lines in accepted_lines(events).items()}
    currency = {e["aggregateId"]: e["payload"]["currency"] for e in of_type(events, "QuoteCreated")}
    for event in events:
        payload, amount = event["payload"], None
        match event["eventType"]:
            case "QuoteCreated":
                measure, unit = "quotes_created", None
            case "QuoteAccepted":
                measure, unit = "quotes_accepted", currency[event["aggregateId"]]
                amount = priced[event["aggregateId"]]
            case "OrderSubmitted":
                measure, unit = "orders_submitted", payload["currency"]
                amount = sum(Decimal(item["netAmount"]) for item in payload["items"])
            case "TaskCompleted":
                measure, unit = "fulfillment_tasks_completed", None
            case "InvoiceIssued" | "CreditNoteIssued" as name:
                measure = "invoices_issued" if name == "InvoiceIssued" else "credit_notes_issued"
                unit, amount = payload["currency"], Decimal(payload["totalNetAmount"])
            case "AssetCreated":
                measure, unit = "assets_created", None
            case _:
                continue
        key = (event["source"], f"{moment(event).astimezone(UTC):%Y-%m}", measure, unit)
        counts[key] += 1
        amounts[key] += amount if amount is not None else 0
    return {key: (count, amounts[key] if key[3] else None) for key, count in counts.items()}


def published(events: list[Event]) -> dict[tuple[str, str, str, str | None], tuple[int, Decimal | None]]:
    """The same from the control totals that the sources publish; totals of zero left out."""
    found = {}
    for event in of_type(events, "ControlTotalsPublished"):
        for total in event["payload"]["totals"]:
            month = date.fromisoformat(event["payload"]["periodStart"])
            key = (event["source"], f"{month:%Y-%m}", total["measure"], total.get("currency"))
            amount = total.get("amount")
            if total["count"]:
                found[key] = (total["count"], None if amount is None else Decimal(amount))
    return found


def control_breaks(events: list[Event]) -> Iterator[str]:
    """Control totals that differ from a recount."""
    counted, said = recounted(events), published(events)
    for key in counted.keys() | said.keys():
        if counted.get(key) != said.get(key):
            yield f"{key}: counted {counted.get(key)}, published {said.get(key)}"


def _ids(events: list[Event], event_type: str, field: str | None = None) -> set[str]:
    if field is None:
        return {event["aggregateId"] for event in of_type(events, event_type)}
    return {entry[field] for event in of_type(events, event_type) for entry in event["payload"]["items"]}


def reference_breaks(events: list[Event]) -> Iterator[str]:
    """References to what no event ever brought into being, or to what came later."""
    born = {}
    for event in sorted(events, key=moment, reverse=True):
        born[event["aggregateId"]] = moment(event)
        if event["eventType"] == "OrderSubmitted":
            born |= {item["orderItemId"]: moment(event) for item in event["payload"]["items"]}
        if event["eventType"] == "QuotePriced":
            born |= {line["lineId"]: moment(event) for line in event["payload"]["lines"]}
        born[event["eventId"]] = moment(event)
    names = {
        "quoteId", "orderId", "accountId", "billingAccountId", "productOfferingId", "taskId", "invoiceId", "assetId",
        "orderItemId", "quoteLineId", "lineId", "parentLineId", "dependsOn", "orderItemIds", "causationId",
    }  # fmt: skip

    def named(value: Any, inside: str = "") -> Iterator[tuple[str, str]]:
        if isinstance(value, dict):
            for key, inner in value.items():
                yield from named(inner, key)
        elif isinstance(value, list):
            for inner in value:
                yield from named(inner, inside)
        elif inside in names:
            yield inside, value

    for event in events:
        for name, value in named({"causationId": event.get("causationId", event["eventId"])} | event["payload"]):
            if value not in born:
                yield f"{event['eventId']}: {name} {value} never came"
            elif born[value] > moment(event):
                yield f"{event['eventId']}: {name} {value} came later"


BREAKS: dict[str, Callable[[list[Event]], Iterator[str]]] = {
    "versions": version_breaks,
    "prices": price_breaks,
    "minor units": minor_unit_breaks,
    "headers": header_breaks,
    "orders": order_breaks,
    "billing": billing_breaks,
    "control totals": control_breaks,
    "references": reference_breaks,
}
