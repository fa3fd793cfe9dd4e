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
    return INTRODUCTION + "".join(_sections(cli, "pathalign"))


def _sections(command: click.Command, path: str) -> Iterator[str]:
    context = click.Context(command, info_name=path, max_content_width=100, terminal_width=100)
    yield f"\n## {path}\n\n```text\n{command.get_help(context).strip()}\n```\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            yield from _sections(command.commands[name], f"{path} {name}")


if __name__ == "__main__":
    PAGE.write_text(reference(), encoding="utf-8")
