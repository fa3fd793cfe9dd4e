"""The levels of a tiled slide as they come out of the decoder: those of its file, and those made while decoding."""

from __future__ import annotations

import math

from pathalign.errors import MissingExtra
from pathalign.slides.sources.source import Level, downsamples
from pathalign.slides.sources.tiff_layout import TiffLayout, TiledImage
from pathalign.slides.sources.tile_codecs import TileDecoder, tile_decoder

SHRINKS = (2, 4, 8)
"""By what libjpeg-turbo makes a tile smaller while it decodes it."""
_SAME = 0.98
"""A level made by the decoder must be finer by 2 % than the next one of the file, else it is that one again."""


class DecodedLevel:
    """One level: how its tiles are found and decoded, and how large they come out."""

    def __init__(
        self, *, number: int, image: TiledImage, downsample: float, shrink: int, how: tuple[TileDecoder, str]
    ) -> None:
        self.number = number
        """The level of the file that it is made from."""
        self.shrink = shrink
        self.downsample = downsample * shrink
        self.decode, self.decoder = how
        self.columns = image.columns
        self.size_px = (math.ceil(image.size_px[0] / shrink), math.ceil(image.size_px[1] / shrink))
        self.tile_px = (image.tile_px[0] // shrink, image.tile_px[1] // shrink)
        self.rows_kept = 0
        """Rows of tiles that one read touched at most: as many are kept decoded."""
        self.offsets, self.byte_counts = image.offsets, image.byte_counts

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
        stored.append(DecodedLevel(number=number, image=image, downsample=downs[number], shrink=1, how=how))
        following = downs[number + 1] if number + 1 < len(downs) else math.inf
        for shrink in SHRINKS:
            how = tile_decoder(image.encoding, shrink=shrink)
            whole = all(side % shrink == 0 for side in image.tile_px)
            if how is not None and whole and downs[number] * shrink < following * _SAME:
                made.append(DecodedLevel(number=number, image=image, downsample=downs[number], shrink=shrink, how=how))
    return [*stored, *made]
