"""Writes what is generated from the contract and the registers, or with `--check` tells whether it is up to date."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from orchestration.contracts import payload_types, reference_page
from orchestration.errors import Refused, TieoutError
from orchestration.home import PROJECT_ROOT
from orchestration.semantics import kpi_page, model_page


def generated() -> Mapping[Path, str]:
    """The text of every generated file by its path below the project."""
    return {
        Path("docs/contracts.md"): reference_page.page(),
        Path("docs/kpis.md"): kpi_page.page(),
        Path("docs/models.md"): model_page.page(),
        Path("macros/generated/payload_types.sql"): payload_types.macro(),
    }


def outdated(root: Path = PROJECT_ROOT) -> list[Path]:
    """The generated files that are missing or differ from what the schemas give."""
    return [
        path
        for path, text in generated().items()
        if not (root / path).is_file() or (root / path).read_text(encoding="utf-8") != text
    ]


def write(root: Path = PROJECT_ROOT) -> list[Path]:
    """Writes the files that are outdated and returns their paths."""
    changed = outdated(root)
    for path in changed:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(generated()[path], encoding="utf-8")
    return changed


def main(arguments: Sequence[str] | None = None) -> int:
    """The command: exit 1 with `--check` when a file is outdated."""
    parser = argparse.ArgumentParser(prog="python -m orchestration.contracts.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a generated file is outdated")
    options = parser.parse_args(arguments)
    try:
        if options.check:
            check()
        else:
            for path in write():
                print(f"wrote {path}")
    except TieoutError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


def check(root: Path = PROJECT_ROOT) -> None:
    """Raises Refused when a generated file is outdated."""
    if stale := outdated(root):
        listed = ", ".join(map(str, stale))
        raise Refused(f"outdated: {listed}; run `python -m orchestration.contracts.generate` and commit what it writes")


if __name__ == "__main__":
    sys.exit(main())
