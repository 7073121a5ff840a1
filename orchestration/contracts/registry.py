"""What the event contract says: schemas, streams, versions and fields, read from the JSON Schema files beside it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from orchestration.errors import Unusable

Schema = Mapping[str, Any]

ENVELOPE = "envelope"
CLOUDEVENTS = "cloudevents"
COMMON = "common"
# A list's keyword: which fields tell its objects apart.
UNIQUE_BY = "x-unique-by"
STREAM_ORDER = ("quote", "approval", "order", "fulfillment", "billing", "asset", "reference", "support", "control")


class UnknownEventType(Unusable):
    """The contract has no event type of this name."""

    def __init__(self, event_type: str) -> None:
        super().__init__(f"event type {event_type!r} is not in the contract; docs/contracts.md lists those that are")


@dataclass(frozen=True)
class Field:
    """One place in a document: a value, an object or a list, with what may stand there.

    `kind` is amount, quantity, percent, factor, id, code, text, timestamp, date, integer or boolean for a value, and
    `object` or `list` for what holds others. `scale` is the number of decimals of an exact number.
    `unique_by` names the fields that no two objects of a list share (absent equals null).
    `children` are the fields of an object, or of the objects in a list; `item` is what a list of plain values holds.
    """

    name: str
    path: str
    kind: str
    required: bool
    description: str
    enum: tuple[str, ...] = ()
    scale: int | None = None
    may_be_empty: bool = True
    unique_by: tuple[str, ...] = ()
    children: tuple["Field", ...] = ()
    item: "Field | None" = None


@cache
def documents() -> Mapping[str, Schema]:
    """All schema files by name without `.json`, numbers with a decimal point as Decimal."""
    folder = files("orchestration.contracts") / "schemas"
    return {
        file.name.removesuffix(".json"): json.loads(file.read_text(encoding="utf-8"), parse_float=Decimal)
        for file in sorted(folder.iterdir(), key=lambda file: file.name)
        if file.name.endswith(".json")
    }


@cache
def event_types() -> tuple[str, ...]:
    """Every event type of the contract, stream by stream, by name within a stream."""
    typed = [name for name, document in documents().items() if "x-stream" in document]
    return tuple(sorted(typed, key=lambda name: (STREAM_ORDER.index(documents()[name]["x-stream"]), name)))


def schema(event_type: str) -> Schema:
    """The payload schema of an event type. Raises UnknownEventType."""
    if event_type not in event_types():
        raise UnknownEventType(event_type)
    return documents()[event_type]


def streams() -> tuple[str, ...]:
    """The streams of the lake, in their order."""
    return STREAM_ORDER


def stream_of(event_type: str) -> str:
    """The stream that an event type belongs to. Raises UnknownEventType."""
    return str(schema(event_type)["x-stream"])


def event_types_of(stream: str) -> tuple[str, ...]:
    """The event types of a stream; empty for a stream that does not exist."""
    return tuple(name for name in event_types() if stream_of(name) == stream)


def aggregate_type_of(event_type: str) -> str:
    """The aggregate type that an event type happens to. Raises UnknownEventType."""
    return str(schema(event_type)["x-aggregate-type"])


def supported_versions(event_type: str) -> frozenset[int]:
    """The major schema versions that are understood. Raises UnknownEventType."""
    return frozenset({int(schema(event_type)["x-version"])})


@cache
def tree(name: str) -> tuple[Field, ...]:
    """The fields of an event type's payload (or of `envelope`), nested as they are in the document."""
    if name not in documents():
        raise UnknownEventType(name)
    return _children(documents()[name], prefix="")


@cache
def fields(name: str) -> tuple[Field, ...]:
    """The same fields flat, each container before what it holds: `lines`, `lines[].netAmount`, `tags[]`."""
    return tuple(_flat(tree(name)))


@cache
def cloudevents_names() -> Mapping[str, str]:
    """CloudEvents attribute name by native envelope field name."""
    attributes = documents()[CLOUDEVENTS]["properties"]
    return {a["x-envelope-field"]: name for name, a in attributes.items() if "x-envelope-field" in a}


def _flat(nested: tuple[Field, ...]) -> Iterator[Field]:
    for field in nested:
        yield field
        yield from _flat(field.children)
        if field.item is not None:
            yield field.item


def _resolve(node: Schema) -> Schema:
    """The node itself with what it refers to or wraps in an optional: its own description wins."""
    if "anyOf" in node:
        return {**_resolve(node["anyOf"][0]), "description": node["description"]}
    if "$ref" in node:
        target = documents()[COMMON]["$defs"][node["$ref"].rsplit("/", 1)[1]]
        return {**target, **{key: value for key, value in node.items() if key != "$ref"}}
    return node


def _children(node: Schema, prefix: str) -> tuple[Field, ...]:
    required = node.get("required", ())
    return tuple(
        _field(name, f"{prefix}{name}", child, required=name in required)
        for name, child in node.get("properties", {}).items()
    )


def _field(name: str, path: str, node: Schema, *, required: bool) -> Field:
    found = _resolve(node)
    kind = found.get("x-kind")
    children: tuple[Field, ...] = ()
    item = None
    if kind is None:
        kind = "list" if found["type"] == "array" else "object"
        inner = _resolve(found["items"]) if kind == "list" else found
        children = _children(inner, prefix=f"{path}[]." if kind == "list" else f"{path}.")
        if kind == "list" and not children:
            item = _field("", f"{path}[]", inner, required=True)
    return Field(
        name=name,
        path=path,
        kind=kind,
        required=required,
        description=found.get("description", ""),
        enum=tuple(found.get("enum", ())),
        scale=found.get("x-scale"),
        may_be_empty=kind != "list" or found.get("minItems", 0) == 0,
        unique_by=tuple(found.get(UNIQUE_BY, ())),
        children=children,
        item=item,
    )
