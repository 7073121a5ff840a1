"""The command that will close a period; it comes with the close itself."""

from typing import Annotated

import typer

from orchestration.cli.output import AsJson
from orchestration.errors import Unusable


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("close")(close)


def close(
    period: Annotated[str, typer.Argument(metavar="PERIOD", help="The period to close, such as 2026-09.")],
    as_json: AsJson = False,
) -> None:
    """Close a period (not built yet)."""
    raise Unusable(
        f"`tieout close {period}` is not built yet: it comes with the period close. Nothing was closed or changed. "
        "Until then `tieout reconcile` shows what ties out and `tieout publish` freezes it as a release."
    )
