"""What a file of another program says of one slide, as it says it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Num

from pathalign.errors import BadEmbeddings

PX0 = "px0"
UM = "um"


@dataclass(frozen=True, kw_only=True, slots=True)
class ForeignBag:
    """Embeddings and positions of one slide. None means that the file does not say."""

    layout: str
    """The program, or its layout: `TRIDENT`, `CLAM`, `STAMP`, `AtlasPatch`, `LazySlide`, `PathAlign`."""
    embeddings: Float[np.ndarray, "patch dim"]
    coords: Num[np.ndarray, "patch 2"]
    """Top-left corners as the file has them, x first, in `unit`."""
    unit: str | None
    """`px0` (level-0 pixels) or `um` (micrometres)."""
    patch_px: int | None = None
    side_px0: float | None = None
    side_um: float | None = None
    patch_mpp: float | None = None
    """Resolution that was asked for; a magnification counts as 10 / magnification, as TRIDENT means it."""
    slide_mpp: float | None = None
    overlap_px: int = 0
    encoder: str | None = None
    size_px0: tuple[int, int] | None = None

    def __len__(self) -> int:
        return len(self.embeddings)


def checked_arrays(name: str, embeddings: np.ndarray, coords: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings [patch, dim] and corners [patch, 2] of one slide, or the reason why they are none.

    Takes a leading batch dimension of 1, and an empty vector for a slide without patches; refuses a slide's single
    vector, counts that differ, and numbers that are not finite.
    """
    if embeddings.ndim == 3 and embeddings.shape[0] == 1:
        embeddings = embeddings[0]
    if coords.ndim == 3 and coords.shape[0] == 1:
        coords = coords[0]
    if embeddings.size == 0 and embeddings.ndim == 1:
        embeddings = embeddings.reshape(0, 0)
    if coords.size == 0:
        coords = np.zeros((0, 2), np.int64)
    if embeddings.ndim != 2:
        what = "the vector of a whole slide" if embeddings.ndim == 1 else f"an array of shape {embeddings.shape}"
        raise BadEmbeddings(f"{name} holds {what}; expected one embedding per patch, [patch, dim].")
    if not (np.issubdtype(embeddings.dtype, np.floating) and np.issubdtype(coords.dtype, np.number)):
        raise BadEmbeddings(
            f"{name} holds embeddings of type {embeddings.dtype} at positions of type {coords.dtype}; expected floats."
        )
    if coords.ndim != 2 or coords.shape[1] < 2 or len(coords) != len(embeddings):
        raise BadEmbeddings(
            f"{name} has {len(embeddings)} embeddings and positions of shape {coords.shape}; expected an x and a y for "
            "each embedding. Take both from one run of the program that wrote them."
        )
    if not np.isfinite(embeddings).all():
        bad = int((~np.isfinite(embeddings).all(1)).sum())
        raise BadEmbeddings(
            f"{name} has numbers that are not finite in {bad} of {len(embeddings)} embeddings. Embed that slide again."
        )
    if not np.isfinite(coords[:, :2]).all():
        raise BadEmbeddings(f"{name} has positions that are not finite.")
    return embeddings, coords[:, :2]


def number(attributes: Any, name: str) -> float | None:
    """An attribute as a number; None when it is absent, or what TRIDENT writes for nothing."""
    value = attributes.get(name)
    if value is None or (isinstance(value, str) and value in ("None", "")):
        return None
    value = float(np.asarray(value).ravel()[0])
    return value if np.isfinite(value) and value > 0 else None


def whole(attributes: Any, name: str) -> int | None:
    """An attribute as a whole number of pixels, or None."""
    value = number(attributes, name)
    return None if value is None else round(value)


def text(attributes: Any, name: str) -> str | None:
    """An attribute as text, or None."""
    value = attributes.get(name)
    if isinstance(value, bytes):
        value = value.decode(errors="replace")
    return value if isinstance(value, str) and value not in ("None", "") else None
