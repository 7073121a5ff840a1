"""The days that the partition of a check stands for, and what days together leave uncovered."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
WINDOW = re.compile(r"(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})")
Span = tuple[datetime, datetime]


def span_of(check: dict[str, Any]) -> Span | None:
    """The days that a check's partition names, from the first up to and without the last: a month, or a window."""
    for part in str(check["partition"]).split("/"):
        if match := MONTH.fullmatch(part):
            year, month = int(match[1]), int(match[2])
            return datetime(year, month, 1), datetime(year + month // 12, month % 12 + 1, 1)
        if match := WINDOW.fullmatch(part):
            return datetime.fromisoformat(match[1]), datetime.fromisoformat(match[2])
    return None


def first_hole(spans: Iterable[Span], start: datetime, end: datetime) -> Span | None:
    """The first stretch from start to end that no span covers."""
    covered = start
    for first, after in sorted(spans):
        if first > covered:
            return covered, min(first, end)
        covered = max(covered, after)
    return (covered, end) if covered < end else None
