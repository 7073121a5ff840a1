"""What steps touch while deferred models are being made is not forgotten, whether it was touched before or not."""

from datetime import datetime

import duckdb

from orchestration.operations import engine
from orchestration.operations.arrivals import Arrivals
from orchestration.operations.deferring import Deferring
from orchestration.operations.plan import Inputs, Plan, Step

AT = datetime(2026, 10, 1)
INPUTS = Inputs(2, 1, AT, AT, AT, deferred_through=2, deferred_built_through=1)
TIMELINE = Step("t", "timeline", "operations.timeline", "operations", "view", "select 1 as one", (), is_deferred=True)


def warehouse() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(engine.PREPARE)
    connection.execute("create schema intermediate; create schema operations")
    connection.execute("create table intermediate.int_aggregate_touched (aggregate_type varchar, aggregate_id varchar)")
    engine.record(connection, INPUTS, deferred=False)
    return connection


def touch(connection: duckdb.DuckDBPyConnection, *orders: str) -> None:
    connection.execute("delete from intermediate.int_aggregate_touched")
    for order in orders:
        connection.execute("insert into intermediate.int_aggregate_touched values ('Order', ?)", [order])
    connection.execute(engine.ADD_TOUCHED)


def test_what_is_touched_again_meanwhile_is_for_the_next_time() -> None:
    with warehouse() as connection:
        touch(connection, "again", "once")
        with Deferring(connection) as deferring:
            deferring.start(Plan((TIMELINE,), ()), INPUTS, Arrivals({}, 0), checked=False)
            touch(connection, "again", "new")
            assert deferring.take(wait=True) == {}
        left = connection.execute("select aggregate_id from audit.touched_since_deferred order by all").fetchall()
        assert left == [("again",), ("new",)]
        assert connection.execute("from audit.touched_for_deferred").fetchall() == []
        assert engine.deferred_of(connection) == (2, AT)


def test_what_could_not_be_made_is_for_the_next_time_too() -> None:
    with warehouse() as connection:
        touch(connection, "first")
        engine.gather_touched(connection)
        touch(connection, "second")
        engine.gather_touched(connection)
        kept = connection.execute("select aggregate_id from audit.touched_for_deferred order by all").fetchall()
        assert kept == [("first",), ("second",)]
        assert engine.deferred_of(connection)[0] == 0
