"""Fiscal periods per entity: their names and their first and last moment in UTC; not which of them are closed."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from orchestration.errors import Unusable
from orchestration.home import PROJECT_ROOT

SEED = PROJECT_ROOT / "seeds" / "close_entity.csv"
GROUP = "group"
# Whether something of a region (NULL where nobody said) is an entity's, as SQL.
BOOKS = "({regions} = '*' or contains('|' || {regions} || '|', '|' || {region} || '|'))"
MONTH = re.compile(r"(\d{4})-(\d{2})")
WEEKS = re.compile(r"(\d{4})-P(\d{2})")
# Weeks of the twelve periods of a 4-4-5 year; a year of 53 weeks has the fifty-third in its last period.
QUARTER = (4, 4, 5)


@dataclass(frozen=True)
class Entity:
    """Who closes: a legal entity or a region with its calendar, the zone of its cutoff and what is material to it.

    `region` is `*` for the whole business, or the regions that it books, joined with |. `materiality_amount` is in the
    reporting currency.
    """

    name: str
    title: str
    region: str
    calendar: str
    fiscal_year_start: date
    time_zone: str
    materiality_amount: Decimal
    materiality_percent: Decimal


@dataclass(frozen=True)
class Period:
    """A fiscal period of an entity: from `start` up to and without `end`, its cutoff (UTC without a zone)."""

    entity: str
    name: str
    start: datetime
    end: datetime

    def contains(self, moment: datetime) -> bool:
        """Whether something that happened then belongs to it."""
        return self.start <= moment < self.end


def entities(path: Path = SEED) -> dict[str, Entity]:
    """The entities of the seed by name. Raises Unusable for a row that makes no sense, naming the line."""
    found: dict[str, Entity] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            where = f"{path.name}, line {number}"
            if row["calendar"] not in ("month", "4-4-5"):
                raise Unusable(f"{where}: calendar {row['calendar']!r} is neither month nor 4-4-5")
            try:
                ZoneInfo(row["time_zone"])
            except (ZoneInfoNotFoundError, ValueError):
                raise Unusable(f"{where}: time_zone {row['time_zone']!r} is no time zone") from None
            if row["entity"] in found:
                raise Unusable(f"{where}: entity {row['entity']} is there twice")
            found[row["entity"]] = Entity(
                name=row["entity"],
                title=row["title"],
                region=row["region"],
                calendar=row["calendar"],
                fiscal_year_start=date.fromisoformat(row["fiscal_year_start"]),
                time_zone=row["time_zone"],
                materiality_amount=Decimal(row["materiality_amount"]),
                materiality_percent=Decimal(row["materiality_percent"]),
            )
    return found


def entity(name: str) -> Entity:
    """The entity of this name. Raises Unusable where the seed has none, naming those it has."""
    known = entities()
    if name not in known:
        raise Unusable(f"There is no entity {name!r}. seeds/close_entity.csv has: {', '.join(sorted(known))}.")
    return known[name]


def period(of: Entity, name: str) -> Period:
    """The period of this name (2026-09, or 2026-P09 in a 4-4-5 calendar). Raises Unusable for what is none."""
    pattern = MONTH if of.calendar == "month" else WEEKS
    match = pattern.fullmatch(name)
    if not match or not 1 <= int(match[2]) <= 12:
        example = "2026-09" if of.calendar == "month" else "2026-P09"
        raise Unusable(f"{name!r} is no period of {of.name}; write {example}.")
    return _period(of, int(match[1]), int(match[2]))


def following(of: Entity, before: Period) -> Period:
    """The period that begins where another one ends."""
    return at(of, before.end)


def at(of: Entity, moment: datetime) -> Period:
    """The period that a moment (UTC without a zone) belongs to. Raises Unusable before a 4-4-5 calendar begins."""
    year = moment.year + 1
    # Months are there before the first fiscal year too; a 4-4-5 calendar counts from it.
    earliest = year - 2 if of.calendar == "month" else of.fiscal_year_start.year
    for candidate in _backwards(of, year, earliest):
        if candidate.contains(moment):
            return candidate
    raise Unusable(f"{moment} is before the calendar of {of.name} begins")


def _backwards(of: Entity, year: int, earliest: int) -> Iterator[Period]:
    while year >= earliest:
        for number in range(12, 0, -1):
            yield _period(of, year, number)
        year -= 1


def _period(of: Entity, year: int, number: int) -> Period:
    if of.calendar == "month":
        first, after = date(year, number, 1), date(year + number // 12, number % 12 + 1, 1)
        name = f"{year}-{number:02d}"
    else:
        begins = _year_begins(of, year)
        weeks = sum(QUARTER[index % 3] for index in range(number - 1))
        first = begins + timedelta(weeks=weeks)
        after = _year_begins(of, year + 1) if number == 12 else first + timedelta(weeks=QUARTER[(number - 1) % 3])
        name = f"{year}-P{number:02d}"
    return Period(of.name, name, _utc(of, first), _utc(of, after))


def _year_begins(of: Entity, year: int) -> date:
    """The day nearest to the anniversary of the first fiscal year that falls on its day of the week."""
    anniversary = of.fiscal_year_start.replace(year=year)
    shift = (of.fiscal_year_start.weekday() - anniversary.weekday()) % 7
    return anniversary + timedelta(days=shift if shift <= 3 else shift - 7)


def _utc(of: Entity, day: date) -> datetime:
    local = datetime.combine(day, time(), ZoneInfo(of.time_zone))
    return local.astimezone(UTC).replace(tzinfo=None)
