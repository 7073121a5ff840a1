"""Fiscal periods: months and 4-4-5 weeks, in the zone of their entity, one after the other without gap or overlap."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.closing import index, periods
from orchestration.closing.periods import Entity
from orchestration.errors import Unusable
from orchestration.home import Home


def entity(calendar: str = "month", zone: str = "UTC", first: date = date(2020, 1, 1)) -> Entity:
    return Entity("e", "E", "*", calendar, first, zone, Decimal(0), Decimal(0))


def test_a_month_ends_where_the_next_begins_in_the_zone_of_the_entity() -> None:
    berlin = entity(zone="Europe/Berlin")
    october = periods.period(berlin, "2026-10")
    # Summer time ends in it: the cutoffs are at 22:00 and 23:00 UTC.
    assert (october.start, october.end) == (datetime(2026, 9, 30, 22), datetime(2026, 10, 31, 23))
    assert periods.following(berlin, october).name == "2026-11"
    assert periods.at(berlin, datetime(2026, 10, 31, 22, 59, 59)).name == "2026-10"
    assert periods.at(berlin, datetime(2026, 10, 31, 23)).name == "2026-11"
    assert periods.period(entity(), "2026-12").end == datetime(2027, 1, 1)


@pytest.mark.parametrize("calendar", ["month", "4-4-5"])
@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Tokyo"])
def test_periods_follow_one_another_for_twenty_years(calendar: str, zone: str) -> None:
    of = entity(calendar, zone, date(2020, 1, 6))
    now = periods.period(of, "2020-01" if calendar == "month" else "2020-P01")
    for _ in range(240):
        after = periods.following(of, now)
        assert after.start == now.end
        assert periods.at(of, after.start) == after
        assert periods.period(of, after.name) == after
        now = after
    assert now.name == ("2040-01" if calendar == "month" else "2040-P01")


def test_a_4_4_5_year_has_thirteen_weeks_a_quarter_and_now_and_then_a_week_more() -> None:
    of = entity("4-4-5", first=date(2020, 1, 6))
    lengths = {}
    for year in range(2020, 2040):
        every = [periods.period(of, f"{year}-P{number:02d}") for number in range(1, 13)]
        weeks = [(one.end - one.start).days // 7 for one in every]
        assert weeks[:11] == [4, 4, 5, 4, 4, 5, 4, 4, 5, 4, 4]
        assert all(one.start.weekday() == 0 for one in every)
        assert abs((every[0].start - datetime(year, 1, 6)).days) <= 3
        lengths[year] = sum(weeks)
    assert set(lengths.values()) == {52, 53}


@pytest.mark.parametrize(
    ("calendar", "name"), [("month", "2026-13"), ("month", "2026-9"), ("month", "2026-P09"), ("4-4-5", "2026-09")]
)
def test_what_is_no_period_is_refused_with_an_example(calendar: str, name: str) -> None:
    with pytest.raises(Unusable, match=r"is no period of e; write 2026-"):
        periods.period(entity(calendar), name)


def test_weeks_are_counted_from_the_first_year_and_months_need_none() -> None:
    with pytest.raises(Unusable, match="before the calendar of e begins"):
        periods.at(entity("4-4-5"), datetime(2018, 12, 1))
    assert periods.at(entity(), datetime(1996, 7, 4)).name == "1996-07"


HEAD = "entity,title,region,calendar,fiscal_year_start,time_zone,materiality_amount,materiality_percent\n"


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("a,A,*,weekly,2020-01-01,UTC,1,1\n", "line 2: calendar 'weekly'"),
        ("a,A,*,month,2020-01-01,Mars/Olympus,1,1\n", "line 2: time_zone 'Mars/Olympus'"),
        ("a,A,*,month,2020-01-01,UTC,1,1\na,A,*,month,2020-01-01,UTC,1,1\n", "line 3: entity a is there twice"),
    ],
)
def test_a_row_of_the_seed_that_makes_no_sense_is_told(tmp_path: Path, row: str, told: str) -> None:
    file = tmp_path / "close_entity.csv"
    file.write_text(HEAD + row)
    with pytest.raises(Unusable, match=told):
        periods.entities(file)


def test_the_seed_has_the_whole_business() -> None:
    assert periods.entity(periods.GROUP).region == "*"
    with pytest.raises(Unusable, match=r"There is no entity 'nobody'.*group"):
        periods.entity("nobody")


def test_an_index_of_an_earlier_version_is_made_anew(tmp_path: Path) -> None:
    home = Home(tmp_path)
    before = index.index_folder(home)
    (before / "exchange_rate.parquet").unlink()
    after = index.index_folder(home)
    assert after != before
    assert {path.stem for path in after.iterdir()} == set(index.COLUMNS)
    assert index.index_folder(home) == after
