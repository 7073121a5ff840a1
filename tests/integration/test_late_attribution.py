"""What discounts borrow comes after the quote: increments without an event of it show what a full build shows."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from support.dbt_warehouses import Warehouse
from support.event_lakes import Event, Lake
from support.quote_stories import created, event, line, offering, priced

from orchestration.home import Home
from orchestration.sources.exchange_rates import land_exchange_rates

MARTS = ("--select", "+mart_discount_monthly")


def _approved(quote: str) -> list[Event]:
    about = {"quoteId": quote, "quoteRevision": 1, "submissionSequence": 1, "policyVersion": "v1"}
    asked = {"approver": "Ada", "approverGroup": "Desk", "reasonCodes": ["DISCOUNT"], "requestedBy": "r1"}
    decided = {"decision": "APPROVED", "decidedBy": "Ada", "validUntil": "2026-10-20T00:00:00Z"}
    return [
        event("ApprovalRequested", "ApprovalRequest:a", 1, "10T10:00", {**about, **asked}),
        event("ApprovalDecided", "ApprovalRequest:a", 2, "11T09:00", decided),
    ]


def _quoted(quote: str, offered: str, currency: str) -> list[Event]:
    discounted = line("l1", "90", ("PROMOTION", "-10"), productOfferingId=offered)
    return [created(quote, currency=currency), priced(quote, 2, "09T09:00", discounted, currency=currency)]


def test_what_comes_after_the_quote_changes_its_discounts(
    tmp_path: Path, open_warehouse: Callable[[Lake], Warehouse]
) -> None:
    """Each quote borrows one thing that comes late: its family, its approval, its rate."""
    lake = Lake(tmp_path / "lake")
    lake.land(
        [*_quoted("family", "p1", "USD"), *_quoted("approval", "p2", "USD"), *_quoted("rate", "p2", "GBP")],
    )
    warehouse = open_warehouse(lake)

    def built(as_of: str) -> dict[str, tuple[object, ...]]:
        warehouse.build(*MARTS, as_of=as_of)
        months = warehouse.rows(
            "select product_family, currency, sum(approved_amount), count(reporting_adjustment_amount), min(as_of) = ?"
            " from marts.mart_discount_monthly where basis = 'QUOTED' group by all order by all",
            as_of,
        )
        return {" ".join(row[:2]): row[2:] for row in months}

    assert built("2026-10-12 00:00:00") == {"(unknown) GBP": (0, 0, True), "(unknown) USD": (0, 1, True)}
    lake.land([offering("p1", "Software"), *_approved("approval")])
    land_exchange_rates(Home(tmp_path))
    late = {"(unknown) GBP": (0, 1, True), "(unknown) USD": (Decimal(-10), 1, True), "Software USD": (0, 1, True)}
    assert built("2026-10-15 00:00:00") == late
    # The approval lapses, which no event says.
    assert built("2026-10-21 00:00:00") == {**late, "(unknown) USD": (0, 1, True)}
    grown = warehouse.checksums()
    warehouse.build(*MARTS, "--full-refresh", as_of="2026-10-21 00:00:00", built_through=0)
    assert warehouse.checksums() == grown
