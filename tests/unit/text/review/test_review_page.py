"""The page that a person looks at: complete, self-contained, in words as well as colours, without identifiers."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from html.parser import HTMLParser

import pytest

from pathalign.domain.provenance import Provenance
from pathalign.text.curation import curate_report
from pathalign.text.provenance import places_of, places_of_correction
from pathalign.text.review.marks import Fate, blocks_of, lines_of
from pathalign.text.review.masking import Mask
from pathalign.text.review.page import ReviewedCase, ReviewedSlide, render_review
from pathalign.text.support.answer import ToldPart, ToldSentence, accept, merged

pytestmark = pytest.mark.unit

REPORT = """CLINICAL HISTORY: Polyp on screening.
FINAL DIAGNOSIS:
A. COLON, SIGMOID, BIOPSY:
  - Tubular adenoma.
  - Greatest dimension 4 mm.
B. LIVER, BIOPSY:
  - Macrovesicular steatosis, discussed with Dr. Thistlewood on 03/14/2019.
COMMENT: Follow-up is recommended.
GROSS DESCRIPTION: Tan tissue <script>alert("x")</script> & more.
"""
WORDS = ("Thistlewood", "03/14/2019")


def page(*cases: ReviewedCase, total: int = 9) -> str:
    """A page of cases."""
    return render_review(
        cases, title="Curated reports", total=total, tables={"Problems": [("lost <b>", 3)], "Nothing": []}, figures={},
        statistics=[("reports", total)],
    )  # fmt: skip


def case(report: str = REPORT, *, problems: Sequence[str] = (), name: str = "C1") -> ReviewedCase:
    """A report with a slide of each part."""
    curated = curate_report(report)
    slides = tuple(
        ReviewedSlide(
            slide_id=f"s-{part.label}", part=part.label, retrieval_text=part.retrieval_text,
            generation_text=part.generation_text,
        )
        for part in curated.parts
    )  # fmt: skip
    return ReviewedCase(case_id=name, curated=curated, slides=slides, problems=tuple(problems))


class Elements(HTMLParser):
    """Tags with their attributes, and text by the tag that it stands in."""

    VOID = frozenset({"meta", "input", "br", "path"})

    def __init__(self, document: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[tuple[tuple[str, ...], str]] = []
        self.feed(document)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"{tag} closes another element"

    def handle_data(self, data: str) -> None:
        self.texts.append((tuple(self.open), data))


def test_the_whole_report_is_there_once() -> None:
    """Pieces of all blocks are the report, whatever stands in it."""
    for report in (REPORT, "", "No heading at all", "DIAGNOSIS:", REPORT + REPORT, "\n\n" + REPORT.replace("\n", ". ")):
        blocks = blocks_of(curate_report(report), [])

        assert "".join(piece.text for block in blocks for piece in block.pieces).split() == report.split()


def test_each_statement_has_a_fate_and_a_reason() -> None:
    """What is generated, what is only found by, what is left out; parts and sections head their blocks."""
    lines = {line.text: line for line in lines_of(curate_report(REPORT), [])}

    assert lines["Tubular adenoma"].fate is Fate.SHOWN
    assert lines["Tubular adenoma"].reason == ""
    assert lines["Greatest dimension 4 mm"].fate is Fate.FOUND
    assert "measured" in lines["Greatest dimension 4 mm"].kinds
    assert lines["Polyp on screening"].fate is Fate.LEFT
    assert all(line.reason for line in lines.values() if line.fate is not Fate.SHOWN)
    titles = [block.title for block in blocks_of(curate_report(REPORT), []) if block.title]
    assert titles == ["clinical", "diagnosis, part A", "diagnosis, part B", "comment", "gross"]


def test_statements_are_marked_where_they_stand() -> None:
    """A mark holds the words of its statement; each begins once."""
    curated = curate_report(REPORT)
    pieces = [piece for block in blocks_of(curated, []) for piece in block.pieces if piece.number]

    for number, statement in enumerate(curated.statements, start=1):
        said = "".join(piece.text for piece in pieces if piece.number == number)
        assert said == REPORT[statement.start : statement.end]
        assert sum(piece.begins for piece in pieces if piece.number == number) == 1


def test_what_a_model_said_is_marked_where_it_was_drawn_from() -> None:
    """Its sentences are statements like those of rules, and the report stays whole around them."""
    curated = curate_report(REPORT)
    sentence = ToldSentence(text="Macrovesicular steatosis", quotes=("Macrovesicular steatosis",))
    late = ToldSentence(text="Tubular adenoma", quotes=("Tubular adenoma",))
    told = [
        ToldPart(label="B", header="", retrieval=(sentence,), generation=(sentence,)),
        ToldPart(label="A", header="", retrieval=(late,), generation=()),
    ]
    report = merged(curated, accept(REPORT, curated, told))

    blocks = blocks_of(report, [])
    lines = {line.text: line for line in lines_of(report, [])}
    assert "".join(piece.text for block in blocks for piece in block.pieces).split() == REPORT.split()
    assert [part.label for part in report.parts] == ["A", "B"]
    assert lines["Macrovesicular steatosis"].fate is Fate.SHOWN
    assert lines["Tubular adenoma"].fate is Fate.FOUND


def test_identifiers_are_shown_as_tags_alone() -> None:
    """Also in a report from which none were taken out, in its texts and in the table of statements."""
    shown = page(case())

    assert not [word for word in WORDS if word in shown]
    assert "[NAME 1]" in shown
    assert "[DATE 1]" in shown
    assert "Macrovesicular steatosis" in shown


def test_a_name_is_hidden_wherever_it_stands_again() -> None:
    """Alone it would be no name, but the report has it as one."""
    mask = Mask(REPORT)

    assert mask.of("As thistlewood saw, adenoma.") == "As [NAME 1] saw, adenoma."


def test_the_page_is_well_formed_and_loads_nothing() -> None:
    """Report text cannot leave its place; no address leads out; the one script is the one that the policy names."""
    shown = page(case(problems=["s-A: <i>something</i> lacks"]), case("", name="C2"))
    elements = Elements(shown)

    assert elements.open == []
    assert 'alert("x")' not in shown
    assert not re.search(r"\bi>", shown)
    for tag, attributes in elements.tags:
        assert tag not in {"link", "img", "iframe", "object", "base"}
        assert "src" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
        assert (attributes.get("href") or "#").startswith("#")
    assert "url(" not in shown
    assert "@import" not in shown
    scripts = [text for path, text in elements.texts if path[-1:] == ("script",)]
    policy = next(a["content"] for tag, a in elements.tags if a.get("http-equiv") == "Content-Security-Policy")
    digest = base64.b64encode(hashlib.sha256("".join(scripts).encode()).digest()).decode()
    assert policy is not None
    assert "default-src 'none'" in policy
    assert f"script-src 'sha256-{digest}'" in policy


def test_colours_are_never_alone() -> None:
    """Each mark says its fate in letters, inputs have labels, tables heads, and both themes have every colour."""
    shown = page(case())
    marks = re.findall(r'<mark class="(\w+)"(?: id="[^"]*")? title="[^"]*">(<sup>.*?)</mark>', shown)

    letters = {"generation": "G", "retrieval": "R", "left": "–"}
    assert len(marks) == len(curate_report(REPORT).statements)
    assert all(re.search(rf"<sup>\d+ {letters[fate]}", inner) for fate, inner in marks)
    assert shown.count("<label>") == shown.count("<input")
    light, dark = re.search(r":root \{(.*?)\}.*?:root \{(.*?)\}", shown, re.DOTALL).groups()  # type: ignore[union-attr]
    assert set(re.findall(r"--\w+", light)) == set(re.findall(r"--\w+", dark))
    assert 'lang="en"' in shown
    assert 'aria-live="polite"' in shown
    ids = re.findall(r'\bid="([^"]+)"', shown)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', shown)) <= set(ids)


def test_parts_without_a_slide_and_empty_tables() -> None:
    """A part that no slide shows has its texts all the same; an empty table is left out; no case is said."""
    bare = case()
    shown = page(ReviewedCase(case_id="C1", curated=bare.curated, slides=bare.slides[:1], problems=()))

    assert "Part B: no slide" in shown
    assert "Nothing" not in page()
    assert "There is no report to show." in page()


def luminance(colour: str) -> float:
    """Relative luminance by WCAG of "#rrggbb"."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_text_can_be_read_in_both_themes() -> None:
    """Every colour of text has a contrast of 4.5 (WCAG AA) to every ground that it stands on."""
    themes = re.findall(r":root \{(.*?)\}", page(), re.DOTALL)

    assert len(themes) == 3  # on paper, too
    for theme in themes:
        colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", theme))
        for ink, grounds in {
            "ink": ("page", "card", "kept", "found", "left", "tag"), "soft": ("page", "kept", "found", "left"),
            "warn": ("page",),
        }.items():  # fmt: skip
            for ground in grounds:
                low, high = sorted((luminance(colours[ink]), luminance(colours[ground])))
                assert (high + 0.05) / (low + 0.05) >= 4.5, (ink, ground)


def test_each_sentence_of_a_text_leads_to_its_statement() -> None:
    """Numbers behind a sentence are links to marks of the report; a person's sentence says that it is one."""
    curated = curate_report(REPORT)
    part = curated.parts[0]
    written = f"{part.generation_text} Without dysplasia."
    slide = ReviewedSlide(
        slide_id="s", part="A", retrieval_text=part.retrieval_text, generation_text=written,
        places=Provenance(
            retrieval=places_of(part.retrieval_sentences),
            generation=places_of_correction(written, part.generation_sentences),
        ),
    )  # fmt: skip
    shown = page(ReviewedCase(case_id="C1", curated=curated, slides=(slide,), problems=()))

    number = next(n for n, one in enumerate(curated.statements, start=1) if one.text == "Tubular adenoma")
    assert f'Tubular adenoma.<sup><a href="#case-1-{number}"' in shown
    assert "Without dysplasia.<sup>correction</sup>" in shown
    linked = set(re.findall(r'href="#(case-\d+-\d+)"', shown))
    assert linked <= set(re.findall(r'<mark class="\w+" id="(case-\d+-\d+)"', shown))
    assert len(linked) > 2
