"""Errors that a person meets, each with the exit code that the command line ends on; nothing else belongs here."""


class TieoutError(Exception):
    """Base of every error that is shown without a traceback."""

    exit_code = 1


class Refused(TieoutError):
    """A check or a gate said no (exit code 1)."""

    exit_code = 1


class Unusable(TieoutError):
    """Wrong usage or unreadable input (exit code 2)."""

    exit_code = 2
