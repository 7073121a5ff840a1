"""What is material to an entity: an amount, or a percent of the net that it sold in the period, whichever is more."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import duckdb
import pytest

from orchestration.closing import periods
from orchestration.closing.breaks import OPEN, Break
from orchestration.closing.gates import GATES, Case, GateResult
from orchestration.closing.periods import Entity
from orchestration.closing.waivers import CloseWaivers

ENTITY = Entity("e", "E", "AMER|APAC", "month", date(2020, 1, 1), "UTC", Decimal(50), Decimal(1))


def gate(entity: Entity, difference: str, name: str = "2026-09") -> GateResult:
    """The gate over one open break, of an entity whose regions sold 10 000 in September, and others 90 000."""
    one = Break(
        *("B-1", "quote_order", "price", "USD", "q"), Decimal(0), Decimal(0), Decimal(difference),
        "operations", "e1", date(2026, 9, 1), 0, OPEN,
    )  # fmt: skip
    with duckdb.connect() as connection:
        connection.execute("create schema marts")
        connection.execute(
            "create table marts.fact_discount_leakage as select * from (values"
            " (timestamp '2026-09-01 00:00:00', 'AMER', 6000.0, 1.0),"
            " (timestamp '2026-09-30 23:00:00', 'APAC', 2000.0, 2.0),"
            " (timestamp '2026-09-15 00:00:00', 'EMEA', 90000.0, 1.0),"
            " (timestamp '2026-08-31 23:00:00', 'AMER', 500000.0, 1.0),"
            " (timestamp '2026-10-01 00:00:00', 'AMER', 500000.0, 1.0),"
            " (timestamp '2026-09-02 00:00:00', 'AMER', 500000.0, null))"
            " as net (accepted_at, region, net_price_amount, reporting_rate)"
        )
        connection.execute(
            "alter table marts.fact_discount_leakage alter net_price_amount type decimal(18, 4);"
            "alter table marts.fact_discount_leakage alter reporting_rate type decimal(28, 12)"
        )
        connection.execute(
            "create table marts.dim_exchange_rate as select 'USD' as from_currency,"
            " 1.0::decimal(28, 12) as exchange_rate, date '2026-09-01' as published_date"
        )
        period = periods.period(entity, name)
        waivers = CloseWaivers((), (), "")
        case = Case(connection, entity, period, [], [one], datetime(2026, 10, 1), waivers, date(2026, 10, 1))
        (found,) = dict(GATES)["materiality"](case)
    return found


@pytest.mark.parametrize(("difference", "verdict"), [("100", "passed"), ("100.0001", "failed")])
def test_a_percent_of_what_the_entity_sold_is_not_material(difference: str, verdict: str) -> None:
    found = gate(ENTITY, difference)
    assert found.verdict == verdict
    assert "up to 100.0000 is not material" in found.message, "as many digits as money has"


@pytest.mark.parametrize(("difference", "verdict"), [("1000", "passed"), ("1000.0001", "failed")])
def test_the_whole_business_is_held_to_all_of_it(difference: str, verdict: str) -> None:
    assert gate(replace(ENTITY, region="*"), difference).verdict == verdict


@pytest.mark.parametrize(("difference", "verdict"), [("200", "passed"), ("200.0001", "failed")])
def test_the_amount_counts_where_it_is_more(difference: str, verdict: str) -> None:
    assert gate(replace(ENTITY, materiality_amount=Decimal(200)), difference).verdict == verdict


@pytest.mark.parametrize(("difference", "verdict"), [("5060", "passed"), ("5060.0001", "failed")])
def test_a_period_is_held_to_what_was_sold_between_its_own_start_and_cutoff(difference: str, verdict: str) -> None:
    """Tokyo's September begins on 31 August at 15:00 UTC and ends before the last afternoon of September."""
    tokyo = replace(ENTITY, time_zone="Asia/Tokyo", region="AMER")
    assert gate(tokyo, difference).verdict == verdict
