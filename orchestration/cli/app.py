"""The typer application: which commands there are, and how errors become exit codes."""

import os
import sys
from collections.abc import Sequence

import typer

from orchestration.cli import close, health, landing, operations, publishing, quarantine, search, warehouse
from orchestration.cli.output import emit_error, quiet_libraries
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
for module in (landing, quarantine, warehouse, operations, publishing, search, health, close):
    module.register(app)


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code."""
    as_json = "--json" in arguments
    quiet_libraries()
    try:
        return int(app(args=list(arguments), prog_name="tieout", standalone_mode=False) or 0)
    except TieoutError as error:
        emit_error(as_json, str(error), error.exit_code)
        return error.exit_code
    except typer.TyperException as error:
        emit_error(as_json, error.format_message(), error.exit_code)
        return error.exit_code
    except BrokenPipeError:
        # Who read the output has had enough: nothing more is to be written, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        emit_error(as_json, f"{error.filename or 'a file'}: {error.strerror}. `tieout doctor` looks at the set-up.", 2)
        return 2
    except (KeyboardInterrupt, typer.Abort):
        emit_error(as_json, "stopped; what was under way can be run again", 1)
        return 1
