"""Events as the independent calculation reads them: by aggregate, in version order."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

Event = Mapping[str, Any]


class Events:
    """Accepted events by aggregate, in version order, each version once."""

    def __init__(self, events: Iterable[Event]) -> None:
        versions: dict[tuple[str, str], dict[int, Event]] = defaultdict(dict)
        for event in events:
            held = versions[event["aggregateType"], event["aggregateId"]]
            version = event["aggregateVersion"]
            if version not in held or _rank(event) < _rank(held[version]):
                held[version] = event
        self._events = {key: [held[version] for version in sorted(held)] for key, held in versions.items()}

    def of(self, aggregate_type: str) -> dict[str, list[Event]]:
        return {name: events for (kind, name), events in self._events.items() if kind == aggregate_type}

    def all_of(self, aggregate_type: str) -> Iterator[Event]:
        return (event for events in self.of(aggregate_type).values() for event in events)


def moment(text: str) -> datetime:
    """A UTC time without its zone."""
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)


def _rank(event: Event) -> tuple[datetime, str]:
    return moment(event.get("recordedTime") or event["eventTime"]), event["eventId"]


def elapsed(start: datetime, end: datetime) -> int:
    return int((end - start).total_seconds())


def happened_at(event: Event) -> datetime:
    return moment(event["eventTime"])


def last_of(events: Iterable[Event], *types: str) -> Event | None:
    return next((event for event in reversed(list(events)) if event["eventType"] in types), None)


def first_of(events: Iterable[Event], *types: str) -> Event | None:
    return next((event for event in events if event["eventType"] in types), None)
