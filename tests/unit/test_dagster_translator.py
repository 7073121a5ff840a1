"""How dbt's nodes are translated for Dagster."""

from datetime import timedelta
from typing import Any

import dagster as dg
import pytest

from orchestration.assets.dbt_translator import TieoutTranslator, freshness_policy, leading_comment


@pytest.mark.parametrize(
    ("sql", "comment"),
    [
        ("-- One line.\nselect 1", "One line."),
        ("-- Two\n-- lines.\nselect 1 -- not this", "Two lines."),
        ('{{ config(materialized="table") }}\n\n-- After the config.\nselect 1', "After the config."),
        ("{%- do source('lake', 'quote') -%}\n-- After a tag.\nselect 1", "After a tag."),
        ("select 1 -- not at the head", ""),
        ("", ""),
    ],
)
def test_the_comment_at_the_head_of_a_model(sql: str, comment: str) -> None:
    assert leading_comment(sql) == comment


def test_dbt_s_own_description_goes_first() -> None:
    translator = TieoutTranslator()
    assert translator.get_description({"description": "Said.", "raw_code": "-- Written.\nselect 1"}) == "Said."
    assert translator.get_description({"description": "", "raw_code": "-- Written.\nselect 1"}) == "Written."


@pytest.mark.parametrize(
    ("node", "key", "group"),
    [
        (
            {"resource_type": "model", "name": "dim_date", "fqn": ["tieout", "marts", "reference", "dim_date"]},
            "marts/dim_date",
            "marts",
        ),
        (
            {
                "resource_type": "model",
                "name": "mart_kpi_monthly",
                "alias": "mart_kpi_monthly_v1",
                "fqn": ["tieout", "marts", "kpi", "mart_kpi_monthly", "v1"],
            },
            "marts/mart_kpi_monthly_v1",
            "marts",
        ),
        (
            {"resource_type": "seed", "name": "currency", "fqn": ["tieout", "currency"]},
            "reference/currency",
            "reference",
        ),
    ],
)
def test_keys_and_groups_are_the_layer(node: dict[str, Any], key: str, group: str) -> None:
    translator = TieoutTranslator()
    assert translator.get_asset_key(node) == dg.AssetKey(key.split("/"))
    assert translator.get_group_name(node) == group


def test_sources_have_the_keys_of_the_landing_assets() -> None:
    source = {
        "resource_type": "source",
        "source_name": "lake",
        "name": "quote",
        "fqn": ["tieout", "staging", "lake", "quote"],
    }
    assert TieoutTranslator().get_asset_key(source) == dg.AssetKey(["lake", "quote"])


def test_the_sla_becomes_a_window_with_an_earlier_warning() -> None:
    assert freshness_policy({"config": {"meta": {}}}) is None
    policy = freshness_policy({"config": {"meta": {"freshness_sla_hours": 24}}})
    assert policy == dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=24), warn_window=timedelta(hours=18))
