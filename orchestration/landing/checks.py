"""SQL that proves, a chunk at a time, that events are what the judge accepts; whatever is not proven goes to the judge.

Proof for an object: its text matches its grammar (see `grammar`), the parser reads it, every required field is there,
and as many fields were found as the text has keys. A key ends in `":`, and inside a text only an escaped quote can
stand before a colon, which can only raise the count: so an equal count leaves no key that is named twice, unknown, or
in the wrong place.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from orchestration.contracts import registry
from orchestration.contracts.registry import Field
from orchestration.landing import grammar
from orchestration.landing.control_sums import PRINCIPAL_AMOUNTS, principal_sql

# Put in the place of null while fields are counted; no grammar lets an escaped NUL through as a value of its own.
_NULL_MARK = r'"\u0000"'
_NEVER = "-1000000000000"


@dataclass(frozen=True)
class Dialect:
    """Under which names an envelope says what it says: envelope column by attribute name, and where the payload is."""

    name: str
    columns: Mapping[str, str]
    payload: str


@cache
def dialects() -> tuple[Dialect, ...]:
    """The native envelope, then CloudEvents."""
    attributes = registry.cloudevents_names()
    natively = {name: name for name in attributes if name != "payload"}
    as_cloudevent = {native: attribute for native, attribute in attributes.items() if native != "payload"}
    return (
        Dialect("native", natively, "payload"),
        Dialect("cloudevents", {**as_cloudevent, "specversion": "specversion"}, attributes["payload"]),
    )


def literal(text: str) -> str:
    """A SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def _key_count(text: str) -> str:
    return f"""((strlen({text}) - strlen(replace({text}, '":', ''))) // 2)"""


def _null_marked(text: str) -> str:
    marked = f"replace(replace({text}, ':null', {literal(':' + _NULL_MARK)}), ': null', {literal(': ' + _NULL_MARK)})"
    return f"case when contains({text}, 'null') then {marked} else {text} end"


def split_sql(dialect: Dialect, lines: str) -> str:
    """Cuts lines into `envelope` (the line with an empty payload) and `payload`, both as they were written.

    `lines` has n, line_number, line. Where the cut may be wrong either text does not match its grammar.
    """
    key = f'"{dialect.payload}":'
    return f"""
        with marked as (
            select n, line_number, line,
                strpos(line, {literal(key)}) as key_at,
                regexp_extract(line, '\\}}([^}}]*)\\}}[ \\t\\r\\n]*$') as tail
            from {lines}
        ),
        placed as (
            select *,
                key_at + {len(key)} + case when line[key_at + {len(key)}] = ' ' then 1 else 0 end as payload_at
            from marked
            where key_at > 0
        )
        select n, line_number,
            left(line, key_at - 1) || {literal(key + "{")} || tail as envelope,
            substring(line, payload_at, length(line) - length(tail) + 2 - payload_at) as payload
        from placed
    """


def envelope_sql(dialect: Dialect, pieces: str) -> str:
    """Reads envelopes: one row per piece with the envelope's columns; where not `is_proven`, the judge must look."""
    schema = registry.documents()["envelope" if dialect.name == "native" else "cloudevents"]
    members = {name: dict(grammar.resolved(node)[0]) for name, node in schema["properties"].items()}
    del members[dialect.payload]
    # A long bounded repetition is slow as an expression: lengths are counted.
    bounds = {name: node.pop("maxLength") for name, node in members.items() if "maxLength" in node}
    members = {
        name: {"anyOf": [node, {"type": "null"}]} if name not in schema["required"] else node
        for name, node in members.items()
    }
    if dialect.name == "cloudevents":
        members["datacontenttype"] = {"type": "string"}
    member = grammar.members_of({"properties": members})
    ws = grammar.WS
    pattern = rf'{ws}\{{{ws}(?:,?{ws}{member}{ws})*,?{ws}"{dialect.payload}":\{{\}}{ws}(?:,?{ws}{member}{ws})*\}}{ws}'
    struct = json.dumps(dict.fromkeys(members, "VARCHAR"))
    required = [name for name in schema["required"] if name != dialect.payload]
    found = " + ".join(f"(e.{_quoted(name)} is not null)::bigint" for name in members)
    conditions = [f"e.{_quoted(name)} is not null" for name in required]
    conditions += [f"length(e.{_quoted(name)}) <= {most}" for name, most in bounds.items()]

    def column(native: str, *, optional: bool = False) -> str:
        value = f"e.{_quoted(dialect.columns[native])}"
        return f"nullif({value}, chr(0))" if optional else value

    return f"""
        with parsed as (
            select n, line_number, payload,
                case when regexp_full_match(envelope, {literal(pattern)})
                    then try(from_json({_null_marked("envelope")}, {literal(struct)})) end as e,
                {_key_count("envelope")} - 1 as keys
            from {pieces}
        ),
        typed as (
            select n, line_number, payload, keys = {found} and {" and ".join(conditions)} as is_whole,
                {column("source")} as source_system,
                {column("eventId")} as event_id,
                {column("eventType")} as event_type,
                coalesce(try_cast({column("schemaVersion", optional=True)} as bigint), 1) as schema_version,
                {column("eventTime")} as event_time_text,
                {column("recordedTime", optional=True)} as recorded_time_text,
                {column("aggregateType")} as aggregate_type,
                {column("aggregateId")} as aggregate_id,
                try_cast({column("aggregateVersion")} as bigint) as aggregate_version,
                {column("correlationId", optional=True)} as correlation_id,
                {column("causationId", optional=True)} as causation_id
            from parsed
        ),
        timed as (
            select *, {utc("event_time_text")} as event_time, {utc("recorded_time_text")} as recorded_time from typed
        )
        select *,
            coalesce(
                is_whole and aggregate_version is not null and event_time is not null
                and (recorded_time is not null or recorded_time_text is null), false) as is_proven
        from timed
    """


