"""The dbt project as Dagster assets, built by the same function as `tieout build`; how that is reported lies beside."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dagster import AssetCheckResult, AssetExecutionContext, AssetsDefinition, Config, Failure, MaterializeResult
from dagster_dbt import DbtProject, dbt_assets
from pydantic import Field

from orchestration.assets.dbt_translator import TieoutTranslator
from orchestration.assets.naming import WAIT_SECONDS, WRITER_POOL
from orchestration.assets.outcome import refusals_as_failures
from orchestration.home import PROJECT_ROOT, Home

BUILD_OP = "dbt_build"


class BuildConfig(Config):
    """What a run may ask of a build."""

    full_refresh: bool = Field(default=False, description="Rebuild every model from the lake.")
    as_of: str | None = Field(default=None, description="Time that open states are judged at, UTC.")


def dbt_models(home: Home, manifest: Mapping[str, Any], target: Path) -> AssetsDefinition:
    """One multi-asset with every model and seed as an asset, and every data test as a check on its model.

    `target`: the folder that dbt wrote the manifest to.
    """

    @dbt_assets(
        manifest=manifest,
        dagster_dbt_translator=TieoutTranslator(),
        project=DbtProject(PROJECT_ROOT, target_path=target),
        name=BUILD_OP,
        pool=WRITER_POOL,
    )
    def dbt_build(
        context: AssetExecutionContext, config: BuildConfig
    ) -> Iterator[MaterializeResult[Any] | AssetCheckResult]:
        from orchestration.assets.dbt_report import BuildReport, failures_told
        from orchestration.warehouse.build import build

        report = BuildReport(dbt_build, manifest)
        with refusals_as_failures():
            result = build(
                home,
                full_refresh=config.full_refresh,
                as_of=config.as_of,
                select=report.selectors(context.selected_asset_keys, context.selected_asset_check_keys),
                progress=context.log.info,
                wait_seconds=WAIT_SECONDS,
            )
            yield from report.events(home, context, result, WAIT_SECONDS)
        if result.failed:
            raise Failure(description=failures_told(result.failed), allow_retries=False)

    return dbt_build
