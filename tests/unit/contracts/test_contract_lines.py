"""One line at a time: hostile bytes, envelopes, and what counts as the same content."""

import json
import time

import pytest
from contract_lines import Raw, at, changed, event, line

from orchestration.contracts.examples import as_cloudevent, example
from orchestration.contracts.reasons import Reason
from orchestration.contracts.strict_json import MAX_DEPTH, MAX_LINE_BYTES, Problem, exact_number, read
from orchestration.contracts.validate import Accepted, canonical, judge

SENT = event("QuoteSent", "Quote", {"quoteRevision": 1})
DEEP = 10_000


def nested(levels: int) -> Raw:
    return Raw("[" * levels + "]" * levels)


@pytest.mark.parametrize(
    ("bytes_of_line", "reason", "field"),
    [
        (b"", Reason.NOT_JSON, ""),
        (b"{", Reason.NOT_JSON, ""),
        (b"not json", Reason.NOT_JSON, ""),
        (b'{"eventId": "a",}', Reason.NOT_JSON, ""),
        (b"{'eventId': 'a'}", Reason.NOT_JSON, ""),
        (line(SENT) + b"{}", Reason.NOT_JSON, ""),
        (line(SENT | {"x": Raw("NaN")}), Reason.NOT_JSON, ""),
        (line(SENT | {"x": Raw("01")}), Reason.NOT_JSON, ""),
        (line(SENT | {"x": Raw('"a\tb"')}), Reason.NOT_JSON, ""),
        ("\ufeff".encode() + line(SENT), Reason.NOT_JSON, ""),
        (line(SENT).replace(b"x-1", b"x\xff"), Reason.NOT_UTF8, ""),
        ('{"eventId": "Müller"}'.encode("cp1252"), Reason.NOT_UTF8, ""),
        (line(SENT | {"x": {"y": ["\ud800"]}}), Reason.NOT_UTF8, "x.y[0]"),
        (line(SENT | {"x": {"\ud800": 1}}), Reason.NOT_UTF8, "x"),
        (line(SENT).replace(b"x-1", b"x\0"), Reason.NUL_BYTE, ""),
        (line(SENT | {"x": "a\0b"}), Reason.NUL_BYTE, "x"),
        (line(SENT | {"x": nested(MAX_DEPTH)}), Reason.TOO_DEEP, "x"),
        (line(SENT | {"x": nested(DEEP)}), Reason.TOO_DEEP, ""),
        (b'{"a":' * DEEP + b"1" + b"}" * DEEP, Reason.TOO_DEEP, ""),
        (b"[" * DEEP, Reason.TOO_DEEP, ""),
        (line(SENT | {"x": Raw('{"a": 1, "b": 2, "a": 1}')}), Reason.DUPLICATE_KEY, "x.a"),
        (line(SENT)[:-1] + b', "eventId": "e-2"}', Reason.DUPLICATE_KEY, "eventId"),
        (
            line(SENT | {"payload": Raw('{"quoteRevision": 1, "l": [{"k": 1, "k": 2}]}')}),
            Reason.DUPLICATE_KEY,
            "payload.l[0].k",
        ),
        (line([SENT]), Reason.NOT_AN_OBJECT, ""),
        (b"null", Reason.NOT_AN_OBJECT, ""),
        (b'"text"', Reason.NOT_AN_OBJECT, ""),
        (b"{}", Reason.MISSING_FIELD, "eventId"),
        (line(SENT | {"x": Raw("1e" + "9" * 30)}), Reason.BAD_AMOUNT, ""),
    ],
)
def test_a_hostile_line_is_a_problem_with_a_reason(bytes_of_line: bytes, reason: Reason, field: str) -> None:
    found = judge(bytes_of_line)
    assert isinstance(found, Problem)
    assert (found.reason, found.field) == (reason, field)
    assert found.message
    found.message.encode(), found.field.encode()


def test_a_line_over_the_limit_is_refused_without_being_parsed() -> None:
    found = judge(b" " * (MAX_LINE_BYTES + 1))
    assert isinstance(found, Problem)
    assert found.reason == Reason.LINE_TOO_LONG


def test_lines_at_the_limits_are_judged_in_reasonable_time() -> None:
    long_number = Raw("1" * 1_000_000)
    fine_number = Raw("0." + "1" * 1_000_000)
    started = time.monotonic()
    assert isinstance(judge(line(SENT | {"x": nested(MAX_DEPTH - 1)})), Accepted)
    assert isinstance(judge(line(SENT | {"x": [1] * 200_000})), Accepted)
    assert isinstance(judge(line(SENT | {"x": long_number})), Accepted)
    total = changed(example("InvoiceIssued"), "payload.totalNetAmount", long_number)
    assert isinstance(judge(line(total)), Problem)
    total = changed(example("InvoiceIssued"), "payload.totalNetAmount", fine_number)
    assert isinstance(judge(line(total)), Problem)
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("ending", [b"", b"\n", b"\r\n"])
def test_a_line_end_does_not_matter(ending: bytes) -> None:
    assert isinstance(judge(line(SENT) + ending), Accepted)


