"""The resolution of a slide: refused rather than guessed."""

from __future__ import annotations

import pytest

from pathalign.errors import MissingResolution, NeedsRepair
from pathalign.slides.resolution import resolve

pytestmark = pytest.mark.unit

REPAIR = r"Add an `mpp` column to slides\.csv and run `pathalign add` again"


def properties(x: str | None, y: str | None) -> dict[str, str]:
    """What OpenSlide says of a slide with these pixel sizes."""
    sizes = {"openslide.mpp-x": x, "openslide.mpp-y": y}
    return {"openslide.vendor": "aperio", **{name: size for name, size in sizes.items() if size is not None}}


def test_the_file_s_own_resolution() -> None:
    """Square pixels are taken as they are, and where they were found is told."""
    found = resolve("a.svs", properties("0.2527", "0.2527"))

    assert (found.mpp, found.source) == (0.2527, "file (aperio)")


def test_almost_square_pixels_are_averaged() -> None:
    """A scanner's 0.3 % between x and y is no anisotropy."""
    assert resolve("a.ndpi", properties("0.2282", "0.2275")).mpp == pytest.approx(0.22785)


@pytest.mark.parametrize(("x", "y"), [(None, None), ("0.5", None), (None, "0.5"), ("", "0.5"), ("unknown", "0.5")])
def test_a_missing_resolution_names_the_repair(x: str | None, y: str | None) -> None:
    """No pixel size, half of one or no number: refused with the name of the slide and what to add where."""
    with pytest.raises(MissingResolution, match=rf"^a\.svs has no pixel size.*{REPAIR}.*we do not guess"):
        resolve("a.svs", properties(x, y))


@pytest.mark.parametrize(("x", "y"), [("352.8", "352.8"), ("0.01", "0.01"), ("0.5", "352.8"), ("nan", "nan")])
def test_a_bogus_resolution_is_refused(x: str, y: str) -> None:
    """72 dpi reads as 352.8 um: outside what a slide can have, and the value seen is in the message."""
    with pytest.raises(MissingResolution, match=rf"claims a pixel size of {float(x):g} x .*{REPAIR}"):
        resolve("a.tif", properties(x, y))


def test_pixels_that_are_not_square_are_refused() -> None:
    """3 % between x and y would distort every patch."""
    with pytest.raises(MissingResolution, match=rf"has pixels of 0\.5 x 0\.515 micrometres.*{REPAIR}"):
        resolve("a.tif", properties("0.5", "0.515"))


@pytest.mark.parametrize("own", [(None, None), ("352.8", "352.8"), ("0.5", "0.6"), ("0.499", "0.499")])
def test_what_the_user_gave_wins(own: tuple[str | None, str | None]) -> None:
    """The repair that the message asks for works, whatever the file says."""
    found = resolve("a.svs", properties(*own), given_mpp=0.25)

    assert (found.mpp, found.source) == (0.25, "slides.csv")


@pytest.mark.parametrize("given", [40.0, 0.0, -0.5, float("nan")])
def test_a_senseless_gift_is_refused(given: float) -> None:
    """A magnification in the `mpp` column is seen as such."""
    with pytest.raises(NeedsRepair, match=r"was given an mpp of .*Correct the `mpp` column"):
        resolve("a.svs", properties("0.5", "0.5"), given_mpp=given)
