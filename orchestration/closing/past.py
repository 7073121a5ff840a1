"""The warehouse as it was at a past cutoff, built anew from the lake beside the live one; not what is done with it."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.errors import Refused
from orchestration.home import Home
from orchestration.publishing import store
from orchestration.warehouse.build import build
from orchestration.warehouse.checksums import data_version, schema_checksums
from orchestration.warehouse.connection import open_warehouse
from orchestration.warehouse.lake import LakeState
from orchestration.warehouse.record import timestamp_text

if TYPE_CHECKING:
    from orchestration.warehouse.dbt_runner import Progress


@dataclass(frozen=True)
class PastHome(Home):
    """The paths of a home whose warehouse is one of the past: the same lake, everything else as it is."""

    name: str = "past"

    @property
    def warehouse(self) -> Path:
        return self.root / "past" / self.name / "warehouse" / "tieout.duckdb"

    @property
    def dbt_target(self) -> Path:
        return self.root / "past" / self.name / "dbt"


def as_known_at(
    home: Home,
    name: str,
    high_water: int,
    as_of: datetime,
    closes: Path | None = None,
    progress: "Progress | None" = None,
) -> PastHome:
    """Build everything from the batches up to `high_water` as of `as_of` (UTC without a zone), in full.

    `closes`: the index of closes that there was then; the present one without it. Raises Refused when it does not
    build.
    """
    past = PastHome(home.root, name)
    result = build(past, full_refresh=True, knowledge=LakeState(high_water, as_of), closes=closes, progress=progress)
    if not result.complete:
        told = "\n".join(f"{node.name}: {node.message}" for node in result.failed[:5])
        raise Refused(f"The warehouse as known at batch {high_water} does not build:\n{told}")
    return past


def differences_from_release(home: Home, release_id: str | None, progress: "Progress | None" = None) -> list[str]:
    """Build a release's marts anew from the lake and say which differ from what was published; none when all are equal.

    Raises Unusable for an unknown release, Refused where nothing is published or it does not build.
    """
    release = store.find(home, release_id)
    as_of = datetime.fromisoformat(str(release.manifest["as_of"]))
    high_water = int(release.manifest["lake_high_water"])
    index = home.closes / "index" / str(release.manifest.get("closes_index", ""))
    closes = index if index.name.isdigit() and index.is_dir() else None
    past = as_known_at(home, release.release_id, high_water, as_of, closes, progress)
    with open_warehouse(past) as connection:
        found = schema_checksums(connection, schema="marts")
    if data_version(found, lake_high_water=high_water, as_of=timestamp_text(as_of)) == release.data_version:
        return []
    published = {model["model"]: (model["row_count"], str(model["checksum"])) for model in release.manifest["models"]}
    built = {item.relation: (item.row_count, str(item.checksum)) for item in found}
    return sorted(name for name in published.keys() | built.keys() if published.get(name) != built.get(name))
