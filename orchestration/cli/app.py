"""The typer application: which commands there are, and how errors become exit codes."""

from collections.abc import Sequence

import typer

from orchestration.cli import close, health, landing, publishing, warehouse
from orchestration.cli.output import Failed, emit_error
from orchestration.errors import TieoutError

app = typer.Typer(
    name="tieout",
    help="An analytics warehouse for quoting and order management whose figures tie out to their sources.",
    epilog="Exit codes: 0 done, 1 refused or failed, 2 wrong usage or unreadable input. Every command takes --json.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for module in (landing, warehouse, publishing, health, close):
    module.register(app)


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code."""
    as_json = "--json" in arguments
    try:
        return int(app(args=list(arguments), prog_name="tieout", standalone_mode=False) or 0)
    except Failed:
        return Failed.exit_code
    except TieoutError as error:
        emit_error(as_json, str(error), error.exit_code)
        return error.exit_code
    except typer.Exit as error:
        return error.exit_code
    except typer.Abort:
        emit_error(as_json, "stopped", 1)
        return 1
    except (KeyboardInterrupt, BrokenPipeError):
        emit_error(as_json, "stopped; what was under way can be run again", 1)
        return 1
