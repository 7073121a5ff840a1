"""Every event type, field by field: what its schema demands is demanded, and a line that breaks it names the field."""

import pytest
from contract_lines import Raw, changed, concrete, line, payload_fields

from orchestration.contracts import registry
from orchestration.contracts.examples import as_cloudevent, example
from orchestration.contracts.explain import EXACT_KINDS
from orchestration.contracts.reasons import Reason
from orchestration.contracts.strict_json import Problem
from orchestration.contracts.validate import Accepted, judge

TYPES = registry.event_types()
FIELDS = [pytest.param(t, f, id=f"{t}.{f.path}") for t, f in payload_fields()]
NAMED = [p for p in FIELDS if p.values[1].name]
REQUIRED = [p for p in NAMED if p.values[1].required]
OPTIONAL = [p for p in NAMED if not p.values[1].required]
ENUMS = [p for p in FIELDS if p.values[1].enum]
NUMBERS = [p for p in FIELDS if p.values[1].kind in EXACT_KINDS]
TIMES = [p for p in FIELDS if p.values[1].kind in ("timestamp", "date")]
LISTS = [p for p in FIELDS if p.values[1].kind == "list"]
OTHERS = [p for p in FIELDS if p.values[1].kind not in EXACT_KINDS]

MALFORMED = {
    "five decimals": ("1.00001", Reason.TOO_MANY_DECIMALS),
    "five decimals as a number": (Raw("1.00001"), Reason.TOO_MANY_DECIMALS),
    "nine decimals": ("-0.000000001", Reason.TOO_MANY_DECIMALS),
    "text": ("twelve", Reason.BAD_AMOUNT),
    "comma": ("1,50", Reason.BAD_AMOUNT),
    "exponent in text": ("1e2", Reason.BAD_AMOUNT),
    "white space": ("1.5\n", Reason.BAD_AMOUNT),
    "other digits": ("١", Reason.BAD_AMOUNT),
    "empty": ("", Reason.BAD_AMOUNT),
    "boolean": (True, Reason.BAD_AMOUNT),
    "object": ({}, Reason.BAD_AMOUNT),
    "1e400": (Raw("1e400"), Reason.BAD_AMOUNT),
    "thirty digits": (Raw("123456789012345678901234567890"), Reason.BAD_AMOUNT),
    "thirty digits as text": ("-123456789012345678901234567890", Reason.BAD_AMOUNT),
    "fifteen digits with decimals": ("100000000000000.0001", Reason.BAD_AMOUNT),
}


def problem(found: Accepted | Problem) -> tuple[Reason, str]:
    assert isinstance(found, Problem), found
    return found.reason, found.field


def test_there_is_something_to_test() -> None:
    assert len(TYPES) == 53
    assert min(map(len, (REQUIRED, OPTIONAL, ENUMS, NUMBERS, TIMES, LISTS))) > 10


@pytest.mark.parametrize("event_type", TYPES)
def test_an_example_is_accepted_under_both_envelopes_with_equal_content(event_type: str) -> None:
    native = judge(line(example(event_type)))
    assert isinstance(native, Accepted), native
    as_event = judge(line(as_cloudevent(example(event_type))))
    assert isinstance(as_event, Accepted), as_event
    assert native.content == as_event.content


@pytest.mark.parametrize(("event_type", "field"), REQUIRED)
def test_a_required_field_that_is_absent_or_null_is_missing(event_type: str, field: registry.Field) -> None:
    path = concrete(field.path)
    for broken in (changed(example(event_type), path, remove=True), changed(example(event_type), path, None)):
        assert problem(judge(line(broken))) == (Reason.MISSING_FIELD, path)


@pytest.mark.parametrize(("event_type", "field"), OPTIONAL)
def test_an_optional_field_may_be_absent_or_null(event_type: str, field: registry.Field) -> None:
    path = concrete(field.path)
    for fine in (changed(example(event_type), path, remove=True), changed(example(event_type), path, None)):
        assert isinstance(judge(line(fine)), Accepted)


