"""Small made-up events for tests: a few quotes with everything that can happen to them."""

from decimal import Decimal
from typing import Any

Event = dict[str, Any]


def event(event_type: str, aggregate: str, version: int, at: str, payload: dict[str, Any], **envelope: Any) -> Event:
    """One event; `aggregate` is `Type:id`, `at` a time of October 2026 such as `05T10:00`."""
    aggregate_type, aggregate_id = aggregate.split(":", 1)
    return {
        "eventId": f"{aggregate_id}-{version}",
        "source": "cpq",
        "eventType": event_type,
        "eventTime": f"2026-10-{at}:00+00:00",
        "aggregateType": aggregate_type,
        "aggregateId": aggregate_id,
        "aggregateVersion": version,
        "payload": payload,
        **envelope,
    }


def offering(offering_id: str, family: str, version: int = 1) -> Event:
    payload = {"name": offering_id, "family": family, "catalogVersion": "c1"}
    return event("ProductOfferingUpserted", f"ProductOffering:{offering_id}", version, f"0{version}T00:00", payload)


def account(account_id: str, version: int = 1, **fields: Any) -> Event:
    payload = {"name": account_id, "segment": "SMB", "region": "EMEA", **fields}
    return event("AccountUpserted", f"Account:{account_id}", version, f"0{version}T00:00", payload)


def created(quote: str, version: int = 1, at: str = "05T08:00", currency: str = "USD", **envelope: Any) -> Event:
    payload = {
        "quoteNumber": quote,
        "quoteRevision": 1,
        "accountId": "a1",
        "currency": currency,
        "channel": "DIRECT",
        "region": "EMEA",
        "salesRepId": "r1",
    }
    return event("QuoteCreated", f"Quote:{quote}", version, at, payload, **envelope)


def line(line_id: str, net: str, *adjustments: tuple[str, str], **fields: Any) -> dict[str, Any]:
    """A line whose list amount is whatever its net and its (type, amount) adjustments make it."""
    listed = Decimal(net) - sum((Decimal(amount) for _, amount in adjustments), Decimal(0))
    return {
        "lineId": line_id,
        "productOfferingId": "p1",
        "chargeType": "ONE_TIME",
        "quantity": "1",
        "listUnitPrice": str(listed),
        "proratedListAmount": str(listed),
        "adjustments": [
            {"sequence": number, "type": kind, "amount": amount}
            for number, (kind, amount) in enumerate(adjustments, start=1)
        ],
        "netAmount": net,
        **fields,
    }


def priced(quote: str, version: int, at: str, *lines: dict[str, Any], revision: int = 1, **fields: Any) -> Event:
    envelope = {name: fields.pop(name) for name in ("eventId", "recordedTime") if name in fields}
    payload = {
        "quoteRevision": revision,
        "trigger": "USER",
        "currency": "USD",
        "catalogVersion": "c1",
        "priceBookVersion": "b1",
        "lines": list(lines),
        **fields,
    }
    return event("QuotePriced", f"Quote:{quote}", version, at, payload, **envelope)


def moved(event_type: str, quote: str, version: int, at: str, revision: int = 1, **payload: Any) -> Event:
    return event(event_type, f"Quote:{quote}", version, at, {"quoteRevision": revision, **payload})


def quotes() -> list[Event]:
    """Quotes with revisions, all adjustment types, foreign currency, a stale event, a gap, and unknown references."""
    every_type = [
        ("CONTRACTED_PRICE", "-10.0001"),
        ("VOLUME_TERM_SCHEDULE", "-5"),
        ("BUNDLE", "-4"),
        ("PROMOTION", "-3"),
        ("RENEWAL_INCENTIVE", "2.5"),
        ("LINE_DISCRETIONARY", "-1.2345"),
        ("LINE_DISCRETIONARY", "-1"),
        ("MANUAL_OVERRIDE", "-0.5"),
        ("PARTNER_MARGIN", "-20"),
        ("ROUNDING", "0.0049"),
        ("UNCLASSIFIED", "-7"),
    ]
    return [
        offering("p1", "Software"),
        offering("p2", "Hardware"),
        account("a1"),
        created("revised"),
        priced("revised", 2, "05T09:00", line("l1", "100.5", *every_type, costAmount="60", floorNetAmount="90")),
        moved("QuoteSent", "revised", 3, "05T10:00"),
        moved("QuoteRevised", "revised", 4, "06T10:00", revision=2),
        priced("revised", 5, "06T11:00", line("l1", "90", ("PROMOTION", "-10")), line("l2", "40"), revision=2),
        priced("revised", 6, "06T12:00", line("l1", "80", ("PROMOTION", "-20")), revision=2),
        moved("QuoteAccepted", "revised", 7, "07T10:00", revision=2, acceptedBy="a1"),
        created("foreign", currency="GBP"),
        priced("foreign", 2, "10T09:00", line("l1", "1000", ("PROMOTION", "-100")), currency="GBP"),
        created("stale"),
        priced("stale", 2, "05T09:00", line("l1", "10"), eventId="stale-2b", recordedTime="2026-10-05T09:30:00Z"),
        priced("stale", 2, "05T09:10", line("l1", "11"), eventId="stale-2a"),
        created("gap"),
        priced("gap", 3, "05T09:00", line("l1", "10", productOfferingId="p-unknown")),
        moved("QuoteExpired", "gap", 4, "09T09:00"),
    ]
