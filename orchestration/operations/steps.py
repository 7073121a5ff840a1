"""What a step of following brought, how long each part took, and when a projection last failed: as kept in files."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime

from orchestration.operations.home import OperationsHome
from orchestration.operations.plan import Inputs


@dataclass(frozen=True)
class Step:
    """One step: what it brought, how long each part took, and how long its oldest file waited until readers saw it."""

    at: str
    lake_high_water: int
    as_of: str
    files: int
    events: int
    lag_seconds: float
    landing_seconds: float
    models_seconds: float
    release_seconds: float
    release_id: str
    models: int
    failed_checks: dict[str, int]


def note_step(home: OperationsHome, step: Step) -> None:
    """Add a line to the steps of the home."""
    with home.steps.open("a", encoding="utf-8") as handle:
        handle.write(json.dumps(asdict(step)) + "\n")


def note_failure(home: OperationsHome, inputs: Inputs, why: str) -> None:
    """Keep when a projection last failed, and why: projection_freshness tells it from the next step on."""
    told = {"at": inputs.projected_at.isoformat(), "lake_high_water": inputs.lake_high_water, "why": why}
    home.last_failure.write_text(json.dumps(told) + "\n", encoding="utf-8")


def last_failure(home: OperationsHome) -> datetime | None:
    """When a projection last failed (UTC); None where none did since the warehouse of operations was made."""
    if not home.last_failure.exists():
        return None
    return datetime.fromisoformat(json.loads(home.last_failure.read_text(encoding="utf-8"))["at"])
