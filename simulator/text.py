"""JSON text of whole columns at once, as Arrow string arrays; a null is a field that is left out."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from simulator.window import DAY, Bools, Ints

Text = Any
"""A pyarrow StringArray. Columns of ids are raw; columns that go into an object are JSON text."""


def joined(*parts: Text | str) -> Text:
    """Parts put together row by row; null where a part is null."""
    return pc.binary_join_element_wise(*parts, "", null_handling="emit_null")


def at(column: Text, rows: Ints) -> Text:
    """The given rows of a column; null for a negative row."""
    return column.take(pa.array(rows, mask=rows < 0) if len(rows) and rows.min() < 0 else pa.array(rows))


def repeated(text: str, length: int) -> Text:
    """The same text in every row."""
    return pa.repeat(pa.scalar(text, pa.string()), length)


def only(column: Text, where: Bools) -> Text:
    """The column, null where not `where`."""
    return pc.if_else(pa.array(where), column, pa.scalar(None, pa.string()))


def quoted(raw: Text) -> Text:
    """Raw ids (no character that JSON escapes) as JSON strings."""
    return joined('"', raw, '"')


@lru_cache(maxsize=256)
def _pool(values: tuple[str, ...]) -> Text:
    return pa.array(values, pa.string())


def raw(values: Sequence[str], codes: Ints) -> Text:
    """Plain text by its position in `values`; a negative code is null."""
    return at(_pool(tuple(values)), codes)


def coded(values: Sequence[str], codes: Ints) -> Text:
    """JSON strings by their position in `values`; a negative code is null."""
    return at(_pool(tuple(json.dumps(value, ensure_ascii=False) for value in values)), codes)


def whole(numbers: Ints) -> Text:
    """JSON numbers (also the plain digits of an id)."""
    return pc.cast(pa.array(numbers), pa.string())


def padded(numbers: Ints, width: int) -> Text:
    """Digits with leading zeros; wider numbers keep all their digits."""
    return pc.utf8_lpad(whole(numbers), width, "0")


def flags(values: Bools) -> Text:
    """JSON true and false."""
    return at(pa.array(["false", "true"]), values.astype(np.int64))


def amounts(units: Ints) -> Text:
    """Units of 10⁻⁴ as JSON strings with four decimals."""
    units = np.ascontiguousarray(units, dtype=np.int64)
    decimals = pa.Decimal64Array.from_buffers(pa.decimal64(18, 4), len(units), [None, pa.py_buffer(units)])
    return quoted(pc.cast(decimals, pa.string()))


def _fixed(matrix: "np.ndarray[Any, np.dtype[np.uint8]]") -> Text:
    """Rows of bytes, all of one width, as strings."""
    length, width = matrix.shape
    offsets = np.arange(length + 1, dtype=np.int32) * np.int32(width)
    data = np.ascontiguousarray(matrix)
    return pa.StringArray.from_buffers(length, pa.py_buffer(offsets), pa.py_buffer(data))


def _day_bytes(days: Ints) -> "np.ndarray[Any, np.dtype[np.uint8]]":
    low, high = int(days.min()), int(days.max())
    names = np.datetime_as_string(np.arange(low, high + 1).astype("datetime64[D]")).astype("S10")
    table: np.ndarray[Any, np.dtype[np.uint8]] = names.view(np.uint8).reshape(-1, 10)[days - low]
    return table


def dates(days: Ints) -> Text:
    """Days since the epoch as JSON strings."""
    if not len(days):
        return pa.array([], pa.string())
    matrix = np.full((len(days), 12), ord('"'), dtype=np.uint8)
    matrix[:, 1:11] = _day_bytes(days)
    return _fixed(matrix)


def moments(times: Ints) -> Text:
    """Milliseconds since the epoch as JSON strings, RFC 3339 in UTC."""
    if not len(times):
        return pa.array([], pa.string())
    days, rest = np.divmod(times, DAY)
    matrix = np.empty((len(times), 26), dtype=np.uint8)
    matrix[:] = np.frombuffer(b'"0000-00-00T00:00:00.000Z"', dtype=np.uint8)
    matrix[:, 1:11] = _day_bytes(days)
    rest = rest.astype(np.int32)
    for place, divisor, base in (
        (12, 36_000_000, 10), (13, 3_600_000, 10), (15, 600_000, 6), (16, 60_000, 10),
        (18, 10_000, 6), (19, 1_000, 10), (21, 100, 10), (22, 10, 10), (23, 1, 10),
    ):  # fmt: skip
        matrix[:, place] = rest // divisor % base + ord("0")
    return _fixed(matrix)


def hexadecimal(words: "np.ndarray[Any, np.dtype[np.uint64]]") -> Text:
    """A row of 64-bit words as one JSON string of 16 hexadecimal digits each."""
    shifts = np.arange(60, -4, -4, dtype=np.uint64)
    nibbles = (
        (words[:, :, None] >> shifts & np.uint64(15)).astype(np.uint8).reshape(len(words), words.shape[1] * len(shifts))
    )
    return quoted(_fixed(np.frombuffer(b"0123456789abcdef", dtype=np.uint8)[nibbles]))


@dataclass(frozen=True)
class Listed:
    """The inside of JSON arrays, for a field that is never left out; the brackets come with the record around it."""

    inside: Text


def listed(items: Text, counts: Ints) -> Listed:
    """JSON arrays: the first `counts[0]` items, then the next `counts[1]`, and so on."""
    offsets = np.zeros(len(counts) + 1, dtype=np.int32)
    np.cumsum(counts, out=offsets[1:])
    return Listed(pc.binary_join(pa.ListArray.from_arrays(pa.array(offsets), items), ","))


def bracketed(items: Listed) -> Text:
    """JSON arrays as a column of their own."""
    return joined("[", items.inside, "]")


Fields = Sequence[tuple[str, Text | Listed | str]]


def record(fields: Fields, length: int, end: str = "") -> Text:
    """JSON objects of the given fields, each followed by `end`.

    A string is the same JSON text in every row; a null is left out. The first field is never null.
    """
    pieces: list[Text | str] = []
    literal = "{"
    for position, (name, value) in enumerate(fields):
        lead = f'{"," if position else ""}"{name}":'
        if isinstance(value, str):
            literal += lead + value
        elif isinstance(value, Listed):
            pieces += [literal + lead + "[", value.inside]
            literal = "]"
        elif value.null_count:
            pieces += [literal, joined(lead, value)] if literal else [joined(lead, value)]
            literal = ""
        else:
            pieces += [literal + lead, value]
            literal = ""
    literal += "}" + end
    if not pieces:
        return repeated(literal, length)
    return pc.binary_join_element_wise(*pieces, literal, "", null_handling="skip")


def either(where: Bools, column: Text, otherwise: str) -> Text:
    """The column where `where`, else the same text."""
    return pc.if_else(pa.array(where), column, pa.scalar(otherwise, pa.string()))
