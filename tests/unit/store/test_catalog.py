"""The catalog: rows, transactions, texts, outcomes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pathalign.domain.records import Correction, Outcome, Slide, SlideText, Split
from pathalign.errors import BadWorkspace, UnknownName
from pathalign.store.catalog import Catalog

pytestmark = pytest.mark.unit


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the catalog lies."""
    return tmp_path / "catalog.sqlite"


@pytest.fixture
def catalog(path: Path) -> Iterator[Catalog]:
    """An empty catalog."""
    with Catalog(path) as catalog:
        yield catalog


def a_slide(slide_id: str = "s1", *, case_id: str = "c1", split: Split = Split.TRAIN) -> Slide:
    """A slide of a case whose patient bears the case's name."""
    return Slide(
        slide_id=slide_id, path=Path(f"/a/{slide_id}.svs"), patient_id=f"patient-{case_id}", case_id=case_id,
        part_id="A", block_id="A1", stain="HE", mpp=0.25, split=split,
    )  # fmt: skip


def a_text(slide: Slide, retrieval: str = "colon: tubular adenoma") -> SlideText:
    """The text of a slide."""
    return SlideText(
        slide_id=slide.slide_id, case_id=slide.case_id, patient_id=slide.patient_id, part="A",
        retrieval_text=retrieval, generation_text="tubular adenoma", retrieval_key="r", concept_key="k",
        malignant=False, split=slide.split,
    )  # fmt: skip


def found(path: Path, words: str) -> list[str]:
    """Slides whose retrieval text has the words, seen from another connection."""
    query = "SELECT slide_id FROM texts_search WHERE texts_search MATCH ? ORDER BY slide_id"
    db = sqlite3.connect(path)
    try:
        return [row[0] for row in db.execute(query, [words])]
    finally:
        db.close()


def test_a_slide_comes_back_as_it_was_put(catalog: Catalog) -> None:
    """Putting returns whether the slide is new; reading returns an equal value, also without path and mpp."""
    imported = replace(a_slide("s2"), path=None, mpp=None, part_id="")

    assert catalog.put_slide(a_slide()) is True
    assert catalog.put_slide(imported) is True
    assert catalog.put_slide(a_slide()) is False

    assert catalog.slides() == [a_slide(), imported]
    assert catalog.slide("s2") == imported


def test_putting_again_updates(catalog: Catalog) -> None:
    """A corrected row replaces the old one."""
    catalog.put_slide(a_slide())
    corrected = replace(a_slide(), mpp=0.5, stain="CK7", split=Split.TEST, patient_id="other")

    catalog.put_slide(corrected)

    assert catalog.slides() == [corrected]
    assert catalog.slides(split=Split.TRAIN) == []


def test_unknown_slides_are_refused(catalog: Catalog) -> None:
    """A wrong id is refused by name, with where to look."""
    with pytest.raises(UnknownName, match=r"no slide 'x'.*`pathalign status --slides`"):
        catalog.slide("x")
    with pytest.raises(UnknownName, match="neither a slide nor a case 'x'"):
        catalog.slides_of("x")


def test_a_case_is_all_its_slides(catalog: Catalog) -> None:
    """An id means the slide that bears it, else the slides of the case that bears it."""
    for slide in (a_slide("s2"), a_slide("s1"), a_slide("c9", case_id="c2"), a_slide("s3", case_id="c9")):
        catalog.put_slide(slide)

    assert [slide.slide_id for slide in catalog.slides_of("c1")] == ["s1", "s2"]
    assert [slide.slide_id for slide in catalog.slides_of("s1")] == ["s1"]
    assert [slide.slide_id for slide in catalog.slides_of("c9")] == ["c9"]


