"""The schemas against the contract as it was written down by hand, so that a wrong schema cannot agree with itself."""

import gzip
import os
from pathlib import Path

import pytest
from contract_golden import CONTRACT, EMPTY_LISTS, ENUMS, INSIDE, TOLD_APART
from contract_lines import event, line

from orchestration.contracts import registry
from orchestration.contracts.reasons import Reason
from orchestration.contracts.strict_json import Problem
from orchestration.contracts.validate import Accepted, judge
from orchestration.home import PROJECT_ROOT

NORTHWIND = Path(os.environ.get("TIEOUT_NORTHWIND") or PROJECT_ROOT.parent / "shared" / "data" / "northwind")


def names(nested: tuple[registry.Field, ...]) -> tuple[set[str], set[str]]:
    return {f.name for f in nested if f.required}, {f.name for f in nested if not f.required}


def test_the_schemas_know_exactly_these_event_types() -> None:
    assert set(registry.event_types()) == set(CONTRACT)


@pytest.mark.parametrize("event_type", CONTRACT)
def test_fields_stream_and_aggregate_are_those_of_the_contract(event_type: str) -> None:
    aggregate_type, stream, payload, optional = CONTRACT[event_type]
    assert names(registry.tree(event_type)) == (set(payload), set(optional.split()))
    assert registry.stream_of(event_type) == stream
    assert registry.aggregate_type_of(event_type) == aggregate_type
    assert registry.supported_versions(event_type) == {1}


@pytest.mark.parametrize("event_type", CONTRACT)
def test_a_payload_with_only_its_required_fields_is_accepted(event_type: str) -> None:
    aggregate_type, _, payload, _ = CONTRACT[event_type]
    found = judge(line(event(event_type, aggregate_type, payload)))
    assert isinstance(found, Accepted), found
    assert found.event["schemaVersion"] == 1


@pytest.mark.parametrize("event_type", CONTRACT)
def test_each_required_field_is_required(event_type: str) -> None:
    aggregate_type, _, payload, _ = CONTRACT[event_type]
    for name in payload:
        broken = judge(line(event(event_type, aggregate_type, {k: v for k, v in payload.items() if k != name})))
        assert isinstance(broken, Problem)
        assert (broken.reason, broken.field) == (Reason.MISSING_FIELD, f"payload.{name}")


def test_nested_fields_enums_and_empty_lists_are_those_of_the_contract() -> None:
    found = {(t, f.path): f for t in registry.event_types() for f in registry.fields(t)}
    nested = {key: names(f.children) for key, f in found.items() if f.children}
    assert nested == {key: (set(required.split()), set(opt.split())) for key, (required, opt) in INSIDE.items()}
    assert {key: f.enum for key, f in found.items() if f.enum} == {k: tuple(v.split()) for k, v in ENUMS.items()}
    assert {key: f.unique_by for key, f in found.items() if f.unique_by} == TOLD_APART
    required_lists = {key for key, f in found.items() if f.kind == "list" and f.required}
    assert {key for key in required_lists if found[key].may_be_empty} == EMPTY_LISTS


def test_what_a_value_is_follows_from_its_name() -> None:
    for event_type in registry.event_types():
        for field in registry.fields(event_type):
            if field.name.endswith(("Amount", "Price", "Cost")):
                assert (field.kind, field.scale) == ("amount", 4), (event_type, field.path)
            elif field.name.endswith("Percent"):
                assert (field.kind, field.scale) == ("percent", 4), (event_type, field.path)
            elif field.name.endswith("At"):
                assert field.kind == "timestamp", (event_type, field.path)
            elif field.name.endswith(("Date", "Start", "End")):
                assert field.kind == "date", (event_type, field.path)
            elif field.name.endswith("Id"):
                assert field.kind == "id", (event_type, field.path)


def test_every_line_of_northwind_is_accepted() -> None:
    if not NORTHWIND.is_dir():
        pytest.skip("the Northwind event files are not here")
    accepted = 0
    for file in sorted(NORTHWIND.glob("*.ndjson.gz")):
        with gzip.open(file) as lines_in_file:
            # Every fifth line: all types and sources occur, and the whole files are landed by the landing tests.
            for number, content in enumerate(lines_in_file, start=1):
                if number % 5 == 1:
                    found = judge(content)
                    assert isinstance(found, Accepted), (file.name, number, found)
                    accepted += 1
    assert accepted > 1000
