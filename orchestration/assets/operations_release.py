"""The read models that `tieout follow` keeps current, as a Dagster asset with checks; the following is elsewhere."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from dagster import (
    AssetCheckEvaluation,
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetMaterialization,
    AssetsDefinition,
    MaterializeResult,
    MetadataValue,
    TableRecord,
    asset,
)

from orchestration.assets.naming import OPERATIONS_RELEASE, OWNER, RELEASE_GROUP, STREAMS, stream_key
from orchestration.assets.outcome import refusals_as_failures
from orchestration.home import Home

if TYPE_CHECKING:
    from orchestration.operations.steps import Step

DATA_TESTS, LAG = "data_tests", "lag_within_sla"
CHECKS = {
    DATA_TESTS: "The tests of the read models hold; else readers keep the release before.",
    LAG: "No read model is further behind its sources than its SLA (projection_freshness).",
}
FRESHNESS = """
select
    model, min(current_through) as current_through, max(lag_p50_seconds) as lag_p50_seconds,
    max(lag_p95_seconds) as lag_p95_seconds, min(sla_seconds) as sla_seconds,
    bool_or(is_sla_breached) as is_sla_breached
from operations.projection_freshness group by model order by model
"""


def operations_release_asset(home: Home) -> AssetsDefinition:
    """Land the inbox and bring the read models up to it, once; refused while another process follows."""

    @asset(
        key=OPERATIONS_RELEASE,
        deps=[stream_key(stream) for stream in STREAMS],
        group_name=RELEASE_GROUP,
        owners=[OWNER],
        kinds={"duckdb"},
        check_specs=[AssetCheckSpec(name, asset=OPERATIONS_RELEASE, description=told) for name, told in CHECKS.items()],
        description="The read models as people act on them, switched at once; `tieout follow` reports its steps here.",
    )
    def operations_release(context: AssetExecutionContext) -> Iterator[AssetCheckResult | MaterializeResult[Any]]:
        from orchestration.operations.follow import follow

        with refusals_as_failures():
            done = follow(home, once=True, search=True, progress=context.log.info)
        for reason in done.left:
            context.log.warning(f"Left in the inbox: {reason}")
        for index in done.indexes:
            if index.problem:
                context.log.warning(f"The search index of {index.noun}s is as it was: {index.problem}")
        step = done.steps[-1] if done.steps else None
        yield from step_checks(home, step)
        yield MaterializeResult(asset_key=OPERATIONS_RELEASE, metadata=step_metadata(step) if step else {"steps": 0})

    return operations_release


def step_metadata(step: "Step") -> dict[str, Any]:
    """What a step brought and how long it took, in seconds."""
    return {
        "release_id": step.release_id or "not released",
        "lake_high_water": step.lake_high_water,
        "as_of": step.as_of,
        "events": step.events,
        "lag_seconds": step.lag_seconds,
        "landing_seconds": step.landing_seconds,
        "models_seconds": step.models_seconds,
        "release_seconds": step.release_seconds,
    }


def step_checks(home: Home, step: "Step | None") -> Iterator[AssetCheckResult]:
    """The checks after a step: of the models as they were made, and of the lags that readers see."""
    failed = step.failed_checks if step else {}
    yield AssetCheckResult(
        check_name=DATA_TESTS,
        asset_key=OPERATIONS_RELEASE,
        passed=not failed,
        metadata={name: MetadataValue.int(count) for name, count in failed.items()},
    )
    lags = freshness(home)
    behind = [row["model"] for row in lags if row["is_sla_breached"]]
    yield AssetCheckResult(
        check_name=LAG,
        asset_key=OPERATIONS_RELEASE,
        passed=bool(lags) and not behind,
        severity=AssetCheckSeverity.WARN,
        description=f"behind its SLA: {', '.join(behind)}" if behind else None,
        metadata={
            "models": MetadataValue.table(
                [TableRecord({name: str(value) for name, value in row.items()}) for row in lags]
            )
        }
        if lags
        else {},
    )


def freshness(home: Home) -> list[dict[str, Any]]:
    """How far behind each read model of the current operations release is; empty where there is none."""
    import duckdb

    from orchestration.operations.home import OperationsHome
    from orchestration.publishing import store

    of = OperationsHome.of(home)
    if store.current_id(of) is None:
        return []
    with duckdb.connect(str(store.find(of, None).database.resolve()), read_only=True) as connection:
        found = connection.execute(FRESHNESS)
        names = [column[0] for column in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def reported(home: Home, step: "Step") -> Iterator[AssetMaterialization | AssetCheckEvaluation]:
    """The events that tell a Dagster instance of a step that no run of it made."""
    if step.release_id:
        yield AssetMaterialization(OPERATIONS_RELEASE, metadata=step_metadata(step))
    for check in step_checks(home, step):
        yield AssetCheckEvaluation(
            asset_key=OPERATIONS_RELEASE,
            check_name=str(check.check_name),
            passed=check.passed,
            metadata=dict(check.metadata or {}),
            severity=check.severity,
            description=check.description,
        )
