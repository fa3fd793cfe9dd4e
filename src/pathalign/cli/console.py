"""What every verb shares: workspace and --json options, progress bars on stderr, tables."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bars
from rich.progress import Task as BarTask
from rich.table import Table
from rich.text import Text

from pathalign.domain.progress import Advance
from pathalign.store.workspace import Workspace, open_workspace

ERR = Console(stderr=True, highlight=False)
OUT = Console(highlight=False, soft_wrap=False)

Verb = Callable[..., Any]


def with_json(verb: Verb) -> Verb:
    """Add `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")(verb)


def with_workspace(verb: Verb) -> Verb:
    """Add `-w DIR`, given to the verb as an open `workspace`."""
    return click.option(
        "-w", "--workspace", default=".", metavar="DIR", callback=_opened, help="The workspace (default: this folder)."
    )(verb)


def with_device(verb: Verb) -> Verb:
    """Add `--device NAME`, given to the verb as `device`."""
    return click.option(
        "--device", default="auto", show_default=True, metavar="NAME",
        help="auto (a GPU if there is one), cpu, cuda or cuda:N.",
    )(verb)  # fmt: skip


def emit(as_json: bool, document: dict[str, object], show: Callable[[], None]) -> None:
    """The JSON document, or what a person reads; of several processes under torchrun only the first speaks."""
    if os.environ.get("RANK", "0") != "0":
        return
    if as_json:
        click.echo(json.dumps(document, ensure_ascii=False))
    else:
        show()


def table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, title: str = "") -> None:
    """A table on stdout; numbers to the right. Cells are shown as they are, never read as markup."""
    grid = Table(title=title or None, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for place, name in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[place], int | float) for row in rows)
        grid.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        grid.add_row(*(Text(f"{cell:.3f}" if isinstance(cell, float) else str(cell)) for cell in row))
    OUT.print(grid)


def say(text: str) -> None:
    """A line on stdout."""
    OUT.print(Text(text), soft_wrap=True)


def show_problems(problems: Sequence[Any]) -> None:
    """Rows and slides that did not make it, with line and reason, on stderr."""
    for problem in problems:
        where = f"{problem.source} line {problem.line}" if problem.line else problem.source
        ERR.print(Text(f"  {where}: {problem.item or '(no id)'}: {problem.reason}", style="yellow"), soft_wrap=True)


@contextmanager
def progress_bar(what: str, total: int) -> Iterator[Advance]:
    """A bar with rate and time left; where stderr is no terminal, a line at the start and one at the end."""
    if not ERR.is_terminal:
        yield from _plain(what, total)
        return
    columns = [
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeElapsedColumn(),
        TimeRemainingColumn(), TextColumn("{task.fields[note]}", style="dim", markup=False),
    ]  # fmt: skip
    with Bars(*columns, console=ERR) as bars:
        yield _Bar(bars, bars.add_task(what, total=total, note=""))


def _plain(what: str, total: int) -> Iterator[Advance]:
    start, count = time.monotonic(), _Count()
    ERR.print(Text(f"{what}: {total} to do"))
    yield count
    noted = f" ({count.noted})" if count.noted else ""
    ERR.print(Text(f"{what}: {count.done} done in {time.monotonic() - start:.0f} s{noted}"), soft_wrap=True)


class _Bar:
    """Advances a bar of a terminal, and notes beside it."""

    def __init__(self, bars: Bars, task: TaskID) -> None:
        self._bars, self._task = bars, task

    def __call__(self, count: int) -> None:
        self._bars.update(self._task, advance=count)

    def note(self, text: str) -> None:
        self._bars.update(self._task, note=text)


class _Count:
    """Remembers what is told at the end."""

    done, noted = 0, ""

    def __call__(self, count: int) -> None:
        self.done += count

    def note(self, text: str) -> None:
        self.noted = text


class _Rate(ProgressColumn):
    def render(self, task: BarTask) -> Text:
        return Text(f"{task.speed:.1f}/s" if task.speed else "")


def _opened(_: click.Context, __: click.Parameter, value: str) -> Workspace:
    return open_workspace(Path(value))
