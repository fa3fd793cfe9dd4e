"""Embeddings as int8 with one scale for each row: about half the bytes of float16, and a rounding that is recorded.

A row is divided by its largest magnitude / 127 and rounded, so no value is off by more than half of its row's scale.
Read again it is the product of both in float32, exactly.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float32, Int8

STORED_AS = "int8 rows"
"""What the provenance of such a set says under `stored_as`; a set of floats says nothing there."""


def quantised(
    embeddings: Float[np.ndarray, "patch dim"],
) -> tuple[Int8[np.ndarray, "patch dim"], Float32[np.ndarray, " patch"]]:
    """Rows of whole numbers from -127 to 127, and the scale of each row; a row of zeros has scale 0."""
    wide = embeddings.astype(np.float32)
    scale = np.abs(wide).max(1, initial=0) / np.float32(127)
    rows = np.rint(wide / np.where(scale > 0, scale, np.float32(1))[:, None])
    return rows.astype(np.int8), scale


def dequantised(
    rows: Int8[np.ndarray, "patch dim"], scale: Float32[np.ndarray, " patch"]
) -> Float32[np.ndarray, "patch dim"]:
    """The embeddings that such rows stand for."""
    return rows * scale[:, None]
