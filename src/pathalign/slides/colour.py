"""The embedded ICC profile to sRGB, as an option: once, after reading, and recorded.

Scanners store their own colours and describe them in a profile that most readers ignore. A cohort is either converted
or it is not; to do it twice, or for half of the slides, is worse than never.
"""

from __future__ import annotations

import hashlib
import io
from typing import Any

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageCms

from pathalign.errors import RefusedSlide

AS_STORED = "as stored"
"""Recorded when no conversion was asked for."""
NO_PROFILE = "none"
"""Recorded when it was asked for and the slide has no profile: its colours are taken for sRGB."""


class ToSrgb:
    """What makes sRGB of one slide's pixels, by its ICC profile (littleCMS, 8 bits, the profile's own intent)."""

    def __init__(self, profile: bytes, *, name: str) -> None:
        """Raises `RefusedSlide` when the profile is broken or not one of RGB; `name` is for the message."""
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            intent = ImageCms.getDefaultIntent(source)
            self._transform: Any = ImageCms.buildTransform(
                source, ImageCms.createProfile("sRGB"), "RGB", "RGB", ImageCms.Intent(intent)
            )
        except (ImageCms.PyCMSError, OSError, ValueError) as error:
            raise RefusedSlide(
                f"{name} has a colour profile that does not turn RGB into sRGB ({len(profile)} bytes). "
                "Read the cohort without the conversion of colours."
            ) from error
        self.record = f"sRGB by ICC {hashlib.sha256(profile).hexdigest()[:12]}, {ImageCms.Intent(intent).name.lower()}"

    def __call__(self, rgb: UInt8[np.ndarray, "y x 3"]) -> UInt8[np.ndarray, "y x 3"]:
        """The same pixels in sRGB."""
        return np.asarray(ImageCms.applyTransform(Image.fromarray(rgb), self._transform))