def utc(text: str) -> str:
    """The moment that an RFC 3339 text says, as TIMESTAMP in UTC (a plain cast would drop the zone)."""
    return f"(try_cast({text} as timestamptz) at time zone 'UTC')"


@cache
def payload_struct(event_type: str) -> str:
    """The type by which `from_json` reads a payload: texts, and decimals where the control sums need them."""
    return json.dumps(_struct(registry.tree(event_type), PRINCIPAL_AMOUNTS.get(event_type, "")))


def _struct(fields: Iterable[Field], principal: str) -> dict[str, object]:
    return {field.name: _struct_of(field, principal) for field in fields}


def _struct_of(field: Field, principal: str) -> object:
    if field.kind == "object":
        return _struct(field.children, principal)
    if field.kind == "list":
        return [_struct(field.children, principal) if field.children else "VARCHAR"]
    return "DECIMAL(18,4)" if field.path == principal else "VARCHAR"


@cache
def payload_is_proven(event_type: str) -> str:
    """A condition over `payload` and `p`, the payload read by `payload_struct`."""
    fields = registry.tree(event_type)
    if not fields:
        return f"regexp_full_match(payload, {literal(grammar.payload(event_type))})"
    return f"coalesce({_key_count('payload')} = {_found('p', fields)}, false)"


@cache
def payload_parsed(event_type: str) -> str:
    """The payload as a struct, NULL where it does not match its grammar or the parser refuses it."""
    if not registry.tree(event_type):
        return "null"
    return f"""case when regexp_full_match(payload, {literal(grammar.payload(event_type))})
        then try(from_json({_null_marked("payload")}, {literal(payload_struct(event_type))})) end"""


def _found(place: str, fields: Iterable[Field], depth: int = 0) -> str:
    return "(" + " + ".join(_found_one(f"{place}.{_quoted(field.name)}", field, depth) for field in fields) + ")"


def _found_one(place: str, field: Field, depth: int) -> str:
    """How many keys the field accounts for; hopelessly few when it breaks a rule."""
    absent = _NEVER if field.required else "0"
    if field.kind == "object":
        return f"case when {place} is null then {absent} else 1 + {_found(place, field.children, depth)} end"
    if field.kind == "list":
        empty = "1" if field.may_be_empty else _NEVER
        inside = "1"
        if field.children:
            each = f"x{depth}"
            counted = _found(each, field.children, depth + 1)
            inside = f"1 + list_sum(list_transform({place}, lambda {each}: {counted}))"
            if field.unique_by:
                inside = f"case when {_repeats(place, field.unique_by)} then {_NEVER} else {inside} end"
        return f"case when {place} is null then {absent} when len({place}) = 0 then {empty} else {inside} end"
    return f"case when {place} is null then {absent} else 1 end"


def _repeats(place: str, names: Sequence[str]) -> str:
    """Whether entries of a list share these fields; two that only look alike when joined are a false alarm."""
    key = " || '/' || ".join(f"coalesce(nullif(x.{_quoted(name)}, chr(0)), '')" for name in names)
    return f"len(list_distinct(list_transform({place}, lambda x: {key}))) < len({place})"


def _quoted(name: str) -> str:
    return f'"{name}"'


def control_columns(event_type: str) -> str:
    """`control_currency` and `control_amount` of an event, from `p`."""
    return principal_sql(event_type)
