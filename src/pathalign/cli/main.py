"""`pathalign`: the verbs in the order in which one meets them, exit codes and errors."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import sys
from typing import Any

import click

from pathalign.cli import ask, cohort, demo, embed, encoders, exchange, learn, tissue
from pathalign.errors import NeedsRepair, PathAlignError, TrainingStopped
from pathalign.version import __version__

_TOUR = (
    ("See it work", ("demo", "doctor")),
    ("1  Gather slides and reports", ("init", "add", "curate", "status")),
    ("2  Look at every slide", ("tissue", "encoders", "pretrain", "embed", "import-embeddings", "export-embeddings")),
    ("3  Learn", ("train", "index")),
    ("4  Ask", ("search", "describe", "classify", "triage")),
    ("5  Measure", ("evaluate",)),
)
_OPENING = """\
PathAlign aligns an archive of whole-slide pathology images with its reports.

A workspace is a folder that holds one cohort. Each verb reads what the one before it wrote there, may be killed at any
moment and run again, and prints JSON with --json. `pathalign status` says what comes next.
"""


class Tour(click.Group):
    """A group whose help lists the verbs as a tour of the system."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The verbs under the step that they belong to."""
        for title, names in _TOUR:
            commands = [(name, self.commands[name]) for name in names]
            with formatter.section(title):
                formatter.write_dl([(name, command.get_short_help_str(90)) for name, command in commands])

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature  # noqa: ARG002  click's signature
        """In the order of the tour."""
        return [name for _, names in _TOUR for name in names]


@click.group(
    cls=Tour, help=_OPENING, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.version_option(__version__, prog_name="pathalign")
def cli() -> None:
    """Holds the verbs."""


for _module in (cohort, tissue, encoders, learn, embed, exchange, ask, demo):
    for _command in _module.COMMANDS:
        cli.add_command(_command)


def main(arguments: list[str] | None = None) -> None:
    """Run a verb and leave with its exit code: 0 done, 1 failed, 2 the user must change something, 143 SIGTERM."""
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    arguments = (sys.argv[1:] if arguments is None else arguments) or ["--help"]
    try:
        # Outside of its standalone mode click gives the code of an `Exit` back instead of leaving with it.
        sys.exit(cli.main(arguments, prog_name="pathalign", standalone_mode=False))
    except click.UsageError as error:
        _tell(arguments, error.format_message() + _hint(error), 2)
    except click.ClickException as error:
        _tell(arguments, error.format_message(), 2)
    except (click.Abort, KeyboardInterrupt):
        _tell(arguments, "Stopped. Nothing is lost: run the same command again and it goes on.", 1)
    except NeedsRepair as error:
        _tell(arguments, str(error), 2)
    except TrainingStopped as error:
        _tell(arguments, str(error), 128 + signal.SIGTERM)
    except PathAlignError as error:
        _tell(arguments, str(error), 1)
    except sqlite3.Error as error:
        _tell(arguments, f"The catalog cannot be used ({error}). Check that catalog.sqlite is whole and writable.", 1)
    except OSError as error:
        _tell(arguments, f"{error.strerror or error} ({error.filename}). Check the disk and the permissions there.", 1)


def _hint(error: click.UsageError) -> str:
    return f" See `{error.ctx.command_path} --help`." if error.ctx else " See `pathalign --help`."


def _tell(arguments: list[str], message: str, exit_code: int) -> None:
    """One paragraph on stderr; with --json also the one document on stdout. Processes of torchrun give their number."""
    rank = int(os.environ.get("RANK", "0"))
    if "--json" in arguments and not rank:
        document: dict[str, Any] = {"error": message, "exit_code": exit_code}
        click.echo(json.dumps(document, ensure_ascii=False))
    click.echo(f"pathalign{f' (process {rank})' if rank else ''}: {message}", err=True)
    sys.exit(exit_code)
