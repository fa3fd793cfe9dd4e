"""Documentation that would otherwise rot."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from pathalign.cli.main import cli

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[3]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


def test_cli_reference_is_current() -> None:
    """docs/cli.md says what the help says; `make docs` mends it."""
    reference = runpy.run_path(str(ROOT / "docs" / "make_cli_reference.py"))["reference"]

    assert (ROOT / "docs" / "cli.md").read_text(encoding="utf-8") == reference()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link of a page is a file of the repository."""
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8"))

    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_readme_names_only_verbs_that_exist() -> None:
    """A verb in a shell block of the README is one of the command line's."""
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    verbs = {verb for block in blocks for verb in re.findall(r"pathalign ([a-z]+)", block)}

    assert {"init", "add", "embed", "evaluate"} <= verbs <= set(cli.commands)


def test_architecture_names_only_files_that_exist() -> None:
    """The files to read first are there."""
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \|[^|]*\|([^|]*)\|$", page, re.MULTILINE)
    named = [(layer, name) for layer, files in rows for name in re.findall(r"`(\w+\.py)`", files)]

    assert len(named) > 15
    assert [pair for pair in named if not (ROOT / "src" / "pathalign" / pair[0] / pair[1]).is_file()] == []


def test_table_of_encoders_is_current() -> None:
    """docs/encoders.md says what the cards say; `make docs` mends it."""
    page = runpy.run_path(str(ROOT / "docs" / "make_encoder_table.py"))["page"]

    assert (ROOT / "docs" / "encoders.md").read_text(encoding="utf-8") == page()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_targets_of_make_exist(page: Path) -> None:
    """What a page tells to make, the Makefile makes."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:`|^ {4}|^)make ([a-z]+(?:-[a-z]+)*)\b", page.read_text(encoding="utf-8"), re.MULTILINE))

    assert named <= targets
