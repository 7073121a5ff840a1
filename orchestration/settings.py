"""What may be configured, each from one environment variable with its default; nothing that acts on it."""

import os
import re
from dataclasses import dataclass

from orchestration.errors import Unusable

SIZE = re.compile(r"[0-9]+(\.[0-9]+)? ?[KMGT]i?B")


@dataclass(frozen=True)
class Settings:
    """The configuration of one process (docs/cli.md lists the variables)."""

    reporting_currency: str
    retain_releases: int
    inbox_settle_seconds: float
    dbt_threads: int
    search_deltas: int
    search_replaced_percent: int
    memory_limit: str

    @classmethod
    def from_environment(cls) -> "Settings":
        """Read TIEOUT_*; raises Unusable on a value that does not fit, naming the variable."""
        return cls(
            reporting_currency=_currency("TIEOUT_REPORTING_CURRENCY", "USD"),
            retain_releases=int(_number("TIEOUT_RETAIN_RELEASES", "10", minimum=1, whole=True)),
            inbox_settle_seconds=_number("TIEOUT_INBOX_SETTLE_SECONDS", "2", minimum=0),
            dbt_threads=int(_number("TIEOUT_DBT_THREADS", str(min(4, os.cpu_count() or 1)), minimum=1, whole=True)),
            search_deltas=int(_number("TIEOUT_SEARCH_DELTAS", "100", minimum=0, whole=True)),
            search_replaced_percent=int(_number("TIEOUT_SEARCH_REPLACED_PERCENT", "100", minimum=0, whole=True)),
            memory_limit=_size("TIEOUT_MEMORY_LIMIT", "4GB"),
        )


def _currency(variable: str, default: str) -> str:
    text = os.environ.get(variable) or default
    if len(text) != 3 or not text.isascii() or not text.isupper():
        raise Unusable(f"{variable} is {text!r}; give an ISO 4217 code such as USD")
    return text


def _size(variable: str, default: str) -> str:
    text = os.environ.get(variable) or default
    if not SIZE.fullmatch(text):
        raise Unusable(f"{variable} is {text!r}; give a size such as 4GB or 512MiB")
    return text


def _number(variable: str, default: str, *, minimum: int, whole: bool = False) -> float:
    text = os.environ.get(variable) or default
    try:
        value = int(text) if whole else float(text)
    except ValueError:
        value = minimum - 1
    if not value >= minimum:
        raise Unusable(f"{variable} is {text!r}; give a {'whole ' if whole else ''}number of at least {minimum}")
    return value