def test_a_transaction_is_all_or_nothing(catalog: Catalog, path: Path) -> None:
    """What was written in a block that raises is gone, also for an interrupt; what ends well stays."""
    with catalog.transaction():
        catalog.put_slide(a_slide("kept"))

    def interrupted() -> None:
        with catalog.transaction():
            catalog.put_slide(a_slide("lost"))
            catalog.put_report("c1", "lost")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()

    assert [slide.slide_id for slide in catalog.slides()] == ["kept"]
    assert list(catalog.reports()) == []
    with Catalog(path) as other:
        assert [slide.slide_id for slide in other.slides()] == ["kept"]


def test_a_report_says_whether_it_changed(catalog: Catalog) -> None:
    """New and changed reports are told from equal ones."""
    assert catalog.put_report("c1", "a") is True
    assert catalog.put_report("c1", "a") is False
    assert catalog.put_report("c1", "b") is True
    assert list(catalog.reports()) == [("c1", "b")]


def test_reports_come_in_order_and_whole(catalog: Catalog) -> None:
    """More reports than are held at a time come once each, by case, while other tables are written."""
    cases = [f"c{number:04d}" for number in range(1000)]
    with catalog.transaction():
        for case in reversed(cases):
            catalog.put_report(case, case.upper())
        seen = []
        for case, report in catalog.reports():
            catalog.put_parts(case, [("A", "", 0, 1)])
            seen.append((case, report))

    assert seen == [(case, case.upper()) for case in cases]


def test_slides_of_a_case(catalog: Catalog) -> None:
    """By id; none for a case that has none."""
    for slide in (a_slide("b"), a_slide("a"), a_slide("c", case_id="c2")):
        catalog.put_slide(slide)

    assert [slide.slide_id for slide in catalog.slides_of_case("c1")] == ["a", "b"]
    assert catalog.slides_of_case("c3") == []


def test_corrections_outlive_curation_and_fall_with_their_slide(catalog: Catalog, path: Path) -> None:
    """Clearing texts leaves them; deleting the slide does not; a catalog of before has none."""
    catalog.put_slide(a_slide("a"))
    correction = Correction(slide_id="a", part="A", retrieval_text="x", generation_text="", report_digest="d")
    catalog.put_correction(replace(correction, retrieval_text="older"))
    catalog.put_correction(correction)
    catalog.clear_texts()
    assert catalog.corrections_of_case("c1") == {"a": correction}
    assert catalog.corrected_without_report() == [(a_slide("a"), correction)]
    catalog.put_report("c1", "report")
    assert catalog.corrected_without_report() == []

    catalog._db.execute("DELETE FROM slides")
    assert catalog.drop_correction("a") is False

    catalog._db.execute("DROP TABLE corrections")
    with Catalog(path) as again:
        assert again.corrections_of_case("c1") == {}


def test_distinct_and_repeated_texts_are_counted(catalog: Catalog) -> None:
    """By their keys."""
    for name, concept in (("a", "x"), ("b", "x"), ("c", "y")):
        catalog.put_slide(a_slide(name))
        catalog.put_text(replace(a_text(a_slide(name)), retrieval_key=name, concept_key=concept))

    assert catalog.distinct_texts() == {"retrieval": 3, "concept": 2}
    assert catalog.most_repeated(5) == [2, 1]


def test_texts_come_back_with_their_slide(catalog: Catalog) -> None:
    """Case, patient and split of a text are its slide's; malignancy may be unknown."""
    slides = [a_slide("s1"), a_slide("s2", case_id="c2", split=Split.TEST)]
    texts = [a_text(slides[0]), replace(a_text(slides[1]), malignant=None)]
    for slide, text in zip(slides, texts, strict=True):
        catalog.put_slide(slide)
        catalog.put_text(text)

    assert catalog.texts() == texts
    assert catalog.texts(split=Split.TEST) == texts[1:]
    catalog.put_text(replace(texts[0], malignant=True))
    assert catalog.texts()[0].malignant is True


