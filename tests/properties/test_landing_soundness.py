"""What SQL proves, the judge accepts, with the same columns: on events of every type, broken in every way we know."""

import copy
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.contracts import registry
from orchestration.contracts.examples import as_cloudevent, example
from orchestration.contracts.strict_json import Problem, read
from orchestration.contracts.validate import Accepted, canonical, judge
from orchestration.landing import checks
from orchestration.landing.content import content_hash, parts_of
from orchestration.landing.framing import SCHEMA, Chunk
from orchestration.landing.limits import Limits
from orchestration.landing.staging import Staging, connect

COMPARED = [
    "source_system", "event_id", "event_type", "schema_version", "event_time", "recorded_time", "event_time_text",
    "recorded_time_text", "aggregate_type", "aggregate_id", "aggregate_version", "correlation_id", "causation_id",
]  # fmt: skip


class Raw(str):
    """Text that stands in a line as it is."""


class Twice(dict[str, Any]):
    """An object whose first key is written a second time, with the value of `again`."""

    again: Any = None


# A middle dot stands for a blank.
_STRANGE = r"""
NaN Infinity -Infinity nan inf 1e400 1e2 1E-2 -0 -0.0 0.00001 1.23456 1.50000 0.123456789
123456789012345678901234567890 12345678901234.5678 99999999999999.9999 100000000000000 1.00000000000000001
9007199254740991 9007199254740993 01 1. .5 +1 true false null {} [] [[]] [null] [{}] [1] {"payload":{}} {"a":1,"a":2}
"" "·" "x" "1" "1.0000" "-0" "1.5·" "·1.5" "1e2" "1_000" "١" "12345678901234.5678" "1.23456" "eur" "EUR" "EUR\n"
"\u0000" "\ud800" "\ud83d\ude00" "\u00e9" "\"payload\":{}" "a\":\"b" "x:·null" ":·null" "," "}" "{" "\/"
"2026-02-29" "2024-02-29" "2026-02-28" "1900-02-29" "2000-02-29" "0001-01-01" "9999-12-31"
"2026-03-01T12:00:00" "2026-03-01T12:00:00Z" "2026-03-01T12:00:00+02:00" "2026-03-01T12:00:00-14:30"
"2026-03-01t12:00:00z" "2026-03-01·12:00:00Z" "2026-03-01T24:00:00Z" "2026-06-30T23:59:60Z" "2026-02-30T00:00:00Z"
"0001-01-01T00:00:00+01:00" "9999-12-31T23:59:59-01:00" "2026-03-01T12:00:00.123456789Z" "2026-03-01T12:00:00.Z"
"""
_LONG = ["x" * 200, "x" * 201, "é" * 200, "é" * 201, "a\tb"]
STRANGE = [Raw(text.replace("·", " ")) for text in _STRANGE.split()] + [Raw(f'"{text}"') for text in _LONG]
NAMES = ["payload", "data", "eventId", "eventType", "specversion", "unknown", "lines", "netAmount", "currency", "type"]


def text_of(value: Any, style: dict[str, Any]) -> str:
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, dict):
        pairs = list(value.items())
        if isinstance(value, Twice) and pairs:
            pairs.append((pairs[0][0], value.again))
        return "{" + style["comma"].join(f"{json.dumps(k)}{style['colon']}{text_of(v, style)}" for k, v in pairs) + "}"
    if isinstance(value, list):
        return "[" + style["comma"].join(text_of(item, style) for item in value) + "]"
    return json.dumps(value, ensure_ascii=style["ascii"])


def places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield way
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in inside:
        yield from places(child, (*way, key))


def at(value: Any, way: tuple[Any, ...]) -> Any:
    for key in way:
        value = value[key]
    return value


@st.composite
def lines(draw: st.DrawFn) -> bytes:
    event_type = draw(st.sampled_from(registry.event_types()))
    event: Any = example(event_type)
    if draw(st.booleans()):
        event = as_cloudevent(event)
    event = json.loads(json.dumps(event, default=str))
    for _ in range(draw(st.integers(0, 2))):
        event = broken(draw, event)
    style = {
        "comma": draw(st.sampled_from([",", ", ", " , "])),
        "colon": draw(st.sampled_from([":", ": ", ":", ": ", " : ", ":\t"])),
        "ascii": draw(st.booleans()),
    }
    text = text_of(event, style)
    if draw(st.integers(0, 3)) == 0:
        where = draw(st.integers(0, len(text)))
        length = draw(st.integers(0, 2))
        put = draw(st.sampled_from(["", " ", ",", '"', "}", "{", ":", "null", "\\", "]", "[", "\r", "\x00", "0", "é"]))
        text = text[:where] + put + text[where + length :]
    return (draw(st.sampled_from(["", "", " ", "\ufeff"])) + text + draw(st.sampled_from(["", "\n", "\r\n"]))).encode()


def broken(draw: st.DrawFn, event: Any) -> Any:
    way = draw(st.sampled_from([place for place in places(event) if place]))
    holder, key = at(event, way[:-1]), way[-1]
    action = draw(st.sampled_from(["strange", "strange", "remove", "add", "twice", "move", "repeat"]))
    if action == "strange":
        holder[key] = draw(st.sampled_from(STRANGE))
    elif action == "remove":
        del holder[key]
    elif action == "repeat":
        if isinstance(holder, list):
            holder.append(copy.deepcopy(holder[key]))
    elif action == "move":
        event[draw(st.sampled_from(NAMES))] = holder.pop(key)
    elif isinstance(holder, dict) and action == "add":
        holder[draw(st.sampled_from(NAMES))] = draw(st.sampled_from(STRANGE))
    elif isinstance(holder, dict):
        twice = Twice({key: holder[key], **holder})
        twice.again = draw(st.sampled_from([holder[key], *STRANGE]))
        if way[:-1]:
            at(event, way[:-2])[way[-2]] = twice
        else:
            event = twice
    return event


