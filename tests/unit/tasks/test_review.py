"""`curate --review`: which reports are on the page, and where it is."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from pathalign.store.workspace import Workspace
from pathalign.tasks.curation import curate
from pathalign.tasks.deidentification import Deidentification
from pathalign.tasks.registration import add
from pathalign.tasks.review import ReviewRequest, ReviewSample
from pathalign.text.curation import curate_report
from pathalign.text.review.page import ReviewedCase

pytestmark = pytest.mark.unit

REPORT = "FINAL DIAGNOSIS:\nA. COLON, BIOPSY:\n  - Tubular adenoma.\n  - Seen by Dr. Thistlewood on 03/14/2019.\n"
WORDS = ("Thistlewood", "03/14/2019")


def case(name: str, *problems: str) -> ReviewedCase:
    """A report without text."""
    return ReviewedCase(case_id=name, curated=curate_report(""), slides=(), problems=problems)


def drawn(names: list[str], *, limit: int, seed: int = 0) -> list[str]:
    """The ids that a sample keeps; those that begin with p have a problem."""
    sample = ReviewSample(limit=limit, seed=seed)
    for name in names:
        sample.offer(case(name, *(["lost"] if name.startswith("p") else [])))
    return [kept.case_id for kept in sample.cases()]


def test_problems_come_first_then_a_sample() -> None:
    """All with a problem as far as there is room; the rest depends on the seed alone, not on the order."""
    names = [f"{'p' if number % 20 == 0 else 'c'}{number:03d}" for number in range(200)]

    kept = drawn(names, limit=30)

    assert kept[:10] == [name for name in names if name.startswith("p")]
    assert len(kept) == 30
    assert drawn(names[::-1], limit=30) == kept
    assert drawn(names, limit=30, seed=1) != kept
    assert len(drawn(names, limit=3)) == 3
    assert all(name.startswith("p") for name in drawn(names, limit=3))
    assert drawn(names[:5], limit=30) == ["p000", "c001", "c002", "c003", "c004"]


@pytest.fixture
def filled(workspace: Workspace, write_table: Callable[..., Path]) -> Workspace:
    """Twelve cases, one without a diagnosis, one with a slide of a missing part."""
    rows = [(f"s{number}", f"C{number}", "D" if number == 3 else "A") for number in range(12)]
    slides = write_table("slides.csv", ("slide_id", "case_id", "part_id", "path"), *((*row, "") for row in rows))
    reports = [(f"C{number}", "Nothing here." if number == 7 else REPORT) for number in range(12)]
    add(workspace, slides, write_table("reports.csv", ("case_id", "report"), *reports))
    return workspace


@pytest.mark.parametrize("mode", list(Deidentification))
@pytest.mark.slow
def test_the_page_is_in_the_workspace_and_its_owners_alone(filled: Workspace, mode: Deidentification) -> None:
    """Problems and counts are on it, identifiers never are, however they were dealt with."""
    done = curate(filled, deidentify=mode, review=ReviewRequest(limit=5))

    path = filled.root / "runs" / "curate" / "review.html"
    page = path.read_text(encoding="utf-8")
    assert done.review == done.as_json()["review"] == str(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert page.count('<details class="case"') == 5
    assert "no diagnosis section found" in page
    assert "the report has no part &#39;D&#39;" in page
    assert page.index(">C3<") < page.index(">C7<")
    assert "5 of 12 reports" in page
    assert page.count("<svg") == 2
    assert not [word for word in WORDS if word in page]


@pytest.mark.slow
def test_again_gives_the_same_page(filled: Workspace, tmp_path: Path) -> None:
    """Byte by byte, and where it was asked for."""
    pages = []
    for name in ("one.html", "two.html"):
        curate(filled, review=ReviewRequest(path=tmp_path / "there" / name))
        pages.append((tmp_path / "there" / name).read_bytes())

    assert pages[0] == pages[1]
    assert not (filled.root / "runs").exists()
