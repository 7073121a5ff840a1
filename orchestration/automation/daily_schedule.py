"""One refresh a day, for what no file announces: new exchange rates and the passing of time."""

from dagster import DefaultScheduleStatus, ScheduleDefinition

from orchestration.automation.jobs import REFRESH

# The ECB publishes its reference rates around 16:00 in Frankfurt.
AFTER_THE_RATES = "30 17 * * *"


def daily_schedule() -> ScheduleDefinition:
    """A refresh each day after the reference rates are out."""
    return ScheduleDefinition(
        name="daily_refresh",
        job_name=REFRESH,
        cron_schedule=AFTER_THE_RATES,
        execution_timezone="Europe/Berlin",
        default_status=DefaultScheduleStatus.RUNNING,
        description="A refresh each day after the ECB has published its rates.",
    )
