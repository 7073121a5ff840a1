"""The reasons that code can give, read from its syntax: patterns of the texts, without running any of it."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

# A text with fewer letters of its own says nothing by itself: it passes on what another one says.
OWN_LETTERS = 8


@dataclass(frozen=True)
class Site:
    """A place in the code that can tell a reason, and what a text that it made looks like."""

    place: str
    pattern: re.Pattern[str]

    def made(self, text: str) -> bool:
        return self.pattern.search(text) is not None


def reasons_in(path: Path, *functions: str) -> list[Site]:
    """Texts that are raised as Refused, yielded, appended, or stand in a list or list comprehension.

    `functions`: look into these alone.
    """
    found = []
    whole = ast.parse(path.read_text())
    parts = [node for node in whole.body if isinstance(node, ast.FunctionDef) and node.name in functions] or [whole]
    for node in (inner for part in parts for inner in ast.walk(part)):
        for text in _told_by(node):
            pattern = _pattern(text)
            if len(re.findall("[a-z]", re.sub(r"\\.|\.\*", "", pattern))) >= OWN_LETTERS:
                found.append(Site(f"{path.name}:{text.lineno}", re.compile(pattern, re.DOTALL)))
    return found


def findings_in(path: Path) -> list[Site]:
    """Calls of `Finding(what, False, found, advice)`, as `what | found | advice`."""
    return [
        Site(
            f"{path.name}:{node.lineno}",
            re.compile(r" \| ".join(_pattern(part) for part in (node.args[0], *node.args[2:])), re.DOTALL),
        )
        for node in ast.walk(ast.parse(path.read_text()))
        if _is_call_of(node, "Finding") and _is_false(node.args[1])
    ]


def _told_by(node: ast.AST) -> Iterator[ast.expr]:
    match node:
        case ast.Raise(exc=ast.Call(func=ast.Name(id="Refused"), args=[text])):
            told = [text]
        case ast.Yield(value=ast.expr() as text):
            told = [text]
        case ast.Call(func=ast.Attribute(attr="append"), args=[text]):
            told = [text]
        case ast.ListComp(elt=text):
            told = [text]
        case ast.List(elts=elements):
            told = elements
        case _:
            told = []
    yield from (text for text in told if isinstance(text, ast.JoinedStr | ast.Constant) and _pattern(text) != ".*")


def _pattern(text: ast.expr) -> str:
    """What the text of an expression looks like: literal where it is, anything elsewhere."""
    if isinstance(text, ast.Constant) and isinstance(text.value, str):
        return re.escape(text.value)
    if isinstance(text, ast.JoinedStr):
        return "".join(_pattern(part) for part in text.values)
    return ".*"


def _is_call_of(node: ast.AST, name: str) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False
