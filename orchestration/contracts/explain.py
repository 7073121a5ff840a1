"""Turns a schema error into what a person needs: the reason code, the field by its path, and a sentence."""

import re
from typing import Any

from jsonschema import ValidationError

from orchestration.contracts import registry
from orchestration.contracts.reasons import Reason
from orchestration.contracts.strict_json import Problem, json_type, write

EXACT_KINDS = frozenset({"amount", "quantity", "percent", "factor"})
_DECIMAL_TEXT = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
_FORMATS = {
    "date-time": "RFC 3339 time with a zone",
    "date": "date YYYY-MM-DD",
    "date-or-date-time": "date YYYY-MM-DD and no RFC 3339 time with a zone",
}


def problem_of(error: ValidationError, prefix: str = "") -> Problem:
    """The problem that a schema error is, with `prefix` before the path of its field."""
    while error.validator == "anyOf":
        # The second branch of an optional field is null: what counts is why the first does not fit.
        error = next(inner for inner in error.context if inner.schema_path[0] == 0)
    path = prefix
    for step in error.absolute_path:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else str(step)
    found: Any = error.instance
    rule: Any = error.validator_value
    schema: Any = error.schema
    if error.validator == "required":
        missing = next(name for name in rule if name not in found)
        return Problem(Reason.MISSING_FIELD, f"{path}.{missing}" if path else missing, f"{missing} is required")
    if error.validator == "type":
        return _problem(path, *_of_type(found, rule, schema))
    if schema.get("x-kind") in EXACT_KINDS:
        return _problem(path, *_of_number(str(error.validator), found, schema))
    return _problem(path, *_of_value(error, found, rule))


def _problem(path: str, reason: Reason, message: str) -> Problem:
    return Problem(reason, path, message)


def _of_value(error: ValidationError, found: Any, rule: Any) -> tuple[Reason, str]:
    bound = "at least" if str(error.validator).startswith("min") else "at most"
    match error.validator:
        case "enum":
            return Reason.WRONG_VALUE, f"{_shown(found)} is none of {', '.join(rule)}"
        case "const":
            return Reason.WRONG_VALUE, f"{_shown(found)} is not {rule}"
        case "minItems":
            return Reason.EMPTY_LIST, "the list is empty"
        case "minLength" | "maxLength":
            return Reason.WRONG_LENGTH, f"the text has {len(found)} characters and must have {bound} {rule}"
        case "minimum" | "maximum":
            return Reason.WRONG_VALUE, f"{_shown(found)} is not {bound} {rule}"
        case registry.UNIQUE_BY:
            return Reason.REPEATED_ENTRY, error.message
        case "format":
            return Reason.BAD_TIME, f"{_shown(found)} is no {_FORMATS[rule]}"
        case _:
            return Reason.WRONG_VALUE, error.message


def _of_type(found: Any, rule: Any, schema: Any) -> tuple[Reason, str]:
    if found is None:
        return Reason.MISSING_FIELD, "the field is required, and null means absent"
    if schema.get("x-kind") in EXACT_KINDS:
        return Reason.BAD_AMOUNT, f"{_shown(found)} is no number"
    return Reason.WRONG_TYPE, f"a JSON {json_type(found)} stands where a JSON {rule} belongs"


def _of_number(keyword: str, found: Any, schema: Any) -> tuple[Reason, str]:
    digits = len(str(schema["exclusiveMaximum"])) - 1
    too_fine = keyword == "multipleOf"
    if keyword == "pattern":
        if not _DECIMAL_TEXT.fullmatch(found):
            return Reason.BAD_AMOUNT, f"{_shown(found)} is no decimal number"
        too_fine = len(found.lstrip("-").split(".")[0]) <= digits
    if too_fine:
        return Reason.TOO_MANY_DECIMALS, f"{_shown(found)} has more than {schema['x-scale']} decimals"
    return Reason.BAD_AMOUNT, f"{_shown(found)} has more than {digits} digits before the decimal point"


def _shown(value: Any) -> str:
    text = write(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
