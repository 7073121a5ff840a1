"""How events become the state of a quote: versions decide, gaps and conflicts are shown, late events heal."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from support.dbt_warehouses import Warehouse
from support.event_lakes import Lake
from support.quote_stories import account, created, event, line, moved, offering, priced, quotes

LINES = "select quote_revision, quote_line_id, net_price_amount, revision_status, is_latest_revision"
FLAGS = "select has_gap, has_stale_event, has_open_conflict from marts.fact_quote_line_price where quote_id = ?"
QUOTES = ("--select", "+fact_quote_line_price", "+fact_quote_line_adjustment", "+dim_account")


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


def test_late_events_heal_gaps_and_change_what_they_touch(
    lake: Lake, open_warehouse: Callable[[Lake], Warehouse]
) -> None:
    lake.land(
        [
            offering("p1", "Software"),
            account("a1"),
            created("q1"),
            priced("q1", 3, "05T10:00", line("l1", "90")),
            created("q2"),
            priced("q2", 2, "05T09:00", line("l1", "11", productOfferingId="p9")),
        ]
    )
    warehouse = open_warehouse(lake)
    warehouse.build(*QUOTES)
    assert warehouse.rows(f"{LINES} from marts.fact_quote_line_price where quote_id = 'q1'") == [
        (1, "l1", Decimal("90.0000"), "PRICED", True)
    ]
    assert warehouse.row(FLAGS, "q1") == (True, False, False)
    assert warehouse.row(FLAGS, "q2") == (False, False, False)
    family = "select product_family, region from marts.fact_quote_line_price where quote_id = 'q2'"
    assert warehouse.row(family) == (None, "EMEA"), "a row with an unknown offering stays"

    lake.land([priced("q1", 2, "05T09:00", line("l1", "100"), line("l2", "5")), offering("p9", "Services")])
    lake.land([moved("QuoteAccepted", "q1", 4, "06T10:00", acceptedBy="a1")])
    warehouse.build(*QUOTES)
    assert warehouse.rows(f"{LINES} from marts.fact_quote_line_price where quote_id = 'q1'") == [
        (1, "l1", Decimal("90.0000"), "ACCEPTED", True)
    ], "the later version still decides the price"
    assert warehouse.row(FLAGS, "q1") == (False, False, False)
    assert warehouse.row(family) == ("Services", "EMEA"), "no event of q2 arrived, but what it refers to did"


def test_of_two_events_with_one_version_the_first_recorded_applies(
    lake: Lake, open_warehouse: Callable[[Lake], Warehouse]
) -> None:
    late = priced("q1", 2, "05T09:00", line("l1", "10"), eventId="b", recordedTime="2026-10-05T09:30:00Z")
    early = priced("q1", 2, "05T09:10", line("l1", "11"), eventId="c")
    same_time = priced("q1", 2, "05T09:10", line("l1", "12"), eventId="a")
    lake.land([created("q1"), late])
    warehouse = open_warehouse(lake)
    warehouse.build(*QUOTES)
    assert warehouse.row(FLAGS, "q1") == (False, False, False)

    net = "select net_price_amount, source_event_id from marts.fact_quote_line_price where quote_id = 'q1'"
    lake.land([early])
    warehouse.build(*QUOTES)
    assert warehouse.row(net) == (Decimal("11.0000"), "c")
    assert warehouse.row(FLAGS, "q1") == (False, True, False)

    lake.land([same_time])
    warehouse.build(*QUOTES)
    assert warehouse.row(net) == (Decimal("12.0000"), "a")


def test_conflicts_are_flagged_until_resolved_and_a_second_content_replaces_the_first(
    lake: Lake, open_warehouse: Callable[[Lake], Warehouse]
) -> None:
    first = priced("q1", 2, "05T09:00", line("l1", "10"))
    second = priced("q1", 2, "05T09:00", line("l1", "20"))
    elsewhere = event("QuotePriced", "Quote:q3", 2, "05T09:00", second["payload"], eventId="q2-2")
    seqs = lake.land([created("q1"), first, created("q2"), priced("q2", 2, "05T09:00", line("l1", "7")), created("q3")])
    conflicts = lake.land([], conflicts=[(second, seqs[1]), (elsewhere, seqs[3])])
    warehouse = open_warehouse(lake)
    warehouse.build(*QUOTES)
    open_now = "select quote_id, net_price_amount, has_open_conflict from marts.fact_quote_line_price order by 1"
    assert warehouse.rows(open_now) == [("q1", Decimal("10.0000"), True), ("q2", Decimal("7.0000"), True)]

    lake.land([second], replaces=seqs[1])
    lake.resolve(conflicts[0], "take_second", lake.batch_seq)
    lake.resolve(conflicts[1], "keep_first")
    warehouse.build(*QUOTES)
    assert warehouse.rows(open_now) == [("q1", Decimal("20.0000"), False), ("q2", Decimal("7.0000"), False)]
    assert warehouse.rows("select arrival_seq from staging.stg_cpq__quote_priced where quote_id = 'q1'") == [
        (lake.arrival_seq,)
    ], "what was replaced is in no staging model"


def test_a_replacement_that_moves_an_event_to_another_quote_empties_the_first(
    lake: Lake, open_warehouse: Callable[[Lake], Warehouse]
) -> None:
    seqs = lake.land([created("q1"), priced("q1", 2, "05T09:00", line("l1", "10")), created("q2")])
    moved_away = event(
        "QuotePriced",
        "Quote:q2",
        2,
        "05T09:00",
        priced("q2", 2, "05T09:00", line("l1", "30"))["payload"],
        eventId="q1-2",
    )
    conflicts = lake.land([], conflicts=[(moved_away, seqs[1])])
    warehouse = open_warehouse(lake)
    warehouse.build(*QUOTES)
    lake.land([moved_away], replaces=seqs[1])
    lake.resolve(conflicts[0], "take_second", lake.batch_seq)
    warehouse.build(*QUOTES)
    assert warehouse.rows("select quote_id, net_price_amount from marts.fact_quote_line_price") == [
        ("q2", Decimal("30.0000"))
    ]


def test_one_quote_with_everything(lake: Lake, open_warehouse: Callable[[Lake], Warehouse]) -> None:
    lake.land(quotes())
    warehouse = open_warehouse(lake)
    warehouse.build(*QUOTES)
    assert warehouse.rows(
        f"{LINES}, created_date_key, accepted_date_key, sent_date_key"
        " from marts.fact_quote_line_price where quote_id = 'q-revised' order by 1"
    ) == [
        (1, "l1", Decimal("100.5000"), "SENT", False, 20261005, None, 20261005),
        (2, "l1", Decimal("80.0000"), "ACCEPTED", True, 20261006, 20261007, None),
    ]
    columns: dict[str, Any] = {
        "prorated_list_amount": "149.7297",
        "contracted_price_amount": "-10.0001",
        "volume_term_schedule_amount": "-5",
        "bundle_amount": "-4",
        "promotion_amount": "-3",
        "renewal_incentive_amount": "2.5",
        "line_discretionary_amount": "-2.2345",
        "manual_override_amount": "-0.5",
        "partner_margin_amount": "-20",
        "rounding_amount": "0.0049",
        "unclassified_amount": "-7",
        "discount_amount": "-22.2346",
        "net_price_amount": "100.5",
        "margin_amount": "40.5",
        "floor_amount": "90",
        "reporting_net_price_amount": "100.5",
    }
    found = warehouse.row(
        f"select {', '.join(columns)} from marts.fact_quote_line_price"
        " where quote_id = 'q-revised' and quote_revision = 1"
    )
    assert dict(zip(columns, found, strict=True)) == {name: Decimal(amount) for name, amount in columns.items()}
