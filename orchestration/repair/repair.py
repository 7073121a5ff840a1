"""Finding the partitions of the marts that differ from the lake, building just their aggregates again, proving it."""

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.errors import Refused
from orchestration.home import Home
from orchestration.reconciliation import ledger
from orchestration.repair.sides import Partition, Row, differing_rows, partitions
from orchestration.warehouse import record
from orchestration.warehouse.build import build
from orchestration.warehouse.connection import open_warehouse
from orchestration.warehouse.lake import LakeState
from orchestration.warehouse.lock import warehouse_lock

if TYPE_CHECKING:
    from orchestration.warehouse.dbt_runner import Progress

KIND = "mart_repair"


@dataclass(frozen=True)
class RepairResult:
    """What was compared, what differed before, and what does after; `evidence` is the file that says it all.

    `changed_elsewhere`: partitions that tied before and have other rows now; none, or the repair is not proven.
    """

    compared: int
    differing: tuple[Partition, ...]
    rows: tuple[Row, ...]
    rebuilt: tuple[tuple[str, str], ...]
    still_differing: tuple[Partition, ...]
    changed_elsewhere: tuple[str, ...]
    build_id: str | None
    build_reason: str
    build_failed: tuple[str, ...]
    evidence: Path | None

    @property
    def ok(self) -> bool:
        return not (self.still_differing or self.changed_elsewhere or self.build_failed)

    def as_json(self) -> dict[str, Any]:
        """As docs/cli.md says."""
        return {
            "ok": self.ok,
            "compared": self.compared,
            "differing": [part.as_json() for part in self.differing],
            "rows": [row.as_json() for row in self.rows],
            "rebuilt": [list(one) for one in self.rebuilt],
            "still_differing": [part.as_json() for part in self.still_differing],
            "changed_elsewhere": list(self.changed_elsewhere),
            "build_id": self.build_id,
            "build_reason": self.build_reason,
            "build_failed": list(self.build_failed),
            "evidence": str(self.evidence) if self.evidence else None,
        }


def repair(home: Home, *, dry_run: bool = False, progress: "Progress | None" = None) -> RepairResult:
    """Compare every partition, rebuild the aggregates of those that differ, compare again.

    Raises Refused without a complete build, or when the warehouse is in use.
    """
    last, before, rows = _compare(home)
    differing = tuple(part for part in before if not part.ties)
    if not differing or dry_run:
        return RepairResult(len(before), differing, rows, (), differing, (), None, "", (), None)
    aggregates = tuple(sorted({(row.aggregate_type, row.aggregate_id) for row in rows}))
    built = build(
        home,
        as_of=record.timestamp_text(last.as_of),
        knowledge=LakeState(last.lake_high_water, last.as_of),
        rebuild=aggregates,
        progress=progress,
    )
    _, after, _ = _compare(home)
    names = {part.name for part in differing}
    result = RepairResult(
        compared=len(before),
        differing=differing,
        rows=rows,
        rebuilt=aggregates,
        still_differing=tuple(part for part in after if not part.ties),
        changed_elsewhere=tuple(sorted({part.name for part in set(before) ^ set(after)} - names)),
        build_id=built.build_id,
        build_reason=f"in full: {built.reason}" if built.full_refresh else "only these aggregates",
        build_failed=tuple(node.unique_id for node in built.failed),
        evidence=home.root / "repairs" / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}.json",
    )
    _keep(home, result)
    return result


def _compare(home: Home) -> tuple[record.Build, list[Partition], tuple[Row, ...]]:
    if not home.warehouse.exists():
        raise Refused("Nothing has been built yet, so there is nothing to repair: run `tieout build`.")
    with warehouse_lock(home, "compare the marts with the lake"), open_warehouse(home) as connection:
        last = record.last_build(connection)
        if last is None:
            raise Refused("There is no complete build to repair: run `tieout build`.")
        found = partitions(connection, home, last.lake_high_water)
        differing = [part for part in found if not part.ties]
        return last, found, tuple(differing_rows(connection, home, last.lake_high_water, differing))


def _keep(home: Home, result: RepairResult) -> None:
    assert result.evidence is not None
    content = json.dumps(result.as_json(), indent=2, sort_keys=True).encode() + b"\n"
    result.evidence.parent.mkdir(parents=True, exist_ok=True)
    result.evidence.write_bytes(content)
    body = {
        "evidence": result.evidence.name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "partitions": [part.name for part in result.differing],
        "ok": result.ok,
    }
    ledger.append(home, KIND, body)
