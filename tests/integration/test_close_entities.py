"""Two entities closed in turn, one by months, one 4-4-5, in two zones; together they have every line of the group."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest

import simulator
from orchestration.closing import breaks, evidence, periods, states
from orchestration.closing.close import close
from orchestration.closing.verification import verify_close
from orchestration.errors import Refused
from orchestration.home import Home
from orchestration.landing import land
from orchestration.observability import integrity
from orchestration.publishing.query import query

pytestmark = pytest.mark.proof
SEED = """entity,title,region,calendar,fiscal_year_start,time_zone,materiality_amount,materiality_percent
group,The whole business,*,month,2020-01-01,UTC,50000.0000,1.0000
europe,Europe,EMEA,4-4-5,2026-02-01,Europe/Berlin,50000.0000,1.0000
pacific,America and Asia,AMER|APAC,month,2020-01-01,Asia/Tokyo,50000.0000,1.0000
"""
# By hand: the weeks of the year that begins on 1 February 2026, and the months of Tokyo, as local midnights.
WINDOWS = {
    ("europe", "2026-P07"): ("Europe/Berlin", date(2026, 8, 2), date(2026, 8, 30)),
    ("europe", "2026-P08"): ("Europe/Berlin", date(2026, 8, 30), date(2026, 9, 27)),
    ("pacific", "2026-08"): ("Asia/Tokyo", date(2026, 8, 1), date(2026, 9, 1)),
    ("pacific", "2026-09"): ("Asia/Tokyo", date(2026, 9, 1), date(2026, 10, 1)),
    ("group", "2026-08"): ("UTC", date(2026, 8, 1), date(2026, 9, 1)),
}
REGIONS = {"europe": ["EMEA"], "pacific": ["AMER", "APAC"], "group": ["AMER", "APAC", "EMEA"]}


def utc(zone: str, day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC).replace(tzinfo=None)


def explained(home: Home, entity: str, name: str) -> None:
    result = close(home, name, by="Ada", entity=entity)
    standing = [one.break_id for one in result.breaks if one.status == breaks.OPEN]
    if standing:
        breaks.explain(home, standing, reason="known", by="Ada")
        result = close(home, name, by="Ada", entity=entity)
    assert [(gate.gate, gate.partition, gate.message) for gate in result.failed] == []
    assert (result.state, result.is_new) == (states.CLOSED, True)


def frozen(home: Home, entity: str, name: str) -> dict[tuple[str, str], tuple[Decimal, datetime]]:
    """The lines of a close by kind and key, from its package."""
    (closed,) = (one for one in states.closed(home, entity) if one.period == name)
    rows = duckdb.sql(
        f"select line_type, line_key, amount, happened_at from '{home.evidence / closed.package}/line.parquet'"
    ).fetchall()
    return {(kind, key): (amount, moment) for kind, key, amount, moment in rows}


def test_entities_with_their_own_calendars_and_zones_add_up_to_the_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed = tmp_path / "close_entity.csv"
    seed.write_text(SEED)
    real = periods.entities
    monkeypatch.setattr(periods, "entities", lambda: real(seed))
    home = Home(tmp_path / "home")
    simulator.run(60, 7, date(2026, 8, 1), date(2026, 11, 1), tmp_path / "events")
    land(home, [tmp_path / "events"])
    with pytest.raises(Refused, match="2026-P07 comes first"):
        close(home, "2026-P08", by="Ada", entity="europe")
    for entity, name in WINDOWS:
        explained(home, entity, name)
    lines = query(home, "select line_type, line_key, amount, happened_at, region from closable_line").rows
    closed = {(entity, name): frozen(home, entity, name) for entity, name in WINDOWS}
    for (entity, name), (zone, first, after) in WINDOWS.items():
        mine = {
            (kind, key): (amount, moment)
            for kind, key, amount, moment, region in lines
            if region in REGIONS[entity] and utc(zone, first) <= moment < utc(zone, after)
        }
        assert mine, (entity, name)
        assert closed[entity, name] == mine, (entity, name)
    group = closed["group", "2026-08"]
    start, end = (utc("UTC", day) for day in WINDOWS["group", "2026-08"][1:])
    parts = [part for (entity, _), part in closed.items() if entity != "group"]
    together = [(key, line) for part in parts for key, line in part.items() if start <= line[1] < end]
    assert len(together) == len(group), "no line is in two closes"
    assert dict(together) == group
    assert sum(line[0] for _, line in together) == sum(line[0] for line in group.values())
    late = [line for key, line in closed["europe", "2026-P08"].items() if key in group]
    assert late, "the last days of August are in the next period of a 4-4-5 calendar"
    restated = "select entity, period, sum(amount), count(*) from {} group by all order by all"
    assert query(home, restated.format("restated_line")).rows == query(home, restated.format("closed_line")).rows
    assert [one.found for one in evidence.verify_chain(home) if not one.ok] == []
    assert [one.found for one in integrity.verify(home) if not one.ok] == []
    assert verify_close(home, "2026-P07", entity="europe") == []
