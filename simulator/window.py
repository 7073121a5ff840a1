"""The time that a run covers: days, calendar months and milliseconds since the epoch; nothing random."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

NEVER = 1 << 61
"""A moment that no window reaches: the time of what does not happen."""


def milliseconds(day: date) -> int:
    """Midnight UTC of a day, in milliseconds since the epoch."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * SECOND


def month_after(day: date) -> date:
    """The first day of the month after that of `day`."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def month_number(times: Ints) -> Ints:
    """Months since January 1970 of moments in milliseconds."""
    return times.astype("datetime64[ms]").astype("datetime64[M]").astype(np.int64)


@dataclass(frozen=True)
class Month:
    """The part of one calendar month that lies in the window, `end` exclusive."""

    start: date
    end: date

    @property
    def name(self) -> str:
        return f"{self.start:%Y-%m}"

    @property
    def period(self) -> str:
        """The name where all of the month is in the window, else its days as `start..end`."""
        whole = self.start.day == 1 and self.end == month_after(self.start)
        return self.name if whole else f"{self.start}..{self.end}"

    @property
    def number(self) -> int:
        """Months since January 1970."""
        return (self.start.year - 1970) * 12 + self.start.month - 1


@dataclass(frozen=True)
class Window:
    """From `start` to `end` (exclusive), whole days in UTC."""

    start: date
    end: date

    @property
    def start_ms(self) -> int:
        return milliseconds(self.start)

    @property
    def end_ms(self) -> int:
        return milliseconds(self.end)

    def months(self) -> Iterator[Month]:
        """Every calendar month that is fully or partly in the window, in order."""
        first = self.start
        while first < self.end:
            following = month_after(first)
            yield Month(first, min(following, self.end))
            first = following

    def days_of_month(self, *days: int) -> list[date]:
        """The given days of each month that lie after `start` and before `end`, in order."""
        months = {date(month.start.year, month.start.month, 1) for month in self.months()}
        found = (month.replace(day=day) for month in months for day in days)
        return sorted(day for day in found if self.start < day < self.end)
