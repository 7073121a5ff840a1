"""What a package says of itself: whose close, of what, made with what, on which waivers; no clock, and no file yet."""

import platform
from collections.abc import Iterable, Sequence
from importlib.metadata import version as version_of
from typing import Any

from orchestration.closing import evidence, gates
from orchestration.closing.freeze import Frozen
from orchestration.closing.gates import Case, GateResult
from orchestration.closing.roll_forward import RollForward
from orchestration.publishing import store

PACKAGES = ("duckdb", "dbt-core", "dbt-duckdb", "great-expectations", "pyarrow", "tieout")


def manifest_of(
    case: Case,
    release: store.Release,
    results: Sequence[GateResult],
    rolls: Sequence[RollForward],
    frozen: Iterable[Frozen],
    version: int,
    by: str,
) -> dict[str, Any]:
    """What a package says of itself. No clock: the same close of the same knowledge is the same package."""
    said = release.manifest
    return {
        "format": 1,
        "entity": {
            "name": case.entity.name,
            "title": case.entity.title,
            "region": case.entity.region,
            "time_zone": case.entity.time_zone,
        },
        "period": {
            "name": case.period.name,
            "start": case.period.start.isoformat(sep=" "),
            "end": case.period.end.isoformat(sep=" "),
        },
        "version": version,
        "closed_by": by.strip(),
        "knowledge": {
            "lake_high_water": int(said["lake_high_water"]),
            "as_of": str(said["as_of"]),
            "closes_index": str(said["closes_index"]),
        },
        "release": {name: said[name] for name in ("release_id", "data_version", "file_sha256", "code_hash")},
        "freshness": said["freshness"],
        "made_with": {
            "git revision": said["git_revision"],
            "dbt manifest": said["dbt_manifest_hash"],
            "python": platform.python_version(),
            **{name: version_of(name) for name in PACKAGES},
        },
        "gates": [gate.as_json() for gate in results],
        "roll_forward": [roll.as_json() for roll in rolls],
        "waivers": _waivers_used(case, results),
        "tables": {one.name: {"rows": one.rows, "sha256": one.sha256, "totals": one.totals} for one in frozen},
        "retention": evidence.retention(case.period.end),
    }


def _waivers_used(case: Case, results: Sequence[GateResult]) -> list[dict[str, str]]:
    waived = {(gate.gate, gate.partition) for gate in results if gate.verdict == gates.WAIVED}
    used = [
        {
            "what": f"{one.gate}: {one.partition}",
            "reason": one.reason,
            "approver": one.approver,
            "expires": str(one.expires),
        }
        for one in case.waivers.gates
        if (one.gate, one.partition) in waived
    ]
    used += [
        {"what": one.pattern, "reason": one.reason, "approver": one.approver, "expires": str(one.expires)}
        for one in case.waivers.breaks
        if any(one.covers(found, case.today) for found in case.breaks)
    ]
    used += [
        {
            "what": f"check {check['key']}: {check['partition']}",
            "reason": check["message"] or "",
            "approver": "",
            "expires": "",
        }
        for check in case.checks
        if check["verdict"] == "waived"
    ]
    return used
