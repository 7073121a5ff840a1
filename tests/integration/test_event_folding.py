"""How events become the state of a quote: versions decide, gaps and conflicts are shown, late events heal.

All stories happen in one lake that is built three times, each build after more events; a test looks at its own quotes.
"""

import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from support.dbt_warehouses import Warehouse
from support.event_lakes import Lake
from support.quote_stories import account, created, event, line, moved, offering, priced, quotes

from orchestration.home import Home
from orchestration.sources.exchange_rates import land_exchange_rates

QUOTES = ("--select", "+fact_quote_line_price", "+fact_quote_line_adjustment", "+dim_account", "+dim_exchange_rate")
PRICES = "from marts.fact_quote_line_price where quote_id = ?"
FLAGS = f"select has_gap, has_stale_event, has_open_conflict {PRICES}"
NET = f"select net_price_amount, source_event_id {PRICES}"

Look = Callable[..., list[tuple[Any, ...]]]


def _look_at(warehouse: Path) -> Look:
    def rows(sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            return connection.execute(sql, list(parameters)).fetchall()

    return rows


@pytest.fixture(scope="module")
def steps(
    tmp_path_factory: pytest.TempPathFactory, open_warehouse: Callable[[Lake], Warehouse]
) -> tuple[Look, Look, Look]:
    """What could be seen after each of the three builds."""
    root = tmp_path_factory.mktemp("folding")
    lake = Lake(root / "lake")
    warehouse = open_warehouse(lake)

    def built(number: int) -> Look:
        warehouse.build(*QUOTES)
        return _look_at(Path(shutil.copy(warehouse.home.warehouse, root / f"step-{number}.duckdb")))

    late = [created("late"), priced("late", 3, "05T10:00", line("l1", "90"))]
    refers = [created("refers"), priced("refers", 2, "05T09:00", line("l1", "11", productOfferingId="p9"))]
    tie = [
        created("tie"),
        priced("tie", 2, "05T09:00", line("l1", "10"), eventId="b", recordedTime="2026-10-05T09:30:00Z"),
    ]
    second = priced("take", 2, "05T09:00", line("l1", "20"))
    elsewhere = event("QuotePriced", "Quote:named", 2, "05T09:00", second["payload"], eventId="keep-2")
    moved_away = event("QuotePriced", "Quote:to", 2, "05T09:00", second["payload"], eventId="from-2")
    first_contents = [priced(quote, 2, "05T09:00", line("l1", "10")) for quote in ("take", "keep", "from")]
    lake.land([*quotes(), *late, *refers, *tie, *map(created, ("take", "keep", "from", "to", "named"))])
    first = lake.land(first_contents)
    conflicts = lake.land([], conflicts=list(zip((second, elsewhere, moved_away), first, strict=True)))
    one = built(1)

    lake.land([priced("late", 2, "05T09:00", line("l1", "100"), line("l2", "5")), offering("p9", "Services")])
    lake.land([moved("QuoteAccepted", "late", 4, "06T10:00", acceptedBy="a1")])
    lake.land([priced("tie", 2, "05T09:10", line("l1", "11"), eventId="c")])
    lake.land([second], replaces=first[0])
    lake.resolve(conflicts[0], "take_second", lake.batch_seq)
    lake.resolve(conflicts[1], "keep_first")
    lake.land([moved_away], replaces=first[2])
    lake.resolve(conflicts[2], "take_second", lake.batch_seq)
    two = built(2)

    lake.land([priced("tie", 2, "05T09:10", line("l1", "12"), eventId="a"), account("a1", 2, region="APAC")])
    land_exchange_rates(Home(root))
    return one, two, built(3)


def test_late_events_heal_a_gap(steps: tuple[Look, Look, Look]) -> None:
    state = f"select quote_line_id, net_price_amount, revision_status, is_latest_revision {PRICES}"
    one, two, _ = steps
    assert one(state, "late") == [("l1", Decimal("90.0000"), "PRICED", True)]
    assert one(FLAGS, "late") == [(True, False, False)]
    assert two(state, "late") == [("l1", Decimal("90.0000"), "ACCEPTED", True)], "the later version decides the price"
    assert two(FLAGS, "late") == [(False, False, False)]


def test_a_row_waits_for_what_it_refers_to(steps: tuple[Look, Look, Look]) -> None:
    shown = f"select product_family, region {PRICES}"
    one, two, _ = steps
    assert one(shown, "refers") == [(None, "EMEA")], "an unknown offering hides no row"
    assert two(shown, "refers") == [("Services", "EMEA")], "no event of the quote arrived, but its offering did"


def test_of_two_events_with_one_version_the_first_recorded_applies(steps: tuple[Look, Look, Look]) -> None:
    one, two, three = steps
    assert one(NET, "tie") == [(Decimal("10.0000"), "b")]
    assert one(FLAGS, "tie") == [(False, False, False)]
    assert two(NET, "tie") == [(Decimal("11.0000"), "c")], "recorded time, or else event time"
    assert two(FLAGS, "tie") == [(False, True, False)]
    assert three(NET, "tie") == [(Decimal("12.0000"), "a")], "of equal times the smaller event id"


def test_a_conflict_is_shown_until_it_is_resolved(steps: tuple[Look, Look, Look]) -> None:
    shown = f"select net_price_amount, has_open_conflict {PRICES}"
    one, two, _ = steps
    assert one(shown, "take") == one(shown, "keep") == [(Decimal("10.0000"), True)]
    assert two(shown, "take") == [(Decimal("20.0000"), False)]
    assert two(shown, "keep") == [(Decimal("10.0000"), False)]
    staged = "select count(*) from staging.stg_cpq__quote_priced where quote_id = 'take'"
    assert (one(staged), two(staged)) == ([(1,)], [(1,)]), "what was replaced is in no staging model"


def test_a_replacement_can_move_an_event_to_another_quote(steps: tuple[Look, Look, Look]) -> None:
    shown = f"select net_price_amount {PRICES}"
    one, two, _ = steps
    assert (one(shown, "from"), one(shown, "to")) == ([(Decimal("10.0000"),)], [])
    assert (two(shown, "from"), two(shown, "to")) == ([], [(Decimal("20.0000"),)])


def test_rates_that_arrive_later_convert_what_is_there(steps: tuple[Look, Look, Look]) -> None:
    shown = f"select reporting_rate_id, reporting_net_price_amount {PRICES}"
    adjusted = "select reporting_rate_id, reporting_adjustment_amount from marts.fact_quote_line_adjustment"
    _, two, three = steps
    assert two(shown, "foreign") == [(None, None)]
    rate = "ECB:2026-10-09:GBP:USD"
    ((from_rate, to_rate),) = three(
        "select from_rate_per_eur, to_rate_per_eur from marts.dim_exchange_rate where exchange_rate_id = ?", rate
    )
    expected = [(rate, (Decimal(amount) * to_rate / from_rate).quantize(Decimal("0.0001"))) for amount in (1000, -100)]
    assert three(shown, "foreign") == expected[:1], "10 October 2026 is a Saturday: Friday's rate"
    assert three(f"{adjusted} where quote_id = 'foreign'") == expected[1:]


def test_accounts_show_their_last_state(steps: tuple[Look, Look, Look]) -> None:
    _, two, three = steps
    shown = "select account_id, region from marts.dim_account"
    assert (two(shown), three(shown)) == ([("a1", "EMEA")], [("a1", "APAC")])


def test_revisions_milestones_and_every_adjustment_type(steps: tuple[Look, Look, Look]) -> None:
    one, _, _ = steps
    assert one(
        "select quote_revision, quote_line_id, net_price_amount, revision_status, is_latest_revision,"
        f" created_date_key, accepted_date_key, sent_date_key {PRICES} order by 1",
        "revised",
    ) == [
        (1, "l1", Decimal("100.5000"), "SENT", False, 20261005, None, 20261005),
        (2, "l1", Decimal("80.0000"), "ACCEPTED", True, 20261006, 20261007, None),
    ]
    amounts = {
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
    (found,) = one(f"select {', '.join(amounts)} {PRICES} and quote_revision = 1", "revised")
    assert dict(zip(amounts, found, strict=True)) == {name: Decimal(amount) for name, amount in amounts.items()}


def test_an_expired_revision_with_a_gap(steps: tuple[Look, Look, Look]) -> None:
    shown = f"select revision_status, expired_date_key, product_family, has_gap {PRICES}"
    assert steps[2](shown, "gap") == [("EXPIRED", 20261009, None, True)]
