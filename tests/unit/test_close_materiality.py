"""What is material to an entity: an amount, or a percent of the net that it sold in the month, whichever is more."""

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


def gate(entity: Entity, difference: str) -> GateResult:
    """The gate over one open break, of an entity whose regions sold 10 000 in September, and others 90 000."""
    one = Break(
        *("B-1", "quote_order", "price", "USD", "q"), Decimal(0), Decimal(0), Decimal(difference),
        "operations", "e1", date(2026, 9, 1), 0, OPEN,
    )  # fmt: skip
    with duckdb.connect() as connection:
        connection.execute("create schema marts")
        connection.execute(
            "create table marts.mart_price_waterfall_monthly as select * from (values"
            " ('2026-09', 'NET', 'AMER', 6000.0), ('2026-09', 'NET', 'APAC', 4000.0),"
            " ('2026-09', 'NET', 'EMEA', 90000.0), ('2026-08', 'NET', 'AMER', 500000.0),"
            " ('2026-09', 'LIST', 'AMER', 500000.0))"
            " as net (period, step, region, reporting_amount)"
        )
        connection.execute(
            "create table marts.dim_exchange_rate as select 'USD' as from_currency,"
            " 1.0::decimal(28, 12) as exchange_rate, date '2026-09-01' as published_date"
        )
        period = periods.period(entity, "2026-09")
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
