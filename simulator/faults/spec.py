"""Which faults a run is asked for: reads `--faults` as inline text or as a YAML or JSON file. Injects nothing."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from orchestration.errors import Unusable

KINDS: Mapping[str, str] = {
    "lost": "an event that the source counts and that never arrives",
    "duplicated": "an event that arrives twice, the second time written in another way where its number is odd",
    "conflicting": "an event that arrives again with other content",
    "reordered": "the events of a quote in a file, the last one first",
    "late": "an event that is recorded and arrives days to months after it happened",
    "corrupt": "a line that is cut off or no JSON",
    "new_field": "a field that the contract does not name, in the payload or in the envelope",
    "renamed_field": "a required field under another name",
    "new_type": "an event of a type that the contract does not name",
    "new_major_version": "an event in a major version that is not understood",
    "missing_reference": "an account, billing account, offering or price that never arrives",
    "price_differs": "a quote line whose adjustments do not lead to its net",
    "order_differs": "an order item with another amount or quantity than the accepted line",
    "invoice_differs": "an invoice line with another amount than its order item is to be billed with",
    "header_differs": "an invoice whose total is not the sum of its lines",
    "unbilled": "a completed one-time item that is on no invoice",
    "billed_twice": "an invoice that is issued once more under another number",
    "wrong_currency": "an invoice in another currency than its order",
    "wrong_control_total": "a control total that its source published wrongly",
    "version_reused": "a second event under an aggregate version that was used",
}
"""Kind of fault: what it is."""

_ENTRY = re.compile(r"\s*(?P<kind>[^=@\s]+)\s*=\s*(?P<count>[^=@\s]+)\s*(?:@\s*(?P<month>\S+)\s*)?")
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
_FILES = (".yml", ".yaml", ".json")


@dataclass(frozen=True)
class Wanted:
    """So many faults of a kind; `month` (such as `2026-09`) is that of the events that are hit, None for any."""

    kind: str
    count: int
    month: str | None = None


def read_spec(spec: str) -> tuple[Wanted, ...]:
    """`lost=3,late=2@2026-09`, or a file with a mapping of kinds to counts or a list of {kind, count, month}.

    Raises Unusable for what cannot be read, for an unknown kind (naming the known ones) and for one given twice.
    """
    if Path(spec).suffix in _FILES:
        entries = _from_file(Path(spec))
    else:
        entries = [_inline(part) for part in spec.split(",") if part.strip()]
    wanted = [_wanted(entry) for entry in entries]
    if not wanted:
        raise Unusable("--faults names no fault: give kinds with counts, such as lost=3,late=2")
    seen = [(one.kind, one.month) for one in wanted]
    for place in seen:
        if seen.count(place) > 1:
            raise Unusable(f"--faults names {place[0]} twice{f' for {place[1]}' if place[1] else ''}: give one count")
    return tuple(wanted)


def _inline(part: str) -> dict[str, Any]:
    found = _ENTRY.fullmatch(part)
    if found is None:
        raise Unusable(f"--faults: {part.strip()!r} is not KIND=COUNT or KIND=COUNT@MONTH, such as lost=3@2026-09")
    return found.groupdict()


def _from_file(path: Path) -> list[dict[str, Any]]:
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
    except OSError as error:
        raise Unusable(f"--faults {path}: cannot be read ({error.strerror})") from error
    except (yaml.YAMLError, ValueError) as error:
        raise Unusable(f"--faults {path}: no YAML or JSON: {error}") from error
    if isinstance(content, dict) and set(content) == {"faults"}:
        content = content["faults"]
    if isinstance(content, dict):
        return [{"kind": kind, "count": count} for kind, count in content.items()]
    if isinstance(content, list) and all(isinstance(entry, dict) for entry in content):
        return content
    raise Unusable(f"--faults {path}: give a mapping of kinds to counts, or a list of {{kind, count, month}}")


def _wanted(entry: Mapping[str, Any]) -> Wanted:
    if unknown := set(entry) - {"kind", "count", "month"}:
        raise Unusable(f"--faults: unknown field {', '.join(sorted(map(str, unknown)))}; known are kind, count, month")
    kind, count, month = str(entry.get("kind")), entry.get("count", 1), entry.get("month")
    if kind not in KINDS:
        raise Unusable(f"--faults: there is no kind {kind!r}; the kinds are {', '.join(KINDS)}")
    if isinstance(count, bool) or not re.fullmatch(r"[1-9][0-9]{0,5}", str(count)):
        raise Unusable(f"--faults: {kind}={count}: the count is to be a whole number from 1 on")
    if month is not None and not _MONTH.fullmatch(str(month)):
        raise Unusable(f"--faults: {kind} at {month!r}: a month looks like 2026-09")
    return Wanted(kind, int(count), None if month is None else str(month))
