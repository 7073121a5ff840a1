"""The expectation suites in `expectations/*.yml`: reading them, saying what is wrong with one, and their hash.

A suite names one relation of the warehouse and the checks whose rows it holds:

    suite: quote_line
    relation: recon_quote_line
    checks:
      - key: quote_line_mart
        title: …
        kind: integrity            # integrity | source | canary
        severity: critical         # critical | warning
        pairs: {count: exact, amount: exact_or_absent}
        expected:
          - {partition: "quote/{month}", event_types: [QuotePriced]}

A pair `amount` stands for the columns left_amount and right_amount, which must be equal; with `exact_or_absent` both
may be NULL. `expected` says which partitions must be there, from what the lake holds: one for each combination of the
fields in braces ({month}, {source}, {event_type}, {aggregate_type}) that an accepted event of the listed types has;
without `event_types`, of any type.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from typing import Any, Literal, cast

import yaml

from orchestration.errors import Unusable
from orchestration.home import PROJECT_ROOT

Kind = Literal["integrity", "source", "canary"]
Severity = Literal["critical", "warning"]
EXPECTATIONS = PROJECT_ROOT / "expectations"
NAME = re.compile(r"[a-z][a-z0-9_]*")
PAIR_RULES = {"exact": False, "exact_or_absent": True}
LAKE_FIELDS = {"month", "source", "event_type", "aggregate_type"}


@dataclass(frozen=True)
class Expected:
    """Partitions that must be there: the template, and the event types that call for them (none named: every type)."""

    partition: str
    event_types: tuple[str, ...]


@dataclass(frozen=True)
class Check:
    """One check: rows of `relation` with this `check_key`, and the pairs of columns that must be equal in each."""

    key: str
    title: str
    relation: str
    kind: Kind
    severity: Severity
    pairs: dict[str, bool]
    expected: tuple[Expected, ...]

    @property
    def waivable(self) -> bool:
        return self.kind == "source"


def load_checks(folder: Path | None = None) -> list[Check]:
    """Every check of every suite, in the order of the files. Raises Unusable, naming file and field, when malformed."""
    checks: list[Check] = []
    for path in _files(folder):
        checks.extend(_suite(path))
    seen: dict[str, str] = {}
    for check in checks:
        if check.key in seen:
            raise Unusable(f"check {check.key} is in two suites: one for {seen[check.key]}, one for {check.relation}")
        seen[check.key] = check.relation
    if not any(check.kind == "canary" for check in checks):
        raise Unusable(f"{folder or EXPECTATIONS} has no canary: add a check of kind canary, which must fail")
    return checks


def expected_checks(folder: Path | None = None) -> list[str]:
    """The keys of every check that a complete audit has results of, sorted."""
    return sorted(check.key for check in load_checks(folder))


def suites_hash(folder: Path | None = None) -> str:
    """SHA-256 over the suite files: an audit under other suites proves something else."""
    digest = hashlib.sha256()
    for path in _files(folder):
        digest.update(f"{path.name}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _files(folder: Path | None) -> list[Path]:
    folder = folder or EXPECTATIONS
    files = sorted(folder.glob("*.yml"))
    if not files:
        raise Unusable(f"there are no suites in {folder}")
    return files


def _suite(path: Path) -> list[Check]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, ValueError) as error:
        raise Unusable(f"{path}: not YAML: {error}") from error
    _fields(content, str(path), required={"suite", "relation", "checks"}, optional={"description"})
    if content["suite"] != path.stem:
        raise Unusable(f"{path}: suite is {content['suite']!r}, but the file is called {path.name}")
    if not isinstance(content["checks"], list) or not content["checks"]:
        raise Unusable(f"{path}: checks is to be a list with at least one check")
    relation = _name(content["relation"], f"{path}: relation")
    return [_check(entry, relation, f"{path}: checks[{number}]") for number, entry in enumerate(content["checks"])]


def _check(entry: Any, relation: str, where: str) -> Check:
    _fields(entry, where, required={"key", "title", "kind", "severity", "pairs"}, optional={"expected"})
    key = _name(entry["key"], f"{where}.key")
    pairs = entry["pairs"]
    if not isinstance(pairs, dict) or not pairs:
        raise Unusable(f"{where}.pairs: name at least one pair, such as {{count: exact}}")
    for name, rule in pairs.items():
        _name(name, f"{where}.pairs")
        _one_of(rule, tuple(PAIR_RULES), f"{where}.pairs.{name}")
    kind = cast(Kind, _one_of(entry["kind"], ("integrity", "source", "canary"), f"{where}.kind"))
    severity = cast(Severity, _one_of(entry["severity"], ("critical", "warning"), f"{where}.severity"))
    if kind != "source" and severity != "critical":
        raise Unusable(f"{where}.severity: a check of kind {kind} is always critical")
    exact = {name: PAIR_RULES[rule] for name, rule in pairs.items()}
    expected = _expected_list(entry.get("expected", []), f"{where}.expected")
    if not expected and kind != "canary":
        raise Unusable(f"{where}: expected is missing: a check that may find no row at all checks nothing")
    return Check(key, str(entry["title"]), relation, kind, severity, exact, expected)


def _expected_list(entries: Any, where: str) -> tuple[Expected, ...]:
    if not isinstance(entries, list):
        raise Unusable(f"{where}: give a list")
    return tuple(_expected(entry, f"{where}[{number}]") for number, entry in enumerate(entries))


def _expected(entry: Any, where: str) -> Expected:
    _fields(entry, where, required={"partition"}, optional={"event_types"})
    fields = {field for _, field, _, _ in Formatter().parse(str(entry["partition"])) if field is not None}
    if not fields <= LAKE_FIELDS:
        raise Unusable(f"{where}.partition: unknown field in {entry['partition']!r}; known are {sorted(LAKE_FIELDS)}")
    event_types = entry.get("event_types", [])
    if not isinstance(event_types, list) or not all(isinstance(name, str) for name in event_types):
        raise Unusable(f"{where}.event_types: give a list of event types")
    return Expected(str(entry["partition"]), tuple(event_types))


def _fields(entry: Any, where: str, *, required: set[str], optional: set[str]) -> None:
    if not isinstance(entry, dict):
        raise Unusable(f"{where}: expected a mapping with {', '.join(sorted(required))}")
    if missing := required - set(entry):
        raise Unusable(f"{where}: {', '.join(sorted(missing))} missing")
    if unknown := set(entry) - required - optional:
        raise Unusable(f"{where}: unknown field {', '.join(sorted(map(str, unknown)))}")


def _name(value: Any, where: str) -> str:
    if not isinstance(value, str) or not NAME.fullmatch(value):
        raise Unusable(f"{where}: {value!r} is not a name in lower_snake_case")
    return value


def _one_of(value: Any, allowed: tuple[str, ...], where: str) -> str:
    if value not in allowed:
        raise Unusable(f"{where}: {value!r} is not one of {', '.join(allowed)}")
    return str(value)
