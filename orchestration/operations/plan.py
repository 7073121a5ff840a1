"""What dbt would run for the followed models, compiled once: SQL with places for the inputs; not running it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from orchestration.errors import Refused
from orchestration.warehouse.record import timestamp_text

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest
    from dbt.contracts.graph.nodes import ModelNode

SELECTION = "+tag:operations"
# Stand for the inputs in compiled SQL; no lake has so many batches, and nothing happens in these years.
PLACES = {
    "lake_high_water": "910000000000000001",
    "built_through": "920000000000000002",
    "as_of": "2910-01-02 03:04:05.123456",
    "built_as_of": "2920-01-02 03:04:05.123456",
    "deferred_through": "930000000000000003",
    "projected_at": "2930-01-02 03:04:05.123456",
    "last_failed_projection_at": "2940-01-02 03:04:05.123456",
}
EVENT_COLUMNS = {"arrival_seq", "batch_seq", "event_id"}
# A read model that may be so late is deferred: made and released less often than the others.
DEFERRED_SLA_SECONDS = 60
DELETE_SUPERSEDED = "delete_superseded()"
READ_MODELS = "operations"
# The aggregates that a step has to look at again, and those of every step since deferred models were made.
TOUCHED = '"intermediate"."int_aggregate_touched"'
TOUCHED_SINCE_DEFERRED = '"audit"."touched_since_deferred"'
# Those of them that deferred models are being made of; what steps touch meanwhile is for the next time.
TOUCHED_FOR_DEFERRED = '"audit"."touched_for_deferred"'


@dataclass(frozen=True)
class Inputs:
    """The inputs of one step, as those of a build (docs/architecture.md, Build inputs).

    `deferred_through`: the last batch that deferred models show, which are made less often than the others;
    `deferred_built_through`: the last one that they had before this step.
    """

    lake_high_water: int
    built_through: int
    as_of: datetime
    built_as_of: datetime
    projected_at: datetime
    deferred_through: int
    deferred_built_through: int
    last_failed_projection_at: datetime | None = None

    def texts(self) -> dict[str, str]:
        """Each as SQL has it."""
        return {
            "lake_high_water": str(self.lake_high_water),
            "built_through": str(self.built_through),
            "as_of": timestamp_text(self.as_of),
            "built_as_of": timestamp_text(self.built_as_of),
            "deferred_through": str(self.deferred_through),
            "projected_at": timestamp_text(self.projected_at),
            "last_failed_projection_at": timestamp_text(self.last_failed_projection_at)
            if self.last_failed_projection_at
            else "",
        }


@dataclass(frozen=True)
class Step:
    """One model to run: its relation, what it is made from, and its SQL with places for the inputs.

    `kind`: view, table, incremental, or events (a staging view of events, kept here as a table that only grows).
    `keys`: unique key of an incremental model; `touched`: the aggregate types whose ids it deletes, "*" for all.
    `is_deferred`: a read model that may be a minute late, or what nothing but such read models is made from.
    """

    key: str
    name: str
    relation: str
    schema: str
    kind: str
    sql: str
    parents: tuple[str, ...]
    keys: tuple[str, ...] = ()
    touched: tuple[str, ...] = ()
    drops_superseded: bool = False
    is_deferred: bool = False

    @property
    def reads_inputs(self) -> bool:
        """Whether its rows may change though nothing that it is made from did."""
        return any(place in self.sql for place in PLACES.values())

    @property
    def reads_new_batches(self) -> bool:
        """Whether it reads the lake, and of it only what arrived since."""
        return PLACES["built_through"] in self.sql and "/batches/batch_seq=*/events/" in self.sql

    def filled(self, inputs: Inputs) -> str:
        """The SQL of one step; a deferred model goes on from where it was made last."""
        sql = self.sql
        texts = inputs.texts()
        if self.is_deferred:
            texts["built_through"] = str(inputs.deferred_built_through)
            sql = sql.replace(TOUCHED, TOUCHED_FOR_DEFERRED)
        for name, text in texts.items():
            sql = sql.replace(PLACES[name], text)
        return sql


@dataclass(frozen=True)
class Check:
    """One data test of a followed model: a query that counts the rows that should not be there."""

    name: str
    model: str
    sql: str


@dataclass(frozen=True)
class Plan:
    """Steps in the order of what they are made from, and the checks of the read models."""

    steps: tuple[Step, ...]
    checks: tuple[Check, ...]

    @property
    def read_models(self) -> tuple[Step, ...]:
        """What readers get."""
        return tuple(step for step in self.steps if step.schema == READ_MODELS)

    def without_deferred(self) -> "Plan":
        """What each step makes: all but what is deferred."""
        return replace(self, steps=tuple(step for step in self.steps if not step.is_deferred))

    def deferred_alone(self) -> "Plan":
        """What is deferred and nothing else."""
        return replace(self, steps=tuple(step for step in self.steps if step.is_deferred))

    def freshness_of_deferred(self) -> "Plan":
        """What says through which batch the deferred models are."""
        place = PLACES["deferred_through"]
        return replace(self, steps=tuple(step for step in self.steps if not step.is_deferred and place in step.sql))

    def only_deferred(self) -> "Plan":
        """What is deferred, and what says through which batch that is."""
        place = PLACES["deferred_through"]
        return replace(self, steps=tuple(step for step in self.steps if step.is_deferred or place in step.sql))


def plan_of(manifest: "Manifest", compiled: Mapping[str, str], columns: Mapping[str, Sequence[str]]) -> Plan:
    """The plan of a compiled selection. `columns`: of each relation that is there, by `schema.name`.

    Raises Refused where a model asks of dbt what following does not do.
    """
    from dbt.contracts.graph.nodes import ModelNode

    found = ((key, node) for key, node in manifest.nodes.items() if key in compiled)
    models = {key: node for key, node in found if isinstance(node, ModelNode)}
    ordered = _ordered(models)
    steps = with_what_only_deferred_read(tuple(_step(models[key], compiled[key], columns) for key in ordered))
    read = {key for key in ordered if models[key].schema == READ_MODELS}
    checks = []
    for key, node in manifest.nodes.items():
        if key in compiled and key.startswith("test."):
            of = read.intersection(node.depends_on_nodes)
            if of:
                checks.append(Check(node.name, models[min(of)].name, compiled[key]))
    return Plan(steps, tuple(sorted(checks, key=lambda check: check.name)))


def with_what_only_deferred_read(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The steps with everything marked as deferred that only deferred models are made from."""
    needed_now: set[str] = set()
    marked = []
    for step in reversed(steps):
        is_deferred = step.is_deferred or (step.schema != READ_MODELS and step.key not in needed_now)
        if not is_deferred:
            needed_now.update(step.parents)
        marked.append(replace(step, is_deferred=is_deferred))
    return tuple(reversed(marked))


