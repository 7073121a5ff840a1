"""Every public mart has a version that is its meaning's, and an older one that is served says until when."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.home import PROJECT_ROOT

# dbt finds no time spine in a model with versions.
UNVERSIONED = {"dim_date"}


def marts(folder: Path = PROJECT_ROOT / "models" / "marts") -> list[dict[str, Any]]:
    return [model for path in folder.rglob("*.yml") for model in yaml.safe_load(path.read_text())["models"]]


def objections(model: dict[str, Any], page: str) -> list[str]:
    """What is wrong with the versions of one mart."""
    name, latest = model["name"], model.get("latest_version")
    if name in UNVERSIONED:
        return [] if "time_spine" in model and latest is None else [f"{name}: is no time spine, and has no version"]
    told = []
    if latest != model["config"]["meta"]["semantic_version"]:
        told.append(f"{name}: latest_version {latest} is not its semantic_version")
    if latest not in [version["v"] for version in model.get("versions", [])]:
        told.append(f"{name}: latest_version {latest} is not among its versions")
    for version in model.get("versions", []):
        until, relation = version.get("deprecation_date"), f"{name}_v{version['v']}"
        if version["v"] == latest:
            told += [f"{name}: the latest version has a deprecation_date"] if until else []
        elif not isinstance(until, date):
            told.append(f"{relation}: an older version needs a deprecation_date")
        else:
            told += [f"{relation}: its description does not say {until}"] * (f"{until}" not in version["description"])
            told += [f"{relation}: docs/versions.md does not say {until}"] * (f"{until}" not in page)
            told += [f"{relation}: docs/versions.md does not show it"] * (f"from {relation}" not in page)
    return told


def test_every_mart_has_its_version() -> None:
    page = (PROJECT_ROOT / "docs" / "versions.md").read_text(encoding="utf-8")
    found = marts()
    assert len(found) > 40
    assert [line for model in found for line in objections(model, page)] == []
    assert [model["name"] for model in found if len(model.get("versions", [])) > 1], "an older version is served"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"latest_version": 3}, "is not its semantic_version"),
        ({"versions": [{"v": 1}]}, "is not among its versions"),
        ({"versions": [{"v": 2, "deprecation_date": date(2030, 1, 1)}]}, "latest version has a deprecation_date"),
        ({"versions": [{"v": 2}, {"v": 1}]}, "needs a deprecation_date"),
        (
            {"versions": [{"v": 2}, {"v": 1, "deprecation_date": date(2030, 1, 1), "description": "2030-01-01"}]},
            "docs/versions.md does not show it",
        ),
        (
            {"versions": [{"v": 2}, {"v": 1, "deprecation_date": date(2030, 1, 1), "description": ""}]},
            "its description does not say 2030-01-01",
        ),
        ({"name": "dim_date"}, "is no time spine"),
    ],
)
def test_what_is_wrong_is_found(change: dict[str, Any], told: str) -> None:
    right = {"name": "fact", "latest_version": 2, "versions": [{"v": 2}], "config": {"meta": {"semantic_version": 2}}}
    assert objections(right, "") == []
    assert any(told in line for line in objections({**right, **change}, ""))
