"""Parts of closes for tests: a made-up close of October with one row of each kind, people who sign, late business."""

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import yaml

from orchestration.closing import evidence, index, periods, signing, states
from orchestration.closing.freeze import freeze
from orchestration.closing.reported import figures, table_name
from orchestration.home import Home
from orchestration.publishing import store
from orchestration.publishing.query import query, read

LINE = """
insert into line values (
    'group', '2026-10', 1, 'order_line', 'gone|1', 'EUR', 10, timestamp '2026-10-03 10:00:00', 'e-gone', 1);
insert into adjustment values (
    'group', '2026-10', '2026-11', 'order_line', 'gone|1', 'EUR', 10, 8, -2, 'e-later', 2, 'CORRECTED');
insert into kpi_monthly values (
    'group', '2026-10', 1, 'gone', 4, 'k', 'gone', 'SUM', false, 'k', 'TOTAL', null, date '2026-10-01', 20261001, 'EUR',
    null, 'amount', 'E', 10, null, 10, 0, true, timestamp '2026-11-01 00:00:00', 1);
insert into exchange_rate values (
    'group', '2026-10', 1, 'gone', date '2026-10-02', 'EUR', 'USD', 1, 1.1, 1.1);
"""
# What a close freezes in money: the table, the kind of its lines, the amount of a row, which rows.
MONEY = (
    ("order_line", "order_line", "net_amount", "true"),
    ("invoice_line", "invoice_line", "net_amount", "true"),
    ("discount_leakage", "accepted_quote_line", "net_price_amount", "true"),
    ("price_waterfall_monthly", "accepted_quote_line", "amount", "step = 'NET'"),
)
# Acts of the close itself, and what it booked: they stay.
NOT_RESTATED = {"check", "gate", "break", "roll_forward", "adjustment"}


def closed_october(home: Home, folder: Path) -> None:
    """Write the files of the close into a folder, and the index of closes of the home."""
    folder.mkdir(parents=True)
    with duckdb.connect() as connection:
        for name, columns in index.COLUMNS.items():
            connection.execute(f"create table {name} ({columns})")
        connection.execute(LINE)
        for name, frozen in index.FROZEN.items():
            connection.execute(f"copy {name} to '{folder / frozen}.parquet' (format parquet)")
    first, last = datetime(2026, 10, 1), datetime(2026, 11, 1)
    closed = index.ClosedPeriod("group", "*", "2026-10", first, last, 1, 0, "2026-12", "0" * 64, folder)
    index.write(home, [closed])


def signers_file(folder: Path, **may: list[str]) -> Path:
    """A signers.yml with a key (`<name>.pem` beside it) for each person, and what they may sign as; or Ada and Bob."""
    may = may or {"Ada": ["preparer"], "Bob": ["approver"]}
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "signers.yml"
    entries = [
        {
            "name": name,
            "roles": roles,
            "public_key": signing.public_key(folder / f"{name}.pem"),
            "valid_from": date(2026, 1, 1),
            "valid_until": date(2999, 12, 31),
        }
        for name, roles in may.items()
    ]
    path.write_text(yaml.safe_dump({"signers": entries}))
    return path


def bought_again(events: Path) -> list[dict[str, Any]]:
    """The first ordered quote of simulated events with its order, once more under ids and a source of their own."""
    files = sorted((*events.glob("cpq-*.ndjson"), *events.glob("oms-*.ndjson")))
    told = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    order = min((one for one in told if one["eventType"] == "OrderSubmitted"), key=lambda one: str(one["eventTime"]))
    ids = (order["payload"]["quoteId"], order["aggregateId"])
    found = []
    for one in told:
        if one["aggregateId"] == ids[0] or one["eventId"] == order["eventId"]:
            text = json.dumps(one)
            for name in ids:
                text = text.replace(name, f"{name}-again")
            version = 1 if one is order else one["aggregateVersion"]
            again = {"eventId": f"again:{one['eventId']}", "source": "goodwill", "aggregateVersion": version}
            found.append(json.loads(text) | again)
    return found


def assert_the_difference_is_listed(home: Home, name: str, folder: Path, entity: str = periods.GROUP) -> set[str]:
    """Hold every table that a close froze to what is served, and what changed to the list; returns kinds of lines."""
    of = periods.entity(entity)
    (closed,) = (one for one in states.closed(home, entity) if one.period == name)
    package = home.evidence / closed.package
    frozen = set(evidence.read(package)["tables"])
    with duckdb.connect(str(store.find(home, None).database.resolve()), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        freeze(connection, folder, of, periods.period(of, name), closed.version)
    with figures(home, name, entity) as (database, _):
        for prefix, files, tables in (("closed", package, frozen), ("restated", folder, frozen - NOT_RESTATED)):
            for table in tables:
                rows = duckdb.sql(f"from '{files / table}.parquet' order by all")
                asked = ", ".join(f'"{column}"' for column in rows.columns)
                served = f"select {asked} from {prefix}_{table_name(table)}"
                assert read(database, f"{served} order by all").rows == rows.fetchall(), (prefix, table)
                if table in ("mart_kpi_monthly", "dim_exchange_rate"):
                    mine = f"{served} where entity = '{entity}' and period = '{name}' order by all"
                    assert query(home, mine).rows == rows.fetchall(), (prefix, table)
        for table, kind, amount, chosen in MONEY:
            sql = f"""
                select currency, sum(amount) from (
                    select currency, {amount} as amount from closed_{table} where {chosen}
                    union all select currency, -{amount} from restated_{table} where {chosen}
                    union all select currency, delta_amount from fact_period_adjustment where line_type = '{kind}')
                group by currency having sum(amount) <> 0"""
            assert read(database, sql).rows == [], table
        return {str(row[0]) for row in read(database, "select line_type from fact_period_adjustment").rows}
