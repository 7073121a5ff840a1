"""Reference exchange rates as a Dagster asset; where they come from is in orchestration/sources."""

from typing import Any

from dagster import AssetExecutionContext, AssetsDefinition, AssetSpec, MaterializeResult, multi_asset

from orchestration.assets.outcome import refusals_as_failures
from orchestration.home import Home


def exchange_rates_asset(home: Home, spec: AssetSpec) -> AssetsDefinition:
    """The reference rates as delivered, described as dbt's source is (`spec`)."""

    @multi_asset(name="land_exchange_rates", specs=[spec])
    def exchange_rates(context: AssetExecutionContext) -> MaterializeResult[Any]:
        from orchestration.sources.exchange_rates import land_exchange_rates

        with refusals_as_failures():
            landed = land_exchange_rates(home)
        context.log.info("New delivery" if landed.is_new else "The same delivery as before")
        return MaterializeResult(
            metadata={
                "dagster/row_count": landed.rate_count,
                "snapshot": landed.snapshot,
                "published_through": landed.published_through.isoformat(),
                "is_new": landed.is_new,
            }
        )

    return exchange_rates
