"""Commands that bring events in, and keep the lake quick to read: simulate, land, compact."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestration.cli.output import AsJson, bytes_progress, emit, emit_error, plural, progress, table
from orchestration.home import Home

if TYPE_CHECKING:
    from orchestration.landing.results import LandResult


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("simulate")(simulate)
    app.command("land")(land)
    app.command("compact")(compact)


def land(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files of events, or folders of them.")],
    as_json: AsJson = False,
) -> None:
    """Land files: every line ends as accepted, duplicate, conflict or quarantined."""
    from orchestration.landing import land as run
    from orchestration.landing.results import FilesUnusable

    try:
        result = run(Home.from_environment(), paths, progress=bytes_progress())
    except FilesUnusable as error:
        emit(as_json, land_json(error.result), land_text(error.result))
        emit_error(False, str(error), error.exit_code)
        raise typer.Exit(error.exit_code) from None
    emit(as_json, land_json(result), land_text(result))


def compact(
    least: Annotated[
        int, typer.Option(help="How many small batches in a row are put together, or left until there are more.", min=2)
    ] = 256,
    as_json: AsJson = False,
) -> None:
    """Put the events of many small batches together, to be read in their place; the batches stay. Builds do it too."""
    from orchestration.landing.compaction import compact as run

    made = run(Home.from_environment(), least=least, told=progress())
    told = [
        {"first": one.first, "last": one.last, "events": one.events, "files": len(one.files), "folder": str(one.folder)}
        for one in made
    ]
    text = "\n".join(
        f"Batches {one.first} to {one.last}: {plural(one.events, 'event')} in {plural(len(one.files), 'file')}."
        for one in made
    )
    emit(as_json, {"compactions": told}, text or f"No {least} small batches in a row are left to put together.")


def land_json(result: "LandResult") -> dict[str, Any]:
    """A landing as JSON (docs/cli.md)."""
    return {
        "verdicts": result.verdicts.as_dict(),
        "high_water": result.high_water,
        "files": [
            {
                "file": str(file.path),
                "sha256": file.sha256,
                "bytes": file.size,
                "lines": file.lines,
                "verdicts": file.verdicts.as_dict(),
                "status": file.status.value,
                "batch_seq": file.batch_seq,
                "messages": list(file.messages),
            }
            for file in result.files
        ],
        "errors": list(result.errors),
    }


def land_text(result: "LandResult") -> str:
    """A landing for a person: a row per file, then what to look at."""
    names = list(result.verdicts.as_dict())
    rows = [
        [file.name, file.status.value.replace("_", " "), file.batch_seq, *file.verdicts.as_dict().values()]
        for file in result.files
    ]
    columns = ["file", "status", "batch", *names]
    lines = [table(columns, rows, right=[False, False, *[True] * (len(columns) - 2)])] if rows else ["No file landed."]
    lines += [message for file in result.files for message in file.messages]
    verdicts = result.verdicts
    if verdicts.conflict or verdicts.quarantined:
        held = verdicts.conflict + verdicts.quarantined
        lines.append(f"{plural(held, 'line')} held back: `tieout quarantine list` shows why.")
    return "\n".join(lines)


def simulate(
    quotes: Annotated[int, typer.Option(help="How many quotes to simulate.", min=1)],
    start: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First day (UTC).")],
    end: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="The day after the last (UTC).")],
    out: Annotated[Path, typer.Option(help="Folder for the event files.")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 1,
    compression: Annotated[str, typer.Option(help="none, gzip or zstd.")] = "none",
    faults: Annotated[
        str | None, typer.Option(help="What is to go wrong: lost=3,late=2@2026-09, or a YAML or JSON file.")
    ] = None,
    line_factor: Annotated[int, typer.Option(help="So many times the usual lines a quote has.", min=1, max=50)] = 1,
    win_rate: Annotated[int, typer.Option(help="Percent of quotes that a customer wants.", min=0, max=100)] = 58,
    live: Annotated[
        int | None,
        typer.Option(metavar="RATE", help="Deal them out in the order of their event time, so many a second.", min=1),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write the events of a simulated business as contract files."""
    import tempfile

    from simulator import Mix, run

    mix = Mix(line_factor, win_rate)
    show = progress()
    report = (lambda done, total: show(f"{done} of {plural(total, 'quote')}")) if show else None
    if live is not None:
        from simulator.live import deal

        with tempfile.TemporaryDirectory(prefix="tieout-live-") as folder:
            summary = run(quotes, seed, start.date(), end.date(), Path(folder), "none", report, faults, mix)
            dealt = deal(sorted(Path(folder).glob("*.ndjson")), out, live)
        emit(
            as_json, {**summary.as_dict(), "out": str(out), "dealt": dealt}, f"Dealt {plural(dealt, 'event')} to {out}."
        )
        return
    summary = run(quotes, seed, start.date(), end.date(), out, compression, report, faults, mix)
    text = f"Wrote {plural(summary.events, 'event')} in {plural(len(summary.events_by_file), 'file')} to {summary.out}."
    emit(as_json, summary.as_dict(), text)
