"""One build of the warehouse from the lake: its inputs, dbt, its record; the models themselves are dbt's."""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.closing.index import index_folder
from orchestration.errors import Refused, Unusable
from orchestration.home import PROJECT_ROOT, Home
from orchestration.settings import Settings
from orchestration.warehouse import record
from orchestration.warehouse.checksums import quoted
from orchestration.warehouse.code import code_hash, git_revision
from orchestration.warehouse.compacted import Compaction, as_variable, compactions
from orchestration.warehouse.connection import open_warehouse
from orchestration.warehouse.dbt_runner import DbtOutcome, DbtProject, NodeResult, Progress, options_for
from orchestration.warehouse.lake import LakeState, read_lake
from orchestration.warehouse.lock import PATIENCE_SECONDS, warehouse_lock

if TYPE_CHECKING:
    import duckdb

NEVER = datetime(1, 1, 1)


@dataclass(frozen=True)
class BuildResult:
    """What a build did. `complete` means recorded: every node of the whole project ended well."""

    build_id: str
    complete: bool
    full_refresh: bool
    reason: str
    lake_high_water: int
    built_through: int
    as_of: datetime
    seconds: float
    nodes: tuple[NodeResult, ...]

    @property
    def failed(self) -> tuple[NodeResult, ...]:
        """The nodes that did not end well, those that were skipped for them left out."""
        return tuple(node for node in self.nodes if not node.ok and node.status != "skipped")


@dataclass(frozen=True)
class Plan:
    """The inputs of one build, and whether (and why) it starts from nothing."""

    lake: LakeState
    as_of: datetime
    built_through: int
    built_as_of: datetime
    code_hash: str
    full_refresh: bool
    reason: str


def build(
    home: Home,
    *,
    full_refresh: bool = False,
    as_of: str | None = None,
    select: Sequence[str] | None = None,
    progress: Progress | None = None,
    project: Path = PROJECT_ROOT,
    wait_seconds: float = PATIENCE_SECONDS,
    knowledge: LakeState | None = None,
    closes: Path | None = None,
    rebuild: Sequence[tuple[str, str]] = (),
) -> BuildResult:
    """Build what the lake holds up to now; the same inputs give the same rows, however often it is run.

    `as_of`: ISO 8601, UTC where it names no zone; without it the latest event time that is not later than its
    landing. `select`: dbt selectors; such a build is never recorded as complete. `knowledge` and `closes`: what was
    known then and which index of closes there was, to build the past anew (orchestration/closing/past.py). `rebuild`:
    aggregates (type, id) to build again though nothing new came for them (orchestration/repair). Raises Refused when
    the warehouse is in use or dbt cannot run, Unusable when nothing has landed. Failed models and tests do not raise:
    see `BuildResult.failed`.
    """
    settings = Settings.from_environment()
    moment = parse_as_of(as_of) if as_of else None
    with warehouse_lock(home, "build the warehouse", wait_seconds=wait_seconds):
        return _build(home, settings, full_refresh, moment, select, progress, project, knowledge, closes, rebuild)


def parse_as_of(text: str) -> datetime:
    """A moment as UTC without a zone; raises Unusable for what is no ISO 8601 date or time."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Unusable(f"--as-of {text!r} is no date or time; write 2026-10-01 or 2026-10-01T12:00:00Z") from None
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


def _build(
    home: Home,
    settings: Settings,
    full_refresh: bool,
    as_of: datetime | None,
    select: Sequence[str] | None,
    progress: Progress | None,
    project: Path,
    knowledge: LakeState | None,
    closes: Path | None,
    rebuild: Sequence[tuple[str, str]],
) -> BuildResult:
    from orchestration.landing import add_new_event_types

    started = _now()
    rates = _land_reference_rates(home, progress)
    current_code = f"{code_hash(project)}/{settings.reporting_currency}/{rates}"
    lake = knowledge or read_lake(home)
    add_new_event_types(home)
    compacted = as_variable(_compacted(home, knowledge, progress))
    plan = _plan(home, lake, as_of, current_code, full_refresh)
    build_id = f"{started:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"
    _begin(home, record.Attempt(build_id, started, plan.lake.high_water, plan.as_of, plan.code_hash))
    if progress:
        progress(f"{'full' if plan.full_refresh else 'incremental'} build ({plan.reason})")
    parse_key = f"{current_code}/{home.lake}/{_dbt_version()}"
    variables = _variables(home, settings, plan, closes or index_folder(home))
    variables["lake_compactions"] = compacted
    variables["rebuilt_aggregates"] = [list(aggregate) for aggregate in rebuild]
    outcome = DbtProject(home, project, settings.dbt_threads).run(
        "build",
        variables,
        parse_key,
        progress,
        *options_for(select, plan.full_refresh),
        standing=_views(home) if select is None and not plan.full_refresh else (),
    )
    if not outcome.nodes:
        raise Refused(f"dbt built nothing: no model matches {' '.join(select or ['the project'])}")
    complete = select is None and all(node.ok for node in outcome.nodes)
    finished = _now()
    if complete:
        _complete(
            home,
            outcome,
            record.Build(
                build_id=build_id,
                started_at=started,
                finished_at=finished,
                lake_high_water=plan.lake.high_water,
                as_of=plan.as_of,
                code_hash=plan.code_hash,
                git_revision=git_revision(project),
                dbt_manifest_hash=outcome.manifest_hash,
                reporting_currency=settings.reporting_currency,
                is_full_refresh=plan.full_refresh,
            ),
        )
    return BuildResult(
        build_id=build_id,
        complete=complete,
        full_refresh=plan.full_refresh,
        reason=plan.reason,
        lake_high_water=plan.lake.high_water,
        built_through=plan.built_through,
        as_of=plan.as_of,
        seconds=(finished - started).total_seconds(),
        nodes=outcome.nodes,
    )


def _plan(home: Home, lake: LakeState, as_of: datetime | None, current_code: str, full_refresh: bool) -> Plan:
    """Incremental only from a complete build of the same code whose inputs all lie behind this one's."""
    moment = as_of or lake.as_of
    last, attempt = _last_records(home)
    reason = "asked for"
    if not full_refresh:
        reason = _why_full(last, attempt, lake, moment, current_code)
    if last is None or reason:
        return Plan(lake, moment, 0, NEVER, current_code, True, reason)
    since = f"batches {last.lake_high_water + 1} to {lake.high_water}"
    told = since if lake.high_water > last.lake_high_water else "no new batch"
    return Plan(lake, moment, last.lake_high_water, last.as_of, current_code, False, told)


