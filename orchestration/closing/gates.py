"""The gates before a period closes: each looks at what is proven and says what is short, where, and what to do."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import ROUND_DOWN, Decimal
from typing import TYPE_CHECKING, Any

from orchestration.closing.breaks import EXPLAINED, OPEN, Break
from orchestration.closing.periods import BOOKS, Entity, Period
from orchestration.closing.spans import Span, first_hole, span_of
from orchestration.closing.waivers import CloseWaivers
from orchestration.home import PROJECT_ROOT

if TYPE_CHECKING:
    import duckdb

ROLL_FORWARD = "roll_forward"
PASSED, FAILED, WAIVED = "passed", "failed", "waived"
ACCEPTED = ("passed", "waived")
# What the contract has control totals for; other sources have nothing to publish.
COUNTED_SOURCES = ("cpq", "oms", "billing", "inventory")
SHOWN = 5
UNPROVEN = "unproven"


@dataclass(frozen=True)
class GateResult:
    """One gate at one partition: what is short there, and who does what about it. `amount` is in `currency`."""

    gate: str
    partition: str
    verdict: str
    message: str
    owner: str = "data-platform"
    next_step: str = ""
    amount: Decimal | None = None
    currency: str = ""
    items: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """With the amount as text."""
        return {
            **asdict(self),
            "amount": None if self.amount is None else f"{self.amount:f}",
            "items": list(self.items),
        }


@dataclass(frozen=True)
class Case:
    """What the gates look at: a release's connection and checks, and the breaks of the period."""

    connection: "duckdb.DuckDBPyConnection"
    entity: Entity
    period: Period
    checks: Sequence[dict[str, Any]]
    breaks: Sequence[Break]
    as_of: datetime
    waivers: CloseWaivers
    today: date
    # When business began: of what was before, nobody publishes totals.
    begins: datetime | None = None

    def of_period(self, *keys: str) -> list[dict[str, Any]]:
        """The results of these checks for partitions of months or windows that the period touches, or of neither."""
        mine = ((check, span_of(check)) for check in self.checks if check["key"] in keys)
        start, end = self.period.start, self.period.end
        return [check for check, span in mine if span is None or (span[0] < end and span[1] > start)]


def evaluate(case: Case) -> list[GateResult]:
    """Every gate, in the order of a checklist. A gate that had nothing to look at has failed."""
    results: list[GateResult] = []
    for name, gate in GATES:
        found = list(gate(case)) or [
            GateResult(name, "all", FAILED, "nothing was checked", next_step="Look at the audit: `tieout reconcile`.")
        ]
        results += [_waived(result, case) for result in found]
    return results


def _sources_fresh(case: Case) -> Iterator[GateResult]:
    """A source is through the cutoff by an event after it, or by its control totals for the period.

    Of one that publishes no totals at all, quiet cannot be told from late: it passes, and the result says so.
    """
    rows = case.connection.execute(
        "select source_system, current_through from release.freshness order by source_system"
    ).fetchall()
    totals = [check for check in case.checks if check["key"] == "control_total" and check["verdict"] in ACCEPTED]
    for source, through in rows:
        of_source = [check for check in totals if check["partition"].startswith(f"{source}/")]
        spans = [span for check in of_source if (span := span_of(check))]
        fresh = through is not None and through >= case.period.end
        fine = fresh or not of_source or any(first < case.period.end <= after for first, after in spans)
        told = f"current through {through}"
        if not fresh:
            told += f", the period ends {case.period.end}"
            told += "" if of_source else "; it publishes no totals, so quiet cannot be told from late"
        yield GateResult(
            "sources_fresh",
            source,
            PASSED if fine else FAILED,
            told,
            next_step="" if fine else f"Ask {source} for its events through the cutoff and land them.",
        )


def _checks(gate: str, keys: tuple[str, ...], owner: str, next_step: str) -> "Gate":
    def look(case: Case) -> Iterator[GateResult]:
        found = case.of_period(*keys)
        wrong = [check for check in found if check["verdict"] not in ACCEPTED]
        for check in wrong:
            yield GateResult(
                gate,
                f"{check['key']}/{check['partition']}",
                FAILED,
                check["message"] or f"{check['verdict']}: {check['left']} against {check['right']}",
                owner=owner,
                next_step=next_step,
            )
        if found and not wrong:
            waived = sum(check["verdict"] == "waived" for check in found)
            yield GateResult(gate, case.period.name, PASSED, f"{len(found)} partitions, {waived} of them waived")

    return look


