"""Gates on made-up releases: what was explained and has grown, the real window of a period, the regions of its entity."""

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
    connection.execute(
        "create table marts.dim_account as select * from (values ('a', 'EMEA'), ('b', 'AMER')) t (account_id, region)"
    )
    connection.execute(
        "create table marts.fact_commercial_chain as select * from (values ('k', 'a'), ('l', 'b')) t (chain_key, account_id)"
    )
    connection.execute(
        "create table marts.fact_commercial_leg as select * from (values ('quote_order', 'USD', 'k', 1000.0000),"
        " ('quote_order', 'USD', 'l', 9000.0000), ('quote_order', 'CAD', 'l', 1.0000))"
        " t (leg, currency, chain_key, left_net_amount)"
    )


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
