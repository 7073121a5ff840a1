"""A valid example event for each event type, made from its schema; nothing here is drawn at random."""

from collections.abc import Mapping
from typing import Any

from orchestration.contracts import registry
from orchestration.contracts.registry import Field

_VALUES: Mapping[str, Any] = {
    "amount": "1234.5600",
    "quantity": "3",
    "percent": "12.5",
    "factor": "0.5",
    "id": "ID-1",
    "code": "EMEA",
    "text": "as agreed",
    "timestamp": "2026-03-31T23:30:00+02:00",
    "date": "2026-03-31",
    "integer": 1,
    "boolean": True,
}


def example(event_type: str) -> dict[str, Any]:
    """A native event of this type with every field of the contract in it. Raises UnknownEventType."""
    payload = {field.name: value_of(field) for field in registry.tree(event_type)}
    event = {field.name: value_of(field) for field in registry.tree(registry.ENVELOPE)}
    return event | {
        "eventType": event_type,
        "source": "cpq",
        "aggregateType": registry.aggregate_type_of(event_type),
        "payload": payload,
    }


def as_cloudevent(event: Mapping[str, Any]) -> dict[str, Any]:
    """The same event under the names of CloudEvents."""
    return {"specversion": "1.0"} | {registry.cloudevents_names()[name]: value for name, value in event.items()}


def value_of(field: Field) -> Any:
    """A value that fits a field: every child of an object, one element in a list."""
    if field.kind == "list":
        return [value_of(field.item) if field.item else {child.name: value_of(child) for child in field.children}]
    if field.kind == "object":
        return {child.name: value_of(child) for child in field.children}
    if field.enum:
        return field.enum[0]
    return "EUR" if field.name == "currency" else _VALUES[field.kind]
