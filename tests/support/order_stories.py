"""Small made-up events for tests: orders, tasks, fallout cases, invoices, with everything that can happen to them."""

from typing import Any

from support.quote_stories import Event, event, offering


def item(item_id: str, net: str, offering_id: str = "p1") -> dict[str, Any]:
    return {
        "orderItemId": item_id,
        "quoteLineId": f"line-of-{item_id}",
        "productOfferingId": offering_id,
        "action": "ADD",
        "chargeType": "ONE_TIME",
        "quantity": "1",
        "netAmount": net,
    }


def submitted(order: str, version: int, at: str, *items: dict[str, Any], **fields: Any) -> Event:
    envelope = {name: fields.pop(name) for name in ("eventId", "recordedTime") if name in fields}
    payload = {
        "orderNumber": order,
        "accountId": "a1",
        "currency": "USD",
        "channel": "DIRECT",
        "region": "EMEA",
        "items": list(items),
        **fields,
    }
    return event("OrderSubmitted", f"Order:{order}", version, at, payload, **{"source": "oms", **envelope})


def order_event(event_type: str, order: str, version: int, at: str, **payload: Any) -> Event:
    return event(event_type, f"Order:{order}", version, at, payload, source="oms")


def task_created(task: str, order: str, item_id: str, at: str, due: str | None = None, version: int = 1) -> Event:
    payload = {
        "orderId": order,
        "orderItemId": item_id,
        "taskType": "SHIP",
        "downstreamSystem": "WMS",
        "ownerTeam": "Logistics",
    }
    due_at = {"slaDueAt": f"2026-10-{due}:00Z"} if due else {}
    return event("TaskCreated", f"FulfillmentTask:{task}", version, at, {**payload, **due_at}, source="oms")


def task_event(event_type: str, task: str, version: int, at: str, **payload: Any) -> Event:
    envelope = {name: payload.pop(name) for name in ("eventId", "recordedTime") if name in payload}
    return event(event_type, f"FulfillmentTask:{task}", version, at, payload, **{"source": "oms", **envelope})


def fell_out(case: str, version: int, at: str, task: str | None, reason: str) -> Event:
    payload = {"orderId": "o1", "reasonCode": reason, "downstreamSystem": "WMS", "ownerTeam": "Repair"}
    named = {"taskId": task} if task else {}
    return event("FalloutOpened", f"FalloutCase:{case}", version, at, {**payload, **named}, source="oms")


def case_event(event_type: str, case: str, version: int, at: str, **payload: Any) -> Event:
    return event(event_type, f"FalloutCase:{case}", version, at, payload, source="oms")


def billed(document: str, version: int, at: str, *nets: str, currency: str = "USD", **envelope: Any) -> Event:
    """An InvoiceIssued (`Invoice:…`) or CreditNoteIssued (`CreditNote:…`): one line per net, each with 0.5 tax."""
    kind, number = document.split(":")
    lines = [
        {
            "invoiceLineId": f"{number}-{place}",
            "orderItemId": "i1",
            "chargeType": "ONE_TIME",
            "quantity": "1",
            "netAmount": net,
            "taxAmount": "0.5",
        }
        for place, net in enumerate(nets, start=1)
    ]
    own = (
        {"invoiceNumber": number, "billingAccountId": "b1", "periodStart": "2026-10-01", "periodEnd": "2026-11-01"}
        if kind == "Invoice"
        else {"creditNoteNumber": number, "reasonCode": "GOODWILL"}
    )
    payload = {
        "accountId": "a1",
        "currency": currency,
        "lines": lines,
        "totalNetAmount": "0",
        "totalTaxAmount": "0",
        **own,
    }
    return event(f"{kind}Issued", document, version, at, payload, **{"source": "billing", **envelope})


def orders() -> list[Event]:
    """Orders submitted twice, in foreign currency, with gaps, stale events, unknown references, late and early ends."""
    return [
        offering("p1", "Software"),
        submitted(
            "o1",
            1,
            "05T08:00",
            item("i1", "100.0001"),
            item("i2", "-0.5", "p2"),
            promisedCompletionAt="2026-10-20T00:00:00Z",
        ),
        order_event("OrderStateChanged", "o1", 2, "05T09:00", state="ACKNOWLEDGED"),
        order_event(
            "OrderItemStateChanged", "o1", 3, "06T09:00", orderItemId="i1", state="IN_PROGRESS", milestone="PICKED"
        ),
        order_event("OrderItemStateChanged", "o1", 4, "07T09:00", orderItemId="i1", state="DONE"),
        order_event("OrderStateChanged", "o1", 5, "08T09:00", state="PARTIAL", reasonCode="BACKORDER"),
        submitted("o2", 1, "05T08:00", item("i1", "10"), item("gone", "90")),
        submitted("o2", 2, "06T08:00", item("i1", "11", "p-unknown"), currency="GBP"),
        submitted("o3", 2, "05T08:00", item("i1", "7")),
        order_event("OrderStateChanged", "o4", 2, "06T08:00", state="COMPLETED"),
        task_created("t-done", "o1", "i1", "05T10:00", "10T00:00"),
        task_event("TaskStarted", "t-done", 2, "05T11:00"),
        task_event("TaskRetried", "t-done", 3, "05T12:00", retryCount=1, errorCode="E1"),
        task_event("TaskOutcomeUnknown", "t-done", 4, "05T13:00"),
        task_event("TaskCompleted", "t-done", 5, "10T00:01"),
        task_created("t-again", "o1", "i2", "05T10:00", "28T00:00"),
        task_event("TaskCompleted", "t-again", 2, "06T10:00"),
        task_event("TaskStarted", "t-again", 3, "07T10:00"),
        task_created("t-stale", "o2", "i1", "05T10:00", "20T00:00"),
        task_event("TaskFailed", "t-stale", 2, "06T10:00", errorCode="E2", eventId="t-stale-2b"),
        task_event("TaskCancelled", "t-stale", 2, "06T09:00", eventId="t-stale-2a"),
        task_event("TaskCompleted", "t-gap", 4, "06T10:00"),
        task_created("t-lost-order", "o9", "i1", "05T10:00", "24T00:00"),
        fell_out("c1", 1, "06T10:00", "t-done", "R1"),
        case_event("FalloutRecovered", "c1", 2, "07T10:00", resolution="REPAIRED"),
        case_event("FalloutReopened", "c1", 3, "08T10:00", reasonCode="R2"),
        fell_out("c2", 1, "05T10:00", "t-done", "R3"),
        case_event("FalloutAssigned", "c2", 3, "06T10:00", ownerTeam="Field"),
        fell_out("c3", 1, "05T10:00", None, "R4"),
        billed("Invoice:n1", 1, "05T10:00", "10", "-2.0001"),
        billed("Invoice:n1", 2, "06T10:00", "11"),
        billed("Invoice:n2", 1, "30T23:59", "100", currency="GBP"),
        billed("CreditNote:k1", 1, "07T10:00", "3"),
    ]