def chunk_of(texts: list[bytes]) -> Chunk:
    return Chunk(
        pa.table([range(len(texts)), range(len(texts)), pa.array(texts, pa.binary()).cast(pa.string())], SCHEMA)
    )


def check_what_is_proven(texts: list[bytes], dialects: Sequence[checks.Dialect]) -> int:
    """Each dialect alone on all lines, so that no dialect leans on the other; returns how many were proven."""
    count = 0
    for dialect in dialects:
        with connect(Path("/nonexistent"), Limits()) as con:
            staging = Staging(con)
            unproven = set(staging.take_proven(dialect, chunk_of(texts).lines))
            rows = con.execute(staging.all_events("*")).fetchall()
            names = [column[0] for column in con.description or ()]
        proven = {row[0]: dict(zip(names, row, strict=True)) for row in rows}
        assert set(proven) | unproven == set(range(len(texts)))
        assert not set(proven) & unproven
        for n, row in proven.items():
            verdict = judge(texts[n])
            assert isinstance(verdict, Accepted), (texts[n], verdict)
            parts = parts_of(verdict)
            assert {name: row[name] for name in COMPARED} == {name: parts[name] for name in COMPARED}
            assert row["payload"] in texts[n].decode()
            payload = read(row["payload"].encode())
            assert not isinstance(payload, Problem)
            assert canonical(payload) == canonical(verdict.event["payload"])
            assert row["envelope_extra"] is None and parts["envelope_extra"] is None
            assert row["content_hash"] == content_hash(row)
        count += len(proven)
    return count


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(lines(), min_size=1, max_size=60))
def test_what_is_proven_is_accepted_by_the_judge(texts: list[bytes]) -> None:
    check_what_is_proven(texts, checks.dialects())


# The types that between them have every kind of field, list and nesting; the others take turns with the strange values.
RICH = {"QuotePriced", "QuoteAccepted", "ControlTotalsPublished", "PriceBookEntryUpserted", "ApprovalPolicyPublished"}


def every_single_change(event: dict[str, Any], one_in: int) -> Iterator[Any]:
    """The event with strange values in each place, each entry repeated, each key left out, twice, or with another."""
    for turn, way in enumerate(places(event)):
        if not way:
            continue
        for value in STRANGE[turn % one_in :: one_in]:
            changed = copy.deepcopy(event)
            at(changed, way[:-1])[way[-1]] = value
            yield changed
        changed = copy.deepcopy(event)
        del at(changed, way[:-1])[way[-1]]
        yield changed
        if isinstance(way[-1], int):
            changed = copy.deepcopy(event)
            at(changed, way[:-1]).append(at(event, way))
            yield changed
        else:
            for again in (at(event, way), Raw("null")):
                changed = copy.deepcopy(event)
                twice = Twice({way[-1]: at(event, way), **at(event, way[:-1])})
                twice.again = again
                if way[:-1]:
                    at(changed, way[:-2])[way[-2]] = twice
                    yield changed
                else:
                    yield twice
            changed = copy.deepcopy(event)
            at(changed, way[:-1])["unknown"] = 1
            yield changed


@pytest.mark.parametrize("event_type", registry.event_types())
def test_no_single_change_is_proven_wrongly(event_type: str) -> None:
    style = {"comma": ",", "colon": ":", "ascii": True}
    dialect = checks.dialects()[registry.event_types().index(event_type) % 2]
    event = example(event_type)
    spelled = event if dialect.name == "native" else as_cloudevent(event)
    texts = [text_of(one, style).encode() for one in every_single_change(spelled, 1 if event_type in RICH else 6)]
    assert 20 < check_what_is_proven(texts, [dialect]) < len(texts)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(lines(), min_size=1, max_size=60))
def test_every_line_gets_the_verdict_of_the_judge(texts: list[bytes]) -> None:
    with connect(Path("/nonexistent"), Limits()) as con:
        staging = Staging(con)
        staging.take(chunk_of(texts))
        accepted = {n for (n,) in con.execute(staging.all_events("n")).fetchall()}
        quarantined = dict(con.execute("select n, reason_code from quarantined").fetchall())
    assert accepted | set(quarantined) == set(range(len(texts)))
    for n, text in enumerate(texts):
        verdict = judge(text)
        assert (n in accepted) == isinstance(verdict, Accepted), text
        if isinstance(verdict, Problem):
            assert quarantined[n] == verdict.reason.value


@pytest.mark.parametrize("event_type", registry.event_types())
@pytest.mark.parametrize("style", ["compact", "spaced"])
def test_ordinary_events_need_no_judge(event_type: str, style: str) -> None:
    """Keeps the property above from holding because nothing is ever proven."""
    separators = (",", ":") if style == "compact" else (", ", ": ")
    event = example(event_type)
    spellings: list[Any] = [event, as_cloudevent(event), {**event, "correlationId": None, "schemaVersion": 1}]
    texts = [json.dumps(one, separators=separators, default=str).encode() for one in spellings]
    with connect(Path("/nonexistent"), Limits()) as con:
        staging = Staging(con)
        staging.take(chunk_of(texts))
        assert staging.judged_one_by_one == 0
        assert con.execute(f"select count(*) from ({staging.all_events('n')})").fetchone() == (3,)
