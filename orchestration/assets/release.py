"""The release as a Dagster asset: `publish`, which refuses by itself whatever the ledger does not prove."""

from typing import Any

from dagster import AssetExecutionContext, AssetsDefinition, MaterializeResult, MetadataValue, TableRecord, asset

from orchestration.assets.naming import (
    MARTS_GROUP,
    OPERATIONS_GROUP,
    OWNER,
    RECONCILIATION_GROUP,
    RELEASE,
    RELEASE_GROUP,
    WAIT_SECONDS,
    WRITER_POOL,
)
from orchestration.assets.outcome import refusals_as_failures
from orchestration.home import Home


def release_asset(home: Home, models: AssetsDefinition) -> AssetsDefinition:
    """The current release: made of the marts among `models`, once the reconciliation relations' checks have passed."""
    needed = [
        spec.key for spec in models.specs if spec.group_name in (MARTS_GROUP, OPERATIONS_GROUP, RECONCILIATION_GROUP)
    ]

    @asset(
        key=RELEASE,
        deps=needed,
        group_name=RELEASE_GROUP,
        owners=[OWNER],
        kinds={"duckdb"},
        pool=WRITER_POOL,
        description="What readers read: the marts as one read-only file, published only when the ledger proves them.",
    )
    def release(context: AssetExecutionContext) -> MaterializeResult[Any]:
        from orchestration.publishing.publish import publish

        with refusals_as_failures():
            made = publish(home, progress=context.log.info, wait_seconds=WAIT_SECONDS)
        marts = [TableRecord({name: str(value) for name, value in model.items()}) for model in made.manifest["models"]]
        return MaterializeResult(
            metadata={
                "release_id": made.release_id,
                "is_new": made.is_new,
                "data_version": made.data_version,
                "as_of": str(made.manifest["as_of"]),
                "database": MetadataValue.path(made.database),
                "marts": MetadataValue.table(marts),
            }
        )

    return release
