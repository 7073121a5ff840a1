"""Makes or opens the operations warehouse: built by dbt once per code, then opened with its compiled plan."""

import hashlib
import json
import shutil
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.closing.index import index_folder
from orchestration.errors import Refused
from orchestration.home import PROJECT_ROOT, Home
from orchestration.operations import engine, release
from orchestration.operations.home import OperationsHome
from orchestration.operations.plan import PLACES, SELECTION, Inputs, Plan, plan_of
from orchestration.settings import Settings
from orchestration.warehouse.code import code_hash
from orchestration.warehouse.dbt_runner import OWN_TESTS, DbtProject, options_for
from orchestration.warehouse.lake import LakeState, read_lake

if TYPE_CHECKING:
    import duckdb

    from orchestration.warehouse.dbt_runner import Progress

NEVER = datetime(1, 1, 1)
MEMORY = "2GB"
# A step writes some fifty MB, and waits where the log goes into the database: seldom enough that few steps do. To read
# so much again after a kill takes some fifteen seconds.
LOG_SIZE = "4GB"


@dataclass(frozen=True)
class Prepared:
    """An open operations warehouse, the plan that keeps it current, and the code that both are of."""

    home: OperationsHome
    connection: "duckdb.DuckDBPyConnection"
    plan: Plan
    code: str
    comments: tuple[release.Comment, ...]


def prepare(home: Home, project: Path = PROJECT_ROOT, progress: "Progress | None" = None) -> Prepared:
    """Open the warehouse of this code, after building it where there is none; older ones are removed.

    Raises Refused when nothing has landed or a model or test of the read models fails: readers keep what they have.
    """
    from orchestration.landing import add_new_event_types
    from orchestration.sources.exchange_rates import land_exchange_rates

    settings = Settings.from_environment()
    rates = land_exchange_rates(home).snapshot[:16]
    code = f"{code_hash(project)}/{settings.reporting_currency}/{rates}"
    read_lake(home)
    add_new_event_types(home)
    generation = _generation(home, code)
    ops = OperationsHome.of(home, generation)
    if not _is_whole(ops):
        _build(ops, project, settings, code, read_lake(home), progress)
    if progress:
        progress("compiling the read models")
    prepared = _open(ops, project, settings, code)
    _remember(home, generation, code)
    _remove_others(ops)
    return prepared


def rebuild(home: Home, project: Path = PROJECT_ROOT, progress: "Progress | None" = None) -> dict[str, tuple[str, str]]:
    """Build the read models anew from the lake beside the live ones, and have `follow` go on with the new ones.

    Returns the relations whose rows differ, with (live, rebuilt) as `count-checksum`; none where the live ones were
    right. The live ones stay readable meanwhile; only the holder of the lock may call this.
    """
    from orchestration.landing import add_new_event_types
    from orchestration.sources.exchange_rates import land_exchange_rates

    settings = Settings.from_environment()
    rates = land_exchange_rates(home).snapshot[:16]
    code = f"{code_hash(project)}/{settings.reporting_currency}/{rates}"
    lake = read_lake(home)
    add_new_event_types(home)
    live = OperationsHome.of(home, _generation(home, code))
    held = _held(live)
    if held is not None and held[0] <= lake.high_water:
        lake = LakeState(*held)
    number = int(live.generation.rpartition("-")[2]) + 1
    fresh = replace(live, generation=f"{live.generation.rpartition('-')[0]}-{number}")
    excluded = _build(fresh, project, settings, code, lake, progress)
    differing = _differences(live, fresh, excluded) if held is not None else {}
    _remember(home, fresh.generation, code)
    return differing


def now() -> datetime:
    """The clock, in UTC without a zone."""
    return datetime.now(UTC).replace(tzinfo=None)


def _generation(home: Home, code: str) -> str:
    """The live warehouse of this code: the name that is remembered, else its first."""
    name = hashlib.sha256(code.encode()).hexdigest()[:12]
    path = OperationsHome.of(home).folder / "live.json"
    if path.exists():
        known = json.loads(path.read_text())
        if known["code"] == code:
            return str(known["generation"])
    return f"{name}-1"


def _remember(home: Home, generation: str, code: str) -> None:
    path = OperationsHome.of(home).folder / "live.json"
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps({"generation": generation, "code": code}))
    temporary.replace(path)


