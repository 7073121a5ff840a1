"""Commands of what is going on now: follow, lookup."""

import json
import os
import signal
import sys
import threading
from dataclasses import asdict
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestration.cli.output import AsJson, emit, plural, progress, table
from orchestration.home import Home

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestration.observability.lookup import Found
    from orchestration.operations.follow import Followed
    from orchestration.operations.indexing import IndexStep
    from orchestration.operations.reporting import Reporter
    from orchestration.operations.steps import Step

GENTLE = 15


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("follow")(follow)
    app.command("lookup")(lookup)


def lookup(
    identifier: Annotated[str, typer.Argument(metavar="ID", help="An aggregate, an event, or a number people use.")],
    events: Annotated[int, typer.Option("--events", min=1, help="How many of the latest events to show.")] = 5,
    as_json: AsJson = False,
) -> None:
    """Show the latest events of one thing straight from the lake, whatever the read models show."""
    from orchestration.observability.lookup import lookup as run

    found = run(Home.from_environment(), identifier)
    emit(as_json, [one.as_json() for one in found], "\n\n".join(_found_text(one, events) for one in found))


def _found_text(found: "Found", shown: int) -> str:
    rows = [
        [told.aggregate_version, told.event_time, told.event_type, told.source_system, told.event_id, told.batch_seq]
        for told in found.events[:shown]
    ]
    latest = found.events[0]
    head = f"{found.aggregate_type} {found.aggregate_id}: version {latest.aggregate_version}"
    lines = [head, table(["version", "event time (UTC)", "event", "source", "event id", "batch"], rows)]
    if len(found.events) > shown:
        lines.append(f"… and {plural(len(found.events) - shown, 'earlier event')}")
    if found.missing_versions:
        lines.append(f"Versions that never arrived: {', '.join(map(str, found.missing_versions))}")
    lines.append(f"{latest.event_type} says: {json.dumps(latest.payload, ensure_ascii=False)}")
    return "\n".join(lines)


def follow(
    seconds: Annotated[
        float | None, typer.Option("--seconds", min=0, help="Stop after so long; default: never.")
    ] = None,
    once: Annotated[
        bool, typer.Option("--once", help="Stop once the inbox is empty and readers see all of it.")
    ] = False,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Build the read models anew beside the live ones, compare, and switch.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Keep the operational read models current from the inbox, until stopped."""
    from orchestration.operations.follow import follow as run
    from orchestration.operations.reporting import Reporter

    home = Home.from_environment()
    if rebuild:
        _rebuild(home, as_json)
        return
    stop = threading.Event()
    with _stopped_by_signals(stop):
        told = _teller(Reporter(home))
        result = run(home, seconds=seconds, once=once, search=True, stop=stop, told=told, progress=progress())
    emit(as_json, _json(result), _text(result))
    refused = any(index.problem for index in _last_indexes(result))
    if result.left or refused or (result.steps and result.steps[-1].failed_checks):
        raise typer.Exit(1)


def _rebuild(home: Home, as_json: bool) -> None:
    from orchestration.operations.bootstrap import rebuild
    from orchestration.operations.home import OperationsHome
    from orchestration.warehouse.lock import lock_file

    # Beside the live ones, which others read meanwhile: they go first.
    os.nice(GENTLE)
    with lock_file(OperationsHome.of(home).folder / "rebuild.lock", "rebuild the read models"):
        differing = rebuild(home, progress=progress())
    value = [{"model": name, "live": pair[0], "rebuilt": pair[1]} for name, pair in differing.items()]
    told = table(["model", "live", "rebuilt"], [list(item.values()) for item in value]) if value else ""
    text = f"The live read models differed from the lake:\n{told}" if value else "The live read models were right."
    emit(as_json, {"differing": value}, text)


class _stopped_by_signals:
    """Ctrl-C and a service manager's stop end the loop after the step under way."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop, self._before = stop, {}  # type: ignore[var-annotated]

    def __enter__(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._end)

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _end(self, number: int, frame: FrameType | None) -> None:
        self._stop.set()


def _teller(reporter: "Reporter") -> "Callable[[Step], None]":
    def told(step: "Step") -> None:
        reporter.report(step)
        if sys.stderr.isatty():
            sys.stderr.write(_line(step) + "\n")

    return told


def _line(step: "Step") -> str:
    told = (
        f"batch {step.lake_high_water}: {plural(step.events, 'event')} in {plural(step.files, 'file')}, visible after "
        f"{step.lag_seconds:.1f} s (landing {step.landing_seconds:.1f}, models {step.models_seconds:.1f}, release "
        f"{step.release_seconds:.1f})"
    )
    failed = ", ".join(f"{name} ({count})" for name, count in step.failed_checks.items())
    return f"{told}; NOT RELEASED, failed: {failed}" if failed else told


def _json(result: "Followed") -> dict[str, Any]:
    return {
        "steps": [asdict(step) for step in result.steps],
        "left_in_inbox": list(result.left),
        "indexes": [asdict(index) for index in result.indexes],
    }


def _text(result: "Followed") -> str:
    lines = [_line(step) for step in result.steps[-5:]] or ["The read models are current: nothing new arrived."]
    if len(result.steps) > 5:
        lines.insert(0, f"{plural(len(result.steps), 'step')}; the last five:")
    lines += [_index_line(index) for index in _last_indexes(result)]
    return "\n".join([*lines, *(f"Left in the inbox: {reason}" for reason in result.left)])


def _last_indexes(result: "Followed") -> "list[IndexStep]":
    """What became of each kind of document last."""
    return list({index.noun: index for index in result.indexes}.values())


def _index_line(index: "IndexStep") -> str:
    if index.problem:
        return f"Search index of {index.noun}s NOT MADE: {index.problem}"
    return (
        f"search index {index.index_id}: {plural(index.documents, index.noun)} through batch {index.lake_high_water}, "
        f"found after {index.lag_seconds:.1f} s"
    )