@pytest.mark.parametrize(
    ("change", "reason", "field"),
    [
        ({"eventId": ""}, Reason.WRONG_LENGTH, "eventId"),
        ({"eventId": "e" * 201}, Reason.WRONG_LENGTH, "eventId"),
        ({"eventId": 7}, Reason.WRONG_TYPE, "eventId"),
        ({"eventId": None}, Reason.MISSING_FIELD, "eventId"),
        ({"source": ""}, Reason.WRONG_LENGTH, "source"),
        ({"eventType": "QuoteExploded"}, Reason.UNKNOWN_EVENT_TYPE, "eventType"),
        ({"eventType": "envelope"}, Reason.UNKNOWN_EVENT_TYPE, "eventType"),
        ({"schemaVersion": 2}, Reason.UNKNOWN_SCHEMA_VERSION, "schemaVersion"),
        ({"schemaVersion": "1"}, Reason.WRONG_TYPE, "schemaVersion"),
        ({"schemaVersion": True}, Reason.WRONG_TYPE, "schemaVersion"),
        ({"schemaVersion": 1.5}, Reason.WRONG_TYPE, "schemaVersion"),
        ({"aggregateVersion": 0}, Reason.WRONG_VALUE, "aggregateVersion"),
        ({"aggregateVersion": Raw("1e300")}, Reason.WRONG_VALUE, "aggregateVersion"),
        ({"aggregateVersion": "1"}, Reason.WRONG_TYPE, "aggregateVersion"),
        ({"aggregateType": "Order"}, Reason.AGGREGATE_TYPE_MISMATCH, "aggregateType"),
        ({"payload": []}, Reason.WRONG_TYPE, "payload"),
        ({"payload": "{}"}, Reason.WRONG_TYPE, "payload"),
        ({"recordedTime": "2026-03-01T12:00:00"}, Reason.BAD_TIME, "recordedTime"),
        ({"correlationId": 5}, Reason.WRONG_TYPE, "correlationId"),
    ],
)
def test_a_broken_envelope_names_its_field(change: dict[str, object], reason: Reason, field: str) -> None:
    found = judge(line(SENT | change))
    assert isinstance(found, Problem)
    assert (found.reason, found.field) == (reason, field)


@pytest.mark.parametrize(
    ("text", "fine"),
    [
        ("2026-03-01T12:00:00Z", True),
        ("2026-03-01t12:00:00.123456789z", True),
        ("2026-03-01T12:00:00-00:00", True),
        ("2024-02-29T23:59:59+14:00", True),
        ("0001-01-01T00:00:00Z", True),
        ("9999-12-31T23:59:59.999Z", True),
        ("2026-03-01T12:00:00", False),
        ("2026-03-01 12:00:00Z", False),
        ("2026-03-01", False),
        ("2026-03-01T12:00Z", False),
        ("2026-03-01T12:00:00+0200", False),
        ("2026-03-01T24:00:00Z", False),
        ("2026-03-01T23:59:60Z", False),
        ("2026-03-01T12:00:00Z\n", False),
        (" 2026-03-01T12:00:00Z", False),
        ("٢٠٢٦-03-01T12:00:00Z", False),
        ("2025-02-29T12:00:00Z", False),
        ("0000-01-01T00:00:00Z", False),
        ("0001-01-01T00:00:00+00:01", False),
        ("9999-12-31T23:59:59-00:01", False),
        ("1772366400", False),
    ],
)
def test_a_time_is_rfc_3339_with_a_zone_within_the_years(text: str, fine: bool) -> None:
    found = judge(line(SENT | {"eventTime": text}))
    if fine:
        assert isinstance(found, Accepted)
    else:
        assert isinstance(found, Problem)
        assert (found.reason, found.field) == (Reason.BAD_TIME, "eventTime")


@pytest.mark.parametrize(
    ("event_type", "path", "change", "field"),
    [
        ("QuotePriced", "lines", {"lineId": "ID-1"}, "lines[1].lineId"),
        ("QuotePriced", "lines", {"lineId": "ID-2"}, None),
        ("ApprovalDecided", "approvedFloorAmounts", {"netAmount": 1}, "approvedFloorAmounts[1].lineId"),
        ("OrderSubmitted", "items", {"netAmount": 1}, "items[1].orderItemId"),
        ("InvoiceIssued", "lines", {"netAmount": 1}, "lines[1].invoiceLineId"),
        ("CreditNoteIssued", "lines", {"netAmount": 1}, "lines[1].invoiceLineId"),
        ("ControlTotalsPublished", "totals", {"count": 7}, "totals[1].measure"),
        ("ControlTotalsPublished", "totals", {"currency": "USD"}, None),
        ("ControlTotalsPublished", "totals", {"currency": None}, None),
        ("QuotePriced", "lines[0].adjustments", {"amount": 1}, None),
        ("OrderSubmitted", "items[0].dependsOn", None, None),
        ("OrderCancellationRequested", "orderItemIds", None, None),
    ],
)
def test_what_a_list_names_twice(
    event_type: str, path: str, change: dict[str, object] | None, field: str | None
) -> None:
    said = example(event_type)
    entries = at(said, f"payload.{path}")
    entries.append(entries[0] if change is None else entries[0] | change)
    found = judge(line(said))
    if field is None:
        assert isinstance(found, Accepted)
    else:
        assert isinstance(found, Problem)
        assert (found.reason, found.field) == (Reason.REPEATED_ENTRY, f"payload.{field}")


