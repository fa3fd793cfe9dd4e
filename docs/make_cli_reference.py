"""Writes docs/cli.md from the help texts, so that it can never say something else. `make docs` runs it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from pathalign.cli.main import cli

PAGE = Path(__file__).parent / "cli.md"
INTRODUCTION = "# Command line\n\nMade by `make docs` from the help texts; do not edit.\n"


def reference() -> str:
    """The whole page."""
    return INTRODUCTION + "".join(_sections(cli, "pathalign", None))


def _sections(command: click.Command, name: str, parent: click.Context | None) -> Iterator[str]:
    settings = {**command.context_settings, "terminal_width": 100, "max_content_width": 100}
    context = click.Context(command, info_name=name, parent=parent, **settings)
    yield f"\n## {context.command_path}\n\n```text\n{command.get_help(context).strip()}\n```\n"
    if isinstance(command, click.Group):
        for verb in command.list_commands(context):
            yield from _sections(command.commands[verb], verb, context)


if __name__ == "__main__":
    PAGE.write_text(reference(), encoding="utf-8")
