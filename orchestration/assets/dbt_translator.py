"""How dbt's nodes look in Dagster: groups by layer, owners, kinds, freshness; running them is not its matter."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from dagster import AssetKey, AssetSpec, FreshnessPolicy
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtProject

from orchestration.assets.naming import REFERENCE_GROUP

LEADING_COMMENT = re.compile(r"(?:\s|\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\})*(?P<comment>(?:[ \t]*--[^\n]*\n?)+)", re.DOTALL)


class TieoutTranslator(DagsterDbtTranslator):
    """dbt-dagster's own translation, with layers as groups and the SLA of dbt's meta as freshness policy."""

    def __init__(self) -> None:
        super().__init__(DagsterDbtTranslatorSettings(enable_code_references=True))

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> AssetSpec:
        spec = super().get_asset_spec(manifest, unique_id, project)
        properties = self.get_resource_props(manifest, unique_id)
        materialized = properties.get("config", {}).get("materialized")
        return spec.replace_attributes(
            kinds=spec.kinds | ({materialized} if materialized else set()),
            freshness_policy=freshness_policy(properties),
        )

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """The layer: staging, intermediate, marts, reconciliation, or reference for seeds."""
        if dbt_resource_props["resource_type"] == "seed":
            return REFERENCE_GROUP
        return str(dbt_resource_props["fqn"][1])

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """dbt's description, else the comment that heads the model; the SQL itself is a click away (code reference)."""
        return str(dbt_resource_props.get("description") or leading_comment(dbt_resource_props.get("raw_code") or ""))

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> AssetKey:
        """Layer and relation, as in `marts/dim_date`; sources are `lake/<stream>`, the keys of the landing assets."""
        if dbt_resource_props["resource_type"] == "source":
            return AssetKey([dbt_resource_props["source_name"], dbt_resource_props["name"]])
        return AssetKey(
            [self.get_group_name(dbt_resource_props), dbt_resource_props.get("alias") or dbt_resource_props["name"]]
        )


def freshness_policy(dbt_resource_props: Mapping[str, Any]) -> FreshnessPolicy | None:
    """The window that `meta: {freshness_sla_hours: N}` promises; a warning after three quarters of it."""
    meta = dbt_resource_props.get("config", {}).get("meta") or dbt_resource_props.get("meta") or {}
    hours = meta.get("freshness_sla_hours")
    if hours is None:
        return None
    window = timedelta(hours=hours)
    return FreshnessPolicy.time_window(fail_window=window, warn_window=window * 3 / 4)


def leading_comment(sql: str) -> str:
    """The first `--` comment of a model, before any SQL, as one line; empty without one."""
    match = LEADING_COMMENT.match(sql)
    lines = match["comment"].splitlines() if match else []
    return " ".join(line.strip().removeprefix("--").strip() for line in lines)
