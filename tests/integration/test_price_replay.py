"""Captured prices replayed: a changed price is a mismatch, and a price book that has not come is no match."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from support.dbt_warehouses import Warehouse
from support.event_lakes import Event, Lake
from support.quote_stories import created, event, line, priced


def _entry(book: str, price: str, version: int = 1, name: str = "p1") -> Event:
    payload = {
        "priceBookVersion": book,
        "productOfferingId": "p1",
        "currency": "USD",
        "chargeType": "ONE_TIME",
        "listUnitPrice": price,
        "validFrom": f"2026-10-0{version}",
    }
    return event("PriceBookEntryUpserted", f"PriceBookEntry:{book}:{name}", version, f"0{version}T00:00", payload)


def _quoted(quote: str, *lines: dict[str, object], book: str = "b1") -> list[Event]:
    return [created(quote), priced(quote, 2, "05T09:00", *lines, priceBookVersion=book)]


def test_a_changed_price_is_a_mismatch_and_a_missing_price_book_is_no_match(
    tmp_path: Path, open_warehouse: Callable[[Lake], Warehouse]
) -> None:
    lake = Lake(tmp_path / "lake")
    discounted = line("l1", "90", ("PROMOTION", "-10"))
    percent = {**discounted, "adjustments": [{**discounted["adjustments"][0], "percent": "-10", "basis": "LIST"}]}
    mutated_amount = {
        **percent,
        "adjustments": [{**percent["adjustments"][0], "amount": "-10.01"}],
        "netAmount": "89.99",
    }
    lake.land(
        [
            _entry("b1", "100"),
            *_quoted("sound", percent),
            *_quoted("mutated-price", {**percent, "listUnitPrice": "100.01"}),
            *_quoted("mutated-amount", mutated_amount),
            *_quoted("no-book", percent, book="b2"),
        ]
    )
    warehouse = open_warehouse(lake)
    warehouse.build("--select", "+fact_price_replay")
    found = (
        "select quote_id, replay_status, coalesce(not_replayable_reason, mismatched_components), price_drift_amount"
        " from marts.fact_price_replay order by quote_id"
    )
    assert warehouse.rows(found) == [
        ("mutated-amount", "MISMATCH", "promotion|net_price", Decimal("0.01")),
        ("mutated-price", "MISMATCH", "list_price", 0),
        ("no-book", "NOT_REPLAYABLE", "NO_PRICE_BOOK_ENTRY", None),
        ("sound", "MATCH", None, 0),
    ]

    # A later book has another price: the line that was pinned to it differs, the others drift.
    lake.land([_entry("b2", "120", version=1), _entry("b2", "130", version=6)])
    warehouse.build("--select", "+fact_price_replay")
    assert warehouse.rows(found) == [
        ("mutated-amount", "MISMATCH", "promotion|net_price", Decimal("27.01")),
        ("mutated-price", "MISMATCH", "list_price", 27),
        ("no-book", "MISMATCH", "list_price|prorated_list|promotion|net_price", 27),
        ("sound", "MATCH", None, 27),
    ]
    assert warehouse.failing_tests("fact_price_replay") == []


def test_a_price_that_comes_late_or_begins_replays_the_quotes_that_it_concerns(
    tmp_path: Path, open_warehouse: Callable[[Lake], Warehouse]
) -> None:
    """Increments without an event of a quote: every table on the way has the rows that a full build has."""
    lake = Lake(tmp_path / "lake")
    of_other_product = line("l1", "40", productOfferingId="p2")
    lake.land([_entry("b1", "100"), *_quoted("one", line("l1", "100")), *_quoted("other", of_other_product, book="b9")])
    warehouse = open_warehouse(lake)
    warehouse.build("--select", "+fact_price_replay", as_of="2026-10-05 12:00:00")
    assert _replayed(warehouse) == [
        ("one", "2026-10-05 12:00:00", "MATCH", "b1", 100),
        ("other", "2026-10-05 12:00:00", "NOT_REPLAYABLE", None, None),
    ]
    # A price for a later day came, and then the day.
    lake.land([_entry("b2", "130", version=7)])
    for as_of, book, price in (("2026-10-06 00:00:00", "b1", 100), ("2026-10-08 00:00:00", "b2", 130)):
        warehouse.build("--select", "+fact_price_replay", as_of=as_of)
        assert _replayed(warehouse)[0] == ("one", as_of, "MATCH", book, price)
    # A second entry for the same: which of them is told by nothing, so the line has a replay no more.
    lake.land([_entry("b1", "100", name="again")])
    warehouse.build("--select", "+fact_price_replay", as_of="2026-10-08 00:00:00")
    assert _replayed(warehouse)[0] == ("one", "2026-10-08 00:00:00", "NOT_REPLAYABLE", "b2", 130)
    assert warehouse.row("select count(*) from intermediate.int_price_replay_step") == (0,)
    assert warehouse.row("select count(*) from intermediate.int_price_replay_chain") == (0,)
    grown = warehouse.checksums()
    warehouse.build("--select", "+fact_price_replay", "--full-refresh", as_of="2026-10-08 00:00:00", built_through=0)
    assert warehouse.checksums() == grown


def _replayed(warehouse: Warehouse) -> list[tuple[object, ...]]:
    return warehouse.rows(
        "select quote_id, cast(replayed_as_of as varchar), replay_status, current_price_book_version,"
        " current_unit_price"
        " from marts.fact_price_replay order by quote_id"
    )