def test_texts_are_found_by_their_words(catalog: Catalog, path: Path) -> None:
    """Full-text search sees a text once, in its last form, and no text that was cleared."""
    catalog.put_slide(a_slide())
    catalog.put_text(a_text(a_slide(), "colon: tubular adenoma"))
    catalog.put_text(a_text(a_slide(), "colon: villous adenoma"))

    assert found(path, "adenoma") == ["s1"]
    assert found(path, "villous") == ["s1"]
    assert found(path, "tubular") == []
    catalog.clear_texts()
    assert found(path, "adenoma") == []
    assert catalog.texts() == []


@pytest.mark.parametrize("change", [{"case_id": "c2"}, {"part_id": "B"}])
def test_a_slide_that_moves_loses_its_stale_text(catalog: Catalog, path: Path, change: dict[str, str]) -> None:
    """A text belongs to a case and part; a slide that moves to another waits for curation."""
    catalog.put_slide(a_slide())
    catalog.put_text(a_text(a_slide()))

    catalog.put_slide(replace(a_slide(), mpp=0.5))
    assert len(catalog.texts()) == 1
    catalog.put_slide(replace(a_slide(), **change))

    assert catalog.texts() == []
    assert found(path, "adenoma") == []


def test_the_digest_is_of_the_texts_of_a_split(catalog: Catalog) -> None:
    """A text of another split does not change what a model was trained on; one of this split does."""
    train, test = a_slide("s1"), a_slide("s2", case_id="c2", split=Split.TEST)
    for slide in (train, test):
        catalog.put_slide(slide)
        catalog.put_text(a_text(slide))
    before = catalog.texts_digest(Split.TRAIN)

    catalog.put_text(a_text(test, "other"))
    assert catalog.texts_digest(Split.TRAIN) == before
    catalog.put_text(a_text(train, "other"))
    assert catalog.texts_digest(Split.TRAIN) != before


def test_parts_are_replaced(catalog: Catalog) -> None:
    """The parts of a case are those put last."""
    catalog.put_parts("c1", [("A", "COLON", 0, 5), ("B", "LIVER", 5, 9)])
    catalog.put_parts("c1", [("A", "COLON", 0, 9)])

    assert catalog.counts()["parts"] == 1


def test_outcomes_are_by_stage_and_the_last_one_counts(catalog: Catalog) -> None:
    """A slide has one outcome per stage."""
    catalog.put_slide(a_slide())
    catalog.put_outcome("embed", "s1", Outcome.REFUSED, "no mpp")
    catalog.put_outcome("curate", "s1", Outcome.OK)

    assert catalog.outcomes("embed") == {"s1": (Outcome.REFUSED, "no mpp")}
    catalog.put_outcome("embed", "s1", Outcome.OK)
    assert catalog.outcomes("embed") == {"s1": (Outcome.OK, "")}
    assert catalog.outcomes("index") == {}


def test_an_outcome_needs_a_slide(catalog: Catalog) -> None:
    """Foreign keys hold: nothing is recorded of a slide that is not registered."""
    with pytest.raises(sqlite3.IntegrityError):
        catalog.put_outcome("embed", "nobody", Outcome.OK)


def test_counts(catalog: Catalog) -> None:
    """Patients, cases and slides are counted apart."""
    for slide in (a_slide("s1"), a_slide("s2"), a_slide("s3", case_id="c2")):
        catalog.put_slide(slide)
    catalog.put_report("c1", "x")

    assert catalog.counts() == {"patients": 2, "cases": 2, "slides": 3, "reports": 1, "parts": 0, "texts": 0}
    assert catalog.case_ids() == {"c1", "c2"}


def test_a_catalog_of_another_schema_is_refused(path: Path) -> None:
    """A catalog of a later version is refused and left as it is."""
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 9")
    db.close()

    with pytest.raises(BadWorkspace, match="has schema 9; this version reads schema 1"):
        Catalog(path)
    db = sqlite3.connect(path)
    assert db.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    db.close()


def test_a_reader_is_not_stopped_by_a_writer(catalog: Catalog, path: Path) -> None:
    """The journal is a write-ahead log: during a transaction others read the state before it."""
    with Catalog(path) as reader, catalog.transaction():
        catalog.put_slide(a_slide())
        assert reader.slides() == []
