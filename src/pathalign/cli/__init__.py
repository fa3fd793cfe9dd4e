"""The command line: thin shells around the functions of `tasks` and `train`."""

from pathalign.cli.main import main

__all__ = ["main"]
