"""Which fields a search document has, and how each of them is indexed; nothing here opens an index."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import tantivy

from orchestration.errors import Unusable

Kind = Literal["keyword", "text", "date", "number"]
EVERYTHING = "everything"
SOURCE = "source"


@dataclass(frozen=True)
class Field:
    """One searchable field by its path in the nested document. Text can be filtered on as a whole value too."""

    path: str
    kind: Kind

    @property
    def name(self) -> str:
        """The path as the index spells it: its dots would mean a path within a JSON field."""
        return self.path.replace(".", "_")

    def values(self, document: dict[str, Any]) -> list[Any]:
        """Every value of the field, through structs and lists; NULL is no value."""
        return [value for value in _walk(document, self.path.split(".")) if value is not None]


@dataclass(frozen=True)
class SearchModel:
    """A kind of document: its name, the version of its fields, its key and its fields."""

    name: str
    schema_version: int
    key: str
    fields: tuple[Field, ...]

    def field(self, path: str) -> Field:
        """The field of this path. Raises Unusable for one that the model does not have."""
        for field in self.fields:
            if field.path == path:
                return field
        raise Unusable(f"{self.name} has no field {path}. Fields: {', '.join(field.path for field in self.fields)}.")

    def schema(self) -> tantivy.Schema:
        """The schema of an index: each field for filters, all of them together for text, and the document itself."""
        builder = tantivy.SchemaBuilder()
        for field in self.fields:
            if field.kind == "date":
                builder.add_date_field(field.name, indexed=True, fast=True)
            elif field.kind == "number":
                builder.add_float_field(field.name, indexed=True, fast=True)
            else:
                builder.add_text_field(field.name, fast=True, tokenizer_name="raw", index_option="basic")
        builder.add_text_field(EVERYTHING, tokenizer_name="default")
        builder.add_bytes_field(SOURCE, stored=True)
        return builder.build()


def index_value(field: Field, value: Any) -> Any:
    """A value as the index holds it. Raises Unusable for one that its field cannot hold."""
    try:
        if field.kind == "date":
            moment = datetime.fromisoformat(str(value))
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        return float(value) if field.kind == "number" else str(value)
    except ValueError as error:
        wanted = "a date or a time (RFC 3339)" if field.kind == "date" else "a number"
        raise Unusable(f"{field.path} takes {wanted}, not {value!r}.") from error


def _walk(value: Any, steps: list[str]) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from _walk(item, steps)
    elif not steps:
        yield value
    elif isinstance(value, dict):
        yield from _walk(value.get(steps[0]), steps[1:])