def test_an_absent_field_and_null_name_the_same() -> None:
    said = example("ControlTotalsPublished")
    bare = {"measure": "quotes_created", "count": 1}
    said["payload"]["totals"] = [bare, bare | {"currency": None}]
    found = judge(line(said))
    assert isinstance(found, Problem)
    assert found.reason is Reason.REPEATED_ENTRY


def test_an_integer_may_be_written_with_a_zero_fraction() -> None:
    found = judge(line(SENT | {"aggregateVersion": Raw("3.0"), "schemaVersion": Raw("1e0")}))
    assert isinstance(found, Accepted)
    assert (found.event["aggregateVersion"], found.event["schemaVersion"]) == (3, 1)


def test_a_cloudevent_becomes_the_native_event_and_keeps_its_own_extensions() -> None:
    sent = as_cloudevent(SENT) | {"traceparent": "00-ab", "datacontenttype": "application/json", "eventId": "other"}
    found = judge(line(sent))
    assert isinstance(found, Accepted)
    assert found.event == SENT | {"schemaVersion": 1}
    assert found.extra == {"traceparent": "00-ab", "eventId": "other"}


@pytest.mark.parametrize(
    ("change", "reason", "field"),
    [
        ({"specversion": "0.3"}, Reason.WRONG_VALUE, "specversion"),
        ({"specversion": 1.0}, Reason.WRONG_TYPE, "specversion"),
        ({"id": None}, Reason.MISSING_FIELD, "id"),
        ({"time": None}, Reason.MISSING_FIELD, "time"),
        ({"time": "2026-03-01"}, Reason.BAD_TIME, "time"),
        ({"type": "com.example.sent"}, Reason.UNKNOWN_EVENT_TYPE, "type"),
        ({"dataversion": 9}, Reason.UNKNOWN_SCHEMA_VERSION, "dataversion"),
        ({"aggregatetype": "Order"}, Reason.AGGREGATE_TYPE_MISMATCH, "aggregatetype"),
        ({"aggregateversion": None}, Reason.MISSING_FIELD, "aggregateversion"),
        ({"data": {"quoteRevision": "1"}}, Reason.WRONG_TYPE, "data.quoteRevision"),
        ({"data": {}}, Reason.MISSING_FIELD, "data.quoteRevision"),
    ],
)
def test_a_broken_cloudevent_names_its_own_field(change: dict[str, object], reason: Reason, field: str) -> None:
    found = judge(line(as_cloudevent(SENT) | change))
    assert isinstance(found, Problem)
    assert (found.reason, found.field) == (reason, field)


def test_an_object_with_both_envelopes_is_native() -> None:
    mixed = SENT | {"specversion": "1.0", "id": "cloud", "type": "QuoteRejected", "data": {}}
    found = judge(line(mixed))
    assert isinstance(found, Accepted)
    assert (found.event["eventId"], found.event["eventType"]) == ("e-1", "QuoteSent")
    assert set(found.extra) == {"specversion", "id", "type", "data"}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ('{"a": 1, "b": [1, 2]}', '{"b":[1,2],\n"a":1}', True),
        ('{"a": 1.50}', '{"a": 15e-1}', True),
        ('{"a": 100}', '{"a": 1E2}', True),
        ('{"a": -0.0}', '{"a": 0}', True),
        ('{"a": 12345678901234567890.1}', '{"a": 12345678901234567890.10}', True),
        ('{"a": 1e400}', '{"a": 10e399}', True),
        ('{"a": "\\u00e9\\/"}', '{"a": "é/"}', True),
        ('{"a": 1}', '{"a": "1"}', False),
        ('{"a": 1}', '{"a": true}', False),
        ('{"a": 0}', '{"a": false}', False),
        ('{"a": null}', "{}", False),
        ('{"a": [1, 2]}', '{"a": [2, 1]}', False),
        ('{"a": "1.50"}', '{"a": "1.5"}', False),
        ('{"a": 0.1}', '{"a": 0.1000000000000000055511151231257827}', False),
        ('{"a": 9007199254740993}', '{"a": 9007199254740992.0}', False),
        ('{"a": "é"}', '{"a": "e\u0301"}', False),
    ],
)
def test_content_is_equal_as_json_with_exact_numbers(one: str, other: str, same: bool) -> None:
    assert (canonical(read(one.encode())) == canonical(read(other.encode()))) is same


def test_canonical_text_is_json_of_the_same_value() -> None:
    value = read(b'{"b": [1.50, -20, 0.0, true, null, "x\\"y"], "a": {}}')
    assert canonical(value) == '{"a":{},"b":[15e-1,-2e1,0,true,null,"x\\"y"]}'
    assert json.loads(canonical(value)) == {"a": {}, "b": [1.5, -20, 0, True, None, 'x"y']}
    assert exact_number(1200) == "12e2"
