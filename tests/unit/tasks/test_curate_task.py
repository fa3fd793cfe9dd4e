"""`curate`: the texts of every slide, and what goes without."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pathalign.errors import MissingArtifact
from pathalign.store.catalog import Catalog
from pathalign.store.workspace import Workspace
from pathalign.tasks.curation import curate
from pathalign.tasks.registration import add

pytestmark = pytest.mark.unit

WriteTable = Callable[..., Path]
REPORT = """FINAL DIAGNOSIS:
A. LUNG, RIGHT UPPER LOBE, LOBECTOMY:
  - Adenocarcinoma, acinar predominant.
  - Greatest dimension 3.1 cm.
B. COLON, SIGMOID, BIOPSY:
  - Negative for carcinoma.
"""


@pytest.fixture
def filled(workspace: Workspace, write_table: WriteTable) -> Workspace:
    """Two slides of part A, one of B, one of a part that is missing, one of a report that says nothing."""
    rows = [
        ("a1", "C1", "A"),
        ("a2", "C1", "A"),
        ("b1", "C1", "B"),
        ("d1", "C1", "D"),
        ("e1", "C2", "A"),
        ("f1", "C3", ""),
    ]
    slides = write_table("slides.csv", ("slide_id", "case_id", "part_id", "path"), *((*row, "") for row in rows))
    reports = write_table("reports.csv", ("case_id", "report"), ("C1", REPORT), ("C2", "Okapi. See the old report."))
    add(workspace, slides, reports)
    return workspace


def test_slides_of_one_part_share_its_text(filled: Workspace) -> None:
    """Every slide has the text of its own part; several slides of a part have the same."""
    done = curate(filled)

    with Catalog(filled.catalog_path) as catalog:
        texts = {text.slide_id: text for text in catalog.texts()}
    assert sorted(texts) == ["a1", "a2", "b1"]
    assert texts["a1"].generation_text == texts["a2"].generation_text == "Lung: Adenocarcinoma, acinar predominant."
    assert "3.1 cm" in texts["a1"].retrieval_text
    assert texts["b1"].generation_text == "Colon: Negative for carcinoma."
    assert [texts[i].malignant for i in ("a1", "a2", "b1")] == [True, True, False]
    assert (done.reports, done.parts, done.slides_with_text, done.distinct_texts) == (2, 2, 3, 2)


def test_what_goes_without_text_is_told(filled: Workspace) -> None:
    """A missing part names the slide, a report without diagnosis the case; no message holds report text."""
    problems = {problem.item: problem.reason for problem in curate(filled).problems}

    assert sorted(problems) == ["C2", "d1"]
    assert "no part 'D'" in problems["d1"]
    assert "part_id" in problems["d1"]
    assert not any("Okapi" in reason or "Adenocarcinoma" in reason for reason in problems.values())


def test_again_changes_nothing(filled: Workspace) -> None:
    """Curating twice gives the same texts, parts and account."""
    first = curate(filled).as_json()
    with Catalog(filled.catalog_path) as catalog:
        before = (catalog.texts(), catalog.counts())

    assert curate(filled).as_json() == first
    with Catalog(filled.catalog_path) as catalog:
        assert (catalog.texts(), catalog.counts()) == before


def test_a_changed_report_changes_its_slides_only(filled: Workspace, write_table: WriteTable) -> None:
    """After an update of a report its slides say the new, and no old text is left."""
    curate(filled)
    slides = write_table("slides.csv", ("slide_id", "path", "case_id", "part_id"), ("e1", "", "C2", "A"))
    add(filled, slides, write_table("reports.csv", ("case_id", "report"), ("C2", "DIAGNOSIS: A. Skin, biopsy: Nevus.")))

    curate(filled)

    with Catalog(filled.catalog_path) as catalog:
        texts = {text.slide_id: text.generation_text for text in catalog.texts()}
    assert texts["e1"] == "Skin: Nevus."
    assert sorted(texts) == ["a1", "a2", "b1", "e1"]


def test_without_reports_the_repair_is_named(workspace: Workspace) -> None:
    """There is nothing to curate before reports are added."""
    with pytest.raises(MissingArtifact, match="--reports"):
        curate(workspace)


STAINED = """FINAL DIAGNOSIS:
A. BREAST, LEFT, BIOPSY:
  - Invasive ductal carcinoma, 2.1 cm.
  - ER positive (95 %), PR negative.
B. STOMACH, BIOPSY:
  - Chronic gastritis.
  - Giemsa stain is negative for Helicobacter pylori.
  - ER negative.
"""


def test_a_slide_has_the_text_of_its_stain(workspace: Workspace, write_table: WriteTable) -> None:
    """An IHC or special-stain slide says its marker's result in its own part; where none is told, that is a problem."""
    rows = [
        ("he", "A", "H&E"), ("none", "A", ""), ("er", "A", "oestrogen receptor"), ("pr", "A", "PgR"),
        ("ki67", "A", "MIB-1"), ("odd", "A", "Okapi blue"), ("er-b", "B", "ER"), ("giemsa", "B", "Giemsa"),
        ("er-all", "", "ER"),
    ]  # fmt: skip
    slides = write_table(
        "slides.csv", ("slide_id", "case_id", "part_id", "stain", "path"), *((i, "C1", p, s, "") for i, p, s in rows)
    )
    add(workspace, slides, write_table("reports.csv", ("case_id", "report"), ("C1", STAINED)))

    problems = {problem.item: problem.reason for problem in curate(workspace).problems}

    with Catalog(workspace.catalog_path) as catalog:
        texts = {text.slide_id: text for text in catalog.texts()}
    assert texts["er"].generation_text == "ER: positive."
    assert texts["er"].retrieval_text.startswith("Breast: Invasive ductal carcinoma.")
    assert texts["er"].retrieval_text.endswith(" ER positive (95 %).")
    assert texts["pr"].generation_text == "PR: negative."
    assert texts["er-b"].generation_text == "ER: negative."
    assert texts["giemsa"].generation_text == "Giemsa: negative for Helicobacter pylori."
    assert texts["er"].malignant is True
    whole = texts["he"].generation_text
    assert [texts[name].generation_text for name in ("none", "ki67", "odd")] == [whole] * 3
    assert sorted(problems) == ["er-all", "ki67", "odd"]
    assert "Ki-67 is not stated" in problems["ki67"]
    assert "'Okapi blue' is not known" in problems["odd"]
    assert "ER is stated in more than one way" in problems["er-all"]
