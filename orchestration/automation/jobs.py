"""The jobs: what is new, everything again from the lake, or the close of a period; the steps are in the assets."""

from dagster import AssetSelection, RunConfig, define_asset_job
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from orchestration.assets.dbt_models import BUILD_OP, BuildConfig
from orchestration.assets.naming import PERIOD_CLOSE

REFRESH = "refresh"
REBUILD = "rebuild"
MONTHLY_CLOSE = "monthly_close"
CLOSING = AssetSelection.assets(PERIOD_CLOSE)
CLOSING_CHECKS = AssetSelection.checks_for_assets(PERIOD_CLOSE)
EVERYTHING = (AssetSelection.all() - CLOSING) | (AssetSelection.all_asset_checks() - CLOSING_CHECKS)


def refresh_job() -> UnresolvedAssetJobDefinition:
    """Land the inbox, build what is new, reconcile, publish."""
    return define_asset_job(
        REFRESH,
        selection=EVERYTHING,
        description="Land the inbox, build what the new batches touched, reconcile, publish what passed.",
    )


def rebuild_job() -> UnresolvedAssetJobDefinition:
    """The same with every model rebuilt from the lake; equal inputs give equal checksums."""
    return define_asset_job(
        REBUILD,
        selection=EVERYTHING,
        config=RunConfig(ops={BUILD_OP: BuildConfig(full_refresh=True)}),
        description="Land the inbox, rebuild every model from the lake, reconcile, publish what passed.",
    )


def monthly_close_job() -> UnresolvedAssetJobDefinition:
    """Close one period; run again, it says whether the period still is what was closed."""
    return define_asset_job(
        MONTHLY_CLOSE,
        selection=CLOSING | CLOSING_CHECKS,
        description="Close a period (a partition) once its gates hold; of a closed one, compare every frozen byte.",
    )