def _why_full(
    last: record.Build | None, attempt: record.Attempt | None, lake: LakeState, as_of: datetime, current_code: str
) -> str:
    if last is None:
        return "first build"
    if last.code_hash != current_code:
        return "models, macros, seeds, contracts, the exchange rates or the reporting currency changed"
    if lake.high_water < last.lake_high_water:
        return f"the lake ends at batch {lake.high_water}, the last build had {last.lake_high_water}"
    if as_of < last.as_of:
        return "as of an earlier time than the last build"
    left = attempt if attempt and attempt.build_id != last.build_id else None
    if left and (left.as_of > as_of or left.lake_high_water > lake.high_water or left.code_hash != current_code):
        return "an interrupted build had later inputs or other code"
    return ""


def _variables(home: Home, settings: Settings, plan: Plan, closes: Path) -> dict[str, Any]:
    return {
        "lake_path": str(home.lake),
        "closes_path": str(closes),
        "lake_high_water": plan.lake.high_water,
        "built_through": plan.built_through,
        "as_of": record.timestamp_text(plan.as_of),
        "built_as_of": record.timestamp_text(plan.built_as_of),
        "reporting_currency": settings.reporting_currency,
    }


def _compacted(home: Home, knowledge: LakeState | None, progress: Progress | None) -> list[Compaction]:
    """The compactions to read; new ones are made first, but not by a build of the past."""
    from orchestration.landing.compaction import compact

    if knowledge is None:
        compact(home, told=progress)
    return compactions(home)


def _last_records(home: Home) -> tuple[record.Build | None, record.Attempt | None]:
    if not home.warehouse.exists():
        return None, None
    with open_warehouse(home) as connection:
        return record.last_build(connection), record.last_attempt(connection)


def _views(home: Home) -> set[tuple[str, str]]:
    with open_warehouse(home) as connection:
        found = connection.execute("select schema_name, view_name from duckdb_views() where not internal").fetchall()
    return {(schema, name) for schema, name in found}


def _begin(home: Home, attempt: record.Attempt) -> None:
    with open_warehouse(home, read_only=False) as connection:
        record.prepare(connection)
        record.add_attempt(connection, attempt)


def _complete(home: Home, outcome: DbtOutcome, build: record.Build) -> None:
    with open_warehouse(home, read_only=False) as connection:
        connection.execute("begin")
        _drop_orphans(connection, outcome.relations)
        record.write_exclusions(connection, outcome.checksum_exclusions)
        event_types = {(mart, event_type_of(staging)) for mart, staging in outcome.mart_staging}
        record.write_mart_event_types(connection, sorted(event_types))
        record.add_build(connection, build)
        connection.execute("commit")


def event_type_of(staging_model: str) -> str:
    """`stg_cpq__quote_priced` holds the events of the type QuotePriced."""
    return "".join(word.title() for word in staging_model.partition("__")[2].split("_"))


def _drop_orphans(connection: "duckdb.DuckDBPyConnection", built: Collection[tuple[str, str]]) -> None:
    """Remove what a former version of the project built and this one does not: it would go stale, and be published."""
    schemas = sorted({schema for schema, _ in built} - {"audit"})
    found = connection.execute(
        "select table_schema, table_name, table_type from information_schema.tables"
        " where table_catalog = current_database() and list_contains(?, table_schema)",
        [schemas],
    ).fetchall()
    for schema, name, kind in found:
        if (schema, name) not in built:
            connection.execute(f"drop {'view' if kind == 'VIEW' else 'table'} {quoted(schema)}.{quoted(name)}")


def _land_reference_rates(home: Home, progress: Progress | None) -> str:
    """Have the shipped rates in the lake; the newest delivery is an input of the build like the code."""
    from orchestration.sources.exchange_rates import land_exchange_rates

    if progress:
        progress("exchange rates")
    return land_exchange_rates(home).snapshot[:16]


def _dbt_version() -> str:
    from importlib.metadata import version

    return f"{version('dbt-core')}/{version('dbt-duckdb')}"


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
