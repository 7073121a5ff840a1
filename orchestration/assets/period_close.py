"""The close of a period as a Dagster asset, one partition per month, its gates as checks; closing is elsewhere."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetsDefinition,
    Config,
    Failure,
    MaterializeResult,
    MetadataValue,
    MonthlyPartitionsDefinition,
    PartitionsDefinition,
    StaticPartitionsDefinition,
    TableRecord,
    asset,
)

from orchestration.assets.naming import CLOSE_GROUP, OWNER, PERIOD_CLOSE, RELEASE, WRITER_POOL
from orchestration.assets.outcome import refusals_as_failures
from orchestration.closing import periods
from orchestration.closing.gates import FAILED, GATES, ROLL_FORWARD, GateResult
from orchestration.home import Home

if TYPE_CHECKING:
    from orchestration.closing.close import CloseResult

CLOSE_OP = "period_close"
SHOWN = 50
CHECKS = (*(name for name, _ in GATES), ROLL_FORWARD)


class CloseConfig(Config):
    """`by`: the person who closes; `verify`: of a closed period, build it anew from the lake; `soft`: a trial."""

    by: str = "dagster"
    verify: bool = False
    soft: bool = False


def close_asset(home: Home) -> AssetsDefinition:
    """The frozen figures of a period of the whole business; closed once, and looked at again by every further run."""

    @asset(
        key=PERIOD_CLOSE,
        deps=[RELEASE],
        group_name=CLOSE_GROUP,
        owners=[OWNER],
        kinds={"parquet"},
        pool=WRITER_POOL,
        partitions_def=partitions(),
        check_specs=[
            AssetCheckSpec(name, asset=PERIOD_CLOSE, description=f"Gate {name} of the close.") for name in CHECKS
        ],
        description="A closed period: its figures frozen as Parquet, and the evidence. Refused while a gate fails.",
    )
    def period_close(
        context: AssetExecutionContext, config: CloseConfig
    ) -> Iterator[AssetCheckResult | MaterializeResult[Any]]:
        from orchestration.closing.close import close
        from orchestration.closing.verification import verify_close

        name = context.partition_key
        with refusals_as_failures():
            result = close(home, name, by=config.by, soft=config.soft, progress=context.log.info)
            differing = verify_close(home, name, progress=context.log.info) if config.verify else []
        yield from (_check(gate, [one for one in result.gates if one.gate == gate]) for gate in CHECKS)
        if differing:
            raise Failure(description=f"{name} is not what was closed: {'; '.join(differing)}", allow_retries=False)
        if result.failed and not config.soft:
            raise Failure(description=_refusal(result), allow_retries=False)
        yield MaterializeResult(asset_key=PERIOD_CLOSE, metadata=_metadata(home, result))

    return period_close


def partitions() -> PartitionsDefinition[str]:
    """The periods of the whole business: months, or the names of its own calendar."""
    of = periods.entity(periods.GROUP)
    if of.calendar == "month":
        start = f"{of.fiscal_year_start.year}-01"
        return MonthlyPartitionsDefinition(start_date=start, fmt="%Y-%m", timezone=of.time_zone)
    first = of.fiscal_year_start.year
    return StaticPartitionsDefinition(
        [f"{year}-P{number:02d}" for year in range(first, first + 20) for number in range(1, 13)]
    )


def _check(gate: str, found: Sequence[GateResult]) -> AssetCheckResult:
    """One gate as a check, with every place where it does not hold; one without a result has failed."""
    short = [one for one in found if one.verdict == FAILED]
    table = [
        TableRecord(
            {"partition": one.partition, "what": one.message, "amount": str(one.amount or ""), "next": one.next_step}
        )
        for one in (short or found)[:SHOWN]
    ]
    return AssetCheckResult(
        passed=bool(found) and not short,
        asset_key=PERIOD_CLOSE,
        check_name=gate,
        severity=AssetCheckSeverity.ERROR,
        metadata={"partitions": len(found), "where": MetadataValue.table(table)} if table else {},
        description=f"{short[0].partition}: {short[0].message}" if short else None,
    )


def _metadata(home: Home, result: "CloseResult") -> dict[str, Any]:
    lines = "\n".join(
        f"| {one.verdict} | {one.gate} | {one.partition} | {one.message} |" for one in result.gates[:SHOWN]
    )
    summary = f"**{result.period}** {result.state}\n\n| | gate | partition | what |\n|---|---|---|---|\n{lines}"
    found: dict[str, Any] = {"state": result.state, "version": result.version, "summary": MetadataValue.md(summary)}
    if result.package:
        package = home.evidence / result.package
        report = (package / "report.html").as_uri()
        found |= {
            "package": result.package,
            "evidence": MetadataValue.path(package),
            "report": MetadataValue.url(report),
        }
    return found


def _refusal(result: "CloseResult") -> str:
    told = [f"{one.gate} at {one.partition}: {one.message} {one.next_step}" for one in result.failed]
    return f"{result.period} stays {result.state}. Gates that fail: " + "; ".join(told)
