"""Finds where the elements of a JSON array begin and end, as bytes; what they say is not its business."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_QUOTE, _BACKSLASH, _COMMA = ord('"'), ord("\\"), ord(",")
_STEP = np.zeros(256, np.int64)
_STEP[[ord("["), ord("{")]] = 1
_STEP[[ord("]"), ord("}")]] = -1
_STRUCTURAL = _STEP != 0
_STRUCTURAL[_COMMA] = True
JSON_SPACE = b" \t\r\n"


@dataclass(frozen=True)
class Split:
    """`ends`: offset of the comma or bracket after each whole element, the first of which begins at 0.

    `closed`: the array ends at the last of `ends`. Without it, what follows the last comma is not whole yet.
    """

    ends: list[int]
    closed: bool

    def elements(self, text: bytes) -> list[bytes]:
        """The whole elements of the text, white space around them included."""
        starts = [0, *(end + 1 for end in self.ends)]
        return [text[start:end] for start, end in zip(starts, self.ends, strict=False)]


def split(text: bytes) -> Split:
    """Splits what follows the opening bracket of an array (or a comma in it)."""
    codes = np.frombuffer(text, np.uint8)
    quotes = codes == _QUOTE
    if b"\\" in text:
        quotes &= ~_escaped(codes)
    outside = np.logical_not(np.bitwise_xor.accumulate(quotes)) if len(codes) else quotes
    at = np.flatnonzero(_STRUCTURAL[codes] & outside)
    depth = np.cumsum(_STEP[codes[at]])
    closing = np.flatnonzero(depth < 0)
    last = int(closing[0]) if len(closing) else len(at)
    closed = bool(len(closing)) and codes[at[last]] == ord("]")
    commas = at[:last][(codes[at[:last]] == _COMMA) & (depth[:last] == 0)]
    ends = [int(end) for end in commas]
    if closed:
        ends.append(int(at[last]))
    return Split(ends, closed)


def whole_array(line: bytes) -> list[bytes] | None:
    """The elements of a line that is one JSON array; None when it is not closed or goes on after it."""
    inside = line.strip(JSON_SPACE)[1:]
    found = split(inside)
    if not found.closed or inside[found.ends[-1] + 1 :]:
        return None
    elements = found.elements(inside)
    return [] if len(elements) == 1 and not elements[0].strip(JSON_SPACE) else elements


def _escaped(codes: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which bytes stand after an odd number of backslashes."""
    backslashes = np.flatnonzero(codes == _BACKSLASH)
    first = np.flatnonzero(np.diff(backslashes, prepend=-2) != 1)
    lengths = np.diff(np.append(first, len(backslashes)))
    after = backslashes[first] + lengths
    odd = after[(lengths % 2 == 1) & (after < len(codes))]
    escaped = np.zeros(len(codes), np.bool_)
    escaped[odd] = True
    return escaped
