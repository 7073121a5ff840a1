"""JSON Schema validators over exact numbers: Draft 2020-12 with Decimal, strict patterns and RFC 3339 formats."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, TypeChecker, ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from orchestration.contracts import registry

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@cache
def validator(name: str) -> Validator:
    """The validator of a schema file by its name: an event type, `envelope` or `cloudevents`."""
    resources = [(d["$id"], DRAFT202012.create_resource(dict(d))) for d in registry.documents().values()]
    return _validator_class()(
        registry.documents()[name],
        registry=Registry().with_resources(resources),
        format_checker=_formats(),
    )


def is_timestamp(text: str) -> bool:
    """Whether this is RFC 3339 with a zone (no leap second) whose moment lies in the years 0001 to 9999 in UTC."""
    from rfc3339_validator import validate_rfc3339

    if not text.isascii() or text != text.strip() or not validate_rfc3339(text.upper()):
        return False
    try:
        datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return False
    return True


def is_date(text: str) -> bool:
    """Whether this is a calendar date YYYY-MM-DD."""
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def decimals(value: int | Decimal) -> int:
    """How many decimals a number needs, judged by value: 1.5000 needs one."""
    _, digits, exponent = Decimal(value).as_tuple()
    trailing = next((i for i, digit in enumerate(reversed(digits)) if digit), None)
    return 0 if trailing is None else max(0, -(int(exponent) + trailing))


def _formats() -> FormatChecker:
    checker = FormatChecker(formats=())
    checker.checks("date-time")(lambda value: not isinstance(value, str) or is_timestamp(value))
    checker.checks("date")(lambda value: not isinstance(value, str) or is_date(value))
    checker.checks("date-or-date-time")(
        lambda value: not isinstance(value, str) or is_date(value) or is_timestamp(value)
    )
    return checker


def _is_number(_: TypeChecker, value: object) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _is_integer(checker: TypeChecker, value: object) -> bool:
    if isinstance(value, Decimal):
        return decimals(value) == 0
    return _is_number(checker, value)


def _multiple_of(validator: Validator, step: Any, value: Any, _: Any) -> Iterator[ValidationError]:
    """`multipleOf` for powers of ten, exact at any size (the library's own remainder is limited to 28 digits)."""
    if validator.is_type(value, "number") and decimals(value) > decimals(step):
        yield ValidationError(f"{str(value)[:60]} has more than {decimals(step)} decimals")


def _pattern(validator: Validator, pattern: str, value: Any, _: Any) -> Iterator[ValidationError]:
    """`pattern` where `$` is the very end, not also before a last line end."""
    if validator.is_type(value, "string") and not re.search(re.sub(r"\$$", r"\\Z", pattern), value):
        yield ValidationError(f"{value[:60]!r} does not have the form {pattern}")


def _unique_by(validator: Validator, names: list[str], entries: Any, _: Any) -> Iterator[ValidationError]:
    """`x-unique-by`: no two objects of the list share all of these fields; null is the same as absent."""
    seen: dict[tuple[Any, ...], int] = {}
    for i, entry in enumerate(entries if validator.is_type(entries, "array") else ()):
        key = tuple(map(entry.get, names)) if validator.is_type(entry, "object") else ()
        if not all(value is None or isinstance(value, str) for value in key) or not any(key):
            continue
        first = seen.setdefault(key, i)
        if first != i:
            shown = ", ".join(str(value)[:60] for value in key if value is not None)
            message = f"{shown} stands in entry {first} and again in entry {i}, counted from 0"
            yield ValidationError(message, path=(i, names[0]))


@cache
def _validator_class() -> type[Validator]:
    checker = Draft202012Validator.TYPE_CHECKER.redefine("number", _is_number).redefine("integer", _is_integer)
    made: type[Validator] = extend(  # type: ignore[no-untyped-call]
        Draft202012Validator,
        validators={"multipleOf": _multiple_of, "pattern": _pattern, registry.UNIQUE_BY: _unique_by},
        type_checker=checker,
    )
    return made
