"""The generated files are what the schemas give, and the generated types read every payload exactly."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.contracts import generate, payload_types, reference_page, registry
from orchestration.contracts.examples import example
from orchestration.errors import Refused


@pytest.fixture(scope="module")
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'America/New_York'")
        yield connection


def parsed(duck: duckdb.DuckDBPyConnection, event_type: str, payload: str) -> Any:
    row = duck.execute("select from_json(?, ?)", [payload, payload_types.duckdb_type(event_type)]).fetchone()
    assert row is not None
    return row[0]


def test_the_files_in_the_project_are_up_to_date() -> None:
    generate.check()


def test_an_edited_or_missing_file_is_noticed_and_written_again(tmp_path: Path) -> None:
    assert generate.write(tmp_path) == list(generate.generated())
    generate.check(tmp_path)
    edited = tmp_path / "docs" / "contracts.md"
    edited.write_text(edited.read_text() + "by hand\n")
    with pytest.raises(Refused, match=r"docs/contracts\.md"):
        generate.check(tmp_path)
    assert generate.write(tmp_path) == [Path("docs/contracts.md")]
    generate.check(tmp_path)


def test_the_command_ends_with_1_when_a_file_is_outdated(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert generate.main(["--check"]) == 0
    monkeypatch.setattr(reference_page, "page", lambda: "something else")
    assert generate.main(["--check"]) == 1
    assert "docs/contracts.md" in capsys.readouterr().err


@pytest.mark.parametrize("event_type", registry.event_types())
def test_duckdb_reads_every_field_of_an_example(duck: duckdb.DuckDBPyConnection, event_type: str) -> None:
    payload = example(event_type)["payload"]
    read = parsed(duck, event_type, json.dumps(payload))
    assert _as_written(read, registry.tree(event_type)) == payload


def _as_written(read: dict[str, Any], fields: tuple[registry.Field, ...]) -> dict[str, Any]:
    """What DuckDB read, in the form in which examples are written."""
    written: dict[str, Any] = {}
    for field in fields:
        value = read[field.name]
        if field.kind == "list":
            written[field.name] = value if field.item else [_as_written(inner, field.children) for inner in value]
        elif field.kind == "object":
            written[field.name] = _as_written(value, field.children)
        elif field.scale is not None:
            assert isinstance(value, Decimal)
            assert value.as_tuple().exponent == -field.scale
            written[field.name] = f"{value:f}" if field.kind == "amount" else f"{value.normalize():f}"
        else:
            written[field.name] = value.isoformat() if field.kind == "date" else value
    return written


DIGITS = ["12345678901234.5678", "-99999999999999.9999", "0.0001", "1.50000", "7"]


@pytest.mark.parametrize("written", [*DIGITS, *(f'"{digits}"' for digits in DIGITS), "1E2"])
def test_amounts_come_from_their_digits(duck: duckdb.DuckDBPyConnection, written: str) -> None:
    read = parsed(duck, "AssetChanged", f'{{"recurringNetAmount": {written}}}')
    assert read["recurringNetAmount"] == Decimal(written.strip('"'))


def test_absent_and_unknown_fields_do_not_disturb(duck: duckdb.DuckDBPyConnection) -> None:
    assert parsed(duck, "QuoteRevised", '{"quoteRevision": 2, "hat": 1, "reason": null}') == {
        "quoteRevision": 2,
        "reason": None,
        "expiresAt": None,
    }
    assert parsed(duck, "TaskStarted", '{"hat": 1}') == {"no_fields": None}


def test_spark_gets_the_same_structure() -> None:
    assert payload_types.spark_type("OrderCancellationRequested") == (
        "struct<`requestId`:string,`orderItemIds`:array<string>>"
    )
    assert payload_types.spark_type("ControlTotalsPublished") == (
        "struct<`system`:string,`periodStart`:date,`periodEnd`:date,"
        "`totals`:array<struct<`measure`:string,`currency`:string,`count`:bigint,`amount`:DECIMAL(18,4)>>>"
    )


def test_the_reference_page_names_every_type_field_and_value() -> None:
    page = reference_page.page()
    for event_type in registry.event_types():
        section = page.split(f"#### {event_type}\n")[1].split("\n#")[0]
        for field in registry.fields(event_type):
            assert field.path.endswith("[]") or f"| `{field.path}` |" in section
            assert all(f"`{value}`" in section for value in field.enum)
