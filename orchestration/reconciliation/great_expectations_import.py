"""Importing Great Expectations without what the audit never calls of other libraries; not what is asked of it.

It imports all of `scipy.stats` and Altair for expectations and charts that are not used here: half of its CPU seconds.
"""

import importlib.util
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

UNUSED = frozenset({"scipy.stats", "altair"})


@contextmanager
def lean_imports() -> Iterator[None]:
    """While the block runs, modules in `UNUSED` are loaded by their first use instead of by their import.

    They are the real modules: code that does use one gets all of it.
    """
    finder = _LazyFinder()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


class _LazyFinder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in UNUSED:
            return None
        for finder in sys.meta_path:
            if finder is not self and (spec := finder.find_spec(fullname, path, target)) is not None:
                if spec.loader is not None:
                    spec.loader = importlib.util.LazyLoader(spec.loader)
                return spec
        return None
