"""How a step that was refused ends in Dagster: failed, with the message that the command line would print."""

from collections.abc import Iterator
from contextlib import contextmanager

from dagster import Failure

from orchestration.errors import TieoutError


@contextmanager
def refusals_as_failures() -> Iterator[None]:
    """Turn TieoutError into a Dagster Failure that is not retried: the same input would be refused again."""
    try:
        yield
    except TieoutError as error:
        raise Failure(description=str(error), allow_retries=False) from None
