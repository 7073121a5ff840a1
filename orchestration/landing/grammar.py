r"""Regular expressions of what a well-formed event looks like as text, built from the contract's schemas.

Of valid JSON, an expression matches a *subset* of what the judge accepts: what it does not match is judged one by
one. It is a whole grammar of the object (the contract has no recursion): only known keys, each with a value of its
kind, and none of what lenient parsers let through (NaN, a trailing comma, half a character, NUL). To keep it short, a
comma may be missing or lead: every parser refuses that. What a regular expression cannot see, a key named twice, a
required key left out or a list entry repeated, is counted in `checks`.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from orchestration.contracts import registry

WS = r"[ \t\r\n]*"
_HEX = "[0-9a-fA-F]"
# Any \uXXXX but NUL and the surrogates.
_UNICODE = (
    rf"\\u(?:[1-9a-cefA-CEF]{_HEX}{{3}}|[dD][0-7]{_HEX}{{2}}|0[1-9a-fA-F]{_HEX}{{2}}"
    rf"|00[1-9a-fA-F]{_HEX}|000[1-9a-fA-F])"
)
_CHARACTER = rf'(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|{_UNICODE})'
_LEAP_YEAR = "(?:19(?:0[48]|[2468][048]|[13579][26])|20(?:[02468][048]|[13579][26]))"
_DATE = (
    "(?:(?:19[0-9][1-9]|19[1-9]0|20[0-9]{2})-(?:"
    "(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
    f"|{_LEAP_YEAR}-02-29)"
)
_TIME = r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?(?:Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9])"
TIMESTAMP = f"{_DATE}{_TIME}"
_STRING_FORMATS = {"date": _DATE, "date-time": TIMESTAMP, "date-or-date-time": f"(?:{TIMESTAMP}|{_DATE})"}
_STRING_PATTERNS = {"^[A-Z]{3}$": "[A-Z]{3}"}
# What repeats in a list is counted in `checks`.
_SILENT = {"title", "description", "type", "properties", "required", "items"} | {
    "x-kind", "x-scale", "x-envelope-field", registry.UNIQUE_BY
}  # fmt: skip
_EXACT = {"exclusiveMinimum", "exclusiveMaximum", "multipleOf", "pattern"}


class NotExpressible(Exception):
    """The schema says something that has no expression here: values under it are judged one by one."""


def object_of(schema: Mapping[str, Any]) -> str:
    """Matches an object with members of the schema, each known by its name; how often is counted elsewhere."""
    member = members_of(schema)
    if not member:
        return rf"\{{{WS}\}}"
    return rf"\{{{WS}(?:,?{WS}{member}{WS})*\}}"


def members_of(schema: Mapping[str, Any]) -> str:
    """Matches one `"name": value` of the schema; empty when it has no members."""
    written = [
        rf'"{name}":{WS}{value}'
        for name, node in schema.get("properties", {}).items()
        if (value := _expressible(node)) is not None
    ]
    return f"(?:{'|'.join(written)})" if written else ""


@cache
def payload(event_type: str) -> str:
    """Matches a payload of the event type."""
    return object_of(registry.schema(event_type))


def _expressible(node: Mapping[str, Any]) -> str | None:
    try:
        return _value(node)
    except NotExpressible:
        return None


def resolved(node: Mapping[str, Any]) -> tuple[Mapping[str, Any], bool]:
    """The schema that a node stands for, and whether null may stand in its place. Raises NotExpressible."""
    if "anyOf" in node:
        choices = [choice for choice in node["anyOf"] if choice != {"type": "null"}]
        if len(choices) != 1 or len(node["anyOf"]) != 2:
            raise NotExpressible
        return resolved(choices[0])[0], True
    if "$ref" in node:
        document, _, pointer = node["$ref"].partition(".json#/")
        target: Any = registry.documents()[document]
        for step in pointer.split("/"):
            target = target[step]
        found, nullable = resolved(target)
        return {**found, **{key: said for key, said in node.items() if key != "$ref"}}, nullable
    return node, False


def _value(node: Mapping[str, Any]) -> str:
    found, nullable = resolved(node)
    written = _not_null(found)
    return f"(?:{written}|null)" if nullable else written


def _not_null(node: Mapping[str, Any]) -> str:
    said = set(node) - _SILENT
    match node.get("type"):
        case "object" if not said:
            return object_of(node)
        case "array" if said <= {"minItems"}:
            return rf"\[{WS}(?:,?{WS}{_value(node['items'])}{WS})*\]"
        case "string":
            return f'"{_text(node, said)}"'
        case "boolean" if not said:
            return "(?:true|false)"
        case "integer" if said <= {"minimum", "maximum"}:
            return _integer(node)
        case ["number", "string"] if said == _EXACT:
            return _exact(node)
    raise NotExpressible


def _text(node: Mapping[str, Any], said: set[str]) -> str:
    if said == {"enum"} and all(str(value).replace("_", "").isalnum() for value in node["enum"]):
        return f"(?:{'|'.join(node['enum'])})"
    if said == {"const"} and node["const"] == "1.0":
        return r"1\.0"
    if said == {"pattern"} and node["pattern"] in _STRING_PATTERNS:
        return _STRING_PATTERNS[node["pattern"]]
    if said == {"format"} and node["format"] in _STRING_FORMATS:
        return _STRING_FORMATS[node["format"]]
    if said <= {"minLength"} and node.get("minLength", 0) <= 1:
        return f"{_CHARACTER}{'+' if node.get('minLength') else '*'}"
    raise NotExpressible


def _integer(node: Mapping[str, Any]) -> str:
    least, most = node.get("minimum", 0), node.get("maximum", 0)
    if most < 10**15 - 1:
        raise NotExpressible
    if least == 1:
        return "[1-9][0-9]{0,14}"
    if least == 0:
        return "(?:0|[1-9][0-9]{0,14})"
    if least <= -(10**15 - 1):
        return "(?:0|-?[1-9][0-9]{0,14})"
    raise NotExpressible


def _exact(node: Mapping[str, Any]) -> str:
    scale = int(node["x-scale"])
    whole = len(str(int(node["exclusiveMaximum"]))) - 2
    number = rf"-?(?:0|[1-9][0-9]{{0,{whole}}})(?:\.[0-9]{{1,{scale}}})?"
    return rf'(?:{number}|"{number}")'
