"""Durations in business seconds, day by day from the opening hours; an answer to hold the marts to."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from orchestration.home import PROJECT_ROOT

if TYPE_CHECKING:
    from support.kpi_figures import Counted

COMPANIONS = {
    "quote_cycle_time": "quote_cycle_business_time",
    "approval_cycle_time": "approval_cycle_business_time",
    "mean_time_to_repair": "repair_business_time",
    "fulfillment_lead_time": "fulfillment_lead_business_time",
}


def in_business_hours(counted: Iterable["Counted"]) -> Iterator["Counted"]:
    """The companion of every duration that has one; what is left out of one is left out of the other."""
    for one in counted:
        if one.measure not in COMPANIONS:
            continue
        seconds, reason = None, one.reason
        if reason is None:
            assert one.since
            seconds = business_seconds(one.region, one.since, one.at)
            reason = "no_calendar" if seconds is None else None
        yield replace(one, measure=COMPANIONS[one.measure], seconds=seconds, reason=reason)


def business_seconds(region: str | None, start: datetime, end: datetime) -> int | None:
    """Whole seconds between the two in which the desk was open; None for a region without a calendar."""
    hours = _hours()
    if region is None or (region, f"{start:%Y-%m-%d}") not in hours:
        return None
    total, day = timedelta(), start.date()
    while day <= end.date():
        opens, closes = hours[region, day.isoformat()]
        if opens and closes:
            total += max(min(_whole(end), closes) - max(_whole(start), opens), timedelta())
        day += timedelta(days=1)
    return int(total.total_seconds())


def _whole(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


@cache
def _hours() -> dict[tuple[str, str], tuple[datetime | None, datetime | None]]:
    with (PROJECT_ROOT / "seeds" / "sla_calendar.csv").open(encoding="utf-8") as file:
        return {
            (row["region"], row["calendar_date"]): (_moment(row["opens_at"]), _moment(row["closes_at"]))
            for row in csv.DictReader(file)
        }


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
