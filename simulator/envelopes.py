"""Puts batches into their envelopes: aggregate versions, causes and the JSON line of each event."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from simulator import text
from simulator.draws import Draws
from simulator.events import OWNER, EventBatch
from simulator.text import Text
from simulator.window import Ints

_TIME_BITS = 42


@dataclass(frozen=True)
class Places:
    """Where each event stands: version in its aggregate, rank in the whole, and the row that caused it (-1: none)."""

    version: Ints
    rank: Ints
    cause: Ints


@dataclass(frozen=True)
class Lines:
    """Finished lines of one source, in order of event time."""

    source: str
    time: Ints
    line: Text


def order_events(key: Ints, time: Ints, cause: Ints, origin: int) -> Places:
    """Versions by event time within an aggregate; of equal times the earlier row comes first.

    All arrays have one element per event; `origin` is the first moment that can occur. A cause is the latest event of
    the aggregate `cause` that is not later than the event, or for -1 the one before it in its own aggregate.
    """
    aggregates, dense = np.unique(key, return_inverse=True)
    moment = time - origin
    place = (dense.astype(np.int64) << _TIME_BITS) + moment
    order = np.argsort(place, kind="stable")
    sorted_dense = dense[order]
    first = np.flatnonzero(np.diff(sorted_dense, prepend=-1))
    position = np.arange(len(order), dtype=np.int64)
    since_first = position - np.repeat(first, np.diff(first, append=len(order)))
    version = np.empty(len(order), dtype=np.int64)
    version[order] = since_first + 1
    rank = np.empty_like(version)
    rank[order] = position

    before = np.where(version > 1, order[np.maximum(rank - 1, 0)], -1)
    named = np.flatnonzero(cause >= 0)
    wanted = np.minimum(np.searchsorted(aggregates, cause[named]), len(aggregates) - 1)
    reached = np.searchsorted(place[order], (wanted << _TIME_BITS) + moment[named], side="right") - 1
    found = (reached >= 0) & (sorted_dense[reached] == wanted) & (aggregates[wanted] == cause[named])
    before[named] = np.where(found, order[reached], -1)
    return Places(version, rank, before)


def _line(batch: EventBatch, rows: slice, places: Places, event_id: Text, cause_id: Text, draws: Draws) -> Text:
    source, aggregate_type = OWNER[batch.event_type]
    lag = draws.between("recorded/" + batch.event_type, batch.key * 64 + places.version[rows], 20, 2_500)
    fields: list[tuple[str, Text | str]] = [
        ("eventId", text.quoted(event_id)),
        ("source", f'"{source}"'),
        ("eventType", f'"{batch.event_type}"'),
        ("schemaVersion", "1"),
        ("eventTime", text.moments(batch.time)),
        ("recordedTime", text.moments(batch.time + lag)),
        ("aggregateType", f'"{aggregate_type}"'),
        ("aggregateId", text.quoted(batch.aggregate_id)),
        ("aggregateVersion", text.whole(places.version[rows])),
    ]
    if batch.correlation is not None:
        fields.append(("correlationId", text.quoted(batch.correlation)))
    if cause_id.null_count < len(batch):
        fields.append(("causationId", text.quoted(cause_id)))
    fields.append(("payload", batch.payload))
    return text.record(fields, len(batch), end="\n")


def enveloped(batches: Sequence[EventBatch], origin: int, draws: Draws) -> list[Lines]:
    """The lines of all batches, per source. The batches hold every event of each aggregate that is in them."""
    batches = [batch for batch in batches if len(batch)]
    if not batches:
        return []
    key = np.concatenate([batch.key for batch in batches])
    time = np.concatenate([batch.time for batch in batches])
    cause = np.concatenate([np.full(len(b), -1, np.int64) if b.cause is None else b.cause for b in batches])
    places = order_events(key, time, cause, origin)
    ends = np.cumsum([len(batch) for batch in batches])
    slices = [slice(int(end) - len(batch), int(end)) for batch, end in zip(batches, ends, strict=True)]

    ids = []
    for batch, rows in zip(batches, slices, strict=True):
        source = OWNER[batch.event_type][0]
        ids.append(text.joined(f"{source}:", batch.aggregate_id, ":", text.whole(places.version[rows])))
    event_id = pa.concat_arrays(ids)

    by_source: dict[str, list[tuple[slice, Text]]] = {}
    for batch, rows, own in zip(batches, slices, ids, strict=True):
        line = _line(batch, rows, places, own, text.at(event_id, places.cause[rows]), draws)
        by_source.setdefault(OWNER[batch.event_type][0], []).append((rows, line))
    return [_sorted(source, parts, time, places.rank) for source, parts in by_source.items()]


def _sorted(source: str, parts: list[tuple[slice, Text]], time: Ints, rank: Ints) -> Lines:
    own_time = np.concatenate([time[rows] for rows, _ in parts])
    own_rank = np.concatenate([rank[rows] for rows, _ in parts])
    order = np.lexsort((own_rank, own_time))
    return Lines(source, own_time[order], text.at(pa.concat_arrays([line for _, line in parts]), order))
