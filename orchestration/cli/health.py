"""Commands that tell how things stand: status, doctor."""

from typing import Any

import typer

from orchestration.cli.output import AsJson, emit, plural, table
from orchestration.cli.search import freshness_text
from orchestration.home import Home


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("status")(status)
    app.command("doctor")(doctor)


def status(as_json: AsJson = False) -> None:
    """Show where things stand, from the inbox to the current release."""
    from orchestration.observability.status import status as run

    found = run(Home.from_environment())
    emit(as_json, found, status_text(found))


def doctor(as_json: AsJson = False) -> None:
    """Examine the set-up: Python, packages, permissions, disk, lake, locks, telemetry."""
    from orchestration.observability.doctor import diagnose

    findings = diagnose(Home.from_environment())
    value = {"ok": all(item.ok for item in findings), "checks": [item.as_json() for item in findings]}
    emit(as_json, value, table(["what", "", "found"], [item.as_row() for item in findings]))
    if not value["ok"]:
        raise typer.Exit(1)


def status_text(found: dict[str, Any]) -> str:
    """The status for a person, a line per stage."""
    held = ", ".join(f"{count} {name}" for name, count in found["lake"]["quarantine"].items() if count) or "none"
    lines = [
        f"Home        {found['home']}",
        f"Inbox       {plural(len(found['inbox']), 'file')} waiting",
        f"Lake        through batch {found['lake']['high_water']}; held back: {held}",
        *(f"            {_dead_letters_text(letters)}" for letters in found["dead_letters"]),
        f"Build       {_build_text(found)}",
        f"Audit       {_audit_text(found['audit'])}",
        *_followed_lines(found["operations"]),
        *(f"Search      {line}" for line in _search_lines(found["search"])),
    ]
    lines += _close_lines(found["closes"])
    release = found["release"]
    if release is None:
        return "\n".join([*lines, "Release     none yet: nothing can be queried"])
    lines.append(
        f"Release     {release['release_id']}, as of {release['as_of']} UTC, through batch {release['lake_high_water']}"
    )
    rows = [
        [item["source_system"], item["current_through"], item["last_event_time"], item["last_arrival_seq"]]
        for item in release["freshness"]
    ]
    return "\n".join([*lines, "", table(["source", "current through (UTC)", "last event", "last arrival"], rows)])


def _close_lines(closes: list[dict[str, Any]]) -> list[str]:
    """The last period of each entity, and every signature that no longer holds."""
    last = {one["entity"]: one for one in closes}
    lines = []
    for one in last.values():
        signed = ", ".join(f"{role} {name}" for role, name in one["signed"].items()) or "not signed"
        told = f", version {one['version']}, {signed}" if one["state"] == "closed" else ""
        lines.append(f"Close       {one['period']} of {one['entity']} is {one['state'].replace('_', ' ')}{told}")
    lines += [f"            VOID: {one['period']} of {one['entity']}: {void}" for one in closes for void in one["void"]]
    return lines


def _dead_letters_text(letters: dict[str, Any]) -> str:
    of = f" of {', '.join(letters['event_types'])}" if letters["event_types"] else ""
    since = f"{letters['oldest_landed_at'][:19]}Z, for {_duration(letters['oldest_age_seconds'])}"
    return f"{letters['reason_code']}: {plural(letters['count'], 'line')}{of}, the oldest since {since}"


def _duration(seconds: int) -> str:
    """The largest unit that fits, rounded down."""
    for length, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= length:
            return plural(seconds // length, unit)
    return plural(seconds, "second")


def _followed_lines(operations: dict[str, Any] | None) -> list[str]:
    if operations is None:
        return ["Operations  nobody follows: see `tieout follow`"]
    if "problem" in operations:
        return [f"Operations  PROBLEM: {operations['problem']}"]
    step = operations["last_step"] or {}
    late = f", last step visible after {step['lag_seconds']:.1f} s" if step else ""
    lines = [f"Operations  through batch {operations['lake_high_water']}, as of {operations['as_of']}{late}"]
    if step.get("failed_checks"):
        lines.append(f"            NOT RELEASED, failed: {', '.join(step['failed_checks'])}")
    breached = [model["model"] for model in operations["models"] if model["is_breached"]]
    if breached:
        lines.append(f"            later than promised: {', '.join(breached)}")
    return lines


def _search_lines(indexes: list[dict[str, Any]]) -> list[str]:
    """A line for the indexes of the release and one for those of the followed read models; more for what is amiss."""
    lines = []
    for operations, of in ((False, "the release"), (True, "the followed read models")):
        there = [index for index in indexes if index["operations"] == operations]
        current = [index for index in there if index["index_id"] and index["is_current"]]
        if current:
            counts = ", ".join(plural(index["documents"], index["noun"]) for index in current)
            lags = [index["lag_seconds"] for index in current if index["lag_seconds"]]
            late = f", the last ones found after {max(lags):.1f} s" if lags else ""
            lines.append(f"{counts} of {of}{late}")
        lines += [f"{index['noun']}s of {of}: {_amiss(index)}" for index in there if index not in current]
    return lines


def _amiss(index: dict[str, Any]) -> str:
    if index["problem"]:
        return f"PROBLEM: {index['problem']}"
    return freshness_text(index, index["operations"]) if index["index_id"] else "no index yet, see `tieout index build`"


def _build_text(found: dict[str, Any]) -> str:
    working, build = found["working_now"], found["build"]
    if working:
        return f"the warehouse is in use: {working['purpose']}, process {working['pid']}, since {working['since']}"
    if build is None:
        return "none yet"
    if "problem" in build:
        return f"PROBLEM: {build['problem']}"
    last = build["last_complete"]
    told = "none complete" if last is None else f"through batch {last['lake_high_water']}, as of {last['as_of']}"
    return told if build["complete"] else f"{told}; the one started at {build['started_at']} is not complete"


def _audit_text(audit: dict[str, Any] | None) -> str:
    if audit is None:
        return "none yet"
    if "problem" in audit:
        return f"PROBLEM: {audit['problem']}"
    counts = ", ".join(f"{count} {verdict}" for verdict, count in audit["counts"].items() if count)
    return f"{'passed' if audit['passed'] else 'NOT passed'} ({audit['run_id']}): {counts}"
