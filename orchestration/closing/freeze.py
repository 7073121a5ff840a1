"""Writes the figures of a period as Parquet, the same bytes from the same rows; which figures, not whether they may."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.closing.breaks import Break
from orchestration.closing.gates import GateResult
from orchestration.closing.periods import BOOKS, Entity, Period
from orchestration.closing.roll_forward import RollForward
from orchestration.publishing.store import file_sha256

if TYPE_CHECKING:
    import duckdb

REGION = BOOKS.replace("{regions}", "getvariable('region')")
IN_PERIOD = "{moment} >= getvariable('period_start') and {moment} < getvariable('period_end')"
MONTH = "cast(period || '-01' as timestamp)"
LEG_MOMENT = "coalesce(cast(leg.billing_period_end_month || '-01' as timestamp), chain.accepted_at, chain.submitted_at)"
CONVERTED = ("fact_quote_line_price", "fact_discount_leakage", "fact_order_line", "fact_invoice_line")
RATES_USED = " union ".join(
    f"select reporting_rate_id from read_parquet(getvariable('folder') || '/{name}.parquet')" for name in CONVERTED
)
# Which rows belong to a period: by the moment that says it, and by the region of the entity where a row has one.
TABLES = {
    "line": (
        "select getvariable('entity') as entity, getvariable('period') as period,"
        " cast(getvariable('version') as bigint) as close_version, line_type, line_key, currency, amount, happened_at,"
        " source_event_id, arrival_seq from marts.closable_line"
        f" where {IN_PERIOD.format(moment='happened_at')} and {REGION.format(region='region')} and amount is not null"
    ),
    "adjustment": (
        "select entity, original_period, booked_period, line_type, line_key, currency, original_amount, new_amount,"
        " delta_amount, causing_event_id, arrival_seq, reason from marts.fact_period_adjustment"
        " where entity = getvariable('entity') and booked_period = getvariable('period')"
    ),
    "fact_quote_line_price": (
        "select price.* from marts.fact_quote_line_price as price semi join marts.fact_discount_leakage as accepted"
        " on price.quote_id = accepted.quote_id and price.quote_revision = accepted.quote_revision"
        " and price.quote_line_id = accepted.quote_line_id and price.charge_type = accepted.charge_type"
        f" and {IN_PERIOD.format(moment='accepted.accepted_at')} and {REGION.format(region='accepted.region')}"
    ),
    "fact_discount_leakage": (
        "select * from marts.fact_discount_leakage"
        f" where {IN_PERIOD.format(moment='accepted_at')} and {REGION.format(region='region')}"
    ),
    "fact_order_line": (
        "select * from marts.fact_order_line"
        f" where {IN_PERIOD.format(moment='submitted_at')} and {REGION.format(region='region')}"
    ),
    "fact_invoice_line": (
        "select billed.* from marts.fact_invoice_line as billed"
        " left join marts.dim_account as account using (account_id)"
        f" where {IN_PERIOD.format(moment='issued_at')} and {REGION.format(region='account.region')}"
    ),
    "mart_kpi_monthly": (
        "select * from marts.mart_kpi_monthly where"
        f" {IN_PERIOD.format(moment='cast(month_start_date as timestamp)')} and {REGION.format(region='region')}"
    ),
    "mart_price_waterfall_monthly": (
        "select * from marts.mart_price_waterfall_monthly where"
        f" {IN_PERIOD.format(moment=MONTH)}"
        f" and {REGION.format(region='region')}"
    ),
    "mart_discount_monthly": (
        "select * from marts.mart_discount_monthly where"
        f" {IN_PERIOD.format(moment=MONTH)}"
        f" and {REGION.format(region='region')}"
    ),
    # Has no region: it says of the whole business what the KPIs leave out.
    "mart_kpi_exclusion_monthly": (
        "select * from marts.mart_kpi_exclusion_monthly where"
        f" {IN_PERIOD.format(moment='cast(month_start_date as timestamp)')}"
    ),
    # Both sides of every control of the chain, matched or not.
    "fact_commercial_leg": (
        "select leg.* from marts.fact_commercial_leg as leg"
        " left join marts.fact_commercial_chain as chain using (chain_key)"
        " left join marts.dim_account as account on chain.account_id = account.account_id"
        f" where {IN_PERIOD.format(moment=LEG_MOMENT)} and {REGION.format(region='account.region')}"
    ),
    # Those of the period, and of earlier days those that an amount frozen here was converted by.
    "dim_exchange_rate": (
        "select * from marts.dim_exchange_rate where"
        f" {IN_PERIOD.format(moment='cast(published_date as timestamp)')} or exchange_rate_id in ({RATES_USED})"
    ),
}
CHECK_COLUMNS = ("key", "partition", "kind", "severity", "verdict", "message")
TOTALS = {
    "line": ("line_type, currency", "amount"),
    "adjustment": ("original_period, currency", "delta_amount"),
    "fact_quote_line_price": ("currency", "net_price_amount"),
    "fact_order_line": ("currency", "net_amount"),
    "fact_invoice_line": ("currency", "net_amount"),
    "fact_commercial_leg": ("leg, currency", "left_net_amount"),
}


@dataclass(frozen=True)
class Frozen:
    """One file of a close: rows, SHA-256, and exact totals by what they are of (as text)."""

    name: str
    rows: int
    sha256: str
    totals: dict[str, str]


def freeze(
    connection: "duckdb.DuckDBPyConnection", folder: Path, entity: Entity, period: Period, version: int
) -> list[Frozen]:
    """Write every table of the period into a folder. One thread and a full order: equal rows make equal files.

    In the order of the tables: the last one reads which exchange rates the others were converted by.
    """
    for name, value in {
        "region": entity.region,
        "entity": entity.name,
        "period": period.name,
        "version": version,
        "period_start": period.start,
        "period_end": period.end,
        "folder": str(folder),
    }.items():
        connection.execute(f"set variable {name} = $1", [value])
    connection.execute("set threads = 1")
    return [_write(connection, folder, name, sql) for name, sql in TABLES.items()]


def freeze_results(
    folder: Path,
    checks: Sequence[dict[str, Any]],
    gates: Sequence[GateResult],
    breaks: Sequence[Break],
    rolls: Sequence[RollForward],
) -> list[Frozen]:
    """Write what was checked and what did not tie, as Parquet of texts with all their digits."""
    import duckdb

    told: dict[str, list[dict[str, Any]]] = {
        "check": [{name: check[name] for name in CHECK_COLUMNS} for check in checks],
        "gate": [{**gate.as_json(), "items": "|".join(gate.items)} for gate in gates],
        "break": [{**one.as_json(), "age_days": str(one.age_days)} for one in breaks],
        "roll_forward": [roll.as_json() for roll in rolls],
    }
    empty = {"break": list(Break.__dataclass_fields__), "roll_forward": list(RollForward.__dataclass_fields__)}
    found = []
    with duckdb.connect() as connection:
        connection.execute("set threads = 1")
        for name, rows in told.items():
            columns = list(rows[0]) if rows else empty.get(name, ["key"])
            table = f'"{name}"'
            described = ", ".join(f'"{column}" varchar' for column in columns)
            connection.execute(f"create table {table} ({described})")
            if rows:
                values = [[_text(row[column]) for column in columns] for row in rows]
                connection.executemany(f"insert into {table} values ({', '.join('?' * len(columns))})", values)
            found.append(_write(connection, folder, name, f"select * from {table}"))
    return found


def _write(connection: "duckdb.DuckDBPyConnection", folder: Path, name: str, sql: str) -> Frozen:
    path = folder / f"{name}.parquet"
    connection.execute(f"copy (select * from ({sql}) order by all) to '{path}' (format parquet, compression zstd)")
    row = connection.execute(f"select count(*) from read_parquet('{path}')").fetchone()
    totals: dict[str, str] = {}
    if name in TOTALS:
        keys, amount = TOTALS[name]
        rows = connection.execute(
            f"select concat_ws('/', {keys}), sum({amount}) from read_parquet('{path}') group by all order by all"
        ).fetchall()
        totals = {str(key): f"{total:f}" for key, total in rows if total is not None}
    return Frozen(name, int(row[0]) if row else 0, file_sha256(path), totals)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
