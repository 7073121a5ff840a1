"""What Dagster shows and runs; each part is made in orchestration/assets or orchestration/automation."""

import json

from dagster import Definitions, definitions, in_process_executor

from orchestration.home import Home


@definitions
def tieout() -> Definitions:
    """The definitions over the home that TIEOUT_HOME names."""
    return build_definitions(Home.from_environment())


def build_definitions(home: Home) -> Definitions:
    """Everything over one home. Each run is one process: its steps follow one another and share what is imported."""
    from orchestration.assets.dbt_manifest import prepare_manifest
    from orchestration.assets.dbt_models import dbt_models
    from orchestration.assets.exchange_rates import exchange_rates_asset
    from orchestration.assets.lake import lake_specs
    from orchestration.assets.landing import landing_assets
    from orchestration.assets.naming import EXCHANGE_RATES, RESOLUTIONS
    from orchestration.assets.operations_release import operations_release_asset
    from orchestration.assets.period_close import close_asset
    from orchestration.assets.reconciliation import reconciliation_checks
    from orchestration.assets.release import release_asset
    from orchestration.automation.daily_schedule import daily_schedule
    from orchestration.automation.inbox_sensor import inbox_sensor
    from orchestration.automation.jobs import follow_job, monthly_close_job, rebuild_job, refresh_job

    path = prepare_manifest(home)
    manifest = json.loads(path.read_bytes())
    lake = lake_specs(manifest)
    models = dbt_models(home, manifest, path.parent)
    return Definitions(
        assets=[
            landing_assets(home, lake),
            exchange_rates_asset(home, lake[EXCHANGE_RATES]),
            lake[RESOLUTIONS],
            models,
            release_asset(home, models),
            close_asset(home),
            operations_release_asset(home),
        ],
        asset_checks=[reconciliation_checks(home)],
        jobs=[refresh_job(), rebuild_job(), monthly_close_job(), follow_job()],
        sensors=[inbox_sensor(home)],
        schedules=[daily_schedule()],
        executor=in_process_executor,
    )
