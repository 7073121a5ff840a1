"""Releases by hand that can be searched: documents of quotes and orders beside the work lists, without a build."""

import json
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from orchestration.home import Home
from orchestration.publishing import store

TABLES = """
create schema operations;
create table operations.search_quote_document as
select
    'quote' as document_type, 'q' || n as quote_id, 'Q-2026-00' || n as quote_number,
    cast(2 as bigint) as quote_revision,
    case when n % 3 = 0 then 'ACCEPTED' else 'APPROVED' end as status, n % 3 <> 0 as is_open, 'r' || n % 2 as owner,
    case when n % 2 = 0 then 'EMEA' else 'APAC' end as region, ['renewal', 'tender'] as tags,
    {'account_id': 'a' || n, 'name': 'Harbour Works ' || n} as customer,
    {'currency': 'EUR', 'total_contract_value': cast(n + 0.5 as decimal(18, 4))} as commercial,
    [{'product_offering_id': 'p1', 'name': 'Fibre Access', 'family': 'Connectivity'}] as products,
    {'expires_at': timestamp '2026-12-01 12:00:00.250' + to_days(cast(n as integer))} as dates
from range(1, 10) as numbers (n);
create table operations.search_quote_active as
select
    quote_id, quote_number, quote_revision, status, owner, customer.account_id as account_id,
    dates.expires_at as expires_at
from operations.search_quote_document
where is_open;
create table operations.search_order_document as
select
    'o' || n as order_id, 'ORD-' || n as order_number, 'IN_PROGRESS' as status, true as is_open,
    n = 1 as is_sla_breached,
    'Harbour Street ' || n as service_address, {'account_id': 'a' || n} as customer,
    {'promised_completion_at': timestamp '2026-12-24 17:00:00'} as dates,
    [{'reason_code': 'NO_PORT', 'case_state': 'open', 'due_at': timestamp '2026-12-01 00:00:00'}] as fallout
from range(1, 4) as numbers (n);
create table operations.search_order_active as
select
    order_id, order_number, status, is_open, customer.account_id as account_id,
    dates.promised_completion_at as promised_completion_at
from operations.search_order_document
"""


def publish(home: Home, release_id: str, changes: str = "") -> Path:
    """Make a release of this id the current one; `changes`: statements on its tables."""
    folder = home.releases / release_id
    folder.mkdir(parents=True)
    with duckdb.connect(str(folder / store.DATABASE)) as connection:
        connection.execute(TABLES)
        connection.execute(changes or "select 1")
    manifest = {
        "release_id": release_id,
        "created_at": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "as_of": "2026-11-20 01:21:00.000000",
        "lake_high_water": "7",
        "data_version": release_id,
    }
    (folder / store.MANIFEST).write_text(json.dumps(manifest))
    store.switch(home, release_id)
    return folder
