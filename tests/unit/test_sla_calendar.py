"""The seed of business hours is what the generator makes of the library's holidays, and a change of it is seen."""

import csv
from pathlib import Path

from orchestration.sources.sla_calendar import DESKS, FIRST_YEAR, LAST_YEAR, SEED, calendar_text, main


def test_the_seed_is_what_the_library_says(tmp_path: Path) -> None:
    assert SEED.read_text() == calendar_text()
    changed = tmp_path / "sla_calendar.csv"
    changed.write_text(calendar_text().replace("Independence Day", "Another Day", 1))
    assert main(["--check"], changed) == 1
    assert main([], changed) == main(["--check"], changed) == 0


def test_hours_follow_the_clocks_and_the_holidays() -> None:
    with SEED.open() as seed:
        rows = {(row["region"], row["calendar_date"]): row for row in csv.DictReader(seed)}
    assert len(rows) == len(DESKS) * sum(366 if year % 4 == 0 else 365 for year in range(FIRST_YEAR, LAST_YEAR + 1))
    assert rows["AMER", "2026-03-06"]["opens_at"] == "2026-03-06 13:00:00"
    assert rows["AMER", "2026-03-09"]["opens_at"] == "2026-03-09 12:00:00"
    assert rows["EMEA", "2026-12-25"]["holiday_name"] == "Christmas Day"
    assert {rows[day]["opens_at"] for day in (("EMEA", "2026-12-25"), ("APAC", "2026-10-31"))} == {""}
