"""Finished lines as faults look at them: what an envelope says, and lines that arrive after all others."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from simulator.envelopes import Lines
from simulator.faults.truth import month_of

_HEAD = (
    r'^\{"eventId":"(?P<id>[^"]+)","source":"\w+","eventType":"(?P<type>\w+)","schemaVersion":1,"eventTime":"[^"]+",'
    r'"recordedTime":"[^"]+","aggregateType":"(?P<kind>\w+)","aggregateId":"(?P<aggregate>[^"]+)",'
    r'"aggregateVersion":(?P<version>\d+),"correlationId":"COR-(?P<number>\d+)"'
)


@dataclass(frozen=True)
class Event:
    """A line that can be hit: where it is, and what its envelope says. `number` is that of its quote."""

    source: str
    row: int
    time: int
    event_id: str
    event_type: str
    aggregate_type: str
    aggregate_id: str
    version: int
    number: int
    line: str

    @property
    def month(self) -> str:
        return month_of(self.time)


@dataclass(frozen=True)
class Delayed:
    """A line that is written when all others are: at the end of the file of a month, in order of arrival."""

    source: str
    month: str
    arrival: int
    line: str


def events_of(part: Lines) -> list[Event]:
    """The lines that belong to a quote, in their order."""
    head = pc.extract_regex(part.line, _HEAD)
    found = np.flatnonzero(pc.is_valid(head).to_numpy(zero_copy_only=False))
    rows = pa.array(found)
    said = head.take(rows).to_pylist()
    lines, times = part.line.take(rows).to_pylist(), part.time[found].tolist()
    return [
        Event(
            part.source,
            row,
            time,
            one["id"],
            one["type"],
            one["kind"],
            one["aggregate"],
            int(one["version"]),
            int(one["number"]) - 1,
            line,
        )
        for row, time, one, line in zip(found.tolist(), times, said, lines, strict=True)
    ]
