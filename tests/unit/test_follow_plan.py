"""What a step of `tieout follow` may leave for later, and from where it then goes on."""

from datetime import datetime

from orchestration.home import PROJECT_ROOT
from orchestration.operations.plan import (
    DEFERRED_SLA_SECONDS,
    PLACES,
    TOUCHED,
    Inputs,
    Plan,
    Step,
    with_what_only_deferred_read,
)

AT = datetime(2026, 10, 1)


def step(name: str, schema: str, *parents: str, kind: str = "incremental", is_deferred: bool = False) -> Step:
    sql = f"select * from {TOUCHED} where batch_seq > {PLACES['built_through']}"
    return Step(name, name, f"{schema}.{name}", schema, kind, sql, parents, is_deferred=is_deferred)


PLAN = Plan(
    with_what_only_deferred_read(
        (
            step("cases", "staging", kind="events"),
            step("orders", "staging", kind="events"),
            step("case_state", "intermediate", "cases"),
            step("order_state", "intermediate", "orders"),
            step("worklist", "operations", "order_state"),
            step("timeline", "operations", "case_state", "order_state", is_deferred=True),
        )
    ),
    (),
)


def test_what_only_deferred_read_models_are_made_from_is_deferred_with_them() -> None:
    assert [one.name for one in PLAN.without_deferred().steps] == ["orders", "order_state", "worklist"]
    assert [one.name for one in PLAN.only_deferred().steps] == ["cases", "case_state", "timeline"]


def test_a_deferred_model_goes_on_from_where_it_was_made_last() -> None:
    inputs = Inputs(9, 8, AT, AT, AT, deferred_through=9, deferred_built_through=5)
    filled = {one.name: one.filled(inputs) for one in PLAN.steps}
    assert filled["order_state"] == 'select * from "intermediate"."int_aggregate_touched" where batch_seq > 8'
    assert filled["case_state"] == 'select * from "audit"."touched_for_deferred" where batch_seq > 5'


def test_freshness_and_the_plan_defer_the_same_models() -> None:
    sql = (PROJECT_ROOT / "models" / "operations" / "projection_freshness.sql").read_text(encoding="utf-8")
    assert f"register.sla_seconds >= {DEFERRED_SLA_SECONDS} as is_deferred" in sql
