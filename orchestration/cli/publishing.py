"""Commands around releases: publish, releases, rollback, query."""

from decimal import Decimal
from typing import Annotated, Any

import typer

from orchestration.cli.output import AsJson, emit, plural, progress, table
from orchestration.errors import Unusable
from orchestration.home import Home
from orchestration.publishing.query import Answer
from orchestration.publishing.store import Release


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("publish")(publish)
    app.command("releases")(releases)
    app.command("rollback")(rollback)
    app.command("query")(query)


def publish(as_json: AsJson = False) -> None:
    """Publish what the last audit proved; refuses, with every reason, anything else."""
    from orchestration.publishing.publish import publish as run

    release = run(Home.from_environment(), progress=progress())
    emit(as_json, release_json(release), published_text(release))


def releases(as_json: AsJson = False) -> None:
    """List the releases, the newest first."""
    from orchestration.publishing.store import list_releases

    found = list_releases(Home.from_environment())[::-1]
    rows = [
        [
            release.release_id + (" (current)" if release.is_current else ""),
            release.manifest["created_at"],
            release.manifest["as_of"],
            release.manifest["lake_high_water"],
            checks_text(release),
        ]
        for release in found
    ]
    text = table(["release", "created", "as of", "batch", "checks"], rows) if rows else "No release yet."
    emit(as_json, [release_json(release) for release in found], text)


def rollback(
    release_id: Annotated[str, typer.Argument(metavar="RELEASE", help="Id of the release, as `releases` lists it.")],
    as_json: AsJson = False,
) -> None:
    """Make another release the current one, in one step; the ledger keeps that it was done."""
    from orchestration.publishing.publish import rollback as run

    release = run(Home.from_environment(), release_id)
    emit(as_json, release_json(release), f"Current is now {release.release_id}.")


def query(
    sql: Annotated[
        str, typer.Argument(metavar="SQL", help="One statement that reads; `marts` and `operations` need no prefix.")
    ],
    release: Annotated[str | None, typer.Option(help="Id of a release; the current one without it.")] = None,
    role: Annotated[str | None, typer.Option(help="Role to read as. Roles: none defined yet.")] = None,
    operations: Annotated[
        bool, typer.Option("--operations", help="Ask what `tieout follow` released last, not the release of finance.")
    ] = False,
    closed: Annotated[
        str | None,
        typer.Option(
            metavar="PERIOD", help="Ask a closed period: `closed_*` as reported, `restated_*` as it would be today."
        ),
    ] = None,
    entity: Annotated[str, typer.Option(help="With --closed, who closed it.")] = "group",
    as_json: AsJson = False,
) -> None:
    """Ask a release with SQL. Amounts keep every digit; in JSON they are strings."""
    from orchestration.operations.home import OperationsHome
    from orchestration.publishing.query import query as run

    home = Home.from_environment()
    if closed is not None:
        from orchestration.closing.reported import query_closed

        if release or role or operations:
            raise Unusable(
                "--closed asks a close and the current release: leave --release, --role and --operations out."
            )
        answer = query_closed(home, closed, sql, entity)
    else:
        answer = run(OperationsHome.of(home) if operations else home, sql, release, role)
    emit(as_json, answer.objects(), answer_text(answer))


def release_json(release: Release) -> dict[str, Any]:
    """A release as JSON: its manifest, whether it is current, and whether this call made it."""
    return {**release.manifest, "is_current": release.is_current, "is_new": release.is_new}


def published_text(release: Release) -> str:
    """What `publish` says to a person."""
    rows = sum(int(model["row_count"]) for model in release.manifest["models"])
    marts = plural(len(release.manifest["models"]), "mart")
    if release.is_new:
        return f"Published {release.release_id}: {marts}, {plural(rows, 'row')}; checks: {checks_text(release)}."
    told = f"Nothing to publish: release {release.release_id} has this data version already"
    if release.is_current:
        return f"{told} and is current."
    return f"{told}, but it was rolled back from; `tieout rollback {release.release_id}` makes it current."


def checks_text(release: Release) -> str:
    """`12 passed, 1 unproven`."""
    return ", ".join(f"{count} {verdict}" for verdict, count in release.manifest["checks"].items())


def answer_text(answer: Answer) -> str:
    """Rows for a person: a table, numbers to the right, and how many there are."""
    numeric = [isinstance(value, int | float | Decimal) for value in answer.rows[0]] if answer.rows else []
    rows = [list(item.values()) for item in answer.objects()]
    return f"{table(answer.columns, rows, right=numeric)}\n({plural(len(rows), 'row')}, release {answer.release_id})"
