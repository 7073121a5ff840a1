"""What a report joins dimensions with: the version that held at a moment, and the seconds that a desk was open."""

from collections.abc import Callable

import pytest
from support.dbt_warehouses import Warehouse
from support.event_lakes import Lake
from support.quote_stories import account

VERSIONS = ("1:SMB", "2:MID", "3:LARGE")
"""Each from the day of October 2026 that it names."""


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory, open_warehouse: Callable[[Lake], Warehouse]) -> Warehouse:
    lake = Lake(tmp_path_factory.mktemp("dimensions") / "lake")
    histories = (version.split(":") for version in VERSIONS)
    lake.land([account("a1", int(day), segment=segment) for day, segment in histories])
    built = open_warehouse(lake)
    built.build("--select", "+dim_account_version", "+dim_sla_calendar")
    return built


def test_the_version_that_held_at_a_moment(warehouse: Warehouse) -> None:
    moments = (
        "2026-09-30 23:59:59",
        "2026-10-01 00:00:00",
        "2026-10-01 23:59:59",
        "2026-10-02 00:00:00",
        "2030-01-01 00:00:00",
    )
    found = warehouse.show(
        "select list(account.segment order by asked.moment) from (values "
        + ", ".join(f"(timestamp '{moment}')" for moment in moments)
        + ") as asked (moment) left join {{ ref('dim_account_version') }} as account"
        " on account.account_id = 'a1' and {{ is_version_at('account', 'asked.moment') }}"
    )
    assert found == ([None, "SMB", "SMB", "MID", "LARGE"],)


@pytest.mark.parametrize(
    ("region", "start", "end", "seconds"),
    [
        pytest.param("EMEA", "2026-11-25 09:00:00", "2026-11-25 10:30:00", 5_400, id="within a day"),
        pytest.param("EMEA", "2026-11-25 17:00:00", "2026-11-26 09:00:00", 7_200, id="over a night"),
        pytest.param("EMEA", "2026-11-27 17:00:00", "2026-11-30 09:00:00", 7_200, id="over a weekend"),
        pytest.param(
            "EMEA", "2026-12-24 17:00:00", "2026-12-29 09:00:00", 7_200, id="over Christmas and its substitute"
        ),
        pytest.param("AMER", "2026-11-25 22:00:00", "2026-11-27 14:00:00", 7_200, id="over Thanksgiving"),
        pytest.param("AMER", "2026-03-06 22:59:59", "2026-03-09 12:00:01", 2, id="over a change of the clocks"),
        pytest.param("APAC", "2026-11-25 00:00:00", "2026-11-25 00:59:59", 0, id="before it opens"),
        pytest.param("EMEA", "2026-11-26 09:00:00", "2026-11-25 17:00:00", -7_200, id="end before start"),
        pytest.param("EMEA", "2027-12-31 00:00:00", "2029-01-01 00:00:00", None, id="after the calendar"),
        pytest.param("LATAM", "2026-11-25 09:00:00", "2026-11-25 10:00:00", None, id="a region without a desk"),
    ],
)
def test_seconds_that_a_desk_was_open(
    warehouse: Warehouse, region: str, start: str, end: str, seconds: int | None
) -> None:
    found = warehouse.show(
        "select {{ business_seconds_between('opened', 'span.starts', 'ended', 'span.ends') }}"
        f" from (select '{region}' as region, timestamp '{start}' as starts, timestamp '{end}' as ends) as span"
        " left join {{ ref('dim_sla_calendar') }} as opened"
        " on span.region = opened.region and cast(span.starts as date) = opened.calendar_date"
        " left join {{ ref('dim_sla_calendar') }} as ended"
        " on span.region = ended.region and cast(span.ends as date) = ended.calendar_date"
    )
    assert found == (seconds,)
