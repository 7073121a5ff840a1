"""Reads a run with faults beside the same run without: every fault is there, and nothing else differs."""

import re
from collections import Counter
from collections.abc import Iterator

import simulator_reading as reading
from fault_reading import IS_THERE, Run, believed

IN_CONSEQUENCE = ("order_differs", "unbilled")


def truth_breaks(clean: Run, faulty: Run) -> Iterator[str]:
    """Faults that are not in the files as the truth says, and what is in the files and in no truth."""
    for fault in faulty.truth:
        name = f"{fault['kind']} of {fault['aggregate_id']}"
        if not IS_THERE[fault["kind"]](clean, faulty, fault):
            yield f"{name} is not in the files"
        places = {(file, number) for one in fault["event_ids"] for file, number, _ in faulty.lines.get(one, [])}
        if places != {(line["file"], line["line"]) for line in fault["lines"]}:
            yield f"{name} is in {sorted(places)}, not in {fault['lines']}"
    told = {name for fault in faulty.truth for name in fault["event_ids"]}
    follows = {fault["aggregate_id"][2:] for fault in faulty.truth if fault["kind"] in IN_CONSEQUENCE}
    for name in sorted(clean.lines.keys() | faulty.lines.keys()):
        before, now = ([line for _, _, line in run.lines.get(name, [])] for run in (clean, faulty))
        if before != now and name not in told and ":control:" not in name:
            number = re.search(r"-([0-9]{6})\b", name)
            if number is None or number[1] not in follows:
                yield f"{name} differs, and no fault says why"
    untold = {name for name, found in faulty.lines.items() if name in clean.lines and name not in told}
    for file, names in clean.order.items():
        now = [name for name in faulty.order[file] if name in untold]
        kept = Counter(now)
        if now != [name for name in names if name in kept]:
            yield f"{file}: the order of lines differs"
    wrong = {(f["aggregate_id"], f["key"], f["currency"]) for f in faulty.truth if f["kind"] == "wrong_control_total"}
    counted, said = reading.recounted(believed(clean, faulty)), reading.published(believed(clean, faulty))
    for key in sorted(counted.keys() | said.keys(), key=str):
        if (counted.get(key) == said.get(key)) == ((f"{key[0]}:{key[1]}", *key[2:]) in wrong):
            yield f"{key}: counted {counted.get(key)}, published {said.get(key)}"
