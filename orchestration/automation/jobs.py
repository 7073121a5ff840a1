"""The two jobs: what is new, or everything again from the lake; what the steps do is in the assets."""

from dagster import AssetSelection, RunConfig, define_asset_job
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from orchestration.assets.dbt_models import BUILD_OP, BuildConfig

REFRESH = "refresh"
REBUILD = "rebuild"
EVERYTHING = AssetSelection.all() | AssetSelection.all_asset_checks()


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
