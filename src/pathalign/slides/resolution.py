"""The resolution of a slide, in micrometres per pixel and nothing else. Refused rather than guessed.

Sources give their claims in the order in which they are to be believed: the vendor's key, OME-XML, Aperio's
description, TIFF tags. An objective's power is none of them: a 20x scan can be 0.234 micrometres.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pathalign.errors import MissingResolution
from pathalign.slides.sources.source import ResolutionClaim

LEAST_MPP, MOST_MPP = 0.05, 20.0
"""Outside is a bogus tag: 72 dpi reads as 352.8 micrometres."""
ANISOTROPY = 0.02
"""Largest relative difference of x and y that counts as square pixels, and of two claims that agree."""
_REPAIR = (
    "Add an `mpp` column to slides.csv and run `pathalign add` again "
    "(a 20x scan is usually 0.5, a 40x scan 0.25; we do not guess)."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Resolution:
    """Level-0 resolution of a slide and where it was found."""

    mpp: float
    source: str
    disagrees_with: str = ""
    """Another plausible claim of the file that says something else, such as `0.499 (aperio)`; else empty."""


def resolve(name: str, claims: Sequence[ResolutionClaim], *, given_mpp: float | None = None) -> Resolution:
    """The resolution of a slide from what the user gave, else from the first plausible claim of the file.

    `name` is for the message. Raises `MissingResolution` when it is absent, bogus or anisotropic. What the user gave
    wins, because it is the repair that the message asks for.
    """
    plausible = [claim for claim in claims if _plausible(claim)]
    if given_mpp is not None:
        if not LEAST_MPP <= given_mpp <= MOST_MPP:
            raise MissingResolution(
                f"{name} was given an mpp of {given_mpp}; expected {LEAST_MPP}-{MOST_MPP} micrometres per pixel. "
                "Correct the `mpp` column of slides.csv (a 20x scan is usually 0.5, a 40x scan 0.25)."
            )
        return Resolution(mpp=given_mpp, source="slides.csv", disagrees_with=_other(given_mpp, plausible))
    if not claims:
        raise MissingResolution(
            f"{name} has no pixel size, so patches of a known size cannot be cut from it. {_REPAIR}"
        )
    if not plausible:
        bogus = claims[0]
        raise MissingResolution(
            f"{name} claims a pixel size of {bogus.mpp_x:g} x {bogus.mpp_y:g} micrometres ({bogus.source}), outside "
            f"{LEAST_MPP}-{MOST_MPP}: one coarse level of a slide, or a resolution meant for a printer. {_REPAIR}"
        )
    first = plausible[0]
    if _differ(first.mpp_x, first.mpp_y):
        raise MissingResolution(
            f"{name} has pixels of {first.mpp_x:g} x {first.mpp_y:g} micrometres ({first.source}); "
            f"only square pixels can be read. {_REPAIR}"
        )
    mpp = (first.mpp_x + first.mpp_y) / 2
    return Resolution(mpp=mpp, source=f"file ({first.source})", disagrees_with=_other(mpp, plausible[1:]))


def _plausible(claim: ResolutionClaim) -> bool:
    return all(LEAST_MPP <= mpp <= MOST_MPP for mpp in (claim.mpp_x, claim.mpp_y))


def _differ(a: float, b: float) -> bool:
    return abs(a - b) > ANISOTROPY * max(a, b)


def _other(mpp: float, claims: Sequence[ResolutionClaim]) -> str:
    """The first of the claims that contradicts `mpp`."""
    for claim in claims:
        if _differ(mpp, claim.mpp_x) or _differ(mpp, claim.mpp_y):
            size = f"{claim.mpp_x:g}" if claim.mpp_x == claim.mpp_y else f"{claim.mpp_x:g} x {claim.mpp_y:g}"
            return f"{size} ({claim.source})"
    return ""