def _control_sources(case: Case) -> Iterator[GateResult]:
    """Every source that counts has published totals for each day of the period, from the first business on."""
    start = max(case.period.start, case.begins or case.period.start)
    published: dict[str, list[Span]] = {}
    for check in case.of_period("control_total"):
        if check["verdict"] != UNPROVEN and (span := span_of(check)):
            published.setdefault(check["partition"].split("/")[0], []).append(span)
    active = {
        source
        for (source,) in case.connection.execute(
            "select source_system from release.freshness where last_event_time >= ?", [case.period.start]
        ).fetchall()
    }
    for source in COUNTED_SOURCES:
        if source in active:
            hole = first_hole(published.get(source, []), start, case.period.end)
            told = f"from {hole[0]:%Y-%m-%d %H:%M} to {hole[1]:%Y-%m-%d %H:%M} UTC" if hole else ""
            yield GateResult(
                "control_totals_received",
                source,
                FAILED if hole else PASSED,
                f"no control total of {source} has landed {told}" if hole else "published",
                next_step=f"Ask {source} for ControlTotalsPublished {told}." if hole else "",
            )


def _chain(case: Case) -> Iterator[GateResult]:
    """Per leg and currency: what does not tie and is neither explained nor waived, against the tolerance."""
    tolerances = _tolerances()
    sides = case.connection.execute(
        "select leg.leg, leg.currency, sum(leg.left_net_amount) from marts.fact_commercial_leg as leg"
        " left join marts.fact_commercial_chain as chain using (chain_key)"
        " left join marts.dim_account as account on chain.account_id = account.account_id"
        f" where {BOOKS.format(regions='$region', region='account.region')} group by all order by all",
        {"region": case.entity.region},
    ).fetchall()
    for leg, currency, left in sides:
        mine = [one for one in case.breaks if (one.leg, one.currency) == (leg, currency)]
        standing = [one for one in mine if one.status == OPEN]
        amount = sum((one.difference for one in standing), Decimal(0))
        absolute, percent = tolerances.get((leg, currency)) or tolerances[leg, "*"]
        allowed = _allowed(absolute, left, percent)
        # What a person has answered for and is more now, or another thing, is no tolerance: it fails however small.
        lapsed = [told for one in standing if (told := one.lapsed)]
        fits = amount <= allowed and not lapsed
        told = f"{len(standing)} breaks stand, {len(mine) - len(standing)} are explained or waived; {allowed:f} allowed"
        told += "".join(f"; {text}" for text in lapsed[:SHOWN])
        told += f"; {len(lapsed) - SHOWN} more explanations no longer hold" if len(lapsed) > SHOWN else ""
        yield GateResult(
            "chain",
            f"{leg}/{currency}",
            PASSED if fits else FAILED,
            told,
            owner=standing[0].owner if standing else "finance",
            next_step="" if fits else "Mend, explain (`tieout breaks explain`) or waive (waivers.yml) them.",
            amount=amount,
            currency=currency,
            items=tuple(one.break_id for one in standing[:SHOWN]),
        )


def _materiality(case: Case) -> Iterator[GateResult]:
    """All breaks that nobody has explained, waived ones too, in the reporting currency, against what is material."""
    rates = dict(
        case.connection.execute(
            "select from_currency, max_by(exchange_rate, published_date) from marts.dim_exchange_rate"
            " where cast(published_date as timestamp) < ? group by from_currency",
            [case.period.end],
        ).fetchall()
    )
    total, missing = Decimal(0), set()
    for one in (standing for standing in case.breaks if standing.status != EXPLAINED):
        if one.currency not in rates:
            missing.add(one.currency)
        else:
            total += (one.difference * rates[one.currency]).quantize(Decimal("0.0001"))
    sold = case.connection.execute(
        "select reporting_rate, sum(net_price_amount) from marts.fact_discount_leakage"
        " where accepted_at >= $start and accepted_at < $end and reporting_rate is not null"
        f" and {BOOKS.format(regions='$region', region='region')} group by all",
        {"start": case.period.start, "end": case.period.end, "region": case.entity.region},
    ).fetchall()
    base = sum((amount * rate for rate, amount in sold), Decimal(0))
    limit = _allowed(case.entity.materiality_amount, max(base, Decimal(0)), case.entity.materiality_percent)
    fits = total <= limit and not missing
    told = f"breaks that are not explained: {total:f} together, up to {limit:f} is not material"
    yield GateResult(
        "materiality",
        case.period.name,
        PASSED if fits else FAILED,
        told + (f"; no rate for {', '.join(sorted(missing))}" if missing else ""),
        owner="finance",
        next_step="" if fits else "Clear breaks until what is left is not material.",
        amount=total,
        currency="reporting currency",
    )


def _allowed(absolute: Decimal, base: Decimal, percent: Decimal) -> Decimal:
    """The larger of an amount and a percent of a base, cut to the last digit of money, which changes no verdict."""
    return max(absolute, abs(base) * percent / 100).quantize(Decimal("0.0001"), ROUND_DOWN)


