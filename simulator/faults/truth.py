"""The truth about faults: what each one is, who is to find it where, and where it stands in the files."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from simulator.money import amount_text
from simulator.text import Text

_HEAD = (
    r'^\{"eventId": ?"(?P<id>[^"]+)", ?"source": ?"[^"]+", ?"eventType": ?"(?P<type>[^"]+)", ?'
    r'"schemaVersion": ?\d+, ?"eventTime": ?"(?P<time>[^"]+)"'
)
_AGGREGATE = r'"aggregateId": ?"(?P<aggregate>[^"]+)"'


@dataclass
class Fault:
    """One fault. `amount` is in 10⁻⁴ units of `currency`; `found_by` are (check, partition) of the audit.

    `sought` are events known by (type, aggregate id, time text) until their line was written. `names` are texts that a
    line has when it names what is missing; its month goes into `found_by`, at the check and the partition before it.
    """

    kind: str
    found_by: list[tuple[str, str]]
    aggregate_type: str
    aggregate_id: str
    key: str | None = None
    currency: str | None = None
    amount: int | None = None
    event_ids: list[str] = field(default_factory=list)
    sought: list[tuple[str, str, str]] = field(default_factory=list)
    names: list[tuple[str, ...]] = field(default_factory=list)
    first_named: str | None = None
    lines: list[tuple[str, int]] = field(default_factory=list)

    def as_json(self) -> str:
        """The line of the truth file."""
        found_by = [*self.found_by]
        if self.names and self.first_named:
            found_by.append(("reference", f"{self.aggregate_type}/{self.first_named[:7]}"))
        content = {
            "kind": self.kind,
            "found_by": [{"check": check, "partition": partition} for check, partition in found_by],
            "aggregate_type": self.aggregate_type,
            "aggregate_id": self.aggregate_id,
            "key": self.key,
            "currency": self.currency,
            "amount": None if self.amount is None else amount_text(self.amount),
            "event_ids": self.event_ids,
            "lines": [{"file": name, "line": number} for name, number in sorted(self.lines)],
        }
        return json.dumps(content, separators=(",", ":"))


def moment_text(time: int) -> str:
    """Milliseconds since the epoch as events say them."""
    return f"{np.datetime64(int(time), 'ms')}Z"


def month_of(time: int) -> str:
    """The month of a moment in milliseconds, such as `2026-09`."""
    return moment_text(time)[:7]


class Truth:
    """All faults of a run, completed while its lines are written."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        self.faults.append(fault)

    def saw(self, lines: Text, places: Iterable[tuple[str, int, int, int]]) -> None:
        """Lines were written: `places` are (file, number of the first line, first row, last row exclusive)."""
        if not self.faults or not len(lines):
            return
        head = pc.extract_regex(lines, _HEAD)
        found = pc.extract_regex(lines, _AGGREGATE)
        ids, times = head.field("id"), head.field("time")
        place = pc.binary_join_element_wise(head.field("type"), found.field("aggregate"), times, "|")
        sought = {"|".join(one): fault for fault in self.faults for one in fault.sought}
        for row in _rows(place, sought):
            fault = sought[place[row].as_py()]
            event_id = ids[row].as_py()
            if event_id not in fault.event_ids:
                fault.event_ids.append(event_id)
        watched: dict[str, list[Fault]] = {}
        for fault in self.faults:
            for event_id in fault.event_ids:
                watched.setdefault(event_id, []).append(fault)
        spans = list(places)
        for row in _rows(ids, watched):
            for name, number, first, last in spans:
                if first <= row < last:
                    for fault in watched[ids[row].as_py()]:
                        fault.lines.append((name, number + row - first))
        for fault in self.faults:
            for needles in fault.names:
                self._name(fault, lines, times, needles)

    def _name(self, fault: Fault, lines: Text, times: Text, needles: tuple[str, ...]) -> None:
        hit = np.ones(len(lines), dtype=np.bool_)
        for needle in needles:
            hit &= pc.match_substring(lines, needle).to_numpy(zero_copy_only=False)
        if hit.any():
            first = pc.min(times.filter(pa.array(hit))).as_py()
            fault.first_named = min(first, fault.first_named or first)

    def text(self) -> str:
        """The lines of the truth file, by kind and aggregate."""
        ordered = sorted(self.faults, key=lambda fault: (fault.kind, fault.aggregate_id, fault.key or ""))
        return "".join(f"{fault.as_json()}\n" for fault in ordered)


def _rows(column: Text, values: Iterable[str]) -> list[int]:
    wanted = list(values)
    if not wanted:
        return []
    rows: list[int] = np.flatnonzero(
        pc.is_in(column, value_set=pa.array(wanted, pa.string())).to_numpy(zero_copy_only=False)
    ).tolist()
    return rows
