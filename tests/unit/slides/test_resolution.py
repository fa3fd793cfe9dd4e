"""The resolution of a slide: refused rather than guessed."""

from __future__ import annotations

import math

import pytest

from pathalign.errors import MissingResolution, NeedsRepair
from pathalign.slides.resolution import resolve
from pathalign.slides.sources.source import ResolutionClaim

pytestmark = pytest.mark.unit

REPAIR = r"Add an `mpp` column to slides\.csv and run `pathalign add` again"


def claim(x: float, y: float | None = None, *, source: str = "aperio") -> ResolutionClaim:
    """What one part of a file says of its pixels, square unless told otherwise."""
    return ResolutionClaim(source=source, mpp_x=x, mpp_y=x if y is None else y)


def test_the_file_s_own_resolution() -> None:
    """Square pixels are taken as they are, and where they were found is told."""
    found = resolve("a.svs", [claim(0.2527)])

    assert (found.mpp, found.source) == (0.2527, "file (aperio)")


def test_almost_square_pixels_are_averaged() -> None:
    """A scanner's 0.3 % between x and y is no anisotropy."""
    assert resolve("a.ndpi", [claim(0.2282, 0.2275)]).mpp == pytest.approx(0.22785)


def test_a_missing_resolution_names_the_repair() -> None:
    """No pixel size: refused with the name of the slide and what to add where."""
    with pytest.raises(MissingResolution, match=rf"^a\.svs has no pixel size.*{REPAIR}.*we do not guess"):
        resolve("a.svs", [])


@pytest.mark.parametrize(("x", "y"), [(352.8, 352.8), (0.01, 0.01), (0.5, 352.8), (math.nan, math.nan)])
def test_a_bogus_resolution_is_refused(x: float, y: float) -> None:
    """72 dpi reads as 352.8 um: outside what a slide can have, and the value seen is in the message."""
    with pytest.raises(MissingResolution, match=rf"claims a pixel size of {x:g} x .*{REPAIR}"):
        resolve("a.tif", [claim(x, y)])


def test_a_bogus_claim_gives_way_to_the_next() -> None:
    """A vendor key of 0 and a printer's resolution do not hide what the OME-XML between them says."""
    claims = [claim(0.0), claim(0.25, source="OME-XML"), claim(352.8, source="TIFF resolution tags")]

    found = resolve("a.tif", claims)

    assert (found.mpp, found.source) == (0.25, "file (OME-XML)")


def test_pixels_that_are_not_square_are_refused() -> None:
    """3 % between x and y would distort every patch."""
    with pytest.raises(MissingResolution, match=rf"has pixels of 0\.5 x 0\.515 micrometres.*{REPAIR}"):
        resolve("a.tif", [claim(0.5, 0.515)])


@pytest.mark.parametrize("own", [[], [claim(352.8)], [claim(0.5, 0.6)], [claim(0.499)]])
def test_what_the_user_gave_wins(own: list[ResolutionClaim]) -> None:
    """The repair that the message asks for works, whatever the file says."""
    found = resolve("a.svs", own, given_mpp=0.25)

    assert (found.mpp, found.source) == (0.25, "slides.csv")


def test_another_plausible_claim_is_recorded() -> None:
    """What the file or another part of it says otherwise, by more than 2 %, stays visible; bogus claims do not."""
    tags, bogus = claim(0.5, source="TIFF resolution tags"), claim(352.8, source="TIFF resolution tags")

    assert resolve("a.svs", [claim(0.25)], given_mpp=0.5).disagrees_with == "0.25 (aperio)"
    assert resolve("a.svs", [claim(0.25), tags]).disagrees_with == "0.5 (TIFF resolution tags)"
    assert resolve("a.svs", [claim(0.4, 0.6)], given_mpp=0.5).disagrees_with == "0.4 x 0.6 (aperio)"
    assert resolve("a.svs", [claim(0.252)], given_mpp=0.25).disagrees_with == ""
    assert resolve("a.svs", [claim(0.25), bogus]).disagrees_with == ""


@pytest.mark.parametrize("mpp", [0.05, 20.0])
def test_the_bounds_themselves_are_plausible(mpp: float) -> None:
    """0.05 and 20 um are the last that count."""
    assert resolve("a.tif", [claim(mpp)]).mpp == mpp
    assert resolve("a.tif", [], given_mpp=mpp).mpp == mpp


@pytest.mark.parametrize("given", [40.0, 0.0, -0.5, float("nan")])
def test_a_senseless_gift_is_refused(given: float) -> None:
    """A magnification in the `mpp` column is seen as such."""
    with pytest.raises(NeedsRepair, match=r"was given an mpp of .*Correct the `mpp` column"):
        resolve("a.svs", [claim(0.5)], given_mpp=given)