@pytest.mark.parametrize(("event_type", "field"), ENUMS)
def test_each_value_of_an_enum_is_accepted_and_no_other(event_type: str, field: registry.Field) -> None:
    path = concrete(field.path)
    for value in field.enum:
        assert isinstance(judge(line(changed(example(event_type), path, value))), Accepted)
    for wrong in ("NO_SUCH_VALUE", field.enum[0].swapcase(), ""):
        assert problem(judge(line(changed(example(event_type), path, wrong)))) == (Reason.WRONG_VALUE, path)


@pytest.mark.parametrize(("event_type", "field"), NUMBERS)
def test_a_malformed_amount_is_never_rounded_or_guessed(event_type: str, field: registry.Field) -> None:
    path = concrete(field.path)
    for name, (wrong, reason) in MALFORMED.items():
        if field.scale == 8 and name.startswith("five"):
            continue
        assert problem(judge(line(changed(example(event_type), path, wrong)))) == (reason, path), name
    for constant in ("NaN", "Infinity", "-Infinity"):
        broken = judge(line(changed(example(event_type), path, Raw(constant))))
        assert problem(broken) == (Reason.NOT_JSON, "")


@pytest.mark.parametrize(("event_type", "field"), NUMBERS)
def test_an_amount_may_be_a_number_or_a_decimal_text(event_type: str, field: registry.Field) -> None:
    assert field.scale is not None
    largest = "9" * (18 - field.scale) + "." + "9" * field.scale
    for fine in ("0", "-0.0001", "1.50000", Raw("1.500000000"), Raw("1e2"), Raw("15e-1"), largest, Raw(f"-{largest}")):
        assert isinstance(judge(line(changed(example(event_type), concrete(field.path), fine))), Accepted), fine


@pytest.mark.parametrize(("event_type", "field"), OTHERS)
def test_a_value_of_another_json_type_is_refused(event_type: str, field: registry.Field) -> None:
    path = concrete(field.path)
    wrong = Raw("1.5") if field.kind not in ("integer",) else "1"
    assert problem(judge(line(changed(example(event_type), path, wrong)))) == (Reason.WRONG_TYPE, path)


@pytest.mark.parametrize(("event_type", "field"), TIMES)
def test_a_time_has_a_zone_and_a_date_exists(event_type: str, field: registry.Field) -> None:
    path = concrete(field.path)
    for wrong in ("2026-02-30", "2026-03-01T12:00:00", "yesterday", "", "2026-02-30T12:00:00Z"):
        assert problem(judge(line(changed(example(event_type), path, wrong)))) == (Reason.BAD_TIME, path)


@pytest.mark.parametrize(("event_type", "field"), LISTS)
def test_a_list_may_be_empty_only_where_the_contract_says_so(event_type: str, field: registry.Field) -> None:
    path = concrete(field.path)
    found = judge(line(changed(example(event_type), path, [])))
    if field.may_be_empty:
        assert isinstance(found, Accepted)
    else:
        assert problem(found) == (Reason.EMPTY_LIST, path)


@pytest.mark.parametrize("event_type", TYPES)
def test_an_event_belongs_to_its_aggregate_type_and_a_known_version(event_type: str) -> None:
    other = example(event_type) | {"aggregateType": "Planet"}
    assert problem(judge(line(other))) == (Reason.AGGREGATE_TYPE_MISMATCH, "aggregateType")
    for version in (0, 2, -1):
        unknown = example(event_type) | {"schemaVersion": version}
        assert problem(judge(line(unknown))) == (Reason.UNKNOWN_SCHEMA_VERSION, "schemaVersion")


@pytest.mark.parametrize("event_type", TYPES)
def test_unknown_fields_are_kept_digit_for_digit(event_type: str) -> None:
    made = example(event_type)
    made["shoeSize"] = Raw("12345678901234567890.12340")
    made["payload"]["hat"] = Raw("0.10000000000000000000000001")
    found = judge(line(made))
    assert isinstance(found, Accepted)
    assert found.extra_text == '{"shoeSize":12345678901234567890.12340}'
    assert '"hat":0.10000000000000000000000001' in found.payload_text
