"""Reads a run with faults beside the same run without: is a fault of the truth file in the files, kind by kind.

With json and Decimal alone; no code of the simulator.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import simulator_reading as reading
from simulator_reading import Event, moment

Fault = dict[str, Any]
ID = re.compile(r'"eventId": ?"([^"]+)"')
UNDELIVERED = ("lost", "corrupt", "renamed_field", "new_major_version", "missing_reference")


@dataclass
class Run:
    """The lines of a run by event id, as (file, number, text), and in order per file; the truth where there is one."""

    lines: dict[str, list[tuple[str, int, str]]]
    order: dict[str, list[str]]
    truth: list[Fault]


def read_run(folder: Path) -> Run:
    """Every line of the event files of a folder; a line is known by its event id even where it is no JSON."""
    lines: dict[str, list[tuple[str, int, str]]] = {}
    order = {}
    for path in sorted(folder.glob("*.ndjson")):
        names = []
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
            found = ID.search(line)
            assert found is not None, f"{path.name} line {number}"
            names.append(found[1])
            lines.setdefault(found[1], []).append((path.name, number, line))
        order[path.name] = names
    truth = folder / "faults.truth"
    return Run(lines, order, [json.loads(one) for one in truth.read_text().splitlines()] if truth.exists() else [])


def event(run: Run, event_id: str) -> Event:
    """The one event of that id."""
    [(_, _, line)] = run.lines[event_id]
    found: Event = json.loads(line)
    return found


def without(content: Event, *names: str) -> Event:
    """An event without some fields, of the envelope or of the payload."""
    payload = {name: value for name, value in content["payload"].items() if name not in names}
    return {name: value for name, value in content.items() if name not in names} | {"payload": payload}


def line_sum(invoice: Event) -> Decimal:
    return sum((Decimal(line["netAmount"]) for line in invoice["payload"]["lines"]), Decimal(0))


def believed(clean: Run, faulty: Run) -> list[Event]:
    """The events as their sources have them: what did not arrive is in it, what was made on the way is not."""
    kinds = {name: fault["kind"] for fault in faulty.truth for name in fault["event_ids"]}
    made = {name for name, kind in kinds.items() if kind in ("new_type", "version_reused")}
    events = [json.loads(clean.lines[name][0][2]) for name, kind in kinds.items() if kind in UNDELIVERED]
    for name, found in faulty.lines.items():
        if name not in made and kinds.get(name) not in UNDELIVERED:
            events.append(json.loads(found[0][2]))
    return events


# --- one function per kind: whether the fault is in the files ------------------------------------------------------


def _absent(clean: Run, faulty: Run, fault: Fault) -> bool:
    return all(name in clean.lines and name not in faulty.lines for name in fault["event_ids"])


def _duplicated(clean: Run, faulty: Run, fault: Fault) -> bool:
    first, second = (json.loads(line) for _, _, line in faulty.lines[fault["event_ids"][0]])
    return bool(first == second == event(clean, fault["event_ids"][0]))


def _conflicting(clean: Run, faulty: Run, fault: Fault) -> bool:
    first, second = (json.loads(line) for _, _, line in faulty.lines[fault["event_ids"][0]])
    return bool(first == event(clean, fault["event_ids"][0]) and first["payload"] != second["payload"])


def _reordered(clean: Run, faulty: Run, fault: Fault) -> bool:
    place = {name: number for name in fault["event_ids"] for _, number, _ in faulty.lines[name]}
    before = {name: number for name in fault["event_ids"] for _, number, _ in clean.lines[name]}
    return sorted(place, key=lambda name: place[name]) == sorted(before, key=lambda name: before[name], reverse=True)


def _late(clean: Run, faulty: Run, fault: Fault) -> bool:
    late, intime = (event(run, fault["event_ids"][0]) for run in (faulty, clean))
    arrival = late["recordedTime"]
    days = moment(late | {"eventTime": arrival}) - moment(late)
    file = faulty.lines[late["eventId"]][0][0]
    same = without(late, "recordedTime") == without(intime, "recordedTime")
    return same and days >= timedelta(days=2) and file == f"{late['source']}-{arrival[:7]}.ndjson"


def _corrupt(clean: Run, faulty: Run, fault: Fault) -> bool:
    [(_, _, line)] = faulty.lines[fault["event_ids"][0]]
    try:
        json.loads(line)
    except ValueError:
        return line != clean.lines[fault["event_ids"][0]][0][2]
    return False


def _new_field(clean: Run, faulty: Run, fault: Fault) -> bool:
    found = event(faulty, fault["event_ids"][0])
    return found != without(found, "campaignCode") == event(clean, fault["event_ids"][0])


def _renamed(clean: Run, faulty: Run, fault: Fault) -> bool:
    now, before = (event(run, fault["event_ids"][0])["payload"] for run in (faulty, clean))
    [new], [old] = now.keys() - before.keys(), before.keys() - now.keys()
    return bool(now[new] == before[old])


def _new_type(clean: Run, faulty: Run, fault: Fault) -> bool:
    found = event(faulty, fault["event_ids"][0])
    known = {json.loads(line)["eventType"] for found in clean.lines.values() for _, _, line in found}
    return found["eventType"] not in known and found["eventId"] not in clean.lines


def _new_major(clean: Run, faulty: Run, fault: Fault) -> bool:
    return event(faulty, fault["event_ids"][0]) == event(clean, fault["event_ids"][0]) | {"schemaVersion": 2}


def _price(clean: Run, faulty: Run, fault: Fault) -> bool:
    wrong = []
    for line in event(faulty, fault["event_ids"][0])["payload"]["lines"]:
        adjusted = sum(Decimal(adjustment["amount"]) for adjustment in line["adjustments"])
        wrong.append(Decimal(line["proratedListAmount"]) + adjusted - Decimal(line["netAmount"]))
    return [amount for amount in wrong if amount] == [Decimal(fault["amount"])]


def _order(clean: Run, faulty: Run, fault: Fault) -> bool:
    items = [
        {item["orderItemId"]: item for item in event(run, fault["event_ids"][0])["payload"]["items"]}
        for run in (clean, faulty)
    ]
    changed = [name for name in items[0] if items[0][name] != items[1][name]]
    before, now = (side[fault["key"]] for side in items)
    delta = Decimal(now["netAmount"]) - Decimal(before["netAmount"])
    return changed == [fault["key"]] and delta == Decimal(fault["amount"])


def _invoice(clean: Run, faulty: Run, fault: Fault) -> bool:
    before, now = (event(run, fault["event_ids"][0]) for run in (clean, faulty))
    delta = line_sum(now) - line_sum(before)
    agrees = Decimal(now["payload"]["totalNetAmount"]) == line_sum(now)
    return agrees and delta == Decimal(fault["amount"]) != 0


def _header(clean: Run, faulty: Run, fault: Fault) -> bool:
    now = event(faulty, fault["event_ids"][0])
    return Decimal(now["payload"]["totalNetAmount"]) - line_sum(now) == Decimal(fault["amount"]) != 0


def _billed(run: Run, item: str) -> Decimal | None:
    amounts = [
        Decimal(line["netAmount"])
        for found in run.lines.values()
        for _, _, text in found
        if item in text and '"InvoiceIssued"' in text
        for line in json.loads(text)["payload"]["lines"]
        if line["orderItemId"] == item
    ]
    return sum(amounts) if amounts else None


def _unbilled(clean: Run, faulty: Run, fault: Fault) -> bool:
    return _billed(clean, fault["key"]) == -Decimal(fault["amount"]) and _billed(faulty, fault["key"]) is None


def _twice(clean: Run, faulty: Run, fault: Fault) -> bool:
    copy = event(faulty, fault["event_ids"][0])
    number, period = copy["aggregateId"].rsplit("-", 1)
    first = event(clean, f"billing:{number}-{int(period) - 64:02d}:1")
    same = [line | {"invoiceLineId": ""} for line in copy["payload"]["lines"]] == [
        line | {"invoiceLineId": ""} for line in first["payload"]["lines"]
    ]
    return same and copy["eventId"] not in clean.lines and line_sum(copy) == Decimal(fault["amount"])


def _currency(clean: Run, faulty: Run, fault: Fault) -> bool:
    before, now = (event(run, fault["event_ids"][0]) for run in (clean, faulty))
    return now["payload"]["currency"] == fault["currency"] != before["payload"]["currency"]


def _control(clean: Run, faulty: Run, fault: Fault) -> bool:
    source, month = fault["aggregate_id"].split(":")
    key = (source, month, fault["key"], fault["currency"])
    [published] = faulty.lines[fault["event_ids"][0]]
    said = reading.published([json.loads(published[2])])[key]
    counted = reading.recounted(believed(clean, faulty))[key]
    if fault["amount"] is None:
        return said[0] - counted[0] == 1
    return said[0] == counted[0] and said[1] - counted[1] == Decimal(fault["amount"])  # type: ignore[operator]


def _reused(clean: Run, faulty: Run, fault: Fault) -> bool:
    second = event(faulty, fault["event_ids"][0])
    first = event(clean, second["eventId"].removesuffix(":again"))
    return without(second, "eventId", "recordedTime") == without(first, "eventId", "recordedTime")


IS_THERE: dict[str, Callable[[Run, Run, Fault], bool]] = {
    "lost": _absent,
    "missing_reference": _absent,
    "duplicated": _duplicated,
    "conflicting": _conflicting,
    "reordered": _reordered,
    "late": _late,
    "corrupt": _corrupt,
    "new_field": _new_field,
    "renamed_field": _renamed,
    "new_type": _new_type,
    "new_major_version": _new_major,
    "price_differs": _price,
    "order_differs": _order,
    "invoice_differs": _invoice,
    "header_differs": _header,
    "unbilled": _unbilled,
    "billed_twice": _twice,
    "wrong_currency": _currency,
    "wrong_control_total": _control,
    "version_reused": _reused,
}