def _held(ops: OperationsHome) -> tuple[int, datetime] | None:
    """What the warehouse shows; None where it is not there or its first build is not whole."""
    import duckdb

    if not ops.warehouse.exists():
        return None
    try:
        with duckdb.connect(str(ops.warehouse)) as connection:
            return engine.followed(connection)
    except duckdb.Error:
        # Damaged, as after a full disk: it is made from the lake alone, so it is made anew.
        return None


def _is_whole(ops: OperationsHome) -> bool:
    return _held(ops) is not None


def _build(
    ops: OperationsHome, project: Path, settings: Settings, code: str, lake: LakeState, progress: "Progress | None"
) -> dict[str, set[str]]:
    """Everything that the read models are made from, by dbt, with its tests; whole once its inputs are recorded.

    Returns the columns that checksums leave out, by relation.
    """
    shutil.rmtree(ops.warehouse.parent, ignore_errors=True)
    ops.warehouse.parent.mkdir(parents=True)
    inputs = Inputs(lake.high_water, 0, lake.as_of, NEVER, now(), lake.high_water, 0)
    if progress:
        progress("building the read models from the lake")
    options = options_for([SELECTION], full_refresh=True)
    outcome = _dbt(ops, project, settings).run(
        "build", _variables(ops, settings, inputs.texts()), code, progress, *options
    )
    failed = [
        f"{node.resource_type} {node.name} ({node.path}): {node.message}" for node in outcome.nodes if not node.ok
    ]
    if failed or not outcome.nodes:
        raise Refused("The read models do not build; readers keep what they have.\n" + "\n".join(failed[:20]))
    connection = _connect(ops)
    try:
        engine.followed(connection)
        engine.record(connection, inputs)
    finally:
        connection.close()
    excluded: dict[str, set[str]] = {}
    for relation, column in outcome.checksum_exclusions:
        excluded.setdefault(relation, set()).add(column)
    return excluded


def _open(ops: OperationsHome, project: Path, settings: Settings, code: str) -> Prepared:
    compiled = _dbt(ops, project, settings).compile(_variables(ops, settings, PLACES), code, SELECTION, *OWN_TESTS)
    connection = _connect(ops)
    found = connection.execute("select table_schema || '.' || table_name, column_name from information_schema.columns")
    columns: dict[str, list[str]] = {}
    for relation, column in found.fetchall():
        columns.setdefault(relation, []).append(column)
    plan = plan_of(compiled.manifest, compiled.sql, columns)
    comments = release.comments_of(connection)
    engine.keep_events(connection, plan)
    engine.forget_changes(connection)
    return Prepared(ops, connection, plan, code, comments)


def _connect(ops: OperationsHome) -> "duckdb.DuckDBPyConnection":
    import duckdb

    spill = str(ops.warehouse.parent / "spill")
    config: dict[str, Any] = {
        "memory_limit": MEMORY,
        "preserve_insertion_order": "false",
        "temp_directory": spill,
        "checkpoint_threshold": LOG_SIZE,
    }
    connection = duckdb.connect(str(ops.warehouse), config=config)
    connection.execute("set TimeZone = 'UTC'")
    return connection


def _dbt(ops: OperationsHome, project: Path, settings: Settings) -> DbtProject:
    return DbtProject(ops, project, settings.dbt_threads, target=ops.dbt_target)


def _variables(ops: OperationsHome, settings: Settings, inputs: dict[str, str]) -> dict[str, Any]:
    numbers = ("lake_high_water", "built_through", "deferred_through")
    told = {name: int(text) if name in numbers else text for name, text in inputs.items()}
    paths = {"lake_path": str(ops.lake), "closes_path": str(index_folder(ops))}
    return {**paths, "reporting_currency": settings.reporting_currency, **told}


def _differences(
    live: OperationsHome, fresh: OperationsHome, excluded: dict[str, set[str]]
) -> dict[str, tuple[str, str]]:
    sides = [_checksums(home, excluded) for home in (live, fresh)]
    names = sorted({*sides[0], *sides[1]})
    pairs = {name: (sides[0].get(name, "missing"), sides[1].get(name, "missing")) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _checksums(ops: OperationsHome, excluded: dict[str, set[str]]) -> dict[str, str]:
    from orchestration.warehouse.checksums import schema_checksums

    connection = _connect(ops)
    try:
        found = schema_checksums(connection, schema=release.SCHEMA, excluded=excluded)
    finally:
        connection.close()
    return {item.relation: f"{item.row_count}-{item.checksum}" for item in found}


def _remove_others(ops: OperationsHome) -> None:
    for folder in ops.warehouse.parent.parent.iterdir():
        if folder != ops.warehouse.parent:
            shutil.rmtree(folder)
