"""Faults on the way: harms finished lines before they are written, behind the back of the source that counted them."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from simulator.draws import Draws
from simulator.envelopes import Lines
from simulator.faults.arrivals import Delayed, Event, events_of
from simulator.faults.spec import Wanted
from simulator.faults.truth import Fault, Truth, moment_text, month_of
from simulator.faults.victims import Victims
from simulator.money import UNIT
from simulator.window import DAY, HOUR, SECOND, Ints, Window

# What may go missing, be refused or come twice without a figure of a mart being short of it.
_STEPS = ("QuoteSent", "QuoteConfigurationValidated", "OrderSubmissionAttempted", "OrderDecompositionAttempted")
_COUNTED = ("TaskCompleted",)
_CONTESTED = ("QuotePriced", "InvoiceIssued")
_ANY = (*_STEPS, "QuoteCreated", "OrderSubmitted", "TaskCompleted", "InvoiceIssued", "AssetCreated", "BillingActivated")
_RENAMED = {
    "QuoteSent": "quoteRevision",
    "QuoteConfigurationValidated": "outcome",
    "OrderSubmissionAttempted": "idempotencyKey",
    "OrderDecompositionAttempted": "outcome",
}


class TransportFaults:
    """Harms the lines of chunk after chunk; `delayed` are to be appended when the last one is written."""

    def __init__(self, victims: Victims, truth: Truth, draws: Draws, window: Window) -> None:
        self.victims, self.truth, self.draws = victims, truth, draws
        self._period = {month.name: month.period for month in window.months()}
        self.delayed: list[Delayed] = []
        self._harms: dict[str, tuple[tuple[str, ...], Callable[[Event, int], Fault | None]]] = {
            "lost": (_STEPS, self._lost),
            "corrupt": (_STEPS, self._corrupt),
            "renamed_field": (_STEPS, self._renamed),
            "new_major_version": (_STEPS, self._new_major),
            "version_reused": (_STEPS, self._reused),
            "conflicting": (_CONTESTED, self._conflicting),
            "new_type": (("QuoteAccepted", "QuoteConversionAttempted"), self._new_type),
            "late": (_ANY, self._late),
            "new_field": (_ANY, self._new_field),
            "duplicated": (_ANY, self._duplicated),
            "reordered": (("QuoteAccepted",), self._reordered),
        }

    def harm(self, parts: list[Lines]) -> list[Lines]:
        """The lines of a chunk, one `Lines` per source, as they are to be written."""
        if not self.victims.of_kind(*self._harms):
            return parts
        self._events = [event for part in parts for event in events_of(part)]
        self._at = {(e.aggregate_type, e.aggregate_id, e.version): e for e in self._events}
        self._changed: dict[tuple[str, int], str | None] = {}
        for kind, (types, harm) in self._harms.items():
            for wanted in self.victims.of_kind(kind):
                self._hit(wanted, types, harm)
        return [self._apply(part) for part in parts]

    def _hit(self, wanted: Wanted, types: tuple[str, ...], harm: Callable[[Event, int], Fault | None]) -> None:
        # Losses take turns between what leaves a gap and what only the source's own count tells.
        groups = [types, _COUNTED] if wanted.kind == "lost" else [types]
        while (ordinal := self.victims.next_ordinal(wanted)) is not None:
            group = groups[ordinal % len(groups)]
            able = [e for e in self._events if e.event_type in group and self._can(wanted.kind, e)]
            able.sort(key=lambda e: (e.number, e.aggregate_id, e.version))
            numbers: Ints = np.array([e.number for e in able], dtype=np.int64)
            chosen = next(self.victims.choose(wanted, numbers, [e.month for e in able]), None)
            if chosen is None:
                return
            fault = harm(able[chosen[1]], ordinal)
            if fault is not None:
                self.truth.add(fault)

    def _can(self, kind: str, event: Event) -> bool:
        last = self._after(event) is None
        if (event.event_type in _COUNTED and kind == "lost") or kind == "new_type":
            return last
        return not last if kind in ("lost", "corrupt", "renamed_field", "new_major_version") else True

    def _after(self, event: Event) -> Event | None:
        return self._at.get((event.aggregate_type, event.aggregate_id, event.version + 1))

    def _change(self, event: Event, line: str | None) -> None:
        self._changed[event.source, event.row] = line

    def _delay(self, event: Event, line: str, arrival: int) -> None:
        self.delayed.append(Delayed(event.source, month_of(arrival), arrival, line))

    def _fault(self, kind: str, event: Event, found_by: list[tuple[str, str]]) -> Fault:
        return Fault(kind, found_by, event.aggregate_type, event.aggregate_id, event_ids=[event.event_id])

    def _gap(self, event: Event) -> tuple[str, str]:
        after = self._after(event)
        assert after is not None
        return "gap", f"{event.aggregate_type}/{after.month}"

    # --- one kind each --------------------------------------------------------------------------------------------

    def _lost(self, event: Event, ordinal: int) -> Fault:
        self._change(event, None)
        if event.event_type in _COUNTED:
            place = f"{event.source}/fulfillment_tasks_completed/{self._period[event.month]}"
            return self._fault("lost", event, [("control_total", place)])
        return self._fault("lost", event, [self._gap(event)])

    def _corrupt(self, event: Event, ordinal: int) -> Fault:
        cut = event.line[: len(event.line) * 2 // 3]
        self._change(event, f"{cut}\n" if ordinal % 2 else event.line.replace("}\n", ",}\n"))
        return self._fault("corrupt", event, [self._gap(event), ("quarantine", "unknown")])

    def _renamed(self, event: Event, ordinal: int) -> Fault:
        name = _RENAMED[event.event_type]
        self._change(event, event.line.replace(f'"{name}":', f'"{name}New":'))
        return self._fault("renamed_field", event, [self._gap(event), ("quarantine", event.source)])

    def _new_major(self, event: Event, ordinal: int) -> Fault:
        self._change(event, event.line.replace('"schemaVersion":1', '"schemaVersion":2'))
        return self._fault("new_major_version", event, [self._gap(event), ("quarantine", event.source)])

    def _reused(self, event: Event, ordinal: int) -> Fault:
        content = json.loads(event.line)
        content["eventId"] += ":again"
        content["recordedTime"] = moment_text(event.time + HOUR)
        self._change(event, event.line + _text(content))
        fault = self._fault("version_reused", event, [("stale_event", f"{event.aggregate_type}/{event.month}")])
        fault.event_ids = [content["eventId"]]
        return fault

    def _conflicting(self, event: Event, ordinal: int) -> Fault:
        content = json.loads(event.line)
        payload = content["payload"]
        fault = self._fault("conflicting", event, [("conflict", f"{event.source}/{event.event_type}")])
        if event.event_type == "QuotePriced":
            payload["trigger"] = "USER" if payload["trigger"] != "USER" else "SYSTEM"
        else:
            payload["totalNetAmount"] = str(Decimal(payload["totalNetAmount"]) + 7)
            fault.currency, fault.amount = payload["currency"], 7 * UNIT
        self._delay(event, _text(content), event.time)
        return fault

    def _new_type(self, event: Event, ordinal: int) -> Fault:
        content = json.loads(event.line)
        content |= {"eventId": f"{event.event_id}:archived", "eventType": "QuoteArchived"}
        content |= {"eventTime": moment_text(event.time + SECOND), "recordedTime": moment_text(event.time + 2 * SECOND)}
        content |= {"aggregateVersion": event.version + 1, "payload": {"quoteRevision": 1}}
        self._change(event, event.line + _text(content))
        fault = self._fault("new_type", event, [("quarantine", event.source)])
        fault.event_ids = [content["eventId"]]
        return fault

    def _late(self, event: Event, ordinal: int) -> Fault:
        days = int(self.draws.between("fault/late/days", np.array([event.number]), 2, 120)[0])
        arrival = event.time + days * DAY
        content = json.loads(event.line) | {"recordedTime": moment_text(arrival)}
        self._change(event, None)
        self._delay(event, _text(content), arrival)
        return self._fault("late", event, [("late_event", f"{event.source}/{event.month}")])

    def _new_field(self, event: Event, ordinal: int) -> Fault:
        content: dict[str, Any] = json.loads(event.line)
        (content["payload"] if ordinal % 2 == 0 else content)["campaignCode"] = f"C-{event.number}"
        self._change(event, _text(content))
        return self._fault("new_field", event, [("unknown_field", event.event_type)])

    def _duplicated(self, event: Event, ordinal: int) -> Fault:
        content = json.loads(event.line)
        content["payload"] = dict(reversed(content["payload"].items()))
        self._delay(event, json.dumps(content) + "\n" if ordinal % 2 else event.line, event.time)
        return self._fault("duplicated", event, [])

    def _reordered(self, event: Event, ordinal: int) -> Fault:
        mine = [e for e in self._events if (e.source, e.number, e.month) == (event.source, event.number, event.month)]
        for old, new in zip(mine, reversed(mine), strict=True):
            self._change(old, new.line)
        fault = self._fault("reordered", event, [])
        fault.event_ids = [e.event_id for e in mine]
        return fault

    # --- back into columns ----------------------------------------------------------------------------------------

    def _apply(self, part: Lines) -> Lines:
        changed = {row: line for (source, row), line in self._changed.items() if source == part.source}
        if not changed:
            return part
        lines: list[str] = part.line.to_pylist()
        for row, line in changed.items():
            lines[row] = line or ""
        # A row may hold several lines by now, or none: told apart again, each with the time of its row.
        split = [line.splitlines(keepends=True) for line in lines]
        time = np.repeat(part.time, [len(row) for row in split])
        return Lines(part.source, time, pa.array([line for row in split for line in row], pa.string()))


def _text(content: dict[str, Any]) -> str:
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False) + "\n"
