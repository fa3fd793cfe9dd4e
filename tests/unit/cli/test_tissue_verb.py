"""`pathalign tissue` as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from pathalign.cli.main import main
from pathalign.domain.records import Slide, Split
from pathalign.store.catalog import Catalog
from pathalign.store.workspace import Workspace, create_workspace
from pathalign.testing.slides import write_pyramid

pytestmark = pytest.mark.unit


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """One slide half of tissue, one that is not there."""
    image = np.full((512, 512, 3), 243, np.uint8)
    image[:, :256] = np.random.default_rng(0).integers((180, 100, 150), (220, 150, 200), (512, 256, 3))
    write_pyramid(tmp_path / "half.tif", image, mpp=2.0)
    made = create_workspace(tmp_path / "ws")
    with Catalog(made.catalog_path) as catalog:
        for slide_id in ("half", "gone"):
            catalog.put_slide(Slide(
                slide_id=slide_id, path=tmp_path / f"{slide_id}.tif", patient_id=slide_id, case_id=slide_id,
                split=Split.TRAIN,
            ))  # fmt: skip
    return made


def run(*arguments: str | Path) -> int:
    """The exit code."""
    with pytest.raises(SystemExit) as left:
        main([str(argument) for argument in arguments])
    return int(left.value.code or 0)


@pytest.mark.slow
def test_it_says_what_it_found_and_where_to_look(workspace: Workspace, capfd: pytest.CaptureFixture[str]) -> None:
    """The summary tells area, patches, outcomes and the page; what failed is on stderr; exit code 0."""
    code = run("tissue", "-w", workspace.root, "--mpp", "2", "--patch-px", "112")

    out, err = capfd.readouterr()
    assert code == 0
    assert "0.5 mm² of tissue, 12 patches; slides: 1 ok, 1 failed (0 were done before)" in out
    assert "Open runs/tissue/contact-sheet.html" in out
    assert "gone.tif" in err
    assert (workspace.root / "runs" / "tissue" / "contact-sheet.html").is_file()


def test_json_is_one_document(workspace: Workspace, capfd: pytest.CaptureFixture[str]) -> None:
    """Rows and problems in one document; a slide that is asked for by name is the only one looked at."""
    options = ("--mpp", "2", "--patch-px", "112", "--workers", "0")
    assert run("tissue", "half", "-w", workspace.root, *options, "--json") == 0

    document = json.loads(capfd.readouterr().out)
    assert [row["slide_id"] for row in document["rows"]] == ["half"]
    assert document["patches"] == document["rows"][0]["patches"] == 12
    assert document["problems"] == []


def test_when_no_slide_can_be_read_the_code_is_2(workspace: Workspace, capfd: pytest.CaptureFixture[str]) -> None:
    """The user must change something."""
    assert run("tissue", "gone", "-w", workspace.root, "--workers", "0", "--json") == 2
    assert json.loads(capfd.readouterr().out)["problems"][0]["item"] == "gone"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--overlap", "224"], "overlap_px must be at least 0 and less than patch_px"),
        (["--max-patches", "0"], "max_patches must be at least 1"),
        (["--mask-mpp", "0.1"], "must lie within 1-64"),
        (["--holes", "-1"], "must be at least 0"),
        (["--annotations", "nowhere"], "does not exist"),
        (["--workers", "-1"], "workers must be at least 0"),
        (["--timeout", "0"], "timeout and memory must be above 0"),
    ],
)
def test_options_out_of_range_are_refused(
    workspace: Workspace, capfd: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    """One paragraph says the rule and the value."""
    assert run("tissue", "-w", workspace.root, *options) == 2
    assert message in capfd.readouterr().err
