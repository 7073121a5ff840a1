"""How the followed read models stand: their release, its last step, and how late each model is; looks only."""

import json
from typing import Any

from orchestration.home import Home
from orchestration.operations.home import OperationsHome
from orchestration.publishing import store

FRESHNESS = """
select
    model, min(current_through) as current_through, max(lag_p50_seconds) as lag_p50_seconds,
    max(lag_p95_seconds) as lag_p95_seconds, max(sla_seconds) as sla_seconds, bool_or(is_sla_breached) as is_breached,
    max(last_failed_projection_at) as last_failed_projection_at
from projection_freshness
group by model
order by model
"""


def followed(home: Home) -> dict[str, Any] | None:
    """The release that readers of `tieout query --operations` see; None where nobody ever followed.

    `current_through` of a model is that of the source that is furthest behind.
    """
    from orchestration.publishing.query import query

    operations = OperationsHome.of(home)
    release_id = store.current_id(operations)
    if release_id is None:
        return None
    manifest = store.find(operations, release_id).manifest
    return {
        "release_id": release_id,
        "as_of": manifest["as_of"],
        "lake_high_water": manifest["lake_high_water"],
        "last_step": _last_step(operations),
        "models": query(operations, FRESHNESS, release_id).objects(),
    }


def _last_step(operations: OperationsHome) -> dict[str, Any] | None:
    if not operations.steps.exists():
        return None
    with operations.steps.open("rb") as handle:
        handle.seek(max(handle.seek(0, 2) - 65536, 0))
        lines = handle.read().splitlines()
    # The last line may be one that is being written.
    for line in reversed(lines):
        try:
            step: dict[str, Any] = json.loads(line)
        except json.JSONDecodeError:
            continue
        return step
    return None
