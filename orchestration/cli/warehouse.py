"""Commands that build and audit the warehouse: build, reconcile, refresh, verify, repair."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestration.cli.landing import land_json, land_text
from orchestration.cli.output import AsJson, emit, plural, progress, table
from orchestration.cli.publishing import published_text, release_json
from orchestration.cli.search import indexed_text
from orchestration.errors import Refused, Unusable
from orchestration.home import Home

if TYPE_CHECKING:
    from orchestration.reconciliation.results import ReconcileResult
    from orchestration.refresh import RefreshResult
    from orchestration.repair.repair import RepairResult
    from orchestration.warehouse.build import BuildResult


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("build")(build)
    app.command("reconcile")(reconcile)
    app.command("refresh")(refresh)
    app.command("verify")(verify)
    app.command("repair")(repair)


def build(
    full_refresh: Annotated[
        bool, typer.Option("--full-refresh", help="Rebuild every model from nothing; the rows come out the same.")
    ] = False,
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of", metavar="TIME", help="Build as of this time (ISO 8601, UTC); default: the lake's latest."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Build the marts from what has landed, with their tests."""
    from orchestration.warehouse.build import build as run

    result = run(Home.from_environment(), full_refresh=full_refresh, as_of=as_of, progress=progress())
    emit(as_json, build_json(result), build_text(result))
    if not result.complete:
        raise typer.Exit(1)


def reconcile(as_json: AsJson = False) -> None:
    """Audit the marts against the lake and the sources' own totals; every verdict goes to the ledger."""
    from orchestration.reconciliation import reconcile as run

    result = run(Home.from_environment(), progress=progress())
    emit(as_json, result.as_json(), reconcile_text(result))
    if not result.passed:
        raise typer.Exit(1)


def refresh(as_json: AsJson = False) -> None:
    """Land the inbox, build, reconcile and publish; stops where something does not hold."""
    from orchestration.refresh import refresh as run

    result = run(Home.from_environment(), progress=progress())
    emit(as_json, refresh_json(result), refresh_text(result))
    if not result.ok:
        raise typer.Exit(1)


