"""Builds and breaks event lines for the contract tests."""

import copy
import json
from collections.abc import Iterator
from typing import Any

from orchestration.contracts.registry import Field, event_types, fields


class Raw(str):
    """Text that goes into a line as it is, such as `NaN` or `1e400`."""


def event(event_type: str, aggregate_type: str, payload: dict[str, Any]) -> dict[str, Any]:
    return {
        "eventId": "e-1",
        "source": "cpq",
        "eventType": event_type,
        "eventTime": "2026-03-01T12:00:00Z",
        "aggregateType": aggregate_type,
        "aggregateId": "x-1",
        "aggregateVersion": 1,
        "payload": payload,
    }


def line(value: Any) -> bytes:
    """The JSON line of a value; Raw texts stand in it unquoted."""
    return _text(value).encode()


def _text(value: Any) -> str:
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)}: {_text(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_text, value)) + "]"
    return json.dumps(value)


def payload_fields() -> Iterator[tuple[str, Field]]:
    """Every field of every event type's payload."""
    return ((event_type, field) for event_type in event_types() for field in fields(event_type))


def concrete(path: str) -> str:
    """The path of the first element: `lines[].netAmount` becomes `payload.lines[0].netAmount`."""
    return "payload." + path.replace("[]", "[0]")


def changed(document: dict[str, Any], path: str, value: Any = None, *, remove: bool = False) -> dict[str, Any]:
    """A copy in which the field at `path` (`payload.lines[0].netAmount`) has another value or is gone."""
    made = copy.deepcopy(document)
    *way, last = _steps(path)
    holder: Any = made
    for step in way:
        holder = holder[step]
    if remove:
        del holder[last]
    else:
        holder[last] = value
    return made


def at(document: dict[str, Any], path: str) -> Any:
    """What stands at a path such as `payload.lines[0].adjustments`."""
    found: Any = document
    for step in _steps(path):
        found = found[step]
    return found


def _steps(path: str) -> list[Any]:
    parts: list[Any] = []
    for name in path.split("."):
        head, *indices = name.split("[")
        parts += [head, *(int(index.rstrip("]")) for index in indices)]
    return parts
