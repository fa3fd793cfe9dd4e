"""`curate` goes through reports one at a time: its memory does not grow with their number."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from pathalign.domain.records import Slide, Split
from pathalign.store.catalog import Catalog
from pathalign.store.workspace import Workspace, create_workspace
from pathalign.tasks.curation import curate
from pathalign.tasks.deidentification import Deidentification

PADDING = "Gross: tan tissue in a cassette, entirely submitted. " * 30
SIZES = 50
"""Diagnoses repeat themselves, for rules remember the last few thousand sentences; reports as a whole do not."""
NAMES = ("Tubular adenoma", "Hyperplastic polyp", "Chronic colitis", "Lymphoid aggregate", "Normal mucosa")


def cohort(root: Path, count: int) -> Workspace:
    """A catalog of that many cases, each with a report of its own and a slide."""
    workspace = create_workspace(root)
    with Catalog(workspace.catalog_path) as catalog, catalog.transaction():
        for number in range(count):
            case = f"case-{number:06d}"
            catalog.put_slide(
                Slide(slide_id=f"s-{case}", path=None, patient_id=case, case_id=case, part_id="A", split=Split.TRAIN)
            )
            size = number % SIZES
            report = (
                f"FINAL DIAGNOSIS:\nA. Colon, biopsy: {NAMES[number % 5]}. It measures {size} mm.\n{PADDING}{number}"
            )
            # One in ten has no diagnosis, so that problems are there too.
            catalog.put_report(case, report if number % 10 else PADDING)
    return workspace


def peak_of_curating(workspace: Workspace) -> int:
    """The most bytes that Python held at once while it curated, beyond what it held before."""
    tracemalloc.start()
    try:
        done = curate(workspace, deidentify=Deidentification.OFF)  # whose rules would take most of the time
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert done.slides_with_text == done.reports - done.problem_counts["no diagnosis section found"]
    return peak


@pytest.mark.e2e  # tracing memory makes it slow
def test_memory_does_not_grow_with_the_reports(tmp_path: Path) -> None:
    """Six times the reports need no more than what a list of their problems takes."""
    few, many = cohort(tmp_path / "few", 250), cohort(tmp_path / "many", 1500)
    curate(few, deidentify=Deidentification.OFF)  # what the first use of rules makes and keeps

    growth = peak_of_curating(many) - peak_of_curating(few)

    assert growth < 400_000  # the reports alone are 2.5 MB; garbage comes and goes


@pytest.mark.unit
@pytest.mark.slow
def test_problems_are_counted_beyond_those_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not listed any more is still counted by its kind."""
    monkeypatch.setattr("pathalign.tasks.curation._MOST_PROBLEMS", 3)

    document = curate(cohort(tmp_path, 50)).as_json()

    assert len(document["problems"]) == 3  # type: ignore[arg-type]
    assert document["problem_counts"] == {"no diagnosis section found": 5}


@pytest.mark.unit
@pytest.mark.slow
def test_statistics_agree_with_the_texts(tmp_path: Path) -> None:
    """Each text is in a bin of both histograms, and repeats are counted."""
    document = curate(cohort(tmp_path, 50)).statistics.as_json()

    assert document["parts_of_reports"] == {"0": 5, "1": 45}
    for view in ("retrieval_length", "generation_length"):
        lengths = document[view]
        assert isinstance(lengths, dict)
        assert (lengths["texts"], sum(lengths["bins"])) == (45, 45)
        assert 0 < lengths["median_tokens"] <= lengths["longest_tokens"] <= 24
