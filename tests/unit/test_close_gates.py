"""Gates on made-up releases: explanations that have lapsed, the window of a period, the regions of its entity."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from orchestration.closing import gates, periods
from orchestration.closing.breaks import OPEN, Break
from orchestration.closing.gates import GATES, Case, GateResult
from orchestration.closing.periods import Entity
from orchestration.closing.waivers import CloseWaivers

EUROPE = Entity("europe", "E", "EMEA", "4-4-5", date(2026, 2, 1), "Europe/Berlin", Decimal(0), Decimal(1))
GROUP = Entity("group", "G", "*", "month", date(2020, 1, 1), "UTC", Decimal(0), Decimal(1))
GROWN = Break(
    *("B-1", "quote_order", "price", "USD", "q"), Decimal(0), Decimal(0), Decimal(6),
    "operations", "e1", date(2026, 9, 1), 0, OPEN, explained_amount=Decimal(5),
)  # fmt: skip


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.execute("create schema marts; create schema release")
        yield opened


def case_of(
    connection: duckdb.DuckDBPyConnection,
    entity: Entity,
    name: str,
    checks: Sequence[dict[str, Any]] = (),
    breaks: Sequence[Break] = (),
) -> Case:
    period = periods.period(entity, name)
    return Case(
        connection, entity, period, checks, breaks, period.end, CloseWaivers((), (), ""), date(2026, 11, 1)
    )  # fmt: skip


def looked(gate: str, case: Case) -> dict[str, GateResult]:
    return {found.partition: found for found in dict(GATES)[gate](case)}


def legs(connection: duckdb.DuckDBPyConnection) -> None:
    """Of EMEA 1000 USD; of AMER 9000 USD and 1 CAD."""
    for name, columns, values in (
        ("dim_account", "account_id, region", "('a', 'EMEA'), ('b', 'AMER')"),
        ("fact_commercial_chain", "chain_key, account_id", "('k', 'a'), ('l', 'b')"),
        (
            "fact_commercial_leg",
            "leg, currency, chain_key, left_net_amount",
            "('quote_order', 'USD', 'k', 1000.0000), ('quote_order', 'USD', 'l', 9000.0000),"
            " ('quote_order', 'CAD', 'l', 1.0000)",
        ),
    ):
        connection.execute(f"create table marts.{name} as select * from (values {values}) made ({columns})")


@pytest.mark.parametrize(
    ("found", "verdict", "told"),
    [
        (replace(GROWN, status="explained"), "passed", "0 breaks stand"),
        (replace(GROWN, explained_amount=None), "passed", "1 breaks stand"),
        (GROWN, "failed", "B-1 was explained up to 5, it is 6 now"),
        (
            replace(GROWN, explained_amount=None, explained_as="tax"),
            "failed",
            "B-1 was explained as tax, it is price now",
        ),
    ],
)
def test_what_was_explained_and_is_more_now_fails_within_the_tolerance_too(
    connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch, found: Break, verdict: str, told: str
) -> None:
    monkeypatch.setattr(gates, "_tolerances", lambda: {("quote_order", "*"): (Decimal(100), Decimal(0))})
    legs(connection)
    result = looked("chain", case_of(connection, GROUP, "2026-09", breaks=[found]))["quote_order/USD"]
    assert result.verdict == verdict
    assert told in result.message


@pytest.mark.parametrize(
    ("entity", "period", "difference", "verdict"),
    [
        (EUROPE, "2026-P08", "10", "passed"),
        (EUROPE, "2026-P08", "10.0001", "failed"),
        (GROUP, "2026-09", "100", "passed"),
        (GROUP, "2026-09", "100.0001", "failed"),
    ],
)
def test_a_percent_of_a_leg_is_of_what_the_entity_has_on_it(
    connection: duckdb.DuckDBPyConnection,
    monkeypatch: pytest.MonkeyPatch,
    entity: Entity,
    period: str,
    difference: str,
    verdict: str,
) -> None:
    monkeypatch.setattr(gates, "_tolerances", lambda: {("quote_order", "*"): (Decimal(0), Decimal(1))})
    legs(connection)
    one = replace(GROWN, difference=Decimal(difference), explained_amount=None)
    found = looked("chain", case_of(connection, entity, period, breaks=[one]))
    assert found["quote_order/USD"].verdict == verdict
    assert ("quote_order/CAD" in found) is (entity is GROUP)


def test_rates_are_asked_of_the_regions_of_the_entity_in_the_window_of_the_period(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """Berlin's eighth period begins on 29 August at 22:00 UTC and ends on 26 September at 22:00."""
    connection.execute(
        "create table marts.fact_order_line as select * from (values"
        " (timestamp '2026-08-29 21:59:59', 'EMEA', 1, null), (timestamp '2026-08-29 22:00:00', 'EMEA', 1, 1),"
        " (timestamp '2026-09-10 00:00:00', 'AMER', 1, null), (timestamp '2026-09-26 22:00:00', 'EMEA', 1, null))"
        " made (submitted_at, region, net_amount, reporting_net_amount)"
    )
    connection.execute(
        "create table marts.dim_account as"
        " select * from (values ('a', 'EMEA'), ('b', 'AMER')) made (account_id, region)"
    )
    connection.execute(
        "create table marts.fact_invoice_line as select * from (values"
        " (timestamp '2026-09-10 00:00:00', 'a', 1, 1), (timestamp '2026-09-10 00:00:00', 'b', 1, null))"
        " made (issued_at, account_id, net_amount, reporting_net_amount)"
    )
    ours = looked("fx_complete", case_of(connection, EUROPE, "2026-P08"))
    assert {name: (one.verdict, one.message) for name, one in ours.items()} == {
        "fact_order_line": ("passed", "1 rows, 0 without a rate"),
        "fact_invoice_line": ("passed", "1 rows, 0 without a rate"),
    }
    all_of_it = looked("fx_complete", case_of(connection, GROUP, "2026-09"))
    assert {one.verdict for one in all_of_it.values()} == {"failed"}


