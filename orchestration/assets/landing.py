"""Landing as Dagster assets, one per stream and one for the quarantine; a file lands whole, so they land together."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    AssetSpec,
    MaterializeResult,
    MetadataValue,
    multi_asset,
)

from orchestration.assets.naming import QUARANTINE, STREAMS, stream_key
from orchestration.assets.outcome import refusals_as_failures
from orchestration.home import Home

if TYPE_CHECKING:
    from orchestration.landing.results import LandResult

ALL_LANDED = "every_file_landed"
NOTHING_QUARANTINED = "no_line_quarantined"


def landing_assets(home: Home, lake: Mapping[AssetKey, AssetSpec]) -> AssetsDefinition:
    """The streams and the quarantine, described as dbt's sources are (`lake`)."""

    @multi_asset(
        name="land_inbox",
        specs=[lake[key] for key in (*map(stream_key, STREAMS), QUARANTINE)],
        check_specs=[
            AssetCheckSpec(ALL_LANDED, asset=QUARANTINE, description="No file of the inbox was left behind unread."),
            AssetCheckSpec(
                NOTHING_QUARANTINED,
                asset=QUARANTINE,
                description="Every line of this landing was accepted or known; else see `tieout quarantine list`.",
            ),
        ],
    )
    def land_inbox(context: AssetExecutionContext) -> Iterator[MaterializeResult[Any] | AssetCheckResult]:
        from orchestration.refresh import land_inbox as land

        with refusals_as_failures():
            result, left = land(home, lambda *told: context.log.info(" ".join(map(str, told))))
        batches = sorted({file.batch_seq for file in result.files}) if result else []
        landed = stream_contents(home, batches)
        for stream in STREAMS:
            yield MaterializeResult(
                asset_key=stream_key(stream), metadata={"batches": batches, **landed.get(stream, {"rows_accepted": 0})}
            )
        yield MaterializeResult(asset_key=QUARANTINE, metadata=_verdicts(result, batches))
        yield from _checks(result, left)

    return land_inbox


def stream_contents(home: Home, batches: Sequence[int]) -> dict[str, dict[str, Any]]:
    """Of each stream in these batches: accepted rows, per event type too, and the latest event time of each source."""
    import duckdb

    folders = [home.lake / "batches" / f"batch_seq={batch:08d}" / "events" for batch in batches]
    files = [str(path) for folder in folders for path in sorted(Path(folder).rglob("*.parquet"))]
    if not files:
        return {}
    found: dict[str, dict[str, Any]] = {}
    with duckdb.connect() as connection:
        rows = connection.execute(
            "select stream, event_type, source_system, count(*), max(event_time)"
            " from read_parquet(?, hive_partitioning = true) group by all order by all",
            [files],
        ).fetchall()
    for stream, event_type, source, count, latest in rows:
        entry = found.setdefault(stream, {"rows_accepted": 0, "event_types": {}, "high_water": {}})
        entry["rows_accepted"] += count
        entry["event_types"][event_type] = entry["event_types"].get(event_type, 0) + count
        entry["high_water"][source] = max(entry["high_water"].get(source, ""), latest.isoformat(sep=" "))
    return found


def _verdicts(result: "LandResult | None", batches: Sequence[int]) -> dict[str, Any]:
    if result is None:
        return {"batches": [], "files": 0}
    files = [f"- `{file.name}`: {file.status}, {file.lines} lines, batch {file.batch_seq}" for file in result.files]
    return {
        "batches": list(batches),
        "files": len(result.files),
        **result.verdicts.as_dict(),
        "by_file": MetadataValue.md("\n".join(files)),
    }


def _checks(result: "LandResult | None", left: Sequence[str]) -> Iterator[AssetCheckResult]:
    yield AssetCheckResult(
        asset_key=QUARANTINE,
        check_name=ALL_LANDED,
        passed=not left,
        description="\n".join(left) or None,
        metadata={"files_left": len(left)},
    )
    quarantined = result.verdicts.quarantined + result.verdicts.conflict if result else 0
    yield AssetCheckResult(
        asset_key=QUARANTINE,
        check_name=NOTHING_QUARANTINED,
        passed=quarantined == 0,
        severity=AssetCheckSeverity.WARN,
        metadata={"lines": quarantined},
    )
