"""The resolution of a slide, in micrometres per pixel and nothing else. Refused rather than guessed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pathalign.errors import MissingResolution
from pathalign.slides.sources.source import ResolutionClaim

LEAST_MPP, MOST_MPP = 0.05, 20.0
"""Outside is a bogus tag: 72 dpi reads as 352.8 micrometres."""
ANISOTROPY = 0.02
"""Largest relative difference of x and y that counts as square pixels."""
_REPAIR = (
    "Add an `mpp` column to slides.csv and run `pathalign add` again "
    "(a 20x scan is usually 0.5, a 40x scan 0.25; we do not guess)."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Resolution:
    """Level-0 resolution of a slide and where it was found."""

    mpp: float
    source: str


def resolve(name: str, claims: Sequence[ResolutionClaim], *, given_mpp: float | None = None) -> Resolution:
    """The resolution of a slide from what the user gave, else from the first plausible claim of the file.

    `name` is for the message. Raises `MissingResolution` when it is absent, bogus or anisotropic. What the user gave
    wins, because it is the repair that the message asks for.
    """
    if given_mpp is not None:
        if not LEAST_MPP <= given_mpp <= MOST_MPP:
            raise MissingResolution(
                f"{name} was given an mpp of {given_mpp}; expected {LEAST_MPP}-{MOST_MPP} micrometres per pixel. "
                "Correct the `mpp` column of slides.csv (a 20x scan is usually 0.5, a 40x scan 0.25)."
            )
        return Resolution(mpp=given_mpp, source="slides.csv")
    if not claims:
        raise MissingResolution(
            f"{name} has no pixel size, so patches of a known size cannot be cut from it. {_REPAIR}"
        )
    for claim in claims:
        if not all(LEAST_MPP <= mpp <= MOST_MPP for mpp in (claim.mpp_x, claim.mpp_y)):
            continue
        if abs(claim.mpp_x - claim.mpp_y) > ANISOTROPY * max(claim.mpp_x, claim.mpp_y):
            raise MissingResolution(
                f"{name} has pixels of {claim.mpp_x:g} x {claim.mpp_y:g} micrometres ({claim.source}); "
                f"only square pixels can be read. {_REPAIR}"
            )
        return Resolution(mpp=(claim.mpp_x + claim.mpp_y) / 2, source=f"file ({claim.source})")
    raise MissingResolution(
        f"{name} claims a pixel size of {claims[0].mpp_x:g} x {claims[0].mpp_y:g} micrometres ({claims[0].source}), "
        f"outside {LEAST_MPP}-{MOST_MPP}: one coarse level of a slide, or a resolution meant for a printer. {_REPAIR}"
    )
