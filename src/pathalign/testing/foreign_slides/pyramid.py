"""An image, its halvings, and their tiles."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def halvings(image: NDArray[np.uint8], levels: int) -> list[NDArray[np.uint8]]:
    """The image and its halvings, each pixel the mean of four; an odd last row or column is dropped."""
    made = [image]
    while len(made) < levels:
        height, width = (side // 2 * 2 for side in made[-1].shape[:2])
        made.append(np.asarray(Image.fromarray(made[-1]).reduce(2, (0, 0, width, height))))
    return made


def overlapping_mosaic(image: NDArray[np.uint8], tile_px: int, overlap_px: int) -> tuple[NDArray[np.uint8], int, int]:
    """As many whole tiles as the image holds, side by side, with how many rows and columns they are.

    Neighbours share `overlap_px` pixels, which the mosaic repeats.
    """
    advance = tile_px - overlap_px
    rows, columns = ((side - overlap_px) // advance for side in image.shape[:2])
    mosaic = np.concatenate([
        np.concatenate([image[y : y + tile_px, x : x + tile_px] for x in range(0, columns * advance, advance)], axis=1)
        for y in range(0, rows * advance, advance)
    ])  # fmt: skip
    return mosaic, rows, columns


def tiles(image: NDArray[np.uint8], tile_px: int) -> Iterator[NDArray[np.uint8]]:
    """Tiles in reading order; those of the right and lower border repeat their last pixels."""
    below, right = (-side % tile_px for side in image.shape[:2])
    padded = np.pad(image, ((0, below), (0, right), (0, 0)), mode="edge")
    for top in range(0, padded.shape[0], tile_px):
        for left in range(0, padded.shape[1], tile_px):
            yield padded[top : top + tile_px, left : left + tile_px]
