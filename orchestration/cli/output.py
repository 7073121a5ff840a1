"""How commands speak: JSON or text on stdout, progress and errors on stderr; nothing about what they say."""

import json
import logging
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Write machine-readable JSON to stdout.")]


def emit(as_json: bool, value: Any, text: str) -> None:
    """Write a result to stdout: `value` as JSON when asked for, else `text`."""
    sys.stdout.write((json.dumps(value, indent=1, ensure_ascii=False) if as_json else text).rstrip("\n") + "\n")


def emit_error(as_json: bool, message: str, exit_code: int) -> None:
    """Tell a person on stderr what is wrong; with --json also `{"error", "exit_code"}` on stdout."""
    sys.stderr.write(f"tieout: {message}\n")
    if as_json:
        emit(True, {"error": message, "exit_code": exit_code}, "")


def quiet_libraries() -> None:
    """Keep what libraries tell about themselves out of the output."""
    # This logger sets its own level when it is imported; a filter stays.
    logger = logging.getLogger("great_expectations.data_context.types.base")
    logger.addFilter(lambda record: record.levelno >= logging.WARNING)


def progress() -> Callable[[str], None] | None:
    """A function that shows each step on stderr; None, so that nothing is shown, where stderr is no terminal."""
    return _show if sys.stderr.isatty() else None


def bytes_progress() -> Callable[[str, int, int], None] | None:
    """As `progress`, for steps that tell a name and how many bytes of how many are done."""
    if not sys.stderr.isatty():
        return None
    return lambda name, done, total: _show(f"{name}: {100 * done // max(total, 1)} %")


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, right: Sequence[bool] = ()) -> str:
    """Rows as aligned text under a header; numbers to the right where `right` says so."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(len(name), *(len(row[index]) for row in cells), 0) for index, name in enumerate(columns)]
    to_right = list(right) or [False] * len(columns)

    def line(values: Sequence[str]) -> str:
        padded = (
            value.rjust(width) if numeric else value.ljust(width)
            for value, width, numeric in zip(values, widths, to_right, strict=True)
        )
        return "  ".join(padded).rstrip()

    return "\n".join([line(list(columns)), line(["-" * width for width in widths]), *map(line, cells)])


def plural(count: int, noun: str) -> str:
    """`1 file`, `2 files`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}".replace(",", " ")


def _show(message: str) -> None:
    sys.stderr.write(f"{message}\n")
    sys.stderr.flush()


def _cell(value: Any) -> str:
    return "" if value is None else str(value).replace("\n", " ")