@pytest.mark.parametrize(
    ("partition", "verdict"),
    [
        ("Order/2026-08", "failed"),
        ("Order/2026-09", "failed"),
        ("Order/2026-07", "passed"),
        ("Order/2026-10", "passed"),
        ("Order", "failed"),
        ("cpq/quotes_created/2026-08-01..2026-08-29", "passed"),
        ("cpq/quotes_created/2026-08-01..2026-08-30", "failed"),
        ("cpq/quotes_created/2026-09-26..2026-09-28", "failed"),
        ("cpq/quotes_created/2026-09-27..2026-09-28", "passed"),
    ],
)
def test_every_month_or_window_that_a_period_touches_counts(
    connection: duckdb.DuckDBPyConnection, partition: str, verdict: str
) -> None:
    """The eighth 4-4-5 period of Europe: from the evening of 29 August to that of 26 September."""
    fine = {"key": "gap", "partition": "Quote/2026-09", "verdict": "passed", "message": ""}
    wrong = {"key": "gap", "partition": partition, "verdict": "failed", "message": "missing"}
    found = looked("no_gaps", case_of(connection, EUROPE, "2026-P08", [fine, wrong]))
    assert {one.verdict for one in found.values()} == {verdict}


@pytest.mark.parametrize(
    ("windows", "begins", "told"),
    [
        (["2026-08", "2026-09"], None, "published"),
        (["2026-09"], None, "from 2026-08-29 22:00 to 2026-09-01 00:00 UTC"),
        (["2026-09"], datetime(2026, 9, 3), "published"),
        (["2026-08"], None, "from 2026-09-01 00:00 to 2026-09-26 22:00 UTC"),
        (["2026-08-01..2026-09-10", "2026-09-08..2026-09-27"], None, "published"),
        (
            ["2026-08", "2026-09-01..2026-09-10", "2026-09-12..2026-09-27"],
            None,
            "from 2026-09-10 00:00 to 2026-09-12 00:00",
        ),
    ],
)
def test_a_source_has_published_totals_for_every_day_of_the_period(
    connection: duckdb.DuckDBPyConnection, windows: list[str], begins: datetime | None, told: str
) -> None:
    connection.execute(
        "create table release.freshness as select 'cpq' as source_system, timestamp '2026-10-01' as last_event_time"
    )
    checks = [
        {"key": "control_total", "partition": f"cpq/quotes_created/{window}/USD", "verdict": "passed"}
        for window in windows
    ]
    # What no publication covers is told by month, and is none.
    checks.append({"key": "control_total", "partition": "cpq/quotes_created/2026-08/EUR", "verdict": "unproven"})
    case = replace(case_of(connection, EUROPE, "2026-P08", checks), begins=begins)
    (found,) = looked("control_totals_received", case).values()
    assert told in found.message
    assert (found.verdict == "passed") is (told == "published")


@pytest.mark.parametrize(("window", "verdict"), [("2026-09", "passed"), ("2026-08", "failed")])
def test_totals_make_a_source_fresh_that_reach_the_cutoff(
    connection: duckdb.DuckDBPyConnection, window: str, verdict: str
) -> None:
    connection.execute(
        "create table release.freshness as select 'cpq' as source_system, timestamp '2026-09-02' as current_through"
    )
    checks = [{"key": "control_total", "partition": f"cpq/quotes_created/{window}", "verdict": "passed"}]
    assert looked("sources_fresh", case_of(connection, EUROPE, "2026-P08", checks))["cpq"].verdict == verdict
