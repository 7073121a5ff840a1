"""What a build did, told to Dagster: a materialization per model with rows and checksum, a check result per test."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dagster import (
    AssetCheckKey,
    AssetCheckResult,
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    DataVersion,
    MaterializeResult,
)

from orchestration.home import Home
from orchestration.warehouse.build import BuildResult
from orchestration.warehouse.checksums import RelationChecksum, excluded_columns, quoted, relation_checksum
from orchestration.warehouse.dbt_runner import NodeResult
from orchestration.warehouse.lock import warehouse_lock

UNIQUE_ID = "dagster_dbt/unique_id"
TOLD = 20


class BuildReport:
    """Knows which asset and which check stand for which dbt node of one project."""

    def __init__(self, definition: AssetsDefinition, manifest: Mapping[str, Any]) -> None:
        self._nodes: Mapping[str, Any] = manifest["nodes"]
        self._assets = {str(spec.metadata[UNIQUE_ID]): spec.key for spec in definition.specs}
        self._checks = {str(spec.metadata[UNIQUE_ID]): spec.key for spec in definition.check_specs}

    def selectors(self, assets: Iterable[AssetKey], checks: Iterable[AssetCheckKey]) -> list[str] | None:
        """dbt selectors of what a run selected; None for the whole project, which alone makes a complete build."""
        chosen_assets, chosen_checks = set(assets), set(checks)
        if chosen_assets == set(self._assets.values()) and chosen_checks == set(self._checks.values()):
            return None
        wanted = [unique_id for unique_id, key in self._assets.items() if key in chosen_assets]
        # dbt runs the tests of what it builds; a check whose asset is not built has to be named.
        wanted += [
            unique_id
            for unique_id, key in self._checks.items()
            if key in chosen_checks and key.asset_key not in chosen_assets
        ]
        return ["fqn:" + ".".join(self._nodes[unique_id]["fqn"]) for unique_id in wanted]

    def events(
        self, home: Home, context: AssetExecutionContext, result: BuildResult, wait_seconds: float
    ) -> Iterator[MaterializeResult[Any] | AssetCheckResult]:
        """A materialization for each node that was built, then a check result for each test that ran."""
        built = [node for node in result.nodes if node.ok and node.unique_id in self._assets]
        with warehouse_lock(home, "count rows", wait_seconds=wait_seconds):
            counted = self._contents(home, built)
        for node in built:
            key = self._assets[node.unique_id]
            if key in context.selected_asset_keys:
                yield _materialization(key, node, result, counted.get(node.unique_id))
        for node in result.nodes:
            check = self._checks.get(node.unique_id)
            if check in context.selected_asset_check_keys and node.status != "skipped":
                yield _check_result(check, node)

    def _contents(self, home: Home, built: Iterable[NodeResult]) -> dict[str, RelationChecksum | int]:
        """Marts: row count and checksum; other tables: row count; views: nothing, for counting one means running it."""
        import duckdb

        with duckdb.connect(str(home.warehouse), read_only=True) as connection:
            excluded = excluded_columns(connection)
            found: dict[str, RelationChecksum | int] = {}
            for node in built:
                properties = self._nodes[node.unique_id]
                schema, name = properties["schema"], properties["alias"]
                if schema == "marts":
                    found[node.unique_id] = relation_checksum(connection, name, excluded=excluded.get(name, ()))
                elif properties["config"]["materialized"] != "view":
                    row = connection.execute(f"select count(*) from {quoted(schema)}.{quoted(name)}").fetchone()
                    found[node.unique_id] = int(row[0]) if row else 0
        return found


def failures_told(failed: Iterable[NodeResult]) -> str:
    """The failed nodes with file and message, one per line, for the head of a failed run."""
    nodes = list(failed)
    lines = [f"{node.resource_type} {node.name} ({node.path}): {node.message or node.status}" for node in nodes]
    more = [f"… and {len(lines) - TOLD} more"] if len(lines) > TOLD else []
    return "\n".join([f"{len(nodes)} of the build's nodes failed:", *lines[:TOLD], *more])


def _materialization(
    key: AssetKey, node: NodeResult, result: BuildResult, content: RelationChecksum | int | None
) -> MaterializeResult[Any]:
    metadata: dict[str, Any] = {
        "build_id": result.build_id,
        "build": f"{'full' if result.full_refresh else 'incremental'}: {result.reason}",
        "through_batch": result.lake_high_water,
        "seconds": round(node.seconds, 3),
    }
    version = None
    if isinstance(content, RelationChecksum):
        metadata |= {"dagster/row_count": content.row_count, "checksum": str(content.checksum)}
        version = DataVersion(f"{content.row_count}-{content.checksum}")
    elif content is not None:
        metadata["dagster/row_count"] = content
    return MaterializeResult(asset_key=key, metadata=metadata, data_version=version)


def _check_result(key: AssetCheckKey | None, node: NodeResult) -> AssetCheckResult:
    assert key is not None
    metadata: dict[str, Any] = {"rows_found": node.failures or 0, "seconds": round(node.seconds, 3)}
    return AssetCheckResult(
        passed=node.ok,
        asset_key=key.asset_key,
        check_name=key.name,
        metadata=metadata,
        description=None if node.ok else (node.message or node.status),
    )