def _ordered(models: Mapping[str, "ModelNode"]) -> list[str]:
    from graphlib import TopologicalSorter

    graph = {key: [parent for parent in node.depends_on_nodes if parent in models] for key, node in models.items()}
    return list(TopologicalSorter(graph).static_order())


def _step(node: "ModelNode", sql: str, columns: Mapping[str, Sequence[str]]) -> Step:
    relation = f"{node.schema}.{node.alias}"
    kind = node.config.materialized
    hooks = [hook.sql for hook in (*node.config.pre_hook, *node.config.post_hook)]
    strategy = node.config.incremental_strategy if kind == "incremental" else None
    if kind == "view" and node.schema == "staging" and set(columns[relation]) >= EVENT_COLUMNS:
        kind = "events"
    unknown = [hook for hook in hooks if DELETE_SUPERSEDED not in hook]
    if kind not in ("view", "table", "incremental", "events") or unknown:
        raise Refused(f"{node.original_file_path}: `tieout follow` cannot keep a {kind} with {hooks or 'no'} hooks")
    if strategy not in (None, "delete+insert", "touched"):
        raise Refused(f"{node.original_file_path}: `tieout follow` does not know the strategy {strategy}")
    key, touched = node.config.unique_key or [], node.config.get("touched") or []
    return Step(
        key=node.unique_id,
        name=node.name,
        relation=relation,
        schema=node.schema,
        kind=kind,
        sql=sql,
        parents=tuple(parent for parent in node.depends_on_nodes if parent.startswith("model.")),
        keys=(key,) if isinstance(key, str) else tuple(key),
        touched=(touched,) if isinstance(touched, str) else tuple(touched),
        drops_superseded=kind == "events" or bool(hooks),
        is_deferred=int(node.config.meta.get("sla_seconds", 0)) >= DEFERRED_SLA_SECONDS,
    )
