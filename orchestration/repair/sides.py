"""The money rows of lake and mart in one shape, and where they differ; the lake side reads no model of the mart."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from orchestration.home import Home
from orchestration.warehouse.checksums import canonical_text

if TYPE_CHECKING:
    import duckdb

MONEY = "DECIMAL(18,4)"
ROW = {
    "aggregate_type": "VARCHAR",
    "aggregate_id": "VARCHAR",
    "row_key": "VARCHAR",
    "account_id": "VARCHAR",
    "month": "VARCHAR",
    "currency": "VARCHAR",
    "amount": MONEY,
    "further_amount": MONEY,
}
# From the payloads themselves: which event holds is told by recon_event_set_aside, which knows envelopes alone.
EVENTS = """(
    select event.*
    from read_parquet(
        '{lake}/batches/batch_seq=*/events/stream=*/event_type={event_type}/*.parquet',
        hive_partitioning = true, hive_types = {{'batch_seq': bigint}}
    ) as event
    where
        event.batch_seq <= {high_water}
        and event.arrival_seq not in (select arrival_seq from reconciliation.recon_event_set_aside)
    qualify row_number() over (partition by {per} order by event.aggregate_version desc) = 1
)"""
ID = "event.aggregate_id"
REVISION = "event.aggregate_id, event.payload ->> '$.quoteRevision'"
LINES = """
select
    event.aggregate_type, event.aggregate_id,
    concat_ws('/', event.aggregate_id, {key}) as row_key,
    coalesce({account}, '') as account_id,
    strftime(event.event_time, '%Y-%m') as month,
    event.payload ->> '$.currency' as currency,
    cast({sign}cast(line.line ->> '$.{amount}' as decimal(18, 4)) as decimal(18, 4)) as amount,
    cast({sign}cast(line.line ->> '$.{further}' as decimal(18, 4)) as decimal(18, 4)) as further_amount
from {events} as event
{join}
cross join unnest(from_json(event.payload -> '$.{lines}', '["JSON"]')) as line(line)
"""
MART = """
select
    {type} as aggregate_type, {id} as aggregate_id, concat_ws('/', {key}) as row_key,
    coalesce(account_id, '') as account_id,
    coalesce(strftime(strptime(cast({date_key} as varchar), '%Y%m%d'), '%Y-%m'), '') as month,
    currency, {amount} as amount, {further} as further_amount
