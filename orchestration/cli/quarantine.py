"""Commands about lines that were held back: quarantine list, show, retry, resolve."""

import getpass
from dataclasses import asdict
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestration.cli.output import AsJson, emit, plural, table
from orchestration.home import Home

if TYPE_CHECKING:
    from orchestration.landing.held import Filters, Shown
    from orchestration.landing.quarantine import Retried
    from orchestration.landing.resolutions import Resolution


class Held(StrEnum):
    """Verdicts of lines that were held back."""

    CONFLICT = "conflict"
    QUARANTINED = "quarantined"


class Choice(StrEnum):
    """Which content of a conflict is to be in force."""

    KEEP_FIRST = "keep_first"
    TAKE_SECOND = "take_second"


Verdict = Annotated[Held | None, typer.Option(help="Only lines of this verdict.")]
ReasonCode = Annotated[str | None, typer.Option("--reason-code", help="Only lines held back for this reason.")]
Source = Annotated[str | None, typer.Option(help="Only lines of this producing system.")]
EventType = Annotated[str | None, typer.Option("--event-type", help="Only lines of this event type.")]
File = Annotated[str | None, typer.Option(help="Only lines of the file with this name.")]
Batch = Annotated[int | None, typer.Option(help="Only lines of this batch.")]
Arrival = Annotated[int, typer.Argument(metavar="ARRIVAL", help="Arrival number of the line, as `list` shows it.")]
Why = Annotated[str, typer.Option(help="Why; the ledger keeps it.")]
By = Annotated[str | None, typer.Option(help="Who decides; the user of this process without it.")]

commands = typer.Typer(
    help="Lines that were held back: look at them, retry them, resolve conflicts.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(commands, name="quarantine")


@commands.command("list")
def list_lines(
    verdict: Verdict = None,
    reason_code: ReasonCode = None,
    source: Source = None,
    event_type: EventType = None,
    file: File = None,
    batch: Batch = None,
    with_resolved: Annotated[bool, typer.Option("--all", help="Resolved lines too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the lines that are held back, and why."""
    from orchestration.landing.quarantine import list_entries

    filters = _filters(verdict, reason_code, source, event_type, file, batch, with_resolved)
    found = list_entries(Home.from_environment(), filters)
    columns = ["arrival", "verdict", "reason", "field", "file", "line", "what", "resolved"]
    rows = [
        [
            one.arrival_seq,
            one.verdict,
            one.reason_code,
            one.field,
            one.file_name,
            one.line_number,
            one.message,
            one.resolution.decision if one.resolution else "",
        ]
        for one in found
    ]
    text = f"{table(columns, rows)}\n({plural(len(rows), 'line')})" if rows else "No line is held back."
    emit(as_json, [asdict(one) for one in found], text)


@commands.command("show")
def show(arrival: Arrival, as_json: AsJson = False) -> None:
    """Show one line with its content; for a conflict both contents and what differs."""
    from orchestration.landing.quarantine import show as run

    found = run(Home.from_environment(), arrival)
    emit(as_json, shown_json(found), shown_text(found))


@commands.command("retry")
def retry(
    reason: Why,
    by: By = None,
    verdict: Verdict = None,
    reason_code: ReasonCode = None,
    source: Source = None,
    event_type: EventType = None,
    file: File = None,
    batch: Batch = None,
    as_json: AsJson = False,
) -> None:
    """Judge held-back lines again, after a fix, and land those that are valid now."""
    from orchestration.landing.quarantine import retry as run

    filters = _filters(verdict, reason_code, source, event_type, file, batch, False)
    done = run(Home.from_environment(), filters, reason=reason, resolved_by=by or getpass.getuser())
    emit(as_json, retried_json(done), retried_text(done))


@commands.command("resolve")
def resolve(
    arrival: Arrival,
    decision: Annotated[Choice, typer.Argument(help="Which content is to be in force.")],
    reason: Why,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Resolve a conflict: keep the first content, or take the second."""
    from orchestration.landing.quarantine import resolve as run
    from orchestration.landing.resolutions import Decision

    home = Home.from_environment()
    made = run(home, arrival, Decision(decision.value), reason=reason, resolved_by=by or getpass.getuser())
    emit(as_json, {"resolutions": [asdict(one) for one in made]}, resolved_text(made))


def _filters(
    verdict: Held | None,
    reason_code: str | None,
    source: str | None,
    event_type: str | None,
    file: str | None,
    batch: int | None,
    with_resolved: bool,
) -> "Filters":
    from orchestration.landing.held import Filters
    from orchestration.landing.results import Verdict as LandingVerdict

    return Filters(
        verdict=LandingVerdict(verdict.value) if verdict else None,
        reason_code=reason_code,
        source_system=source,
        event_type=event_type,
        file_name=file,
        batch_seq=batch,
        with_resolved=with_resolved,
    )


def shown_json(found: "Shown") -> dict[str, Any]:
    """One line as JSON; bytes that are no UTF-8 are replaced in `raw_line`, and exact in `raw_line_hex`."""
    return {
        **asdict(found.entry),
        "raw_line": found.raw_line.decode("utf-8", "replace"),
        "raw_line_hex": found.raw_line.hex(),
        "first": found.first,
        "second": found.second,
        "differences": [asdict(one) for one in found.differences],
    }


def shown_text(found: "Shown") -> str:
    """One line for a person."""
    one = found.entry
    lines = [
        f"Arrival {one.arrival_seq}, batch {one.batch_seq}: {one.verdict}, {one.reason_code}",
        f"{one.file_name}, line {one.line_number}{f', field {one.field}' if one.field else ''}: {one.message}",
        f"Resolved: {resolved_text((one.resolution,))}" if one.resolution else "Not resolved.",
        "",
        found.raw_line.decode("utf-8", "backslashreplace"),
    ]
    if found.differences:
        rows = [[item.field, item.first, item.second] for item in found.differences]
        lines += ["", table(["field", "first", "second"], rows)]
    return "\n".join(lines)


def retried_json(done: "Retried") -> dict[str, Any]:
    """A retry as JSON."""
    refused = [
        {
            "arrival_seq": one.line.arrival_seq,
            "reason_code": one.problem.reason.value,
            "field": one.problem.field,
            "message": one.problem.message,
        }
        for one in done.still_refused
        if one.problem
    ]
    return {
        "tried": done.tried,
        "verdicts": done.verdicts.as_dict(),
        "still_refused": refused,
        "resolutions": [asdict(one) for one in done.resolutions],
    }


def retried_text(done: "Retried") -> str:
    """A retry for a person."""
    counts = (
        ", ".join(f"{count} {name}" for name, count in done.verdicts.as_dict().items() if count) or "none valid now"
    )
    return f"Tried {plural(done.tried, 'line')}: {counts}; {len(done.still_refused)} still refused."


def resolved_text(made: "tuple[Resolution, ...]") -> str:
    """Decisions for a person."""
    return "\n".join(
        f"arrival {one.arrival_seq}: {one.decision} by {one.resolved_by}, because {one.reason}" for one in made
    )
