"""The levels of a tiled slide as they come out of the decoder: those of its file, and those made while decoding."""

from __future__ import annotations

import math

import cv2
import numpy as np
from jaxtyping import UInt8

from pathalign.errors import MissingExtra
from pathalign.slides.sources.source import Level, downsamples
from pathalign.slides.sources.tiff_layout import TiffLayout, TiledImage
from pathalign.slides.sources.tile_cache import beside_alignment
from pathalign.slides.sources.tile_codecs import TileDecoder, tile_decoder

SHRINKS = (2, 4, 8)
"""By what libjpeg-turbo makes a tile smaller while it decodes it."""
MOST_MEAN = 32
"""Most pixels a side that are averaged tile by tile."""
_SAME = 0.98
"""A level made by the decoder must be finer by 2 % than the next one of the file, else it is that one again."""


class DecodedLevel:
    """One level: how its tiles are found and decoded, and how large they come out."""

    def __init__(
        self,
        *,
        number: int,
        image: TiledImage,
        downsample: float,
        how: tuple[TileDecoder, str],
        shrink: int = 1,
        mean: int = 1,
    ) -> None:
        self.number, self.image = number, image
        """The level of the file that it is made from."""
        self.how, self.decoder = how, how[1]
        self.shrink, self.mean = shrink, mean
        """By how much the decoder makes tiles smaller, and how many pixels a side are averaged after that."""
        self.downsample = downsample * shrink * mean
        self.columns, self.offsets, self.byte_counts = image.columns, image.offsets, image.byte_counts
        self._full_px = (math.ceil(image.size_px[0] / shrink), math.ceil(image.size_px[1] / shrink))
        by = shrink * mean
        self.size_px = (math.ceil(image.size_px[0] / by), math.ceil(image.size_px[1] / by))
        self.tile_px = (image.tile_px[0] // by, image.tile_px[1] // by)
        self.key = ((number * 16 + shrink) * 64 + mean) << 48
        """Added to the number of a tile, what no tile of another level has: an int is found faster than a tuple."""
        self.rows_kept = 0
        """Rows of tiles that one read touched at most: as many are kept decoded."""
        self._scratch = np.empty((0, 0, 3), np.uint8)

    def can_average(self, mean: int) -> bool:
        """Whether `mean` x `mean` pixels lie within one tile, wherever they start at a multiple of it."""
        return 1 <= mean <= MOST_MEAN and self.mean == 1 and all(side % mean == 0 for side in self.tile_px)

    def averaged(self, mean: int) -> DecodedLevel:
        """The level whose pixels are the means of `mean` x `mean` of this one, made tile by tile."""
        return DecodedLevel(
            number=self.number, image=self.image, downsample=self.downsample / self.shrink, how=self.how,
            shrink=self.shrink, mean=mean,
        )  # fmt: skip

    def decode(self, index: int, data: bytes, out: UInt8[np.ndarray, "y x 3"]) -> None:
        """Decode the tile of a number; raises `ValueError` when it is broken. Beyond the edge it counts as white."""
        if self.mean == 1:
            self.how[0](data, out)
            return
        width, height = out.shape[1] * self.mean, out.shape[0] * self.mean
        if self._scratch.shape[:2] != (height, width):
            self._scratch = beside_alignment(height * width * 3).reshape(height, width, 3)
        self.how[0](data, self._scratch)
        row, column = divmod(index, self.columns)
        right, bottom = self._full_px[0] - column * width, self._full_px[1] - row * height
        if right < width:
            self._scratch[:, max(0, right) :] = 255
        if bottom < height:
            self._scratch[max(0, bottom) :] = 255
        cv2.resize(self._scratch, (out.shape[1], out.shape[0]), dst=out, interpolation=cv2.INTER_AREA)

    def as_level(self) -> Level:
        """As readers see it."""
        return Level(size_px=self.size_px, downsample=self.downsample, scaled_decode=self.shrink > 1)


def decoded_levels(layout: TiffLayout) -> list[DecodedLevel] | None:
    """The levels of a file, finest first, then those that the decoder makes of them; None when it decodes not all.

    The decoder fills the gap to the next level that the file has, and goes on after the last, where it is cheap.
    Raises `MissingExtra` when an extra is needed and no other source reads the family.
    """
    downs = downsamples([image.size_px for image in layout.images])
    stored, made = [], []
    for number, image in enumerate(layout.images):
        try:
            how = tile_decoder(image.encoding)
        except MissingExtra:
            if layout.family == "ome-tiff":  # OpenSlide reads the other families
                raise
            return None
        if how is None:
            return None
        stored.append(DecodedLevel(number=number, image=image, downsample=downs[number], how=how))
        following = downs[number + 1] if number + 1 < len(downs) else math.inf
        for shrink in SHRINKS:
            how = tile_decoder(image.encoding, shrink=shrink)
            whole = all(side % shrink == 0 for side in image.tile_px)
            if how is not None and whole and downs[number] * shrink < following * _SAME:
                made.append(DecodedLevel(number=number, image=image, downsample=downs[number], shrink=shrink, how=how))
    return [*stored, *made]
