"""Curation of the real TCGA reports: how much is found, and that nothing unseen is left in a generation text."""

from __future__ import annotations

import csv
import re
import time
from pathlib import Path

import pytest

from pathalign.text.curation import CuratedReport, curate_note, curate_report
from pathalign.text.malignancy import is_malignant
from pathalign.text.unseen import GRADE

SIZE = re.compile(r"\b(?:cm|mm)\b|\d(?:cm|mm)\b", re.IGNORECASE)
SIDE = re.compile(r"\b(?:right|left|bilateral|laterality|quadrants?|o'clock)\b", re.IGNORECASE)
NUMBER = r"(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
COUNT = re.compile(
    rf"\b{NUMBER} (?:of|out of) (?:the )?{NUMBER} (?:[\w-]+ ){{0,3}}nodes?\b|\b\d+/\d+\b(?=.*\bnodes?\b)", re.IGNORECASE
)


SHARE = re.compile(
    rf"\b{NUMBER} (?:of|out of) (?:the )?{NUMBER}\b|\b{NUMBER} (?:[\w-]+ ){{0,2}}nodes?\b", re.IGNORECASE
)
DATE = re.compile(
    r"\b\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}\b|\b(?:19|20)\d\d\b|\b(?:january|february|april|june|july|august|september|"
    r"october|november|december)\b",
    re.IGNORECASE,
)
ADVICE = re.compile(
    r"\brecommend\w*|\b(?:clinical|radiologic\w*) correlation\b|\bfollow-?up\b|\bis (?:advised|suggested|required)\b",
    re.IGNORECASE,
)


class Quiet(list):
    """A list whose `repr` is its length: pytest prints arguments of a failed test, and reports stay out of logs."""

    def __repr__(self) -> str:
        return f"<{len(self)} items>"


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(4, marks=[pytest.mark.unit, pytest.mark.slow], id="a quarter"),
        pytest.param(1, marks=pytest.mark.e2e, id="all"),
    ],
)
def reports(real_data: Path, request: pytest.FixtureRequest) -> list[str]:
    """Every fourth report in the unit tests, whose time is short, and all of them in `make test`."""
    csv.field_size_limit(10**7)
    texts = Quiet()
    for name in ("tcga_reports_t14.csv", "tcga_reports_val.csv"):
        with (real_data / "reports" / name).open(newline="", encoding="utf-8") as file:
            texts += [row["text"] for row in csv.DictReader(file)]
    return Quiet(texts[:: request.param])


@pytest.fixture(scope="module")
def curated(reports: list[str]) -> list[CuratedReport]:
    return Quiet(curate_report(report) for report in reports)


def share(found: list[bool]) -> float:
    return sum(found) / len(found)


def test_most_reports_yield_a_diagnosis(curated: list[CuratedReport]) -> None:
    """A diagnosis with findings is found in most reports, and most of the parts have both texts."""
    parts = [part for report in curated for part in report.parts]

    assert share([report.problem is None for report in curated]) > 0.85
    assert share([any(part.generation_text for part in report.parts) for report in curated]) > 0.85
    assert share([bool(part.generation_text) for part in parts]) > 0.9
    assert share([len(report.parts) > 1 for report in curated]) > 0.35


def test_most_of_a_cancer_archive_is_malignant(curated: list[CuratedReport]) -> None:
    """Every TCGA case is a cancer: where a diagnosis is found, a part of it nearly always says so."""
    assert share([any(part.malignant for part in report.parts) for report in curated if report.problem is None]) > 0.9


# Failures name the report by its place in the files: its words stay out of logs.
@pytest.mark.parametrize(
    "unseen",
    [SIZE, SIDE, COUNT, SHARE, DATE, ADVICE],
    ids=["size", "side", "node count", "count", "date", "advice"],
)
def test_nothing_unseen_is_generated(curated: list[CuratedReport], unseen: re.Pattern[str]) -> None:
    """No generation text holds a size, a side, a count, a date or advice."""
    leaks = [
        at
        for at, report in enumerate(curated)
        if any(unseen.search(GRADE.sub("", p.generation_text)) for p in report.parts)
    ]

    assert leaks == []


def test_digits_are_grades(curated: list[CuratedReport]) -> None:
    """The only digits of a generation text are those of grades."""
    leaks = [
        at
        for at, report in enumerate(curated)
        if any(re.search(r"\d", GRADE.sub("", part.generation_text)) for part in report.parts)
    ]

    assert leaks == []


def test_no_benign_part_turns_malignant(curated: list[CuratedReport]) -> None:
    """Taking the unseen out never makes a denied tumour a stated one."""
    turned = [
        at
        for at, report in enumerate(curated)
        if any(part.malignant is not True and is_malignant(part.generation_text) is True for part in report.parts)
    ]

    assert turned == []


def test_sentences_lie_in_their_part(reports: list[str], curated: list[CuratedReport]) -> None:
    """Every sentence of a text has a span within its part; joined, the sentences are the text."""
    for text, report in zip(reports, curated, strict=True):
        for part in report.parts:
            for view, said in (
                (part.retrieval_sentences, part.retrieval_text),
                (part.generation_sentences, part.generation_text),
            ):
                assert " ".join(one.text for one in view) == said
                assert all(part.start <= one.start < one.end <= part.end <= len(text) for one in view)


@pytest.mark.unit
@pytest.mark.slow
def test_notes_on_slides_become_texts(real_data: Path) -> None:
    """Short notes without sections are read as they stand."""
    with (real_data / "reports" / "gtex_notes.csv").open(newline="", encoding="utf-8") as file:
        notes = Quiet(row["Pathology Notes"] for row in csv.DictReader(file))
    notes = Quiet(note for note in notes[::20] if note.strip())
    read = Quiet(curate_report(note) for note in notes)

    assert share([len(report.parts) == 1 for report in read]) > 0.995
    assert all(curate_note(note).parts[0].retrieval_text for note in notes)


def test_offsets_lie_in_the_report(reports: list[str], curated: list[CuratedReport]) -> None:
    """Parts follow one another within the diagnosis."""
    for text, report in zip(reports, curated, strict=True):
        bounds = [report.diagnosis_start, *(at for p in report.parts for at in (p.start, p.end)), report.diagnosis_end]
        assert bounds == sorted(bounds)
        assert bounds[-1] <= len(text)


@pytest.mark.unit
@pytest.mark.slow
@pytest.mark.parametrize(
    "repeated", ["A. ", "no carcinoma, ", "(", "1 x ", "Lung, biopsy: adenocarcinoma. "], ids=lambda text: text.strip()
)
def test_work_grows_with_the_text(repeated: str) -> None:
    """Four times the text is at most sixteen times the work, with room for noise: nothing backtracks (64 and more)."""

    def seconds(times: int) -> float:
        report, spent = "DIAGNOSIS: " + repeated * times, []
        for _ in range(3):
            begun = time.process_time()
            curate_report(report)
            spent.append(time.process_time() - begun)
        return min(spent)

    assert seconds(1200) < 32 * max(seconds(300), 1e-3)
