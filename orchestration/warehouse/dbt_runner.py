"""Calling dbt inside this process, quietly and with a kept parse; not what is built, nor from which inputs."""

import contextlib
import gc
import hashlib
import json
import os
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.errors import Refused
from orchestration.home import Home
from orchestration.warehouse.dbt_events import without_unread_events
from orchestration.warehouse.steady_views import steady_views

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest
    from dbt.contracts.graph.nodes import ModelNode

Progress = Callable[[str], None]
NO_TELEMETRY = {"DO_NOT_TRACK": "1", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
NOT_BUILT = ("--exclude-resource-type", "unit_test", "--exclude-resource-type", "exposure")
READ_EVENTS = {"NodeFinished"}
UNCHANGED = "unchanged"
VOLATILE = {"metadata", "created_at", "root_path", "compiled_path", "build_path", "deferred"}


@dataclass(frozen=True)
class NodeResult:
    """How one model, seed or test ended; `failures` counts the rows that a test found."""

    unique_id: str
    name: str
    resource_type: str
    status: str
    seconds: float
    message: str
    failures: int | None
    path: str

    @property
    def ok(self) -> bool:
        return self.status in ("success", "pass")


@dataclass(frozen=True)
class DbtOutcome:
    """What an invocation did, one result per node that it touched, and what the project as parsed says.

    `relations`: (schema, name) of all it builds; `checksum_exclusions`: (relation, column) that checksums leave out;
    `mart_staging`: (mart, staging model) for every staging model that a mart is made from, over any number of steps.
    """

    nodes: tuple[NodeResult, ...]
    manifest_hash: str
    relations: frozenset[tuple[str, str]]
    checksum_exclusions: tuple[tuple[str, str], ...]
    mart_staging: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Compiled:
    """A project as parsed, and the compiled SQL of the selected nodes by their unique id."""

    manifest: "Manifest"
    manifest_hash: str
    sql: dict[str, str]


class DbtProject:
    """A dbt project, a home for what dbt writes, and the inputs that every invocation gets as vars."""

    def __init__(self, home: Home, project: Path, threads: int, target: Path | None = None) -> None:
        self._home, self._project, self._threads = home, project, threads
        self._target = target or home.dbt_target

    @property
    def target(self) -> Path:
        """Where dbt keeps its parse, its manifest and its run results."""
        return self._target

    def parse(self) -> Path:
        """Parse the project and return the path of dbt's manifest. Raises Refused when it does not parse."""
        with _environment(self._home):
            self._parse({})
        return self.target / "manifest.json"

    def run(
        self,
        command: str,
        variables: Mapping[str, Any],
        parse_key: str,
        progress: Progress | None,
        *options: str,
        standing: Collection[tuple[str, str]] = (),
    ) -> DbtOutcome:
        """Run a dbt command that ends in node results.

        `parse_key` stands for everything that a parse depends on: with the same key the parse before is taken, though
        the variables differ. `standing`: (schema, name) of views that a build of the same code has left; those of them
        that say the same in every build stay as they are, and their results say so. Raises Refused when dbt cannot run
        at all (a project that does not parse, a full disk).
        """
        with _environment(self._home):
            from dbt.cli.main import dbtRunner

            manifest, manifest_hash = self._manifest(variables, parse_key)
            kept = [view for view in steady_views(manifest) if (view.schema, view.alias) in standing]
            if kept:
                # `empty`: the tests of a view that is left alone still run.
                names = (f"fqn:{'.'.join(view.fqn)}" for view in kept)
                options = (*options, "--exclude", *names, "--indirect-selection", "empty")
            runner = dbtRunner(manifest=manifest, callbacks=[_reporter(progress)] if progress else [])
            try:
                with without_unread_events(wanted=READ_EVENTS), _garbage_left():
                    outcome = runner.invoke(self._arguments(command, variables, *options))
            finally:
                _release_warehouse()
        if isinstance(outcome.exception, KeyboardInterrupt):
            raise outcome.exception
        if outcome.exception is not None:
            raise Refused(f"dbt {command} could not run: {outcome.exception}")
        ran = (_node(result) for result in outcome.result.results)  # type: ignore[union-attr]
        nodes = (*(_unchanged(view) for view in kept), *ran)
        return DbtOutcome(nodes, manifest_hash, _relations(manifest), _exclusions(manifest), _mart_staging(manifest))

    def compile(self, variables: Mapping[str, Any], parse_key: str, *select: str) -> "Compiled":
        """The SQL that a build with these variables would run for each selected model and test, over what is there now.

        Raises Refused when dbt cannot run, or a model does not compile.
        """
        with _environment(self._home):
            from dbt.cli.main import dbtRunner

            manifest, manifest_hash = self._manifest(variables, parse_key)
            try:
                with without_unread_events(wanted=READ_EVENTS), _garbage_left():
                    options = ("--select", *select)
                    outcome = dbtRunner(manifest=manifest).invoke(self._arguments("compile", variables, *options))
            finally:
                _release_warehouse()
        if isinstance(outcome.exception, KeyboardInterrupt):
            raise outcome.exception
        if outcome.exception is not None:
            raise Refused(f"dbt compile could not run: {outcome.exception}")
        results = outcome.result.results  # type: ignore[union-attr]
        failed = [
            f"{result.node.original_file_path}: {result.message}" for result in results if result.status != "success"
        ]
        if failed:
            raise Refused("dbt did not compile:\n" + "\n".join(failed))
        compiled = ((result.node.unique_id, getattr(result.node, "compiled_code", None)) for result in results)
        sql = {key: code for key, code in compiled if code}
        return Compiled(manifest, manifest_hash, sql)

    def _arguments(self, command: str, variables: Mapping[str, Any], *options: str) -> list[str]:
        folders = ["--project-dir", str(self._project), "--profiles-dir", str(self._project)]
        outputs = ["--target-path", str(self.target), "--log-path", str(self._home.root / "dbt" / "logs")]
        quiet = ["--log-level", "none", "--no-print", "--no-use-colors", "--no-send-anonymous-usage-stats"]
        # Only a parse writes dbt's manifest: nobody reads the artefacts of a run, and they take seconds to write.
        own = [] if command == "parse" else ["--no-write-json", "--threads", str(self._threads)]
        return [*quiet, command, *folders, *outputs, *own, "--vars", json.dumps(dict(variables)), *options]

    def _manifest(self, variables: Mapping[str, Any], parse_key: str) -> tuple["Manifest", str]:
        from dbt.contracts.graph.manifest import Manifest

        kept, note = self.target / "partial_parse.msgpack", self.target / "parse.json"
        with contextlib.suppress(OSError, ValueError, KeyError):
            known = json.loads(note.read_text())
            content = kept.read_bytes()
            if known["key"] == parse_key and known["sha256"] == hashlib.sha256(content).hexdigest():
                manifest = Manifest.from_msgpack(content)
                manifest.build_flat_graph()
                return manifest, str(known["manifest_hash"])
        note.unlink(missing_ok=True)
        manifest = self._parse(variables)
        manifest_hash = _stable_hash(json.loads((self.target / "manifest.json").read_text()))
        if kept.exists():
            sha256 = hashlib.sha256(kept.read_bytes()).hexdigest()
            note.write_text(json.dumps({"key": parse_key, "sha256": sha256, "manifest_hash": manifest_hash}))
        return manifest, manifest_hash

    def _parse(self, variables: Mapping[str, Any]) -> "Manifest":
        from dbt.cli.main import dbtRunner

        outcome = dbtRunner().invoke(self._arguments("parse", variables))
        if outcome.exception is not None or outcome.result is None:
            raise Refused(f"The dbt project in {self._project} does not parse: {outcome.exception}")
        return outcome.result  # type: ignore[return-value]


@contextlib.contextmanager
def _environment(home: Home) -> Iterator[None]:
    """dbt reads the warehouse's path from the environment; what it prints goes to stderr; it sends nothing."""
    wanted = {**NO_TELEMETRY, "TIEOUT_WAREHOUSE": str(home.warehouse)}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _garbage_left() -> Iterator[None]:
    """Objects in cycles stay until dbt is done: looking for them takes a seventh of a build's CPU, and what is left of
    them by then is some 200 MB, whatever the size of the data."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
        gc.collect()


def _release_warehouse() -> None:
    """dbt-duckdb keeps its connection for the life of the process: close it, so that the file is free again."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.adapters.factory import cleanup_connections, reset_adapters

    cleanup_connections()
    reset_adapters()
    environment = DuckDBConnectionManager._ENV
    if environment is not None:
        environment.close()
    DuckDBConnectionManager.close_all_connections()


def _reporter(progress: Progress) -> Callable[[Any], None]:
    def report(event: Any) -> None:
        if event.info.name in READ_EVENTS:
            node = event.data.node_info
            progress(f"{node.resource_type} {node.node_name}: {node.node_status}")

    return report


def _node(result: Any) -> NodeResult:
    node = result.node
    return NodeResult(
        unique_id=node.unique_id,
        name=node.name,
        resource_type=str(node.resource_type),
        status=str(result.status),
        seconds=result.execution_time,
        message=(result.message or "").strip(),
        failures=result.failures,
        path=node.original_file_path,
    )


def _unchanged(view: "ModelNode") -> NodeResult:
    return NodeResult(view.unique_id, view.name, "model", "success", 0.0, UNCHANGED, None, view.original_file_path)


def _relations(manifest: "Manifest") -> frozenset[tuple[str, str]]:
    built = ("model", "seed", "snapshot")
    return frozenset((node.schema, node.alias) for node in manifest.nodes.values() if node.resource_type in built)


def _exclusions(manifest: "Manifest") -> tuple[tuple[str, str], ...]:
    return tuple(
        sorted(
            (node.alias, column.name)
            for node in manifest.nodes.values()
            for column in node.columns.values()
            if (column.config.meta or column.meta).get("checksum", True) is False
        )
    )


def _mart_staging(manifest: "Manifest") -> tuple[tuple[str, str], ...]:
    models = {key: node for key, node in manifest.nodes.items() if key.startswith("model.")}
    found = set()
    for mart in (node for node in models.values() if node.schema == "marts"):
        seen: set[str] = set()
        waiting = list(mart.depends_on_nodes)
        while waiting:
            key = waiting.pop()
            if key in models and key not in seen:
                seen.add(key)
                waiting += models[key].depends_on_nodes
        found |= {(mart.alias, models[key].name) for key in seen if models[key].schema == "staging"}
    return tuple(sorted(found))


def _stable_hash(manifest: dict[str, Any]) -> str:
    """SHA-256 of dbt's manifest without what differs from run to run of the same project."""

    def stable(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: stable(item) for key, item in value.items() if key not in VOLATILE}
        return [stable(item) for item in value] if isinstance(value, list) else value

    return hashlib.sha256(json.dumps(stable(manifest), sort_keys=True).encode()).hexdigest()


# A test that compares with a model that is not selected is the business of a whole build.
OWN_TESTS = ("--indirect-selection", "cautious")


def options_for(select: Sequence[str] | None, full_refresh: bool) -> tuple[str, ...]:
    """The dbt options that choose nodes and a rebuild from nothing.

    Unit tests are left out: they prove the code on made-up rows, which is the business of `make test`, not of a build.
    So are exposures, for which there is nothing to do, and tests that also read what is not selected.
    """
    chosen = ("--select", *select, *OWN_TESTS) if select else ()
    return (*NOT_BUILT, *chosen, *(("--full-refresh",) if full_refresh else ()))
