"""Where things stand, from inbox to release, as JSON values; looks only, and not at a warehouse in use."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from orchestration.errors import TieoutError
from orchestration.home import Home
from orchestration.inbox import waiting
from orchestration.observability.closes import closes
from orchestration.observability.dead_letters import dead_letters
from orchestration.observability.followed import followed
from orchestration.operations.home import OperationsHome
from orchestration.operations.indexing import last_lags
from orchestration.publishing import store
from orchestration.reconciliation.proof import last_audit
from orchestration.search.indexing import standing
from orchestration.warehouse import record
from orchestration.warehouse.connection import open_warehouse
from orchestration.warehouse.lake import high_water, quarantine_counts
from orchestration.warehouse.lock import holder, warehouse_lock

if TYPE_CHECKING:
    import duckdb


def status(home: Home) -> dict[str, Any]:
    """Inbox, lake, dead letters, last build, last audit, current release, followed read models and search indexes."""
    working = holder(home)
    return {
        "home": str(home.root),
        "inbox": [{"file": str(file.path), "bytes": file.size} for file in waiting(home)],
        "lake": {"high_water": high_water(home), "quarantine": quarantine_counts(home)},
        "dead_letters": [letters.as_json() for letters in dead_letters(home, datetime.now(UTC))],
        "working_now": vars(working) if working else None,
        "build": None if working else _or_problem(_build, home),
        "audit": _or_problem(_audit, home),
        "release": _release(home),
        "closes": closes(home),
        "operations": _or_problem(followed, home),
        "search": [*_indexes(home, operations=False), *_indexes(OperationsHome.of(home), operations=True)],
    }


def _indexes(home: Home, *, operations: bool) -> list[dict[str, Any]]:
    """How the search indexes stand; none of the followed read models where nobody follows."""
    if store.current_id(home) is None:
        return []
    lags = last_lags(home) if operations else {}
    return [{"operations": operations, **index, "lag_seconds": lags.get(index["noun"])} for index in standing(home)]


def _or_problem(look: Callable[[Home], dict[str, Any] | None], home: Home) -> dict[str, Any] | None:
    """What a stage looks like, or what is wrong with it: one broken stage hides no other."""
    try:
        return look(home)
    except TieoutError as error:
        return {"problem": str(error)}


def _build(home: Home) -> dict[str, Any] | None:
    if not home.warehouse.exists():
        return None
    with (
        warehouse_lock(home, "look at the last build"),
        open_warehouse(home) as connection,
    ):
        return _last_build(connection)


def _last_build(connection: "duckdb.DuckDBPyConnection") -> dict[str, Any] | None:
    last, attempt = record.last_build(connection), record.last_attempt(connection)
    if attempt is None:
        return None
    return {
        "complete": last is not None and last.build_id == attempt.build_id,
        "started_at": f"{attempt.started_at.isoformat(timespec='seconds')}Z",
        "last_complete": None
        if last is None
        else {
            "build_id": last.build_id,
            "finished_at": f"{last.finished_at.isoformat(timespec='seconds')}Z",
            "lake_high_water": last.lake_high_water,
            "as_of": f"{last.as_of.isoformat()}Z",
            "git_revision": last.git_revision,
        },
    }


def _release(home: Home) -> dict[str, Any] | None:
    if store.current_id(home) is None:
        return None
    release = store.find(home, None)
    kept = ("release_id", "created_at", "as_of", "lake_high_water", "data_version", "checks", "freshness")
    return {name: release.manifest[name] for name in kept}


def _audit(home: Home) -> dict[str, Any] | None:
    """The last audit and every check of it that did not pass."""
    audit = last_audit(home)
    if audit is None:
        return None
    shown = ("key", "partition", "kind", "severity", "verdict", "message")
    return {
        "run_id": audit.body["run_id"],
        "passed": audit.body["passed"],
        "counts": dict(Counter(str(check["verdict"]) for check in audit.checks)),
        "data_version": audit.data_version,
        "open": [{name: check[name] for name in shown} for check in audit.checks if check["verdict"] != "passed"],
    }
