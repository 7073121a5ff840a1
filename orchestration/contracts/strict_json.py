"""Reads one line as strict JSON with exact numbers, and writes values back; knows nothing of events."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from orchestration.contracts.reasons import Reason

MAX_LINE_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 64
_LONGEST_INT = 40
_LONGEST_TEXT = 500


@dataclass(frozen=True)
class Problem:
    """Why a line cannot be accepted: a reason, the field (`payload.lines[2].netAmount`, else empty), a sentence."""

    reason: Reason
    field: str
    message: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "field", self.field[:_LONGEST_TEXT])
        object.__setattr__(self, "message", self.message[:_LONGEST_TEXT])


class _Rejected(Exception):
    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.problem = Problem(reason, "", message)


class _TwiceNamed(dict[str, Any]):
    """An object in which `key` stood twice; kept until the walk knows its path."""

    key: str


def read(line: bytes) -> Any | Problem:
    """The value of a line: dict, list, str, int, Decimal, bool or None; every number exact.

    Integers are int (Decimal beyond 40 digits), other numbers Decimal. A line end is ignored.
    """
    if len(line) > MAX_LINE_BYTES:
        return Problem(Reason.LINE_TOO_LONG, "", f"{len(line)} bytes, at most {MAX_LINE_BYTES} are read")
    if b"\0" in line:
        return Problem(Reason.NUL_BYTE, "", f"a NUL byte at byte {line.index(0) + 1}")
    try:
        value = json.loads(
            line.decode("utf-8"),
            object_pairs_hook=_object,
            parse_float=_decimal,
            parse_int=_integer,
            parse_constant=_constant,
        )
    except UnicodeDecodeError as error:
        return Problem(Reason.NOT_UTF8, "", f"byte {error.start + 1} is no UTF-8")
    except json.JSONDecodeError as error:
        return Problem(Reason.NOT_JSON, "", f"{error.msg} at character {error.pos + 1}")
    except RecursionError:
        return Problem(Reason.TOO_DEEP, "", f"nested deeper than {MAX_DEPTH} levels")
    except _Rejected as rejected:
        return rejected.problem
    return _first_flaw(value) or value


def write(value: Any, number: Callable[[int | Decimal], str] = str, *, sort_keys: bool = False) -> str:
    """JSON text without white space; `number` writes the numbers (by default with the digits they came with)."""
    if isinstance(value, Mapping):
        pairs = sorted(value.items()) if sort_keys else value.items()
        return "{" + ",".join(f"{_quoted(k)}:{write(v, number, sort_keys=sort_keys)}" for k, v in pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(write(v, number, sort_keys=sort_keys) for v in value) + "]"
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if isinstance(value, int | Decimal):
        return number(value)
    return _quoted(value)


def json_type(value: Any) -> str:
    """The JSON name of a value's type."""
    match value:
        case bool():
            return "boolean"
        case None:
            return "null"
        case str():
            return "string"
        case Mapping():
            return "object"
        case list():
            return "array"
        case _:
            return "number"


def exact_number(value: int | Decimal) -> str:
    """One text per numeric value, never expanded: 1.50, 15e-1 and 1.5 are all `15e-1`."""
    sign, digits, exponent = Decimal(value).as_tuple()
    text = "".join(map(str, digits)).lstrip("0")
    significant = text.rstrip("0")
    if not significant:
        return "0"
    return f"{'-' if sign else ''}{significant}e{int(exponent) + len(text) - len(significant)}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    built = dict(pairs)
    if len(built) == len(pairs):
        return built
    seen: set[str] = set()
    twice = _TwiceNamed(built)
    twice.key = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
    return twice


def _integer(digits: str) -> int | Decimal:
    return int(digits) if len(digits) <= _LONGEST_INT else Decimal(digits)


def _decimal(digits: str) -> Decimal:
    try:
        return Decimal(digits)
    except InvalidOperation:
        raise _Rejected(Reason.BAD_AMOUNT, f"the number {digits[:40]} is out of every range") from None


def _constant(name: str) -> NoReturn:
    raise _Rejected(Reason.NOT_JSON, f"{name} is no JSON value")


def _walk(value: Any) -> Iterator[tuple[str, int, Any]]:
    """Every value with its path and depth, in document order, without recursion and one value at a time."""
    open_containers: list[Iterator[tuple[str, Any]]] = [iter([("", value)])]
    while open_containers:
        path, found = next(open_containers[-1], (None, None))
        if path is None:
            open_containers.pop()
            continue
        yield path, len(open_containers) - 1, found
        if isinstance(found, dict | list):
            open_containers.append(_inside(path, found))


def _inside(path: str, container: dict[str, Any] | list[Any]) -> Iterator[tuple[str, Any]]:
    if isinstance(container, dict):
        return ((f"{path}.{key}" if path else key, child) for key, child in container.items())
    return ((f"{path}[{i}]", child) for i, child in enumerate(container))


def _first_flaw(value: Any) -> Problem | None:
    for path, depth, found in _walk(value):
        if depth >= MAX_DEPTH and isinstance(found, dict | list):
            return Problem(Reason.TOO_DEEP, path.split(".")[0].split("[")[0], f"nested deeper than {MAX_DEPTH} levels")
        texts = [found] if isinstance(found, str) else list(found) if isinstance(found, dict) else []
        for flaw in filter(None, map(_text_flaw, texts)):
            return Problem(flaw[0], path, flaw[1])
        if isinstance(found, _TwiceNamed):
            where = f"{path}.{found.key}" if path else found.key
            return Problem(Reason.DUPLICATE_KEY, where, f"{found.key!r} is named twice in one object")
    return None


def _text_flaw(text: str) -> tuple[Reason, str] | None:
    if "\0" in text:
        return Reason.NUL_BYTE, "the text holds an escaped NUL"
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        return Reason.NOT_UTF8, "the text holds an escape for half a character (a lone surrogate)"
    return None
