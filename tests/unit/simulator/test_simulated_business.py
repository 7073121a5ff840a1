"""A small simulated business, read independently: it agrees with itself, and the readings notice when it does not."""

import copy
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from conftest import END, START
from simulator_reading import BREAKS, Event, moment, of_type


@pytest.mark.parametrize("name", BREAKS)
def test_business_agrees_with_itself(events: list[Event], name: str) -> None:
    assert list(BREAKS[name](events)) == []


def _lose_a_version(events: list[Event]) -> None:
    events.remove(next(e for e in of_type(events, "QuoteSent")))


def _change_a_net(events: list[Event]) -> None:
    line = of_type(events, "QuotePriced")[0]["payload"]["lines"][0]
    line["netAmount"] = str(Decimal(line["netAmount"]) + Decimal("0.0001"))


def _change_a_header(events: list[Event]) -> None:
    of_type(events, "InvoiceIssued")[-1]["payload"]["totalTaxAmount"] = "0.0100"


def _change_an_item(events: list[Event]) -> None:
    of_type(events, "OrderSubmitted")[-1]["payload"]["items"][-1]["quantity"] = "12345.0000"


def _bill_twice(events: list[Event]) -> None:
    of_type(events, "InvoiceIssued")[-1]["payload"]["lines"] *= 40


def _lose_a_task(events: list[Event]) -> None:
    events.remove(of_type(events, "TaskCompleted")[-1])


def _point_nowhere(events: list[Event]) -> None:
    of_type(events, "AssetCreated")[0]["payload"]["orderId"] = "O-NOWHERE"


@pytest.mark.parametrize(
    ("name", "harm"),
    [
        ("versions", _lose_a_version),
        ("prices", _change_a_net),
        ("minor units", _change_a_net),
        ("headers", _change_a_header),
        ("orders", _change_an_item),
        ("billing", _bill_twice),
        ("control totals", _lose_a_task),
        ("references", _point_nowhere),
    ],
)
def test_reading_notices_harm(events: list[Event], name: str, harm: Callable[[list[Event]], None]) -> None:
    harmed = copy.deepcopy(events)
    harm(harmed)
    assert list(BREAKS[name](harmed)) != []


def test_event_ids_are_unique(events: list[Event]) -> None:
    counts = Counter((event["source"], event["eventId"]) for event in events)
    assert counts.most_common(1)[0][1] == 1


def test_nothing_but_control_totals_lies_outside_the_window(events: list[Event]) -> None:
    first, last = (datetime.combine(day, time(), UTC) for day in (START, END))
    for event in events:
        if event["eventType"] == "ControlTotalsPublished":
            period_end = datetime.combine(date.fromisoformat(event["payload"]["periodEnd"]), time(), UTC)
            assert 0 < (moment(event) - period_end).total_seconds() < 86_400
        else:
            assert first <= moment(event) < last


def test_files_hold_one_source_and_month_in_order_of_time(events: list[Event]) -> None:
    assert len({event["file"] for event in events}) == 12
    for name in {event["file"] for event in events}:
        inside = [event for event in events if event["file"] == name]
        business = [event for event in inside if event["eventType"] != "ControlTotalsPublished"]
        assert {f"{event['source']}-{event['eventTime'][:7]}.ndjson" for event in business} == {name}
        times = [moment(event) for event in business]
        assert times == sorted(times)


def test_every_owning_source_counts_every_month(events: list[Event]) -> None:
    periods = {(e["source"], e["payload"]["periodStart"], e["payload"]["periodEnd"]) for e in _controls(events)}
    months = [("2026-09-05", "2026-10-01"), ("2026-10-01", "2026-10-20")]
    assert periods == {(s, *month) for s in ("cpq", "oms", "billing", "inventory") for month in months}
    assert {t["measure"] for e in _controls(events) for t in e["payload"]["totals"]} == {
        "quotes_created", "quotes_accepted", "orders_submitted", "fulfillment_tasks_completed", "invoices_issued",
        "credit_notes_issued", "assets_created",
    }  # fmt: skip


def _controls(events: list[Event]) -> list[Event]:
    return of_type(events, "ControlTotalsPublished")


def test_prices_use_all_adjustment_types_in_several_currencies(events: list[Event]) -> None:
    priced = of_type(events, "QuotePriced")
    kinds = {a["type"] for e in priced for line in e["payload"]["lines"] for a in line["adjustments"]}
    assert kinds == {
        "LINE_DISCRETIONARY", "BUNDLE", "PROMOTION", "CONTRACTED_PRICE", "MANUAL_OVERRIDE", "RENEWAL_INCENTIVE",
        "PARTNER_MARGIN", "VOLUME_TERM_SCHEDULE", "ROUNDING", "UNCLASSIFIED",
    }  # fmt: skip
    assert {"USD", "EUR", "GBP", "JPY"} <= {e["payload"]["currency"] for e in priced}
    assert {e["payload"]["trigger"] for e in priced} == {"USER", "SYSTEM", "CATALOG"}
    lines = [line for e in priced for line in e["payload"]["lines"]]
    for name in ("parentLineId", "prorationFactor", "taxDisplayAmount", "costAmount", "floorNetAmount"):
        assert 0 < sum(name in line for line in lines) < len(lines), name
    uplifts = [a for x in lines for a in x["adjustments"] if a["type"] != "ROUNDING" and Decimal(a["amount"]) > 0]
    assert uplifts


def test_percentages_give_the_amounts(events: list[Event]) -> None:
    stated = [
        adjustment
        for event in of_type(events, "QuotePriced")
        for line in event["payload"]["lines"]
        for adjustment in line["adjustments"]
        if "percent" in adjustment
    ]
    assert len(stated) > 100
    for adjustment in stated:
        exact = Decimal(adjustment["basisAmount"]) * Decimal(adjustment["percent"]) / 100
        assert abs(Decimal(adjustment["amount"]) - exact) <= Decimal("0.00005")


def test_states_and_outcomes_are_all_met(events: list[Event]) -> None:
    def met(event_type: str, field: str) -> set[str]:
        return {event["payload"].get(field) for event in of_type(events, event_type)}

    assert met("QuoteConversionAttempted", "outcome") == {"SUCCEEDED", "FAILED", "UNKNOWN"}
    assert met("OrderSubmissionAttempted", "outcome") == {"ACCEPTED", "REJECTED", "UNKNOWN"}
    assert met("ApprovalDecided", "decision") == {"APPROVED", "DENIED"}
    assert met("OrderDecompositionAttempted", "outcome") == {"SUCCEEDED", "FAILED"}
    assert {"CANCELLED", "REFUSED"} <= met("OrderCancellationDecided", "outcome")
    assert {"COMPLETED", "CANCELLED", "IN_PROGRESS", "ACKNOWLEDGED"} <= met("OrderStateChanged", "state")
    assert met("QuoteCreated", "region") == {"AMER", "EMEA", "APAC"}
    assert met("QuoteCreated", "kind") == {"NEW", "RENEWAL", "AMENDMENT"}
    assert met("AccountUpserted", "isTest") >= {False}


def test_a_retried_conversion_keeps_its_key(events: list[Event]) -> None:
    tries: dict[str, set[str]] = {}
    for event in of_type(events, "QuoteConversionAttempted"):
        tries.setdefault(event["aggregateId"], set()).add(event["payload"]["idempotencyKey"])
    assert all(len(keys) == 1 for keys in tries.values())
    assert len(of_type(events, "QuoteConversionAttempted")) > len(tries)
