"""Runs a plan on the operations warehouse, each step whole or not at all; not when, and not what readers get."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from orchestration.operations.arrivals import Arrivals
from orchestration.operations.plan import (
    READ_MODELS,
    TOUCHED,
    TOUCHED_FOR_DEFERRED,
    TOUCHED_SINCE_DEFERRED,
    Check,
    Inputs,
    Plan,
    Step,
)
from orchestration.warehouse.checksums import quoted

if TYPE_CHECKING:
    import duckdb

NEW = "temp.main.followed_rows"
PREPARE = """
create schema if not exists audit;
create table if not exists audit.followed (lake_high_water bigint not null, as_of timestamp not null);
create table if not exists audit.followed_deferred (lake_high_water bigint not null, as_of timestamp not null);
create table if not exists audit.touched_since_deferred (aggregate_type varchar, aggregate_id varchar);
create table if not exists audit.touched_for_deferred (aggregate_type varchar, aggregate_id varchar)
"""
ADD_TOUCHED = f"""
insert into {TOUCHED_SINCE_DEFERRED}
select aggregate_type, aggregate_id from {TOUCHED}
except
select aggregate_type, aggregate_id from {TOUCHED_SINCE_DEFERRED}
"""
# What an earlier attempt was to be made of stays for this one.
GATHER_TOUCHED = f"""
insert into {TOUCHED_FOR_DEFERRED}
select aggregate_type, aggregate_id from {TOUCHED_SINCE_DEFERRED}
except
select aggregate_type, aggregate_id from {TOUCHED_FOR_DEFERRED};
delete from {TOUCHED_SINCE_DEFERRED}
"""
Checks = tuple[Check, ...]


@dataclass(frozen=True)
class Changes:
    """Which rows of a relation may have changed: those whose `keys` are in `table`."""

    table: str
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Ran:
    """What one step did: which relations have other rows than before, and the seconds of each model that ran."""

    changed: frozenset[str]
    seconds: dict[str, float]


def followed(connection: "duckdb.DuckDBPyConnection") -> tuple[int, datetime] | None:
    """Lake high water and as-of time that the warehouse shows; None before its first step is whole."""
    connection.execute(PREPARE)
    return connection.execute("select lake_high_water, as_of from audit.followed").fetchone()


def deferred_of(connection: "duckdb.DuckDBPyConnection") -> tuple[int, datetime]:
    """Lake high water and as-of time of the deferred read models; (0, ...) before they are first made."""
    row = connection.execute("select lake_high_water, as_of from audit.followed_deferred").fetchone()
    return (0, datetime.min) if row is None else (int(row[0]), row[1])


def record(connection: "duckdb.DuckDBPyConnection", inputs: Inputs, *, deferred: bool = True) -> None:
    """Keep the inputs that the warehouse now shows; those of deferred models only where these were made."""
    shown = [inputs.lake_high_water, inputs.as_of]
    connection.execute("delete from audit.followed")
    connection.execute("insert into audit.followed values (?, ?)", shown)
    if deferred:
        _record_deferred(connection, inputs)


def _record_deferred(connection: "duckdb.DuckDBPyConnection", inputs: Inputs) -> None:
    connection.execute("delete from audit.followed_deferred")
    connection.execute("insert into audit.followed_deferred values (?, ?)", [inputs.lake_high_water, inputs.as_of])
    connection.execute(f"delete from {TOUCHED_FOR_DEFERRED}")


def keep_events(connection: "duckdb.DuckDBPyConnection", plan: Plan) -> None:
    """Turn staging views of events into tables, once: a payload is then parsed when it arrives and never again."""
    views = connection.execute("select schema_name || '.' || view_name from duckdb_views() where not internal")
    are_views = {name for (name,) in views.fetchall()}
    for step in plan.steps:
        if step.kind == "events" and step.relation in are_views:
            schema, name = step.relation.split(".")
            held = f"{schema}.{quoted(name + '_held')}"
            connection.execute(f"create table {held} as from {step.relation}")
            connection.execute(f"drop view {step.relation}")
            connection.execute(f"alter table {held} rename to {quoted(name)}")


def run_plan(
    connection: "duckdb.DuckDBPyConnection",
    plan: Plan,
    inputs: Inputs,
    arrivals: Arrivals,
    arrivals_since_deferred: Arrivals,
    *,
    checkpoint: Callable[[str], None] | None = None,
) -> Ran:
    """Bring every model of the plan up to the inputs in one transaction; stopped anywhere, nothing has changed.

    Deferred models take what arrived since they were made last, in this step and in those before it.
    """
    connection.execute("begin")
    try:
        ran = _run_steps(connection, plan, inputs, arrivals, arrivals_since_deferred, checkpoint)
        record(connection, inputs, deferred=any(step.is_deferred for step in plan.steps))
        connection.execute("commit")
    except BaseException:
        connection.execute("rollback")
        raise
    return ran


def gather_touched(connection: "duckdb.DuckDBPyConnection") -> None:
    """Set apart the aggregates that were touched, for deferred models to be made of beside steps that touch others."""
    connection.execute("begin")
    connection.execute(GATHER_TOUCHED)
    connection.execute("commit")


def run_deferred(
    snapshot: "duckdb.DuckDBPyConnection", plan: Plan, inputs: Inputs, arrivals_since_deferred: Arrivals
) -> None:
    """Bring deferred models up to what the snapshot sees, in its transaction, which stays open."""
    _run_steps(snapshot, plan, inputs, arrivals_since_deferred, arrivals_since_deferred, None)
    _record_deferred(snapshot, inputs)


def _run_steps(
    connection: "duckdb.DuckDBPyConnection",
    plan: Plan,
    inputs: Inputs,
    arrivals: Arrivals,
    arrivals_since_deferred: Arrivals,
    checkpoint: Callable[[str], None] | None,
) -> Ran:
    changed: set[str] = set()
    seconds: dict[str, float] = {}
    notes = _notes(connection)
    names = {step.key: step.relation for step in plan.steps}
    makes_deferred = any(step.is_deferred for step in plan.steps)
    if makes_deferred:
        connection.execute(GATHER_TOUCHED)
    for step in plan.steps:
        parents = {names[parent] for parent in step.parents if parent in names}
        # A deferred model is left out of most steps: what it is made from may have changed in one before.
        always = step.kind == "events" or step.reads_inputs or step.is_deferred
        if not always and not parents & changed:
            continue
        started = time.monotonic()
        if _run(connection, step, inputs, arrivals_since_deferred if step.is_deferred else arrivals, notes):
            changed.add(step.relation)
        if step.relation == TOUCHED.replace('"', ""):
            connection.execute(ADD_TOUCHED)
            if makes_deferred:
                connection.execute(GATHER_TOUCHED)
        seconds[step.name] = time.monotonic() - started
        if checkpoint:
            checkpoint(step.name)
    return Ran(frozenset(changed), seconds)


def snapshot(connection: "duckdb.DuckDBPyConnection") -> "duckdb.DuckDBPyConnection":
    """A connection in a transaction that sees the warehouse as it is now, whatever later steps do to it."""
    seeing = connection.cursor()
    seeing.execute("begin")
    seeing.execute("from audit.followed").fetchall()
    return seeing


def forget_changes(connection: "duckdb.DuckDBPyConnection") -> None:
    """Drop what an earlier process noted: it is not known what of it readers have."""
    for relation in _notes(connection):
        connection.execute(f"drop table {relation}")


def take_changes(connection: "duckdb.DuckDBPyConnection", plan: Plan, *, deferred: bool) -> dict[str, Changes] | None:
    """Per incremental read model, the rows that may be others than in the last release; None where nobody noted it.

    What changes from here on is noted apart, for the next release. Deferred models are taken only where asked for.
    """
    taken = {}
    notes, are_whole = _notes(connection), True
    connection.execute("begin")
    for step in (step for step in _noted(plan.steps) if deferred or not step.is_deferred):
        note, changes = _note(step), Changes(f"audit.releasing_{step.name}", step.keys)
        connection.execute(f"drop table if exists {changes.table}")
        if note in notes:
            connection.execute(f"alter table {note} rename to {changes.table.removeprefix('audit.')}")
        else:
            are_whole = False
        connection.execute(f"create table {note} as select {', '.join(step.keys)} from {step.relation} limit 0")
        taken[step.relation] = changes
    connection.execute("commit")
    return taken if are_whole else None


def failing(connection: "duckdb.DuckDBPyConnection", checks: Checks) -> dict[str, int]:
    """The checks that found rows, each with how many."""
    found = {}
    for check in checks:
        row = connection.execute(f"select count(*) from ({check.sql}) as failing").fetchone()
        if row and row[0]:
            found[check.name] = int(row[0])
    return found


def _run(
    connection: "duckdb.DuckDBPyConnection", step: Step, inputs: Inputs, arrivals: Arrivals, notes: frozenset[str]
) -> bool:
    """Run one model; whether its rows may be others now. `notes`: the relations that note changes."""
    sql = step.filled(inputs)
    if step.kind == "events" or (step.kind == "incremental" and step.reads_new_batches):
        narrowed = arrivals.narrowed(sql)
        if narrowed is None:
            return step.drops_superseded and _drop_superseded(connection, step) > 0
        sql = narrowed
    if step.kind == "view":
        if step.reads_inputs:
            connection.execute(f"create or replace view {step.relation} as {sql}")
        return True
    if step.kind == "table":
        _recreate(connection, step.relation)
        connection.execute(f"insert into {step.relation} by name {sql}")
        return True
    if step.kind == "events":
        after = inputs.deferred_built_through if step.is_deferred else inputs.built_through
        sql = f"select * from ({sql}) as arrived where batch_seq > {after}"
    connection.execute(f"create or replace temp table followed_rows as {sql}")
    if _note(step) in notes:
        keys = ", ".join(step.keys)
        touched = f" union {_touched_ids(step)}" if step.touched else ""
        connection.execute(f"insert into {_note(step)} select {keys} from {NEW}{touched}")
    deleted = _count(connection, _delete(step)) if step.kind == "incremental" else 0
    inserted = _count(connection, f"insert into {step.relation} by name from {NEW}")
    if step.drops_superseded:
        deleted += _drop_superseded(connection, step)
    return bool(deleted or inserted)


def _noted(steps: Iterable[Step]) -> tuple[Step, ...]:
    """The read models of which few rows change in a step."""
    return tuple(
        step
        for step in steps
        if step.schema == READ_MODELS and step.kind == "incremental" and not step.drops_superseded
    )


def _note(step: Step) -> str:
    return f"audit.unreleased_{step.name}"


def _notes(connection: "duckdb.DuckDBPyConnection") -> frozenset[str]:
    """The relations that note, for the next release, which rows change."""
    query = (
        "select table_name from duckdb_tables() where schema_name = 'audit' and starts_with(table_name, 'unreleased_')"
    )
    return frozenset(f"audit.{name}" for (name,) in connection.execute(query).fetchall())


def _drop_superseded(connection: "duckdb.DuckDBPyConnection", step: Step) -> int:
    """Take away the events that a resolved conflict replaced."""
    superseded = "select arrival_seq from staging.stg_lake__superseded_event"
    return _count(connection, f"delete from {step.relation} where arrival_seq in ({superseded})")


def _delete(step: Step) -> str:
    """What dbt's strategies take away before the new rows come (macros/incremental/touched.sql)."""
    keys = ", ".join(step.keys)
    gone = (
        f"({keys}) in (select ({keys}) from {NEW})" if len(step.keys) > 1 else f"{keys} in (select {keys} from {NEW})"
    )
    if step.touched:
        gone += f" or {keys} in ({_touched_ids(step)})"
    return f"delete from {step.relation} where {gone}"


def _touched_ids(step: Step) -> str:
    types = ", ".join(f"'{name}'" for name in step.touched)
    where = "" if step.touched == ("*",) else f" where aggregate_type in ({types})"
    return f"select aggregate_id from {TOUCHED_FOR_DEFERRED if step.is_deferred else TOUCHED}{where}"


def _recreate(connection: "duckdb.DuckDBPyConnection", relation: str) -> None:
    """The same table, with its types and constraints, and no rows."""
    row = connection.execute(
        "select sql from duckdb_tables()"
        " where database_name = current_database() and schema_name || '.' || table_name = ?",
        [relation],
    ).fetchone()
    assert row is not None
    connection.execute(str(row[0]).replace("CREATE TABLE", "create or replace table", 1))


def _count(connection: "duckdb.DuckDBPyConnection", sql: str) -> int:
    row = connection.execute(sql).fetchone()
    return int(row[0]) if row else 0
