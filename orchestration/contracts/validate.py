"""Judges one event line at a time: accepted in contract form, or a problem with its reason and field."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestration.contracts import registry
from orchestration.contracts.reasons import Reason
from orchestration.contracts.strict_json import Problem, exact_number, json_type, read, write

# What describes how a CloudEvent is written down, not what happened.
_CLOUDEVENTS_WRAPPING = frozenset({"specversion", "datacontenttype"})


@dataclass(frozen=True)
class Accepted:
    """A valid event under its native names.

    `event` holds the envelope fields of the contract that are present (null means absent; `schemaVersion` is 1 where
    it was not given) and the parsed `payload`, numbers exact. `extra` holds what the contract does not know.
    """

    event: Mapping[str, Any]
    extra: Mapping[str, Any]

    @property
    def payload_text(self) -> str:
        """The payload as JSON text, numbers with the digits they came with."""
        return write(self.event["payload"])

    @property
    def extra_text(self) -> str | None:
        """The unknown envelope fields as one JSON object; None where there are none."""
        return write(self.extra) if self.extra else None

    @property
    def content(self) -> str:
        """Canonical text of everything the event says: two events are the same content when it is equal."""
        return canonical({"event": self.event, "extra": self.extra})


def canonical(value: Any) -> str:
    """Canonical JSON text: key order and white space do not count, numbers compare by exact value, 1 is not "1"."""
    return write(value, exact_number, sort_keys=True)


def judge(line: bytes) -> Accepted | Problem:
    """The verdict on one line, without its neighbours: duplicates and conflicts are landing's to find."""
    value = read(line)
    return value if isinstance(value, Problem) else judge_value(value)


def judge_value(value: Any) -> Accepted | Problem:
    """The verdict on a value that `strict_json.read` gave, such as one element of a CloudEvents batch."""
    if not isinstance(value, dict):
        return Problem(Reason.NOT_AN_OBJECT, "", f"the line is a JSON {json_type(value)}, not an object")
    # The validators' library loads slowly, and most landings ask it nothing.
    from orchestration.contracts.explain import problem_of
    from orchestration.contracts.rules import validator

    is_cloudevent = "eventType" not in value and "specversion" in value
    names = registry.cloudevents_names() if is_cloudevent else {name: name for name in registry.cloudevents_names()}
    if error := next(validator("cloudevents" if is_cloudevent else "envelope").iter_errors(value), None):
        return problem_of(error)
    event = {native: value[name] for native, name in names.items() if value.get(name) is not None}
    event["schemaVersion"] = int(event.get("schemaVersion", 1))
    event["aggregateVersion"] = int(event["aggregateVersion"])
    if problem := _type_problem(event, names):
        return problem
    if error := next(validator(event["eventType"]).iter_errors(event["payload"]), None):
        return problem_of(error, prefix=names["payload"])
    known = {*names.values(), *(_CLOUDEVENTS_WRAPPING if is_cloudevent else ())}
    return Accepted(event, {name: found for name, found in value.items() if name not in known})


def _type_problem(event: Mapping[str, Any], names: Mapping[str, str]) -> Problem | None:
    event_type = event["eventType"]
    if event_type not in registry.event_types():
        return Problem(
            Reason.UNKNOWN_EVENT_TYPE, names["eventType"], f"{event_type!r} is no event type of the contract"
        )
    supported = registry.supported_versions(event_type)
    if event["schemaVersion"] not in supported:
        understood = ", ".join(map(str, sorted(supported)))
        message = f"version {event['schemaVersion']} of {event_type}; understood: {understood}"
        return Problem(Reason.UNKNOWN_SCHEMA_VERSION, names["schemaVersion"], message)
    expected = registry.aggregate_type_of(event_type)
    if event["aggregateType"] != expected:
        message = f"{event_type} happens to a {expected}, not to a {event['aggregateType']!r}"
        return Problem(Reason.AGGREGATE_TYPE_MISMATCH, names["aggregateType"], message)
    return None
