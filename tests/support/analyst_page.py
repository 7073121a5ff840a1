"""A page of docs (marts.md, audit.md) as questions with their SQL and answers; not who answers them."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ASKED = re.compile(r"^### (?P<question>.+?)\n.*?```sql\n(?P<sql>.+?)```\n+```text\n(?P<answer>.*?)```", re.S | re.M)


@dataclass(frozen=True)
class Asked:
    """One question of the page, its SQL and the answer that the page shows."""

    question: str
    sql: str
    answer: str


def asked(page: str) -> Sequence[Asked]:
    """Every question of the page, in its order; a heading without SQL and answer is none."""
    return [Asked(*found.group("question", "sql", "answer")) for found in ASKED.finditer(page)]


def answered(page: str, answer: Callable[[str], str]) -> str:
    """The page with every answer made anew."""

    def again(found: re.Match[str]) -> str:
        before = found[0][: found.start("answer") - found.start()]
        return f"{before}{answer(found['sql']).rstrip()}\n```"

    return ASKED.sub(again, page)


def update(path: Path, answer: Callable[[str], str]) -> None:
    """Write the page with its answers made anew."""
    path.write_text(answered(path.read_text(encoding="utf-8"), answer), encoding="utf-8")
