"""The jobs: what is new, everything from the lake, the close of a period, the read models; steps are in the assets."""

from dagster import AssetSelection, RunConfig, define_asset_job
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from orchestration.assets.dbt_models import BUILD_OP, BuildConfig
from orchestration.assets.naming import OPERATIONS_RELEASE, PERIOD_CLOSE

REFRESH = "refresh"
REBUILD = "rebuild"
MONTHLY_CLOSE = "monthly_close"
CLOSING = AssetSelection.assets(PERIOD_CLOSE)
CLOSING_CHECKS = AssetSelection.checks_for_assets(PERIOD_CLOSE)
FOLLOW = "follow"
FOLLOWING = AssetSelection.assets(OPERATIONS_RELEASE)
FOLLOWING_CHECKS = AssetSelection.checks_for_assets(OPERATIONS_RELEASE)
EVERYTHING = (AssetSelection.all() - CLOSING - FOLLOWING) | (
    AssetSelection.all_asset_checks() - CLOSING_CHECKS - FOLLOWING_CHECKS
)


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


def follow_job() -> UnresolvedAssetJobDefinition:
    """Bring the read models up to the inbox once; `tieout follow` does it without end."""
    return define_asset_job(
        FOLLOW,
        selection=FOLLOWING | FOLLOWING_CHECKS,
        description="Land the inbox and bring the read models up to it, once; beside a release, never in its way.",
    )