def verify(
    evidence: Annotated[
        str | None,
        typer.Option("--evidence", metavar="FOLDER", help="Check evidence packages alone: a folder, or `all` of them."),
    ] = None,
    signers: Annotated[
        Path | None,
        typer.Option("--signers", help="With --evidence: another signers.yml, such as one that knows a revoked key."),
    ] = None,
    rebuild: Annotated[
        str | None,
        typer.Option(
            "--rebuild", metavar="RELEASE", help="Build a release's marts anew from the lake and compare them."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check that ledger, lake, releases, closes and repairs are what was written; says where one is not."""
    home = Home.from_environment()
    if evidence is not None:
        _verify_evidence(home, evidence, signers, as_json)
        return
    if rebuild is not None:
        from orchestration.closing.past import differences_from_release

        differing = differences_from_release(home, rebuild, progress())
        text = (
            f"Other rows than the release: {', '.join(differing)}" if differing else "Every mart is what was published."
        )
        emit(as_json, {"release": rebuild, "differing": differing}, text)
        if differing:
            raise typer.Exit(1)
        return
    from orchestration.observability.integrity import verify as run

    findings = run(home)
    value = {"ok": all(item.ok for item in findings), "checks": [item.as_json() for item in findings]}
    emit(as_json, value, table(["what", "", "found"], [item.as_row() for item in findings]))
    if not value["ok"]:
        raise typer.Exit(1)


def repair(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what differs; build nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Compare the marts' money with the lake by account and month, and build again what differs."""
    from orchestration.repair.repair import repair as run

    result = run(Home.from_environment(), dry_run=dry_run, progress=progress())
    emit(as_json, result.as_json(), repair_text(result))
    if not result.ok:
        raise typer.Exit(1)


def _verify_evidence(home: Home, chosen: str, signers: Path | None, as_json: bool) -> None:
    from orchestration.closing import evidence
    from orchestration.closing.signers import load

    if signers is not None and not signers.exists():
        raise Unusable(f"{signers} is not there: --signers names a file like signers.yml.")
    people = load(signers) if signers else None
    package = Path(chosen).resolve()
    found = list(evidence.verify_chain(home, people) if chosen == "all" else evidence.verify(package, people))
    if not found:
        raise Refused("There is no evidence package: nothing was checked. `tieout close PERIOD` makes the first.")
    value = {"ok": all(one.ok for one in found), "findings": [vars(one) for one in found]}
    rows = [[one.package[:16], one.what, "" if one.ok else "WRONG", one.found] for one in found]
    emit(as_json, value, table(["package", "what", "", "found"], rows))
    if not value["ok"]:
        raise typer.Exit(1)


def build_json(result: "BuildResult") -> dict[str, Any]:
    """A build as JSON (docs/cli.md)."""
    return {
        "build_id": result.build_id,
        "complete": result.complete,
        "full_refresh": result.full_refresh,
        "reason": result.reason,
        "lake_high_water": result.lake_high_water,
        "built_through": result.built_through,
        "as_of": f"{result.as_of.isoformat()}Z",
        "seconds": round(result.seconds, 3),
        "nodes": [
            {
                "unique_id": node.unique_id,
                "resource_type": node.resource_type,
                "status": node.status,
                "seconds": round(node.seconds, 3),
                "failures": node.failures,
                "message": node.message,
            }
            for node in result.nodes
        ],
        "failed": [node.unique_id for node in result.failed],
    }


def build_text(result: "BuildResult") -> str:
    """A build for a person: what was built, the slowest models, and of each failure what to do."""
    kinds = {kind: [node for node in result.nodes if node.resource_type == kind] for kind in ("model", "seed")}
    tests = [node for node in result.nodes if node.resource_type in ("test", "unit_test")]
    mode = "in full" if result.full_refresh else "incrementally"
    lines = [
        f"Built {plural(len(kinds['model']), 'model')} and {plural(len(kinds['seed']), 'seed')} {mode} "
        f"({result.reason}), ran {plural(len(tests), 'test')}: {result.seconds:.1f} s, through batch "
        f"{result.lake_high_water}, as of {result.as_of.isoformat(sep=' ')} UTC.",
    ]
    slowest = sorted(kinds["model"], key=lambda node: -node.seconds)[:3]
    lines.append("Slowest: " + ", ".join(f"{node.name} {node.seconds:.1f} s" for node in slowest))
    for node in result.failed:
        found = f", {plural(node.failures, 'row')} found" if node.failures else ""
        lines.append(f"FAILED {node.resource_type} {node.name} ({node.path}){found}: {node.message}")
    if result.failed:
        skipped = sum(node.status == "skipped" for node in result.nodes)
        lines.append(
            f"The build is not complete ({plural(skipped, 'node')} skipped) and cannot be published. "
            "Mend what failed and run `tieout build` again: it goes on from the last complete build."
        )
    return "\n".join(lines)


def reconcile_text(result: "ReconcileResult") -> str:
    """An audit for a person: counts per verdict, then every check that did not pass."""
    counts = ", ".join(f"{count} {verdict}" for verdict, count in result.counts.items() if count)
    open_checks = [check for check in result.checks if check.verdict != "passed"]
    lines = [f"Audit {result.run_id}: {counts}."]
    if open_checks:
        rows = [
            [check.verdict, check.severity, check.key, check.partition, check.left, check.right, check.message]
            for check in open_checks
        ]
        lines.append(table(["verdict", "severity", "check", "partition", "left", "right", "what"], rows))
    lines += result.notes
    lines.append("Ready to publish." if result.passed else "Not to be published: a critical check failed.")
    return "\n".join(lines)


def repair_text(result: "RepairResult") -> str:
    """A repair for a person: the partitions and rows that differed, and whether they still do."""
    if not result.differing:
        return f"All {plural(result.compared, 'partition')} of the marts are what the lake says."
    lines = [
        f"{len(result.differing)} of {plural(result.compared, 'partition')} differ from the lake:",
        table(
            ["partition", "rows in lake", "in mart"],
            [[part.name, str(part.lake_rows), str(part.mart_rows)] for part in result.differing],
        ),
        table(
            ["only in", "row", "amount", "currency"],
            [[row.side, row.row_key, str(row.amount), row.currency or ""] for row in result.rows],
        ),
    ]
    if result.build_id is None:
        lines.append("Nothing was built. `tieout repair` without --dry-run builds their aggregates again.")
        return "\n".join(lines)
    lines.append(f"Built again {plural(len(result.rebuilt), 'aggregate')} ({result.build_reason}).")
    lines += [f"FAILED {name}" for name in result.build_failed]
    lines += [f"STILL DIFFERS {part.name}" for part in result.still_differing]
    lines += [f"CHANGED ELSEWHERE {name}" for name in result.changed_elsewhere]
    lines.append(
        f"Repaired and proven: {result.evidence}"
        if result.ok
        else f"Not repaired ({result.evidence}). `tieout build --full-refresh` builds everything from the lake."
    )
    return "\n".join(lines)


def refresh_json(result: "RefreshResult") -> dict[str, Any]:
    """A refresh as JSON: the JSON of each step, null for one that was not reached."""
    return {
        "ok": result.ok,
        "landed": land_json(result.landed) if result.landed else None,
        "left_in_inbox": list(result.left),
        "build": build_json(result.build),
        "audit": result.audit.as_json() if result.audit else None,
        "release": release_json(result.release) if result.release else None,
        "indexes": [index.as_json() for index in result.indexes],
        "refused": result.refused or None,
    }


def refresh_text(result: "RefreshResult") -> str:
    """A refresh for a person: what each step said."""
    parts = [land_text(result.landed) if result.landed else "Nothing new in the inbox."]
    parts += [f"Left in the inbox: {reason}" for reason in result.left]
    parts.append(build_text(result.build))
    if result.audit:
        parts.append(reconcile_text(result.audit))
    if result.release:
        parts.append(published_text(result.release))
    parts += [indexed_text(index) for index in result.indexes if index.is_new or index.problem or index.held_since]
    parts += [result.refused] if result.refused else []
    return "\n".join(parts)
