"""MetricFlow in this process: the SQL that it makes of a metric, from the manifest that dbt wrote."""

from pathlib import Path
from typing import Any

from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowQueryRequest
from metricflow.protocols.sql_client import SqlEngine
from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer
from metricflow_semantics.model.dbt_manifest_parser import parse_manifest_from_dbt_generated_manifest
from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup


class DuckDbDialect:
    """What the engine asks of a client that only has to tell the dialect: it never runs anything here."""

    sql_engine_type = SqlEngine.DUCKDB
    sql_plan_renderer = DuckDbSqlPlanRenderer()

    def query(self, *arguments: Any, **named: Any) -> Any:
        raise NotImplementedError

    execute = dry_run = close = query

    def render_bind_parameter_key(self, bind_parameter_key: str) -> str:
        return f"${bind_parameter_key}"


class Metrics:
    """The metrics of a semantic manifest."""

    def __init__(self, semantic_manifest: Path) -> None:
        manifest = parse_manifest_from_dbt_generated_manifest(semantic_manifest.read_text())
        self.names = {metric.name for metric in manifest.metrics}
        self._engine = MetricFlowEngine(SemanticManifestLookup(manifest), DuckDbDialect())

    def sql(self, metric: str, *group_by: str) -> str:
        """The query of one metric."""
        request = MetricFlowQueryRequest.create(metric_names=[metric], group_by_names=list(group_by))
        return str(self._engine.explain(request).sql_statement.sql)
