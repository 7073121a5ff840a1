"""Commands around search: search, and index build, list, check, switch, rollback, export."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestration.cli.output import AsJson, emit, plural, progress, table
from orchestration.errors import Refused, Unusable
from orchestration.home import Home

if TYPE_CHECKING:
    from orchestration.search.documents import Searched
    from orchestration.search.indexing import Indexed
    from orchestration.search.searching import Found

index = typer.Typer(
    no_args_is_help=True, help="The indexes that `tieout search` asks, one live for quotes and orders each."
)
Operations = Annotated[
    bool, typer.Option("--operations", help="Those of what `tieout follow` released, not of the release of finance.")
]
Model = Annotated[str, typer.Option("--model", help="What is searched: quote or order.")]
MaybeModel = Annotated[str | None, typer.Option("--model", help="quote or order; both without it.")]
SHOWN_TEXT = 40


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("search")(search)
    app.add_typer(index, name="index")


def search(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="Words that all match; `nort*`: a beginning.")] = "",
    model: Model = "quote",
    filters: Annotated[
        list[str] | None,
        typer.Option("--filter", metavar="FIELD=VALUE", help="Repeatable; FROM..TO for dates, numbers."),
    ] = None,
    sort: Annotated[str | None, typer.Option("--sort", help="Field to sort by; -FIELD: descending.")] = None,
    facet: Annotated[
        list[str] | None,
        typer.Option("--facet", metavar="FIELD", help="Count matches by its values; repeatable."),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many to show.")] = 10,
    offset: Annotated[int, typer.Option("--offset", min=0, help="How many to pass over first.")] = 0,
    index_id: Annotated[str | None, typer.Option("--index", help="Id of an index; the live one without it.")] = None,
    role: Annotated[str | None, typer.Option("--role", help="Role to read as. Roles: none defined yet.")] = None,
    operations: Operations = False,
    as_json: AsJson = False,
) -> None:
    """Find quotes or orders by words, filters and facets; says how fresh what it finds is."""
    from orchestration.search.searching import search as run

    found = run(
        _home(operations),
        text,
        model=model,
        filters=_filters(filters or []),
        sort=sort,
        facets=facet or [],
        limit=limit,
        offset=offset,
        index_id=index_id,
        role=role,
    )
    emit(as_json, found.as_json(), found_text(found, operations))


@index.command("build")
def build(
    model: MaybeModel = None,
    release: Annotated[
        str | None, typer.Option("--release", help="Id of a release; the current one without it.")
    ] = None,
    operations: Operations = False,
    as_json: AsJson = False,
) -> None:
    """Build new indexes of a release beside the live ones, and make each live if it is found in order."""
    from orchestration.search.indexing import as_it_stands, build_index

    home = _home(operations)
    made, refused = [], []
    for searched in _chosen(model):
        try:
            made.append(build_index(home, searched, release, progress=progress()))
        except Refused as error:
            refused.append(str(error))
            made.append(as_it_stands(home, searched, str(error)))
    if len(refused) == len(made):
        raise Refused("\n".join(dict.fromkeys(refused)))
    emit(as_json, [one.as_json() for one in made], "\n".join(map(indexed_text, made)))
    if refused:
        raise typer.Exit(1)


@index.command("list")
def list_(model: MaybeModel = None, operations: Operations = False, as_json: AsJson = False) -> None:
    """List the indexes that are there, the newest first."""
    from orchestration.search import store

    root = _home(operations).search
    found = [one for searched in _chosen(model) for one in store.list_indexes(root, searched.model)[::-1]]
    value = [
        {**one.manifest, "index_id": one.index_id, "is_live": one.is_live, "is_validated": one.is_validated}
        for one in found
    ]
    rows = [
        [
            one.index_id + (" (live)" if one.is_live else ""),
            "yes" if one.is_validated else "REFUSED",
            one.manifest["documents"],
            one.source["release_id"],
            f"{one.source['as_of'][:19]}Z",
            f"{one.manifest['built_at'][:19]}Z",
        ]
        for one in found
    ]
    header = ["index", "in order", "documents", "release", "as of", "built"]
    emit(as_json, value, table(header, rows, right=[False, False, True, False, False, False]) if rows else NONE_YET)


@index.command("check")
def check(model: MaybeModel = None, operations: Operations = False, as_json: AsJson = False) -> None:
    """Hold the live indexes against the current release: every active quote and order is there as it stands."""
    from orchestration.search import store
    from orchestration.search.indexing import check_live

    home = _home(operations)
    value, lines = [], []
    for searched in _chosen(model):
        problems, index_id = check_live(home, searched), store.live_id(home.search, searched.model)
        value.append({"model": searched.noun, "index_id": index_id, "problems": problems})
        told = "; ".join(problems) or f"every active {searched.noun} is in it as it stands"
        lines.append(f"{'WRONG' if problems else 'ok'}  {index_id}: {told}")
    wrong = any(one["problems"] for one in value)
    if wrong:
        lines.append("`tieout index build` makes new ones, `tieout index rollback` goes back to the one before.")
    emit(as_json, {"ok": not wrong, "indexes": value}, "\n".join(lines))
    if wrong:
        raise typer.Exit(1)


@index.command("switch")
def switch(
    index_id: Annotated[str, typer.Argument(metavar="INDEX", help="Id of an index, as `index list` lists it.")],
    operations: Operations = False,
    as_json: AsJson = False,
) -> None:
    """Make another index live that was found in order. An older one is held until the newest is made live again."""
    from orchestration.search import store

    searched = next((one for one in _chosen(None) if index_id.startswith(f"{one.model.name}_v")), None)
    if searched is None:
        raise Unusable(f"There is no index {index_id}. `tieout index list` lists them.")
    _moved(operations, as_json, searched, lambda root: store.switch(root, searched.model, index_id))


@index.command("rollback")
def rollback(model: Model = "quote", operations: Operations = False, as_json: AsJson = False) -> None:
    """Make the index before the live one live again, and hold it there."""
    from orchestration.search import building

    (searched,) = _chosen(model)
    _moved(operations, as_json, searched, lambda root: building.roll_back(root, searched.model))


@index.command("export")
def export(
    out: Annotated[Path, typer.Option("--out", help="Folder to write to.")],
    model: Model = "quote",
    index_id: Annotated[str | None, typer.Option("--index", help="Id of an index; the live one without it.")] = None,
    role: Annotated[str | None, typer.Option("--role", help="Role to read as. Roles: none defined yet.")] = None,
    operations: Operations = False,
    as_json: AsJson = False,
) -> None:
    """Write an index for OpenSearch: the lines of its bulk API, and the mapping to create the index with."""
    from orchestration.publishing.query import check_role
    from orchestration.search import store
    from orchestration.search.export import write

    check_role(role)
    (searched,) = _chosen(model)
    found = store.find(_home(operations).search, searched.model, index_id)
    mapping, lines = write(searched.model, found, out)
    count = int(found.manifest["documents"])
    value = {"index_id": found.index_id, "documents": count, "mapping": str(mapping), "lines": str(lines)}
    emit(as_json, value, f"{plural(count, 'document')} of {found.index_id}:\n{mapping}\n{lines}")


def found_text(found: "Found", operations: bool) -> str:
    """What was found, for a person: a line each, facets, and how fresh it is."""
    from orchestration.search.model import Field

    noun, documents = found.searched.noun, found.documents
    header = [title for title, _ in found.searched.shown]
    paths = [Field(path, found.searched.model.field(path).kind) for _, path in found.searched.shown]
    rows = [[_value(path, document) for path in paths] for document in documents]
    parts = [table(header, rows, right=[path.kind == "number" for path in paths])] if rows else []
    for path, counts in found.facets.items():
        parts.append(table([path, "matches"], list(counts.items()), right=[False, True]))
    parts.append(
        f"{plural(found.total, noun)} found, {len(documents)} shown. {freshness_text(found.freshness, operations)}"
    )
    return "\n\n".join(parts)


def freshness_text(told: dict[str, Any], operations: bool) -> str:
    """Of when an index is, and whether there is something newer."""
    text = f"As of {told['as_of'][:19]}Z, through batch {told['lake_high_water']} (release {told['release_id']})."
    if told["is_current"]:
        return text
    held = told["held_since"]
    build = f"tieout index build{' --operations' if operations else ''}"
    why = f"held there since {held}" if held else f"`{build}` brings it up to date"
    return f"{text} NOT CURRENT: the current release is another, made {told['behind_seconds']} s ago; {why}."


def indexed_text(one: "Indexed") -> str:
    """What became of an index, for a person."""
    if one.problem:
        return f"REFUSED {one.noun}s: {one.problem}"
    if one.held_since:
        return f"{one.index_id} stays live: held there since {one.held_since}, `tieout index build` ends that."
    told = f"{one.index_id}: {plural(one.documents, one.noun)} of release {one.release_id}"
    removed = f"; removed {', '.join(one.removed)}" if one.removed else ""
    return f"{told}, found in order and live after {one.seconds:.1f} s{removed}." if one.is_new else f"{told}, live."


NONE_YET = "No index yet: `tieout index build` makes them of the current release."


def _moved(operations: bool, as_json: bool, searched: "Searched", move: Callable[[Path], object]) -> None:
    from orchestration.search import store
    from orchestration.search.indexing import freshness, indexes_lock

    home = _home(operations)
    with indexes_lock(home, "switch a search index") as root:
        move(root)
    live = store.find(home.search, searched.model)
    told = freshness(home, searched, live)
    emit(as_json, {"model": searched.noun, **told}, f"Live is now {live.index_id}. {freshness_text(told, operations)}")


def _chosen(model: str | None) -> "list[Searched]":
    from orchestration.search.documents import ALL, searched_as

    return [searched_as(model)] if model else list(ALL.values())


def _home(operations: bool) -> Home:
    from orchestration.operations.home import OperationsHome

    home = Home.from_environment()
    return OperationsHome.of(home) if operations else home


def _filters(given: list[str]) -> dict[str, list[str]]:
    filters: dict[str, list[str]] = {}
    for text in given:
        field, separator, value = text.partition("=")
        if not separator or not field or not value:
            raise Unusable(f"--filter takes FIELD=VALUE, as in status=APPROVED, not {text!r}.")
        filters.setdefault(field.strip(), []).append(value)
    return filters


def _value(field: Any, document: dict[str, Any]) -> str:
    values = field.values(document)
    if field.kind == "date":
        return ", ".join(str(value)[:16].replace("T", " ") for value in values)
    if field.kind == "boolean":
        return ", ".join("yes" if value else "no" for value in values)
    text = ", ".join(map(str, values))
    return text if len(text) <= SHOWN_TEXT else f"{text[: SHOWN_TEXT - 1]}…"