from marts.{mart}
"""


@dataclass(frozen=True)
class Partition:
    """The rows of one account and month of a mart: how many and which, by lake and by mart."""

    mart: str
    account_id: str
    month: str
    lake_rows: int
    mart_rows: int
    lake_checksum: int
    mart_checksum: int

    @property
    def name(self) -> str:
        return f"{self.mart}/{self.account_id or '-'}/{self.month or '-'}"

    @property
    def ties(self) -> bool:
        return (self.lake_rows, self.lake_checksum) == (self.mart_rows, self.mart_checksum)

    def as_json(self) -> dict[str, Any]:
        """With checksums as text: they are larger than JSON numbers are exact."""
        checksums = {"lake_checksum": str(self.lake_checksum), "mart_checksum": str(self.mart_checksum)}
        return {**vars(self), **checksums, "partition": self.name}


@dataclass(frozen=True)
class Row:
    """A row that only one side has; a changed row is one of either. Amounts in `currency`."""

    mart: str
    side: str
    aggregate_type: str
    aggregate_id: str
    row_key: str
    account_id: str
    month: str
    currency: str | None
    amount: Decimal | None
    further_amount: Decimal | None

    def as_json(self) -> dict[str, Any]:
        """With amounts as text."""
        amounts = {name: _text(getattr(self, name)) for name in ("amount", "further_amount")}
        return {**vars(self), **amounts}


def partitions(connection: "duckdb.DuckDBPyConnection", home: Home, high_water: int) -> list[Partition]:
    """Every (account, month) of the money facts that either side has, with the checksums of both."""
    found = []
    for mart, (lake_sql, mart_sql) in _sides(home, high_water).items():
        found += [Partition(mart, *row) for row in connection.execute(_compare(lake_sql, mart_sql)).fetchall()]
    return found


def differing_rows(
    connection: "duckdb.DuckDBPyConnection", home: Home, high_water: int, where: Sequence[Partition]
) -> list[Row]:
    """The rows of these partitions that one side has and the other has not, duplicates counted."""
    found = []
    for mart, (lake_sql, mart_sql) in _sides(home, high_water).items():
        wanted = [{"account_id": part.account_id, "month": part.month} for part in where if part.mart == mart]
        if not wanted:
            continue
        columns = ", ".join(ROW)
        both = {
            side: f"select {columns} from ({sql}) where (account_id, month) in"
            " (select (w.account_id, w.month) from (select unnest($wanted) as w))"
            for side, sql in (("lake", lake_sql), ("mart", mart_sql))
        }
        for side, other in (("lake", "mart"), ("mart", "lake")):
            rows = connection.execute(
                f"({both[side]}) except all ({both[other]}) order by aggregate_id, row_key", {"wanted": wanted}
            ).fetchall()
            found += [Row(mart, side, *row) for row in rows]
    return found


def _sides(home: Home, high_water: int) -> dict[str, tuple[str, str]]:
    lake = _lake_sides(home, high_water)
    document_type = "case document_type when 'INVOICE' then 'Invoice' else 'CreditNote' end"
    quote_key = ("quote_id", "quote_revision", "quote_line_id")
    order_key, document_key = ("order_id", "order_item_id"), ("document_id", "invoice_line_id")
    mart = {
        "fact_quote_line_price": ("'Quote'", quote_key, "priced_date_key", "net_price_amount", "prorated_list_amount"),
        "fact_order_line": ("'Order'", order_key, "submitted_date_key", "net_amount", "net_amount"),
        "fact_invoice_line": (document_type, document_key, "invoice_date_key", "net_amount", "tax_amount"),
    }
    return {name: (lake[name], _mart_side(name, *columns)) for name, columns in mart.items()}


def _mart_side(mart: str, aggregate_type: str, key: tuple[str, ...], date_key: str, amount: str, further: str) -> str:
    return MART.format(
        mart=mart, type=aggregate_type, id=key[0], key=", ".join(key), date_key=date_key, amount=amount, further=further
    )


def _lake_sides(home: Home, high_water: int) -> dict[str, str]:
    def events(event_type: str, per: str) -> str:
        lake = str(home.lake).replace("'", "''")
        return EVENTS.format(lake=lake, event_type=event_type, high_water=high_water, per=per)

    def lines(event_type: str, per: str, *, key: str, further: str, **parts: str) -> str:
        shape = {"account": "event.payload ->> '$.accountId'", "sign": "", "join": "", "lines": "lines"} | parts
        return LINES.format(events=events(event_type, per), key=key, amount="netAmount", further=further, **shape)

    of_quote = f"left join {events('QuoteCreated', ID)} as created on event.aggregate_id = created.aggregate_id"
    document = {"key": "line.line ->> '$.invoiceLineId'", "further": "taxAmount"}
    return {
        "fact_quote_line_price": lines(
            "QuotePriced",
            REVISION,
            key="event.payload ->> '$.quoteRevision', line.line ->> '$.lineId'",
            further="proratedListAmount",
            account="created.payload ->> '$.accountId'",
            join=of_quote,
        ),
        "fact_order_line": lines(
            "OrderSubmitted", ID, key="line.line ->> '$.orderItemId'", further="netAmount", lines="items"
        ),
        "fact_invoice_line": lines("InvoiceIssued", ID, **document)
        + " union all "
        + lines("CreditNoteIssued", ID, **document, sign="-"),
    }


def _compare(lake_sql: str, mart_sql: str) -> str:
    row = " || '|' || ".join(canonical_text(name, data_type) for name, data_type in ROW.items())
    side = (
        "(select account_id, month, count(*) as row_count,"
        f" sum(cast('0x' || substr(md5({row}), 1, 15) as bigint)) as checksum from ({{}}) group by account_id, month)"
    )
    return (
        "select coalesce(lake.account_id, mart.account_id), coalesce(lake.month, mart.month),"
        " coalesce(lake.row_count, 0), coalesce(mart.row_count, 0),"
        " coalesce(lake.checksum, 0), coalesce(mart.checksum, 0)"
        f" from {side.format(lake_sql)} as lake full outer join {side.format(mart_sql)} as mart"
        " on lake.account_id = mart.account_id and lake.month = mart.month order by 1, 2"
    )


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"
