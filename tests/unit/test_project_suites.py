"""The project's own suites, waivers and reconciliation models belong together."""

import re

import pytest
import yaml

from orchestration.home import PROJECT_ROOT
from orchestration.reconciliation.suites import EXPECTATIONS, expected_checks, load_checks
from orchestration.reconciliation.waivers import WAIVERS, load_waivers

MODELS = PROJECT_ROOT / "models" / "reconciliation"
AUDITED = {path.stem for path in MODELS.glob("*.sql") if re.search(r"as check_key|pair_sides\(", path.read_text())}


def columns(model: str) -> set[str]:
    described = yaml.safe_load((MODELS / f"{model}.yml").read_text())["models"][0]
    assert described["name"] == model
    return {column["name"] for column in described["columns"]}


def test_every_audited_model_has_its_suite() -> None:
    assert len(AUDITED) > 10
    assert {check.relation for check in load_checks()} == AUDITED


def test_every_model_is_described() -> None:
    assert {path.stem for path in MODELS.glob("*.sql")} == {path.stem for path in MODELS.glob("*.yml")}


@pytest.mark.parametrize("model", sorted(AUDITED))
def test_suites_compare_every_pair_of_their_model(model: str) -> None:
    pairs = {name.removeprefix("left_") for name in columns(model) if name.startswith("left_")}
    assert pairs
    for check in load_checks():
        if check.relation == model:
            assert set(check.pairs) == pairs
            assert {"check_key", "partition", "kind", "severity"} <= columns(model)


def test_only_the_canary_expects_nothing_of_the_lake() -> None:
    assert [check.key for check in load_checks() if not check.expected] == ["canary"]


def test_event_types_of_the_suites_are_the_contract_s() -> None:
    known = {path.stem for path in (PROJECT_ROOT / "orchestration" / "contracts" / "schemas").glob("*.json")}
    named = {name for check in load_checks() for wanted in check.expected for name in wanted.event_types}
    assert named
    assert named <= known


def test_the_checked_in_waivers_are_well_formed() -> None:
    assert WAIVERS.exists()
    load_waivers(load_checks())


def test_expected_checks_are_sorted_and_every_one() -> None:
    assert expected_checks() == sorted(check.key for check in load_checks())
    assert len(list(EXPECTATIONS.glob("*.yml"))) <= len(expected_checks())