def _fx(case: Case) -> Iterator[GateResult]:
    """Every amount of the period has its rate."""
    account = "left join marts.dim_account as account on billed.account_id = account.account_id"
    for table, source, moment, region in (
        ("fact_order_line", "marts.fact_order_line", "submitted_at", "region"),
        ("fact_invoice_line", f"marts.fact_invoice_line as billed {account}", "issued_at", "account.region"),
    ):
        row = case.connection.execute(
            f"select count(*), count(*) filter (where reporting_net_amount is null and net_amount is not null)"
            f" from {source} where {moment} >= $start and {moment} < $end"
            f" and {BOOKS.format(regions='$region', region=region)}",
            {"start": case.period.start, "end": case.period.end, "region": case.entity.region},
        ).fetchone()
        rows, missing = row or (0, 0)
        yield GateResult(
            "fx_complete",
            table,
            PASSED if not missing else FAILED,
            f"{rows} rows, {missing} without a rate",
            owner="finance",
            next_step="" if not missing else "Deliver the missing rates; `tieout build` lands them.",
        )


def _quarantine(case: Case) -> Iterator[GateResult]:
    for check in case.checks:
        if check["key"] == "quarantine":
            fine = check["verdict"] in ACCEPTED
            yield GateResult(
                "quarantine",
                check["partition"],
                PASSED if fine else FAILED,
                "empty" if fine and check["verdict"] == "passed" else str(check["message"] or check["verdict"]),
                next_step="" if fine else "`tieout quarantine list`: have the lines sent again, resolve or waive them.",
            )


def _critical(case: Case) -> Iterator[GateResult]:
    wrong = [c for c in case.checks if c["severity"] == "critical" and c["verdict"] not in ACCEPTED]
    for check in wrong:
        yield GateResult("critical_suites", f"{check['key']}/{check['partition']}", FAILED, str(check["message"]))
    if case.checks and not wrong:
        yield GateResult("critical_suites", "all", PASSED, f"{len(case.checks)} results, no critical failure")


def _waivers(case: Case) -> Iterator[GateResult]:
    """No waiver that the close would rest on has expired or is exceeded."""
    told = [text for waiver in case.waivers.breaks if (text := waiver.objection(case.breaks, case.today))]
    told += [
        f"the waiver of {waiver.gate} at {waiver.partition} by {waiver.approver} expired on {waiver.expires}"
        for waiver in case.waivers.gates
        if case.today > waiver.expires
    ]
    if not told:
        count = len(case.waivers.breaks) + len(case.waivers.gates)
        yield GateResult("waivers", "waivers.yml", PASSED, f"{count} waivers of the close, all in force")
    for text in told:
        yield GateResult("waivers", "waivers.yml", FAILED, text, owner="finance", next_step="Review waivers.yml.")


Gate = Any
GATES: tuple[tuple[str, Gate], ...] = (
    ("sources_fresh", _sources_fresh),
    (
        "no_gaps",
        _checks("no_gaps", ("gap", "conflict"), "data-platform", "Have the source send what is missing, or waive it."),
    ),
    ("quarantine", _quarantine),
    ("control_totals_received", _control_sources),
    (
        "control_totals_tied",
        _checks(
            "control_totals_tied", ("control_total",), "data-platform", "Find what the source counted and we did not."
        ),
    ),
    ("chain", _chain),
    ("materiality", _materiality),
    ("fx_complete", _fx),
    (
        "price_identity",
        _checks(
            "price_identity", ("price_identity",), "deal-desk", "Have pricing send the lines again, or waive them."
        ),
    ),
    ("critical_suites", _critical),
    ("waivers", _waivers),
)


def _waived(result: GateResult, case: Case) -> GateResult:
    if result.verdict != FAILED:
        return result
    for waiver in case.waivers.gates:
        if (waiver.gate, waiver.partition) == (result.gate, result.partition) and case.today <= waiver.expires:
            message = f"{result.message}; waived by {waiver.approver} until {waiver.expires}: {waiver.reason}"
            return GateResult(**{**result.__dict__, "verdict": WAIVED, "message": message, "next_step": ""})
    return result


def _tolerances() -> dict[tuple[str, str], tuple[Decimal, Decimal]]:
    with (PROJECT_ROOT / "seeds" / "close_tolerance.csv").open(encoding="utf-8", newline="") as file:
        rows: Iterable[dict[str, str]] = list(csv.DictReader(file))
    return {(row["leg"], row["currency"]): (Decimal(row["absolute_amount"]), Decimal(row["percent"])) for row in rows}
