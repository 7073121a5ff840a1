"""What is searched: the documents of a release, their fields, and what they are held against; no index."""

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from orchestration.errors import Refused, Unusable
from orchestration.publishing.query import stream
from orchestration.publishing.store import Release
from orchestration.search.model import Field, Kind, SearchModel
from orchestration.search.record import Fingerprints


@dataclass(frozen=True)
class Searched:
    """A kind of document that people search.

    `active`: the documents that have to be there, as another read model of the release has them; `compared`: the fields
    of them that have to agree; `shown`: what a list of results shows, header and path.
    """

    noun: str
    model: SearchModel
    active: str
    compared: tuple[str, ...]
    shown: tuple[tuple[str, str], ...]


def _fields(**paths: str) -> tuple[Field, ...]:
    kinds: dict[str, Kind] = {
        "keywords": "keyword",
        "texts": "text",
        "dates": "date",
        "numbers": "number",
        "flags": "boolean",
    }
    return tuple(Field(path, kinds[kind]) for kind, listed in paths.items() for path in listed.split())


PRODUCT = "products.product_offering_id products.family"
TRACE = "trace.catalog_version trace.price_book_version"
CUSTOMER = "customer.account_id customer.segment customer.owner_id"

QUOTE = Searched(
    noun="quote",
    model=SearchModel(
        "search_quote_document",
        1,
        "quote_id",
        _fields(
            keywords="quote_id quote_number status approval_status owner sales_team opportunity_id region channel"
            " quote_kind partner_id external_reference tags commercial.currency trace.approval_policy_version"
            f" {CUSTOMER} {PRODUCT} {TRACE}",
            texts="customer.name customer.legal_name products.name",
            dates="dates.created_at dates.priced_at dates.submitted_at dates.approved_at dates.sent_at"
            " dates.accepted_at dates.expires_at source_event_time",
            numbers="quote_revision commercial.total_contract_value commercial.max_discount_percent"
            " commercial.margin_percent",
            flags="is_open is_pending_enrichment has_gap has_open_conflict",
        ),
    ),
    active="""
        select
            quote_id, quote_number, quote_revision, status, owner, struct_pack(account_id := account_id) as customer,
            struct_pack(expires_at := expires_at) as dates
        from operations.search_quote_active
    """,
    compared=("quote_number", "quote_revision", "status", "owner", "customer.account_id", "dates.expires_at"),
    shown=(
        ("quote", "quote_number"),
        ("revision", "quote_revision"),
        ("status", "status"),
        ("customer", "customer.name"),
        ("owner", "owner"),
        ("region", "region"),
        ("value", "commercial.total_contract_value"),
        ("currency", "commercial.currency"),
        ("expires (UTC)", "dates.expires_at"),
    ),
)
ORDER = Searched(
    noun="order",
    model=SearchModel(
        "search_order_document",
        1,
        "order_id",
        _fields(
            keywords="order_id order_number status owner_teams downstream_systems quote_id region channel"
            " customer.billing_account_id commercial.currency fallout.fallout_case_id fallout.reason_code"
            " fallout.case_state fallout.downstream_system fallout.owner_team trace.correlation_ids"
            f" {CUSTOMER} {PRODUCT} {TRACE}",
            texts="customer.name customer.legal_name products.name service_address",
            dates="dates.submitted_at dates.promised_completion_at dates.completed_at dates.status_since"
            " fallout.due_at source_event_time",
            numbers="quote_revision open_fallout_count commercial.total_net_amount",
            flags="is_open is_sla_breached is_pending_enrichment has_gap has_open_conflict",
        ),
    ),
    active="""
        select
            order_id, order_number, status, is_open, struct_pack(account_id := account_id) as customer,
            struct_pack(promised_completion_at := promised_completion_at) as dates
        from operations.search_order_active
    """,
    compared=("order_number", "status", "is_open", "customer.account_id", "dates.promised_completion_at"),
    shown=(
        ("order", "order_number"),
        ("status", "status"),
        ("customer", "customer.name"),
        ("region", "region"),
        ("late", "is_sla_breached"),
        ("open fallout", "open_fallout_count"),
        ("systems", "downstream_systems"),
        ("promised (UTC)", "dates.promised_completion_at"),
    ),
)
ALL = {searched.noun: searched for searched in (QUOTE, ORDER)}


def searched_as(noun: str) -> Searched:
    """The kind of document of this name. Raises Unusable for another."""
    if noun not in ALL:
        raise Unusable(f"There are no documents of {noun!r}. Documents: {', '.join(ALL)}.")
    return ALL[noun]


def documents(release: Release, searched: Searched, keys: Collection[str] | None = None) -> Iterator[dict[str, Any]]:
    """The documents of a release, all or those of these keys, as JSON values.

    Raises Refused for a release that has none of this kind.
    """
    return _read(release, searched, f"from operations.{searched.model.name}", keys, ordered=True)


def document_count(release: Release, searched: Searched) -> int:
    """How many documents a release has."""
    (row,) = _read(release, searched, f"select count(*) as documents from operations.{searched.model.name}")
    return int(row["documents"])


def active_documents(
    release: Release, searched: Searched, keys: Collection[str] | None = None
) -> Iterator[dict[str, Any]]:
    """Those that someone may have to act on, as the read model of that work has them; all or those of these keys."""
    return _read(release, searched, f"from ({searched.active})", keys)


def fingerprints(release: Release, searched: Searched) -> Fingerprints:
    """By what the documents of a release, and what they are compared with, can be told from those of another."""
    documents = f"operations.{searched.model.name}"
    # A value as text can be read back as the same value of its type, so other text is another value.
    types = _read(release, searched, f"select any_value(typeof(one)) as types from {documents} as one")
    return Fingerprints(
        columns=hashlib.sha256(str([row["types"] for row in types]).encode()).hexdigest(),
        rows=_hashes(release, searched, documents),
        active=_hashes(release, searched, f"({searched.active})"),
    )


def _hashes(release: Release, searched: Searched, rows: str) -> dict[str, bytes]:
    key = searched.model.key
    hashed = f"select one.{key} as key, sha256(cast(one as varchar)) as hash from {rows} as one"
    return {str(row["key"]): bytes.fromhex(row["hash"]) for row in _read(release, searched, hashed)}


def _read(
    release: Release, searched: Searched, sql: str, keys: Collection[str] | None = None, *, ordered: bool = False
) -> Iterator[dict[str, Any]]:
    """Rows of a release: all of a query, or those of these keys."""
    parameters: list[Any] = []
    if keys is not None:
        sql, parameters = f"{sql} where {searched.model.key} in (select unnest(?))", [sorted(keys)]
    if ordered:
        sql = f"{sql} order by {searched.model.key}"
    try:
        yield from stream(release.database.resolve(), sql, parameters)
    except Unusable as error:
        raise Refused(
            f"Release {release.release_id} has no documents of {searched.noun}s to search ({error}): it was made by a "
            "version before them. Make a new one with `tieout refresh`, or `tieout follow`."
        ) from None
    except FileNotFoundError:
        raise Refused(f"Release {release.release_id} is gone. Run this again: there is a newer one.") from None
