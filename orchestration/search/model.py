"""Which fields a search document has, and how each of them is indexed; nothing here opens an index."""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Literal

import tantivy

from orchestration.errors import Unusable

Kind = Literal["keyword", "text", "date", "number", "boolean"]
EVERYTHING = "everything"
SOURCE = "source"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
WANTED = {"date": "a date or a time (RFC 3339)", "number": "a number", "boolean": "true or false"}


@dataclass(frozen=True)
class Field:
    """One searchable field by its path in the nested document. Text can be filtered on as a whole value too."""

    path: str
    kind: Kind

    @cached_property
    def name(self) -> str:
        """The path as the index spells it: its dots would mean a path within a JSON field."""
        return self.path.replace(".", "_")

    @cached_property
    def steps(self) -> tuple[str, ...]:
        """The names on the way to the value."""
        return tuple(self.path.split("."))

    def values(self, document: dict[str, Any]) -> list[Any]:
        """Every value of the field, through structs and lists; NULL is no value."""
        reached: list[Any] = [document]
        for step in self.steps:
            further: list[Any] = []
            for holder in reached:
                value = holder.get(step) if isinstance(holder, dict) else None
                if isinstance(value, list):
                    further += [item for item in value if item is not None]
                elif value is not None:
                    further.append(value)
            reached = further
        return reached


@dataclass(frozen=True)
class SearchModel:
    """A kind of document: its name, the version of its fields, its key and its fields."""

    name: str
    schema_version: int
    key: str
    fields: tuple[Field, ...]

    def field(self, path: str) -> Field:
        """The field of this path, or of this last part where only one has it. Raises Unusable for any other."""
        found = [field for field in self.fields if field.path == path]
        found = found or [field for field in self.fields if field.path.rpartition(".")[2] == path]
        if len(found) == 1:
            return found[0]
        which = "several fields" if found else "no field"
        known = ", ".join(field.path for field in found or self.fields)
        raise Unusable(f"{self.name} has {which} {path}. Give one of: {known}.")

    @property
    def fields_hash(self) -> str:
        """Changes with what is indexed and how."""
        told = "\n".join(f"{field.path} {field.kind}" for field in self.fields)
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    def schema(self) -> tantivy.Schema:
        """The schema of an index: each field for filters, all of them together for text, and the document itself."""
        builder = tantivy.SchemaBuilder()
        for field in self.fields:
            if field.kind == "date":
                # Microseconds of the epoch: the engine's own date field keeps whole seconds.
                builder.add_integer_field(field.name, indexed=True, fast=True)
            elif field.kind == "number":
                builder.add_float_field(field.name, indexed=True, fast=True)
            else:
                builder.add_text_field(field.name, fast=True, tokenizer_name="raw", index_option="basic")
        builder.add_text_field(EVERYTHING, tokenizer_name="default")
        builder.add_bytes_field(SOURCE, stored=True)
        return builder.build()


def index_value(field: Field, value: Any, *, is_end: bool = False) -> Any:
    """A value as the index holds it; a day that ends a range is taken whole. Raises Unusable where it does not fit."""
    try:
        if field.kind == "date":
            moment = datetime.fromisoformat(str(value))
            if is_end and DAY.fullmatch(str(value)):
                moment += timedelta(days=1, microseconds=-1)
            moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
            return (moment - EPOCH) // timedelta(microseconds=1)
        if field.kind == "boolean":
            return {"true": "true", "false": "false"}[str(value).lower()]
        return float(value) if field.kind == "number" else str(value)
    except (ValueError, KeyError) as error:
        raise Unusable(f"{field.path} takes {WANTED[field.kind]}, not {value!r}.") from error
