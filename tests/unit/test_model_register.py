"""The register of read models and what dbt says of them are one truth; docs/operations.md answers for each."""

from typing import Any

import pytest
import yaml

from orchestration.home import PROJECT_ROOT
from orchestration.reconciliation.suites import expected_checks
from orchestration.semantics.kpi_page import Row, rows

MODELS = {path.stem: path for path in (PROJECT_ROOT / "models" / "operations").glob("*.yml")}
# It is about the others, and has no source of its own.
ABOUT_THE_REGISTER = {"projection_freshness"}
NO_QUEUES = {
    "customer_timeline",
    "order_tracking_item",
    "order_tracking_task",
    "search_order_active",
    "search_order_document",
    "search_quote_active",
    "search_quote_document",
}


def described(name: str) -> dict[str, Any]:
    (model,) = yaml.safe_load(MODELS[name].read_text(encoding="utf-8"))["models"]
    return dict(model)


def objections(row: Row, model: dict[str, Any]) -> list[str]:
    """Where the register and dbt disagree on a read model, or the register says nothing."""
    config, told = model["config"], []
    if row["owner"] != config["group"]:
        told.append("owner")
    for name in ("schema_version", "semantic_version", "sla_seconds"):
        if int(row[name]) != config["meta"][name]:
            told.append(name)
    told += [name for name, value in row.items() if not value]
    if not set(row["check_keys"].split("|")) <= set(expected_checks()):
        told.append("check_keys")
    if row["decision_authority"] != "never":
        told.append("decision_authority")
    return told


def test_the_register_has_every_read_model_and_agrees_with_dbt() -> None:
    registered = {row["model"]: row for row in rows("model_register")}
    assert set(registered) | ABOUT_THE_REGISTER == set(MODELS)
    assert {name: found for name, row in registered.items() if (found := objections(row, described(name)))} == {}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"owner": "finance"}, ["owner"]),
        ({"semantic_version": "7"}, ["semantic_version"]),
        ({"sla_seconds": "99"}, ["sla_seconds"]),
        ({"check_keys": "quote_lifecycle|nothing"}, ["check_keys"]),
        ({"when_stale": ""}, ["when_stale"]),
        ({"decision_authority": "always"}, ["decision_authority"]),
    ],
)
def test_a_register_that_says_something_else_is_told(change: Row, told: list[str]) -> None:
    row = next(row for row in rows("model_register") if row["model"] == "quote_worklist")
    assert objections({**row, **change}, described("quote_worklist")) == told


def test_every_read_model_is_answered_for() -> None:
    page = (PROJECT_ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert [name for name in MODELS if f"`{name}`" not in page] == []


def test_every_column_of_a_queue_says_who_why_and_since_when() -> None:
    queues = set(MODELS) - ABOUT_THE_REGISTER - NO_QUEUES
    wanted = {"owner", "status", "status_since", "status_age_seconds", "reason_codes", "reason_count"}
    trace = {"source_event_id", "source_version", "source_event_time", "projected_at", "lag_seconds"}
    versions = {"projection_schema_version", "projector_version"}
    for name in queues:
        assert wanted <= {column["name"] for column in described(name)["columns"]}, name
    for name in set(MODELS) - ABOUT_THE_REGISTER:
        assert trace | versions <= {column["name"] for column in described(name)["columns"]}, name
