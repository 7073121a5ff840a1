"""Which views say the same in every build of the same code, so that an increment need not create them again."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest
    from dbt.contracts.graph.nodes import ModelNode

_READS_AN_INPUT = "var("


def steady_views(manifest: "Manifest") -> tuple["ModelNode", ...]:
    """The views whose SQL reads no var, neither itself nor in any macro of the project that it calls, by name.

    A build's inputs (high water of the lake, as_of, …) reach SQL as vars only.
    """
    from dbt.contracts.graph.nodes import ModelNode

    models = (node for node in manifest.nodes.values() if isinstance(node, ModelNode))
    views = (model for model in models if model.config.materialized == "view" and not _reads_an_input(manifest, model))
    return tuple(sorted(views, key=lambda view: view.name))


def _reads_an_input(manifest: "Manifest", view: "ModelNode") -> bool:
    if _READS_AN_INPUT in view.raw_code:
        return True
    waiting, seen = list(view.depends_on.macros), set()
    while waiting:
        key = waiting.pop()
        macro = manifest.macros.get(key)
        if key in seen or macro is None or macro.package_name != view.package_name:
            continue
        if _READS_AN_INPUT in macro.macro_sql:
            return True
        seen.add(key)
        waiting += macro.depends_on.macros
    return False
