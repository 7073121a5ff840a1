"""The lake's assets as dbt's sources describe them: descriptions, owners and SLA; landing them is elsewhere."""

from collections.abc import Mapping
from typing import Any

from dagster import AssetKey, AssetSpec

from orchestration.assets.dbt_translator import freshness_policy
from orchestration.assets.naming import LANDING_GROUP

SOURCE = "lake"


def lake_specs(manifest: Mapping[str, Any]) -> dict[AssetKey, AssetSpec]:
    """A spec for each table of dbt's source `lake`, under the key that the models' lineage leads to."""
    tables = [source for source in manifest["sources"].values() if source["source_name"] == SOURCE]
    specs = [
        AssetSpec(
            AssetKey([SOURCE, table["name"]]),
            description=table["description"],
            group_name=LANDING_GROUP,
            owners=[table["meta"]["owner"]],
            kinds={"parquet"},
            freshness_policy=freshness_policy(table),
        )
        for table in tables
    ]
    return {spec.key: spec for spec in specs}
