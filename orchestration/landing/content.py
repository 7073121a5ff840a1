"""The content of an event, apart from how it was written: its hash, and whether two events say the same."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from orchestration.contracts.strict_json import Problem, read
from orchestration.contracts.validate import Accepted, canonical

# What is hashed, in this order, as texts; the times as they were written.
HASHED = (
    "source_system",
    "event_id",
    "event_type",
    "schema_version",
    "event_time_text",
    "recorded_time_text",
    "aggregate_type",
    "aggregate_id",
    "aggregate_version",
    "correlation_id",
    "causation_id",
    "envelope_extra",
    "payload",
)


def content_hash_sql() -> str:
    """MD5 over the parts, each with its length before it, so that no two lists of parts hash the same text."""
    parts = (f"coalesce(strlen({name}::varchar) || ':' || {name}::varchar, '-')" for name in HASHED)
    return f"md5(concat({', '.join(parts)}))"


def content_hash(parts: Mapping[str, Any]) -> str:
    """The same as `content_hash_sql`, for one event."""
    digest = hashlib.md5(usedforsecurity=False)
    for name in HASHED:
        value = parts[name]
        text = b"-" if value is None else str(value).encode()
        digest.update(text if value is None else b"%d:%s" % (len(text), text))
    return digest.hexdigest()


def moment(text: str) -> datetime:
    """The moment that an RFC 3339 text says, naive in UTC, cut to microseconds."""
    return datetime.fromisoformat(text.upper()).astimezone(UTC).replace(tzinfo=None)


def parts_of(accepted: Accepted) -> dict[str, Any]:
    """The columns of an event that the judge accepted, and its times as they were written."""
    event = accepted.event
    recorded = event.get("recordedTime")
    return {
        "source_system": event["source"],
        "event_id": event["eventId"],
        "event_type": event["eventType"],
        "schema_version": event["schemaVersion"],
        "event_time": moment(event["eventTime"]),
        "event_time_text": event["eventTime"],
        "recorded_time": moment(recorded) if recorded is not None else None,
        "recorded_time_text": recorded,
        "aggregate_type": event["aggregateType"],
        "aggregate_id": event["aggregateId"],
        "aggregate_version": event["aggregateVersion"],
        "correlation_id": event.get("correlationId"),
        "causation_id": event.get("causationId"),
        "payload": accepted.payload_text,
        "envelope_extra": accepted.extra_text,
    }


@dataclass(frozen=True)
class Content:
    """An event to compare: its parts, and the hash that it is recorded by.

    An event read back from the lake has no time texts. `own_hash` is the hash of the parts as they stand, where the
    recorded one is that of an equal content written otherwise.
    """

    parts: Mapping[str, Any]
    hash: str
    own_hash: str = ""

    def says_the_same(self, other: "Content") -> bool:
        """Equal as JSON: key order, white space and the spelling of numbers do not count.

        `self` must have its time texts: whether `other` was written with the same ones is seen by hashing the parts of
        `other` with the times of `self`.
        """
        if self.hash == other.hash:
            return True
        if not other.parts or any(self.parts[name] != other.parts[name] for name in _COMPARED):
            return False
        if self.canonical_json != other.canonical_json:
            return False
        times = {name: self.parts[name] for name in ("event_time_text", "recorded_time_text")}
        return content_hash({**other.parts, **times}) == (other.own_hash or other.hash)

    @cached_property
    def canonical_json(self) -> tuple[str, str]:
        """Payload and unknown envelope fields in canonical form."""
        return _canonical(self.parts["payload"]), _canonical(self.parts["envelope_extra"] or "{}")


_NATIVE = {
    "event_id": "eventId",
    "source_system": "source",
    "event_type": "eventType",
    "schema_version": "schemaVersion",
    "event_time": "eventTime",
    "recorded_time": "recordedTime",
    "aggregate_type": "aggregateType",
    "aggregate_id": "aggregateId",
    "aggregate_version": "aggregateVersion",
    "correlation_id": "correlationId",
    "causation_id": "causationId",
}
_COMPARED = tuple(name for name in _NATIVE if not name.endswith("_time"))


def native_json(parts: Mapping[str, Any]) -> str:
    """An event as one line in the native envelope; the payload digit for digit, times in UTC."""
    members = []
    for column, name in _NATIVE.items():
        value = parts[column]
        if value is not None:
            text = value.isoformat() + "Z" if isinstance(value, datetime) else value
            members.append(f"{json.dumps(name)}:{json.dumps(text, ensure_ascii=False)}")
    extra = (parts["envelope_extra"] or "{}").strip()[1:-1].strip()
    members += [f'"payload":{parts["payload"]}', *([extra] if extra else [])]
    return "{" + ",".join(members) + "}"


def first_difference(one: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """The first field, under its native name, in which two events differ; `payload.<name>` within the payload.

    Empty when an unknown envelope field differs; a time that is only written otherwise is reported as `eventTime`.
    """
    for column, name in _NATIVE.items():
        if one[column] != other[column]:
            return name
    mine, theirs = (read(parts["payload"].encode()) for parts in (one, other))
    if isinstance(mine, dict) and isinstance(theirs, dict):
        for name in sorted({*mine, *theirs}):
            if name not in mine or name not in theirs or canonical(mine[name]) != canonical(theirs[name]):
                return f"payload.{name}"
    extras = [_canonical(parts["envelope_extra"] or "{}") for parts in (one, other)]
    return "eventTime" if extras[0] == extras[1] else ""


def _canonical(text: str) -> str:
    value = read(text.encode())
    if isinstance(value, Problem):
        raise AssertionError(f"accepted JSON cannot be read again: {value.message}")
    return canonical(value)
