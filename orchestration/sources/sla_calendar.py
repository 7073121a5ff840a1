"""Generates the seed `sla_calendar`: business hours and public holidays per region; nothing here measures an SLA.

`python -m orchestration.sources.sla_calendar` writes the seed, with `--check` says whether it is what would be written.
"""

import csv
import io
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from orchestration.home import PROJECT_ROOT

SEED = PROJECT_ROOT / "seeds" / "sla_calendar.csv"
FIRST_YEAR, LAST_YEAR = 2025, 2028
SATURDAY = 5


@dataclass(frozen=True)
class Desk:
    """Where the service desk of a region works: its country's holidays (ISO 3166), its time zone, its hours there."""

    region: str
    country: str
    time_zone: str
    opens: time
    closes: time


DESKS = (
    Desk("AMER", "US", "America/New_York", time(8), time(18)),
    Desk("APAC", "SG", "Asia/Singapore", time(9), time(18)),
    Desk("EMEA", "GB", "Europe/London", time(8), time(18)),
)


def calendar_text() -> str:
    """The seed as CSV text: one row per region and day; opening times in UTC, empty on weekends and holidays."""
    import holidays

    written = io.StringIO()
    table = csv.writer(written, lineterminator="\n")
    table.writerow(["region", "calendar_date", "time_zone", "holiday_name", "opens_at", "closes_at"])
    for desk in DESKS:
        public = holidays.country_holidays(desk.country, years=range(FIRST_YEAR, LAST_YEAR + 1), language="en_US")
        day = date(FIRST_YEAR, 1, 1)
        while day.year <= LAST_YEAR:
            name = public.get(day, "")
            open_at = ["", ""]
            if not name and day.weekday() < SATURDAY:
                open_at = [_in_utc(day, moment, desk.time_zone) for moment in (desk.opens, desk.closes)]
            table.writerow([desk.region, day.isoformat(), desk.time_zone, name, *open_at])
            day += timedelta(days=1)
    return written.getvalue()


def _in_utc(day: date, moment: time, time_zone: str) -> str:
    local = datetime.combine(day, moment, ZoneInfo(time_zone))
    return local.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def main(arguments: list[str], seed: Path = SEED) -> int:
    """Write the seed, or with `--check` compare it: 0 when it is (now) right, 1 when it is not."""
    if "--check" in arguments:
        return 0 if seed.read_text() == calendar_text() else 1
    seed.write_text(calendar_text())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
