"""The page of a cohort."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from pathalign.domain.geometry import PatchGrid, PatchSpec
from pathalign.domain.records import Outcome
from pathalign.slides.pictures.contact_sheet import SheetRow, contact_sheet
from pathalign.slides.tissue.flags import Flag, flags_of
from pathalign.slides.tissue.mask import Tissue

pytestmark = pytest.mark.unit


class Cards(HTMLParser):
    """The cards of the page, every address it names, and its tags."""

    def __init__(self) -> None:
        super().__init__()
        self.slides: list[str] = []
        self.fine: list[str] = []
        self.addresses: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append(tag)
        if tag == "li":
            self.slides.append(found["data-slide"] or "")
            if found.get("class") == "fine":
                self.fine.append(found["data-slide"] or "")
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "action")]


def cards(html: str) -> Cards:
    parser = Cards()
    parser.feed(html)
    return parser


def ok(slide_id: str, *flags: Flag, picture: str | None = None) -> SheetRow:
    return SheetRow(
        slide_id=slide_id, outcome=Outcome.OK, area_mm2=12.5, patches=3, tissue_share=0.8, flags=flags, picture=picture
    )


ROWS = [
    ok("b fine"),
    ok("a fine", picture="a fine.jpg"),
    ok("c low", Flag.LOW_SHARE),
    ok("d inky", Flag.MUCH_INK),
    ok("e inky and low", Flag.MUCH_INK, Flag.LOW_SHARE),
    SheetRow(slide_id="f empty", outcome=Outcome.EMPTY, flags=(Flag.NO_TISSUE,)),
    SheetRow(slide_id="g refused", outcome=Outcome.REFUSED, reason="g.svs has no pixel size"),
    SheetRow(slide_id="h failed", outcome=Outcome.FAILED, reason="h.svs breaks"),
]


def test_suspicious_slides_come_first() -> None:
    """What broke, then what is empty, then flags from the worst to the mildest, then the rest by id."""
    found = cards(contact_sheet(ROWS))

    assert found.slides == [
        "h failed", "g refused", "f empty", "e inky and low", "d inky", "c low", "a fine", "b fine",
    ]  # fmt: skip
    assert found.fine == ["a fine", "b fine"]


def test_numbers_and_reasons_are_shown() -> None:
    """Area, patches, share, flags, outcome and reason of each slide, and the sums above."""
    text = re.sub(r"\s+", " ", contact_sheet(ROWS))

    assert "8 slides, 6 to look at" in text
    assert "62.5 mm² of tissue, 15 patches" in text
    assert "12.50&nbsp;mm² · 3&nbsp;patches · 80&nbsp;%" in text
    assert "much ink or black, little tissue per patch" in text
    assert "g.svs has no pixel size" in text
    assert '<p class="warn">failed</p>' in text


def test_every_finding_can_be_shown_alone() -> None:
    """A button for what broke and for each flag, with how many slides have it, from the worst to the mildest."""
    html = contact_sheet(ROWS)

    assert re.findall(r'data-show="(.*?)">(.*?)</button>', html) == [
        ("", "all 8"), ("*", "to look at 6"), ("failed", "failed 1"), ("refused", "refused 1"),
        ("no tissue", "no tissue 1"), ("much ink or black", "much ink or black 2"),
        ("little tissue per patch", "little tissue per patch 2"),
    ]  # fmt: skip
    assert 'data-slide="e inky and low" data-found="much ink or black;little tissue per patch"' in html


def test_nothing_is_loaded_from_elsewhere() -> None:
    """The page names its pictures and no other address; it works from a folder without a network."""
    html = contact_sheet(ROWS)

    assert cards(html).addresses == ["a%20fine.jpg"]
    assert not re.search(r"https?:|@import|url\(|<link|<iframe|<object", html)


def test_everything_is_escaped() -> None:
    """An id or a reason that looks like HTML is text."""
    evil = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
    row = SheetRow(slide_id=evil, outcome=Outcome.FAILED, reason=evil, picture=evil)

    found = cards(contact_sheet([row], title=evil))

    assert found.slides == [evil]
    assert found.tags.count("script") == 1
    assert found.tags.count("img") == 2, "the slide's picture and the enlarged one"
    assert all(address.startswith("%22") for address in found.addresses)


def test_it_is_used_by_keys() -> None:
    """One card takes the focus by Tab, the arrows move it, and the keys are told."""
    html = contact_sheet(ROWS)

    assert html.count('tabindex="0"') == 1
    assert html.count('tabindex="-1"') == len(ROWS) - 1
    assert all(f'"{key}"' in html or f"{key}:" in html for key in ("ArrowRight", "ArrowDown", "Enter", "x", "f"))


def test_an_empty_cohort_is_a_page() -> None:
    """No slide, no card."""
    assert cards(contact_sheet([])).slides == []


def test_five_hundred_slides_stay_light() -> None:
    """The page of a cohort is small; pictures load as they come into view."""
    html = contact_sheet([ok(f"slide-{i}", picture=f"slide-{i}.jpg") for i in range(500)])

    assert len(html) < 300_000
    assert html.count('loading="lazy"') == 500


def found(*, tissue: float, ink: float = 0.0, side: int = 400, glass: bool = True) -> Tissue:
    """A mask whose first share of rows is tissue and whose last is ink."""
    mask, inked = np.zeros((2, side, side), bool)
    mask[: round(tissue * side)] = True
    inked[side - round(ink * side) :] = True
    return Tissue(thumbnail=np.zeros((side, side, 3), np.uint8), mask=mask, ink=inked, mpp=16.0, glass_seen=glass)


def patches(count: int, share: float = 0.9) -> PatchGrid:
    return PatchGrid(
        spec=PatchSpec(), slide_mpp=0.5, effective_mpp=1.0, xy_px0=np.zeros((count, 2), np.int32),
        tissue_share=np.full(count, share, np.float32),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("tissue", "grid", "flags"),
    [
        (found(tissue=0.5), patches(50), ()),
        (found(tissue=0.0), patches(0), (Flag.NO_TISSUE,)),
        (found(tissue=0.01), patches(3), (Flag.NEARLY_EMPTY,)),
        (found(tissue=0.01), patches(0), (Flag.NO_PATCH, Flag.NEARLY_EMPTY)),
        (found(tissue=0.4, ink=0.2), patches(50), (Flag.MUCH_INK,)),
        (found(tissue=0.4, ink=0.1), patches(50), ()),
        (found(tissue=1.0), patches(50), (Flag.NEARLY_ALL,)),
        (found(tissue=1.0, glass=False), patches(50), (Flag.NO_GLASS,)),
        (found(tissue=0.5), patches(50, 0.4), (Flag.LOW_SHARE,)),
        (replace(found(tissue=0.5), unread=np.ones((400, 400), bool)), patches(50), (Flag.UNREADABLE,)),
    ],
)
def test_flags_name_what_to_look_at(tissue: Tissue, grid: PatchGrid, flags: tuple[Flag, ...]) -> None:
    """Each flag is raised by what it is named for, and by nothing else."""
    assert flags_of(tissue, grid) == flags
