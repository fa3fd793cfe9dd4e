"""The embedded ICC profile to sRGB, as an option: once, after reading, and recorded.

Scanners store their own colours and describe them in a profile that most readers ignore. A cohort is either converted
or it is not; to do it twice, or for half of the slides, is worse than never.
"""

from __future__ import annotations

import hashlib
import io
from typing import Any

import cv2
import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageCms

from pathalign.errors import RefusedSlide

AS_STORED = "as stored"
"""Recorded when no conversion was asked for."""
NO_PROFILE = "none"
"""Recorded when it was asked for and the slide has no profile: its colours are taken for sRGB."""


_COLOURS = 2**24
"""Colours of 8-bit RGB."""


class ToSrgb:
    """What makes sRGB of one slide's pixels, by its ICC profile (littleCMS, 8 bits, the profile's own intent).

    A scanner's profile costs littleCMS more than decoding the pixels did. So when as many pixels were converted as
    there are colours, the answers to all of them are put down in a table (64 MB): the same bytes, looked up.
    """

    def __init__(self, profile: bytes, *, name: str) -> None:
        """Raises `RefusedSlide` when the profile is broken or not one of RGB; `name` is for the message."""
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            intent = ImageCms.Intent(ImageCms.getDefaultIntent(source))
            self._transform: Any = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), "RGB", "RGB", intent)
        except (ImageCms.PyCMSError, OSError, ValueError) as error:
            raise RefusedSlide(
                f"{name} has a colour profile that does not turn RGB into sRGB ({len(profile)} bytes). "
                "Read the cohort without the conversion of colours."
            ) from error
        self.record = f"sRGB by ICC {hashlib.sha256(profile).hexdigest()[:12]}, {intent.name.lower()}"
        self._converted = 0
        self._table: np.ndarray | None = None

    def __call__(self, rgb: UInt8[np.ndarray, "y x 3"]) -> UInt8[np.ndarray, "y x 3"]:
        """The same pixels in sRGB."""
        self._converted += rgb.shape[0] * rgb.shape[1]
        if self._converted < _COLOURS:
            return self._by_littlecms(rgb)
        if self._table is None:
            self._table = self._all_colours()
        number = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGRA)
        number[..., 3] = 0
        found = self._table.take(number.view("<i4")[..., 0])
        return cv2.cvtColor(found.view(np.uint8).reshape(*rgb.shape[:2], 4), cv2.COLOR_RGBA2RGB)

    def _by_littlecms(self, rgb: UInt8[np.ndarray, "y x 3"]) -> UInt8[np.ndarray, "y x 3"]:
        return np.asarray(ImageCms.applyTransform(Image.fromarray(rgb), self._transform))

    def _all_colours(self) -> np.ndarray:
        """What each colour becomes, packed into a number, in the order of red * 2**16 + green * 2**8 + blue."""
        table = np.empty((256, 256, 256, 4), np.uint8)
        sheet = np.empty((256, 256, 3), np.uint8)
        sheet[..., 1], sheet[..., 2] = np.arange(256)[:, None], np.arange(256)
        for red in range(256):
            sheet[..., 0] = red
            table[red, ..., :3] = self._by_littlecms(sheet)
        return table.reshape(-1, 4).view(np.uint32)[:, 0]
